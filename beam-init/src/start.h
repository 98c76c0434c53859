// SPDX-License-Identifier: Apache-2.0
// The command line and environment with which a release's own script would have started it:
// `bin/NAME start` of Mix, `bin/NAME foreground` of relx, or just `erl`.
#ifndef BEAM_INIT_START_H
#define BEAM_INIT_START_H

#include "build.h"
#include "erlexec.h"
#include "failure.h"
#include "network.h"
#include "release.h"
#include "settings.h"
#include "user.h"

namespace beam_init {

/// What every release finds in its environment unless a setting says otherwise. The kernel gives an
/// init HOME=/ and TERM=linux and every unknown KEY=VALUE of its command line; none of it is taken.
/// HOME is the user's (find_user), and added with the release's own variables.
void set_default_environment(Draft& draft);

/// The node as beam.dist= and beam.node= want it, else RELEASE_DISTRIBUTION and RELEASE_NODE, which
/// are set accordingly. A long name without a host gets the host's name, if that has a dot, or the
/// first address.
Outcome name_node(const Settings& settings, const Network& network, const Release& release,
                  Draft& draft, Node& node);

/// Sets the variables that the script of the release's kind would, and appends the arguments of
/// `erl` to `arguments`; `user_arguments` come last before -extra, or before relx's -- foreground.
///
/// Mix (Elixir 1.18, release.init.ex). Differences, each of them because there is no shell, no epmd
/// and no writable root: RELEASE_DISTRIBUTION defaults to none (sname would start epmd), no cookie
/// is passed, RELEASE_TMP defaults to /tmp, env.sh is not run. A sys.config with
/// RUNTIME_CONFIG=true is copied to RELEASE_TMP (mode 0600, the user's), for Elixir's config
/// providers write their result into it.
///
/// relx (4.7, extended_bin): vm.args.src and sys.config.src are filled in with the environment
/// (${NAME}, ${NAME:-DEFAULT}) and put into RELX_OUT_FILE_PATH, else RELEASE_TMP. Hooks are not
/// run; ESCRIPT_NAME, NAME and LD_LIBRARY_PATH are not set; a value is not expanded again.
Outcome build_erl_arguments(const Release& release, const User& user,
                            const pid1::StringVector& user_arguments, bool console_is_terminal,
                            const Node& node, Draft& draft, pid1::StringVector& arguments);

/// Writes the node's cookie to HOME/.erlang.cookie, where only the user reads it (mode 0400): from
/// beam.cookie=, the flags, RELEASE_COOKIE or the release's COOKIE, whichever comes first.
Outcome write_cookie(const Settings& settings, const User& user, const Release& release,
                     const Node& node, Draft& draft);

/// What to do when execve(2) has failed with this.
[[nodiscard]] const char* advice_on_exec(pid1::Error error);

/// What erl is called to the emulator, and its ROOTDIR.
[[nodiscard]] Emulator emulator_of(const Release& release, Draft& draft);

}  // namespace beam_init

#endif  // BEAM_INIT_START_H
