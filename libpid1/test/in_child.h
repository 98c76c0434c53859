// SPDX-License-Identifier: Apache-2.0
// What tests of the real kernel share: bodies that run in a child, which may change or lose its
// descriptors, signals and privileges without harm.
#ifndef PID1_TEST_IN_CHILD_H
#define PID1_TEST_IN_CHILD_H

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "pid1/file.h"
#include "pid1/result.h"

namespace pid1 {

/// The errno of a result, 0 for success.
template <class T>
int code_of(const Result<T>& result) {
  return result.has_value() ? 0 : result.error().code;
}

/// Runs `body` in a child and returns its exit status, or 128 and more for a signal: that of
/// alarm(2) when it has no end.
template <class Body>
int in_child(Body body) {
  constexpr unsigned kLimitSeconds = 60;
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kLimitSeconds);
    ::_exit(
        body());  // no clean-up: a LeakSanitizer would need files, and /proc, that it has closed
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// A child with a host name, mounts and a network of its own; 77 where the kernel does not let it.
template <class Body>
int in_namespaces(Body body) {
  return in_child([&] {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    constexpr int kOwn = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET;
    if (::unshare(user == 0 ? kOwn : kOwn | CLONE_NEWUSER) != 0) return 77;
    // Without a map nobody owns what is made here, and it cannot be (EOVERFLOW).
    const std::string maps[][2] = {{"uid_map", "0 " + std::to_string(user) + " 1"},
                                   {"setgroups", "deny"},
                                   {"gid_map", "0 " + std::to_string(group) + " 1"}};
    for (const auto& [name, content] : maps) {
      if (user == 0) break;
      const int fd = ::open(("/proc/self/" + name).c_str(), O_WRONLY);
      if (::write(fd, content.data(), content.size()) < 0) return 77;
      ::close(fd);
    }
    // Or a mount would reach the host's namespace.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
    return body();
  });
}

/// The hexadecimal number in a line of a /proc/PID/status: SigBlk:, SigIgn:, CapEff:, ... All bits
/// when there is none.
inline uint64_t status_mask(const char* name, const char* path = "/proc/self/status") {
  char buffer[8192];
  if (!read_file(path, buffer).has_value()) return ~uint64_t{0};
  const char* const line = std::strstr(buffer, name);
  return line == nullptr ? ~uint64_t{0} : std::strtoull(line + std::strlen(name), nullptr, 16);
}

}  // namespace pid1

#endif  // PID1_TEST_IN_CHILD_H
