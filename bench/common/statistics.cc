// SPDX-License-Identifier: Apache-2.0
// See statistics.h.
#include "statistics.h"

#include <algorithm>

namespace microbeam {

std::optional<Summary> summarize(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  // Rank ceil(0.95 n) of 1 to n, in integers: 0.95 is no number of the machine.
  const size_t rank = (n * 95 + 99) / 100;
  return Summary{.n = n,
                 .median = (values[(n - 1) / 2] + values[n / 2]) / 2,
                 .p95 = values[rank - 1],
                 .min = values.front(),
                 .max = values.back()};
}

}  // namespace microbeam
