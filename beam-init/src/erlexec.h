// SPDX-License-Identifier: Apache-2.0
// Builds the argv of beam.smp from the command line of `erl`, as OTP's erlexec does.
// The reference is erts/etc/common/erlexec.c of OTP 27; its function names stand beside ours.
#ifndef BEAM_INIT_ERLEXEC_H
#define BEAM_INIT_ERLEXEC_H

#include "build.h"
#include "failure.h"
#include "pid1/environment.h"

namespace beam_init {

/// Where the emulator is.
struct Emulator {
  const char* root;      // ROOTDIR
  const char* bindir;    // BINDIR
  const char* progname;  // PROGNAME
};

/// Appends to `argv` what erlexec would execute for `erl ARGUMENTS` with this environment:
///   BINDIR/beam.FLAVOR EMULATOR-FLAGS -- -root R -bindir B -progname P -- -home H -- ARGUMENTS
/// -args_file is expanded, ERL_AFLAGS, ERL_FLAGS and ERL_ZFLAGS are merged (not
/// ERL_OTP<RELEASE>_FLAGS nor ESCRIPT_NAME, which are OTP's own), +X becomes -X before the first
/// `--`. `-env` sets in `environment`, as do ROOTDIR, BINDIR, EMU, PROGNAME and the front of PATH.
/// An empty HOME, PATH or ERL_EPMD_PORT is as good as none.
/// What erlexec does beyond exec is an error that names the flag: starting epmd (through a shell),
/// detaching, printing, compiling; so are -S, -configfd, an -emu_type but opt, a NUL in an
/// arguments file, one that is named -extra or is more than eight deep in others, and a variable
/// for -env with a = in its name. Nothing else differs: tests/erlexec asks the real one.
Outcome build_beam_argv(const Emulator& emulator, const pid1::StringVector& arguments, Draft& draft,
                        pid1::StringVector& argv);

/// Splits `text` into words at white space. With all of kSpecial as erlexec's
/// build_args_from_string does it in a file: both quotes (no escapes within), backslash, and # to
/// the end of the line, even within a word. A variable has no comments (kSpecial + 1); without any
/// it is the shell's $VARIABLE.
constexpr const char* kSpecial = "#\"'\\";
void split_flags(const char* text, const char* special, Draft& draft, pid1::StringVector& words);

}  // namespace beam_init

#endif  // BEAM_INIT_ERLEXEC_H
