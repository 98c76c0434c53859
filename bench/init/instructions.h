// SPDX-License-Identifier: Apache-2.0
// Instructions that the processor has retired for programs that this process starts.
#ifndef MICROBEAM_BENCH_INIT_INSTRUCTIONS_H
#define MICROBEAM_BENCH_INIT_INSTRUCTIONS_H

#include <absl/status/statusor.h>

#include <cstdint>

#include "unique_fd.h"

namespace microbeam {

// Counts for every process that is started while this exists, and for its descendants, from its
// first exec on; in the kernel too, where that may be seen (perf_event_paranoid).
class InstructionCounter {
 public:
  // Fails where the processor, or the hypervisor, has no such counter, or ordinary users may not
  // use it.
  static absl::StatusOr<InstructionCounter> open();

  // So far, of all that have ended. Only differences mean anything.
  [[nodiscard]] int64_t count() const;
  [[nodiscard]] bool with_kernel() const { return with_kernel_; }

 private:
  InstructionCounter(UniqueFd fd, bool with_kernel);

  UniqueFd fd_;
  bool with_kernel_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_INIT_INSTRUCTIONS_H
