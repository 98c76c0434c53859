// SPDX-License-Identifier: Apache-2.0
// A program of which nothing is left when its owner is gone, however the owner goes.
#ifndef MICROBEAM_BENCH_COMMON_CHILD_H
#define MICROBEAM_BENCH_COMMON_CHILD_H

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "unique_fd.h"

namespace microbeam {

struct SpawnOptions {
  // CLONE_NEW* of clone(2): the child is the first in these. With CLONE_NEWPID it is PID 1.
  unsigned long namespaces = 0;
  std::string root = {};  // of the child, by chroot(2); empty: the owner's
  // In memory that both share: CLOCK_MONOTONIC in nanoseconds, last thing before exec.
  int64_t* executed_ns = nullptr;
  // Descriptors that the child gets under the same numbers, which are none of 0, 1 and 2.
  std::vector<int> inherited = {};
  // Whether it leads a group of processes. The kernel's own first process leads none, and makes a
  // session of its own.
  bool own_group = true;
  // Called in the child, in its root, before exec. False: it has failed, with errno.
  std::function<bool()> prepare = nullptr;
};

// Runs in a process group of its own (a Ctrl-C of the terminal is for the owner, who ends the child
// in order), with stdin from /dev/null, and stdout and stderr in pipes. The kernel kills it when
// the owner dies (PR_SET_PDEATHSIG: tied to the thread that spawned, so the owner has to have one
// thread only).
class Child {
 public:
  // `argv[0]` is the path of the program. Fails when it cannot be executed. In namespaces of its
  // own a child survives an owner that dies within microseconds of this call.
  static absl::StatusOr<Child> spawn(const std::vector<std::string>& argv,
                                     const SpawnOptions& options = {});

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) = delete;
  // Kills what is left of the group.
  ~Child();

  [[nodiscard]] int out() const { return out_.get(); }       // non-blocking
  [[nodiscard]] int err() const { return err_.get(); }       // non-blocking
  [[nodiscard]] int handle() const { return pidfd_.get(); }  // readable once the child has ended
  [[nodiscard]] absl::Duration spawned() const { return spawned_; }

  [[nodiscard]] pid_t pid() const { return pid_; }  // as the owner sees it

  // To the whole group; nothing once the child was reaped.
  void signal(int number) const;
  // What shells call its status (128 + number for a signal), once it has ended; does not wait.
  std::optional<int> try_reap();
  // User and system time of the child and of all that it has waited for, once it was reaped.
  [[nodiscard]] absl::Duration cpu_time() const { return cpu_time_; }

 private:
  Child() = default;

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd out_;
  UniqueFd err_;
  absl::Duration spawned_;
  absl::Duration cpu_time_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_CHILD_H
