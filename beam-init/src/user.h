// SPDX-License-Identifier: Apache-2.0
// Whom the BEAM runs as, and what else a machine that is to be trusted hides from it.
#ifndef BEAM_INIT_USER_H
#define BEAM_INIT_USER_H

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "build.h"
#include "failure.h"
#include "settings.h"

namespace beam_init {

struct User {
  uid_t id = 0;
  gid_t group = 0;
  uint64_t capabilities = 0;  // bit n is capability n
  const char* home = "/root";

  /// Root that keeps everything: nothing is given up.
  [[nodiscard]] bool is_root() const { return id == 0; }
};

/// Looks `beam.user=` up in /etc/passwd, unless it is numbers (the group is then the user's number
/// if not said), and `beam.caps=`. Whoever is not root, or has a cookie to keep, lives in
/// /run/beam, which is in memory.
Outcome find_user(const Settings& settings, Draft& draft, User& user);

/// Makes `path` the user's; what is not there, or on a read-only file system, is left alone.
void give_to_user(const User& user, const char* path);

/// Writes a file that nobody but the user may read: secrets, or what may hold some.
pid1::Result<> write_for_user(const User& user, const char* path, std::string_view text,
                              unsigned mode);

/// What an ordinary user is not to see: other users' processes (proc(5), hidepid), addresses of the
/// kernel (kernel.kptr_restrict) and its log (kernel.dmesg_restrict); but in a container the last
/// two are the host's to decide.
void hide_system(bool in_container);

/// The calling process as the user, for good, with the capabilities kept over execve(2).
pid1::Result<> become_user(const User& user);

}  // namespace beam_init

#endif  // BEAM_INIT_USER_H
