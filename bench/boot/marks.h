// SPDX-License-Identifier: Apache-2.0
// The boot marks that a guest writes on its console: "PROGRAM: mark=NAME boottime_ns=N [tsc=N]
// [age_ns=N]".
#ifndef MICROBEAM_BENCH_BOOT_MARKS_H
#define MICROBEAM_BENCH_BOOT_MARKS_H

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>

#include "lines.h"

namespace microbeam {

struct Mark {
  std::string name = {};
  int64_t boottime_ns = 0;          // the event on the guest's CLOCK_BOOTTIME
  std::optional<int64_t> tsc = {};  // the event on the guest's time stamp counter
  int64_t age_ns = 0;               // how long before the writing of the line the event was
  absl::Duration arrival = {};      // of the line's mark on the host's monotonic clock

  // The event on the host's monotonic clock.
  [[nodiscard]] absl::Duration event() const { return arrival - absl::Nanoseconds(age_ns); }
};

// The mark that `line` holds, or nothing. A line with a damaged number or without boottime_ns holds
// none: a mark is never a guess.
//
// `arrival` is that of the first byte of the mark's own text (its "PROGRAM: "). The guest reads its
// clocks before it starts to write, and a serial port passes the line on byte by byte (under TCG
// some microseconds each), so the first byte is the nearest to the event; the end of the line would
// add the time of its transmission. Not the first byte of the line: that may be the leftover of
// another writer who did not end his.
std::optional<Mark> parse_mark(const Line& line);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_MARKS_H
