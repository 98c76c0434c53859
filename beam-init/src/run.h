// SPDX-License-Identifier: Apache-2.0
// The whole program, for main() and for the entry point of the static /init.
#ifndef BEAM_INIT_RUN_H
#define BEAM_INIT_RUN_H

namespace beam_init {

/// As PID 1: boots, and does not return. Else: --help, --version, or a word of advice; the exit
/// status.
int run(int argc, char** argv);

}  // namespace beam_init

#endif  // BEAM_INIT_RUN_H
