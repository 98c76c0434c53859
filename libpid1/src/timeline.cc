// SPDX-License-Identifier: Apache-2.0
#include "pid1/timeline.h"

#include <ctime>

#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {

Mark mark_now(const char* name) {
  const uint64_t boottime_ns = sys::clock_ns(CLOCK_BOOTTIME);
  return {.name = name, .boottime_ns = boottime_ns, .cycles = sys::cycle_counter()};
}

Result<size_t> format_mark(const Mark& mark, uint64_t now_boottime_ns, std::span<char> out) {
  const uint64_t age = now_boottime_ns > mark.boottime_ns ? now_boottime_ns - mark.boottime_ns : 0;
  const Decimal numbers[] = {Decimal(mark.boottime_ns), Decimal(mark.cycles), Decimal(age)};
  const char* const parts[] = {mark.name, numbers[0].text(), numbers[1].text(), numbers[2].text()};
  return fill(out, "mark={} boottime_ns={} tsc={} age_ns={}", parts);
}

}  // namespace pid1
