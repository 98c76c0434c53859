// SPDX-License-Identifier: Apache-2.0
// How each micro-benchmark is repeated, and what is said of the repetitions.
#ifndef MICROBEAM_BENCH_MICRO_REPEAT_H
#define MICROBEAM_BENCH_MICRO_REPEAT_H

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "statistics.h"

namespace microbeam {

// Median and p95 of 20 repetitions, each long enough for a mean.
inline void repeat(benchmark::internal::Benchmark* benchmark) {
  benchmark->MinTime(0.05)
      ->Repetitions(20)
      ->ReportAggregatesOnly()
      ->ComputeStatistics("p95",
                          [](const std::vector<double>& values) { return summarize(values)->p95; })
      ->ComputeStatistics("min", [](const std::vector<double>& values) {
        return *std::min_element(values.begin(), values.end());
      });
}

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_MICRO_REPEAT_H
