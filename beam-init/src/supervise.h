// SPDX-License-Identifier: Apache-2.0
// The BEAM as a child: what only a living parent can do.
#ifndef BEAM_INIT_SUPERVISE_H
#define BEAM_INIT_SUPERVISE_H

#include "build.h"
#include "end.h"
#include "failure.h"
#include "pid1/console.h"
#include "settings.h"
#include "user.h"

namespace beam_init {

/// What is to be run, and under whose eyes.
struct Charge {
  char* const* argv;
  char* const* envp;
  const User* user;
  const Settings* settings;
  const char* control;     // the device of the host's port, or ""
  const char* crash_dump;  // where the BEAM leaves one, or ""
};

/// Starts the BEAM, reaps, hands signals on, and once it has ended does what the settings say:
/// starts it again, after 1, 2, 4 ... 30 s if it lived for less than a minute, or ends the machine.
/// Returns only if it cannot be started at all.
///
/// SIGTERM, SIGPWR, Ctrl-Alt-Del (SIGINT) and the host's port ask for the end: the BEAM gets
/// SIGTERM, and SIGKILL after beam.stop_grace=. It ends with what was asked for, and with on_exit=
/// where that was just `stop`.
Outcome supervise(const Charge& charge, pid1::Console& console);

}  // namespace beam_init

#endif  // BEAM_INIT_SUPERVISE_H
