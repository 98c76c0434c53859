// SPDX-License-Identifier: Apache-2.0
// The one clock of the tools: CLOCK_MONOTONIC, as the time since that clock's own zero.
#ifndef MICROBEAM_BENCH_COMMON_CLOCK_H
#define MICROBEAM_BENCH_COMMON_CLOCK_H

#include <absl/time/time.h>
#include <time.h>

namespace microbeam {

// Not absl::Now(): that is the wall clock, which NTP may step in the middle of a boot.
inline absl::Duration monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_CLOCK_H
