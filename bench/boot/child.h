// SPDX-License-Identifier: Apache-2.0
// A program of which nothing is left when its owner is gone, however the owner goes.
#ifndef MICROBEAM_BENCH_BOOT_CHILD_H
#define MICROBEAM_BENCH_BOOT_CHILD_H

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "unique_fd.h"

namespace microbeam {

// Runs in a process group of its own (a Ctrl-C of the terminal is for the owner, who ends the child
// in order), with stdin from /dev/null, and stdout and stderr in pipes. The kernel kills it when
// the owner dies (PR_SET_PDEATHSIG: tied to the thread that spawned, so the owner has to have one
// thread only).
class Child {
 public:
  // `argv[0]` is the path of the program. Fails when it cannot be executed.
  static absl::StatusOr<Child> spawn(const std::vector<std::string>& argv);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) = delete;
  // Kills what is left of the group.
  ~Child();

  [[nodiscard]] int out() const { return out_.get(); }       // non-blocking
  [[nodiscard]] int err() const { return err_.get(); }       // non-blocking
  [[nodiscard]] int handle() const { return pidfd_.get(); }  // readable once the child has ended
  [[nodiscard]] absl::Duration spawned() const { return spawned_; }

  // To the whole group; nothing once the child was reaped.
  void signal(int number) const;
  // What shells call its status (128 + number for a signal), once it has ended; does not wait.
  std::optional<int> try_reap();

 private:
  Child() = default;

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd out_;
  UniqueFd err_;
  absl::Duration spawned_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_CHILD_H
