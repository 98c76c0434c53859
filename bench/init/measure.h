// SPDX-License-Identifier: Apache-2.0
// What is measured, of each contestant in turn.
#ifndef MICROBEAM_BENCH_INIT_MEASURE_H
#define MICROBEAM_BENCH_INIT_MEASURE_H

#include <absl/status/statusor.h>

#include <vector>

#include "comparison.h"
#include "contestant.h"
#include "trial.h"

namespace microbeam {

struct Counts {
  int starts = 200;
  int zombies = 1000;  // of one trial
  int reap_rounds = 20;
  int signals = 1000;  // to each
  int memory_rounds = 10;
};

// All of them, in rounds in which each contestant has its turn; one round before the first counts
// for nothing. Says on stderr what it is at.
absl::StatusOr<std::vector<Measure>> measure_all(const Arena& arena,
                                                 const std::vector<Contestant>& contestants,
                                                 const Counts& counts);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_INIT_MEASURE_H
