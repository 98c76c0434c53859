// SPDX-License-Identifier: Apache-2.0
// On which of the host's processors a thread runs, and what it starts.
#ifndef MICROBEAM_BENCH_COMMON_PROCESSORS_H
#define MICROBEAM_BENCH_COMMON_PROCESSORS_H

#include <absl/types/span.h>

#include <vector>

namespace microbeam {

// The numbers of those that this thread may use, ascending. Empty when the kernel does not say, as
// where it has more than 1024 (sched_getaffinity(2)).
std::vector<int> processors();

// From now on, this thread and what it starts use only these. Allocates nothing.
bool keep_to(absl::Span<const int> processors);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_PROCESSORS_H
