// SPDX-License-Identifier: Apache-2.0
// See instructions.h, and perf_event_open(2).
#include "instructions.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace microbeam {
namespace {

UniqueFd open_counter(bool with_kernel) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
  // Children inherit it as it is here, off, and switch it on for themselves and theirs by exec.
  attributes.disabled = 1;
  attributes.inherit = 1;
  attributes.enable_on_exec = 1;
  attributes.exclude_hv = 1;
  attributes.exclude_kernel = with_kernel ? 0 : 1;
  return UniqueFd(
      static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
}

}  // namespace

InstructionCounter::InstructionCounter(UniqueFd fd, bool with_kernel)
    : fd_(std::move(fd)), with_kernel_(with_kernel) {}

absl::StatusOr<InstructionCounter> InstructionCounter::open() {
  for (const bool with_kernel : {true, false}) {
    UniqueFd fd = open_counter(with_kernel);
    if (fd.valid()) return InstructionCounter(std::move(fd), with_kernel);
    if (errno != EACCES && errno != EPERM) break;
  }
  return absl::ErrnoToStatus(errno, "no counter of instructions (perf_event_open)");
}

int64_t InstructionCounter::count() const {
  int64_t count = 0;
  return read(fd_.get(), &count, sizeof count) == sizeof count ? count : 0;
}

}  // namespace microbeam
