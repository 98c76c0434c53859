// SPDX-License-Identifier: Apache-2.0
// The command line and environment with which a release's own script (`bin/NAME start`) would have
// started it.
#ifndef BEAM_INIT_START_H
#define BEAM_INIT_START_H

#include "build.h"
#include "failure.h"
#include "release.h"

namespace beam_init {

/// What every release finds in its environment unless a setting says otherwise. The kernel gives an
/// init HOME=/ and TERM=linux and every unknown KEY=VALUE of its command line; none of it is taken.
void set_default_environment(Draft& draft);

/// Sets RELEASE_* as the script of `mix release` (Elixir 1.18, release.init.ex) does and appends
/// the arguments of `erl` to `arguments`; `user_arguments` come last before -extra. Differences,
/// each of them because there is no shell, no epmd and no writable root:
///   RELEASE_DISTRIBUTION defaults to none (sname would start epmd), and then no cookie is passed;
///   RELEASE_TMP defaults to /tmp; env.sh is not run.
/// A sys.config with RUNTIME_CONFIG=true is copied to RELEASE_TMP (mode 0600), for Elixir's config
/// providers write their result into it.
Outcome build_erl_arguments(const Release& release, const pid1::StringVector& user_arguments,
                            bool console_is_terminal, Draft& draft, pid1::StringVector& arguments);

}  // namespace beam_init

#endif  // BEAM_INIT_START_H
