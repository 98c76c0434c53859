// SPDX-License-Identifier: Apache-2.0
#include "pid1/privilege.h"

#include <linux/prctl.h>

#include <cerrno>

#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

constexpr int kMostCapabilities = 64;  // what version 3 of capset(2) has room for

// By number (<linux/capability.h>).
constexpr const char* kNames =
    "chown,dac_override,dac_read_search,fowner,fsetid,kill,setgid,setuid,setpcap,linux_immutable,"
    "net_bind_service,net_broadcast,net_admin,net_raw,ipc_lock,ipc_owner,sys_module,sys_rawio,"
    "sys_chroot,sys_ptrace,sys_pacct,sys_admin,sys_boot,sys_nice,sys_resource,sys_time,"
    "sys_tty_config,mknod,lease,audit_write,audit_control,setfcap,mac_override,mac_admin,syslog,"
    "wake_alarm,block_suspend,audit_read,perfmon,bpf,checkpoint_restore";

constexpr bool has(uint64_t set, int capability) {
  return (set >> capability & 1U) != 0;
}

/// One of the sets that prctl(2) tells bit by bit. A capability that the kernel does not know
/// (EINVAL) is not in it.
Result<uint64_t> read_set(int option, unsigned long operation) {
  uint64_t set = 0;
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    const auto number = static_cast<unsigned long>(capability);
    const auto in = option == PR_CAPBSET_READ ? sys::prctl(option, number)
                                              : sys::prctl(option, operation, number);
    if (!in.has_value() && in.error().code != EINVAL) return in.error();
    if (in.value_or(0) == 1) set |= uint64_t{1} << capability;
  }
  return set;
}

Result<uint64_t> bounding_set() {
  return read_set(PR_CAPBSET_READ, 0);
}

Result<> drop_bounding_set(uint64_t kept) {
  PID1_TRY_ASSIGN(const uint64_t bounding, bounding_set());
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    // What is not there needs no dropping, which CAP_SETPCAP would be needed for.
    if (!has(bounding & ~kept, capability)) continue;
    PID1_TRY(sys::prctl(PR_CAPBSET_DROP, static_cast<unsigned long>(capability)));
  }
  return {};
}

Result<> raise_ambient_set(uint64_t kept) {
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    if (!has(kept, capability)) continue;
    PID1_TRY(
        sys::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, static_cast<unsigned long>(capability)));
  }
  return {};
}

/// Whether real, effective and saved are all `id`.
bool are_all(const sys::Ids& ids, unsigned id) {
  return ids.real == id && ids.effective == id && ids.saved == id;
}

/// The kernel is asked what it has made of it: a module, a filter of seccomp(2) that fakes success,
/// or a bit that this kernel has not, would go unseen.
Result<> verify(const Privileges& privileges) {
  const uint64_t kept = privileges.capabilities;
  PID1_TRY_ASSIGN(const sys::Ids users, sys::user_ids());
  if (!are_all(users, privileges.user)) return Error{EPERM, "verify user"};
  PID1_TRY_ASSIGN(const sys::Ids groups, sys::group_ids());
  if (!are_all(groups, privileges.group)) return Error{EPERM, "verify group"};
  sys::CapabilitySets sets = {};
  PID1_TRY(sys::get_capabilities(sets));
  if (sets.effective != kept || sets.permitted != kept || sets.inheritable != kept) {
    return Error{EPERM, "verify capabilities"};
  }
  PID1_TRY_ASSIGN(const uint64_t bounding, bounding_set());
  if ((bounding & ~kept) != 0) return Error{EPERM, "verify bounding set"};
  PID1_TRY_ASSIGN(const uint64_t ambient, read_set(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET));
  if (ambient != kept) return Error{EPERM, "verify ambient set"};
  if (!privileges.no_new_privileges) return {};
  PID1_TRY_ASSIGN(const int set, sys::prctl(PR_GET_NO_NEW_PRIVS));
  if (set != 1) return Error{EPERM, "verify no_new_privs"};
  return {};
}

}  // namespace

Result<> drop_privileges(const Privileges& privileges) {
  const uint64_t kept = privileges.capabilities;
  constexpr unsigned kNoChange = ~0U;
  if (privileges.user == kNoChange) return Error{EINVAL, "user"};
  if (privileges.group == kNoChange) return Error{EINVAL, "group"};
  // Groups while there is CAP_SETGID.
  PID1_TRY(sys::set_groups(privileges.groups));
  PID1_TRY(sys::set_group_id(privileges.group));
  // The bounding set while CAP_SETPCAP is effective, which ends with user 0.
  PID1_TRY(drop_bounding_set(kept));
  // Without this a change from user 0 clears the permitted set.
  if (kept != 0) PID1_TRY(sys::prctl(PR_SET_KEEPCAPS, 1));
  PID1_TRY(sys::set_user_id(privileges.user));
  if (kept != 0) PID1_TRY(sys::prctl(PR_SET_KEEPCAPS, 0));
  // Said, and not left to the change of the user: SECBIT_NO_SETUID_FIXUP may be set, or the user
  // may have been this one before.
  PID1_TRY(sys::set_capabilities({.effective = kept, .permitted = kept, .inheritable = kept}));
  // Takes what is permitted and inheritable; what was there beyond that, capset has just cleared.
  PID1_TRY(raise_ambient_set(kept));
  if (privileges.no_new_privileges) PID1_TRY(sys::prctl(PR_SET_NO_NEW_PRIVS, 1));
  return verify(privileges);
}

Result<int> parse_capability(const char* name) {
  char lower[32] = {};
  for (size_t i = 0; i + 1 < sizeof(lower) && name[i] != '\0'; ++i)
    lower[i] = static_cast<char>(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
  const char* const bare = after(lower, "cap_");
  const int capability = index_of(kNames, bare != nullptr ? bare : lower);
  if (capability < 0) return Error{EINVAL, "name of a capability"};
  return capability;
}

int last_capability() {
  int capability = kMostCapabilities - 1;
  while (capability >= 0 &&
         !sys::prctl(PR_CAPBSET_READ, static_cast<unsigned long>(capability)).has_value()) {
    --capability;
  }
  return capability;
}

}  // namespace pid1
