// SPDX-License-Identifier: Apache-2.0
// See processors.h.
#include "processors.h"

#include <sched.h>

namespace microbeam {

std::vector<int> processors() {
  cpu_set_t set;
  std::vector<int> found;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return found;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(static_cast<size_t>(i), &set)) found.push_back(i);
  }
  return found;
}

bool keep_to(absl::Span<const int> processors) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int one : processors)
    CPU_SET(static_cast<size_t>(one), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

}  // namespace microbeam
