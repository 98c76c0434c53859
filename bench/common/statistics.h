// SPDX-License-Identifier: Apache-2.0
// What is said of a series of measurements.
#ifndef MICROBEAM_BENCH_COMMON_STATISTICS_H
#define MICROBEAM_BENCH_COMMON_STATISTICS_H

#include <cstddef>
#include <optional>
#include <vector>

namespace microbeam {

struct Summary {
  size_t n;
  double median;  // of an even number the mean of the two in the middle
  double p95;     // the smallest value that is not below 95 % of them (nearest rank)
  double min;
  double max;
};

// Nothing for no values.
std::optional<Summary> summarize(std::vector<double> values);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_STATISTICS_H
