// SPDX-License-Identifier: Apache-2.0
// See host_tsc.h.
#include "host_tsc.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <cmath>
#include <fstream>
#include <string>

#include "clock.h"

#ifdef __x86_64__
#include <x86intrin.h>
#endif

namespace microbeam {

#ifdef __x86_64__
namespace {

bool runs_evenly() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!absl::StartsWith(line, "flags")) continue;
    absl::StrAppend(&line, " ");
    return absl::StrContains(line, " constant_tsc ") && absl::StrContains(line, " nonstop_tsc ");
  }
  return false;
}

struct Sample {
  absl::Duration time;
  uint64_t ticks;
};

// Both clocks at one moment: the best of some tries, for the host may stop us between the two
// readings.
Sample sample() {
  Sample best{};
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 20; ++i) {
    const uint64_t before = __rdtsc();
    const absl::Duration time = monotonic_now();
    const uint64_t after = __rdtsc();
    if (after - before >= least) continue;
    least = after - before;
    best = {.time = time, .ticks = before + (after - before) / 2};
  }
  return best;
}

}  // namespace

std::optional<int64_t> host_tsc_khz() {
  if (!runs_evenly()) return {};
  const Sample begin = sample();
  while (monotonic_now() - begin.time < absl::Milliseconds(2)) {
  }
  const Sample end = sample();
  const double ms = absl::ToDoubleMilliseconds(end.time - begin.time);
  return std::llround(static_cast<double>(end.ticks - begin.ticks) / ms);
}
#else
std::optional<int64_t> host_tsc_khz() {
  return {};
}
#endif

}  // namespace microbeam
