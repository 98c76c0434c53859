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

/// Distribution without epmd, which erlexec would start through a shell.
struct Node {
  const char* flag = "";  // "-sname" or "-name"; "": none
  const char* name = "";
  const char* port = "";  // of this node and of all others (-erl_epmd_port)
  // What the flags said, and what does not stand in argv therefore:
  const char* cookie = "";    // of -setcookie COOKIE
  bool name_dropped = false;  // -sname or -name, without distribution
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
///
/// With `node` that is not left to the flags: -sname and -name stay only with distribution, and
/// where there is none the node's own is put behind them; -start_epmd false -erl_epmd_port PORT
/// with it; -setcookie COOKIE is taken out.
Outcome build_beam_argv(const Emulator& emulator, const pid1::StringVector& arguments, Draft& draft,
                        pid1::StringVector& argv, Node* node = nullptr);

/// Splits `text` into words at white space. With all of kSpecial as erlexec's
/// build_args_from_string does it in a file: both quotes (no escapes within), backslash, and # to
/// the end of the line, even within a word. A variable has no comments (kSpecial + 1); without any
/// it is the shell's $VARIABLE.
constexpr const char* kSpecial = "#\"'\\";
void split_flags(const char* text, const char* special, Draft& draft, pid1::StringVector& words);

}  // namespace beam_init

#endif  // BEAM_INIT_ERLEXEC_H
