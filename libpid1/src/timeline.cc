// SPDX-License-Identifier: Apache-2.0
#include "pid1/timeline.h"

#include <time.h>

#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {

Mark mark_now(std::string_view name) {
  const uint64_t boottime_ns = sys::clock_ns(CLOCK_BOOTTIME);
  return {.name = name, .boottime_ns = boottime_ns, .cycles = sys::cycle_counter()};
}

Result<std::string_view> format_mark(const Mark& mark, uint64_t now_boottime_ns,
                                     std::span<char> out) {
  const uint64_t age = now_boottime_ns > mark.boottime_ns ? now_boottime_ns - mark.boottime_ns : 0;
  return join(out, {"mark=", mark.name, " boottime_ns=", Decimal(mark.boottime_ns),
                    " tsc=", Decimal(mark.cycles), " age_ns=", Decimal(age)});
}

}  // namespace pid1
