// SPDX-License-Identifier: Apache-2.0
#include "own_mounts.h"

#include <absl/strings/str_cat.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "descriptor.h"

namespace microbeam {
namespace {

void write_own(const std::string& file, const std::string& text) {
  std::ofstream(file) << text << std::flush;
}

/// Root of a user namespace in which only that one user and group exist.
bool enter_user_namespace() {
  const uid_t user = getuid();
  const gid_t group = getgid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  write_own("/proc/self/setgroups", "deny");
  write_own("/proc/self/uid_map", absl::StrCat("0 ", user, " 1"));
  write_own("/proc/self/gid_map", absl::StrCat("0 ", group, " 1"));
  return true;
}

}  // namespace

void enter_own_mounts() {
  if (unshare(CLONE_NEWNS) != 0 && !enter_user_namespace()) {
    throw std::system_error(errno, std::generic_category(),
                            "these tests need root, or user namespaces for ordinary users (sysctl "
                            "kernel.unprivileged_userns_clone=1): unshare");
  }
  check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
}

namespace {

bool exists(const std::string& map_file, uint64_t id) {
  std::ifstream map(map_file);
  uint64_t inside = 0;
  uint64_t outside = 0;
  uint64_t count = 0;
  while (map >> inside >> outside >> count) {
    if (inside <= id && id < inside + count) return true;
  }
  return false;
}

}  // namespace

bool tty_group_exists() {
  constexpr uint64_t kTty = 5;
  return exists("/proc/self/gid_map", kTty);
}

bool other_users_exist() {
  constexpr uint64_t kSomeone = 2000;
  return exists("/proc/self/uid_map", kSomeone) && exists("/proc/self/gid_map", kSomeone);
}

}  // namespace microbeam
