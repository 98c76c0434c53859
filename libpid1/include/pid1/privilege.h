// SPDX-License-Identifier: Apache-2.0
// Root's powers given up, for good: user, groups, capabilities, and the way back.
#ifndef PID1_PRIVILEGE_H
#define PID1_PRIVILEGE_H

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "pid1/result.h"

namespace pid1 {

/// What a program is to have left. Nothing else remains: a group, a capability that is not named
/// here is gone.
struct Privileges {
  uid_t user;
  gid_t group;
  std::span<const gid_t> groups;  // supplementary ones; at most NGROUPS_MAX, 65,536
  /// Bit n is capability n. These are in all five sets afterwards: bounding (as far as it had
  /// them), permitted, effective, inheritable and ambient, so that an execve(2) keeps them for a
  /// user other than root.
  uint64_t capabilities = 0;
  /// execve(2) then gives nothing new: no set-user-ID bits, no file capabilities (prctl(2)).
  bool no_new_privileges = true;
};

/// The calling thread as `privileges` say: groups, group, bounding set, user, capabilities, ambient
/// set, no_new_privs. In this order, for each needs what a later one takes away; then all but the
/// supplementary groups is read back.
///
/// To be called by a process of one thread, in the child before execve(2); on an Error it must not
/// go on, for some of it is done. EINVAL: a user or group of 2^32 - 1, which setresuid(2) takes for
/// "leave it". EPERM: not root enough; or, of an operation that begins with "verify", the kernel
/// said yes and did not do it. A change of the user clears the parent-death signal and the dumpable
/// flag (prctl(2)): set those afterwards. Ambient capabilities: Linux 4.3.
[[nodiscard]] Result<> drop_privileges(const Privileges& privileges);

/// The number of a capability by its name, in either case, with or without CAP_:
/// "net_bind_service", "CAP_SYS_BOOT". EINVAL for a name that capabilities(7) of Linux 5.9 and
/// later (up to CAP_CHECKPOINT_RESTORE, 40) does not have.
[[nodiscard]] Result<int> parse_capability(const char* name);

/// The highest capability that the running kernel knows, by PR_CAPBSET_READ; -1 if it tells of
/// none.
[[nodiscard]] int last_capability();

}  // namespace pid1

#endif  // PID1_PRIVILEGE_H
