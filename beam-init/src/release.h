// SPDX-License-Identifier: Apache-2.0
// Finds the release that is to be started, and the ERTS that is to run it.
#ifndef BEAM_INIT_RELEASE_H
#define BEAM_INIT_RELEASE_H

#include <cstdint>

#include "build.h"
#include "failure.h"

namespace beam_init {

/// The texts lie in the arena, or are what was given.
struct Release {
  const char* root = "/app";
  const char* name = "release";  // "hello", from the .rel file
  const char* version = "";      // "0.1.0"
  const char* version_dir = "";  // "/app/releases/0.1.0"
  const char* erts_root = "";    // ROOTDIR: the release's own ERTS, else /usr/lib/erlang
  const char* bindir = "";       // BINDIR: erts_root/erts-VERSION/bin
  /// Whose start script is to be done without.
  enum class Kind : uint8_t {
    kSystools,  // none: a start.boot and what else is there
    kMix,       // Elixir is in its lib/
    kRelx,      // it has a no_dot_erlang.boot, or a boot script of its own name (before relx 4)
    kNone,      // no release: an ERTS with arguments
  } kind = Kind::kSystools;
};

/// Fills in all but `root`. ROOT/releases/start_erl.data ("ERTS_VERSION RELEASE_VERSION") decides;
/// without it, the only directory of ROOT/releases with a start.boot. Each failure says what is
/// missing or doubtful. `may_be_none`: where there is no release, an ERTS in ROOT or in
/// /usr/lib/erlang will do.
Outcome find_release(Release& release, Draft& draft, bool may_be_none = false);

}  // namespace beam_init

#endif  // BEAM_INIT_RELEASE_H
