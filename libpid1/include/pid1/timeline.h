// SPDX-License-Identifier: Apache-2.0
// Boot marks: when something happened, on the kernel's clock and on the processor's.
#ifndef PID1_TIMELINE_H
#define PID1_TIMELINE_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "pid1/result.h"

namespace pid1 {

struct Mark {
  const char* name;
  /// CLOCK_BOOTTIME (clock_gettime(2)): nanoseconds since the kernel began to keep time.
  uint64_t boottime_ns = 0;
  /// The cycle counter, read right after; since reset. Under QEMU's -icount these are instructions.
  uint64_t cycles = 0;
};

[[nodiscard]] Mark mark_now(const char* name);

/// `mark=NAME boottime_ns=N tsc=N age_ns=N`: `age_ns` is how long ago it was at `now_boottime_ns`,
/// the moment of writing, so that a reader with another clock can place it. Returns its size, as
/// fill() does.
[[nodiscard]] Result<size_t> format_mark(const Mark& mark, uint64_t now_boottime_ns,
                                         std::span<char> out);

}  // namespace pid1

#endif  // PID1_TIMELINE_H
