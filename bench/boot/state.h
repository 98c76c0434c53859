// SPDX-License-Identifier: Apache-2.0
// The file by which a machine in the background is found again. Its runner holds a lock on it as
// long as it lives, so the kernel itself says which process that is: a number in a file would be
// that of anybody once the runner is gone.
#ifndef MICROBEAM_BENCH_BOOT_STATE_H
#define MICROBEAM_BENCH_BOOT_STATE_H

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "unique_fd.h"

namespace microbeam {

// For the runner. Removes the file when it goes.
class MachineState {
 public:
  // Fails with AlreadyExists when another runner has it.
  static absl::StatusOr<MachineState> claim(const std::string& path);
  MachineState(MachineState&& other) = default;
  MachineState& operator=(MachineState&&) = delete;
  ~MachineState();

  // Lines for whoever reads the file.
  void note(absl::string_view line) const;

 private:
  MachineState(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  UniqueFd file_;
};

// How the runner of a machine ended, as it noted it last.
struct Ended {
  int status;
  std::string why;
};

// For whoever looks for the runner.
class RunnerOf {
 public:
  // Fails with NotFound when there is no such file.
  static absl::StatusOr<RunnerOf> open(const std::string& path);

  // The process that holds the lock, or nothing.
  [[nodiscard]] std::optional<pid_t> pid() const;
  [[nodiscard]] std::optional<Ended> ended() const;
  // Removes the file that a runner left when it was killed, unless another one has it meanwhile.
  void remove_stale();

 private:
  RunnerOf(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  UniqueFd file_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_STATE_H
