// SPDX-License-Identifier: Apache-2.0
// What is measured, of each contestant in turn.
#ifndef MICROBEAM_BENCH_INIT_MEASURE_H
#define MICROBEAM_BENCH_INIT_MEASURE_H

#include <absl/status/statusor.h>

#include <string>
#include <vector>

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

// What one contestant has shown. Without values: why not.
struct Series {
  std::string contestant;
  std::vector<double> values = {};
  std::string why_not = {};
};

// Less is better in all of them.
struct Measure {
  std::string name;   // of the JSON: "exit"
  std::string unit;   // "us"
  std::string title;  // of the table
  // The column after the summary: the median less that of the program alone, or how many a second.
  enum class Extra { kNone, kAdded, kPerSecond } extra = Extra::kNone;
  std::vector<Series> series = {};
  std::string why_not = {};  // nobody could be measured
};

// All of them, in rounds in which each contestant has its turn; one round before the first counts
// for nothing. Says on stderr what it is at.
absl::StatusOr<std::vector<Measure>> measure_all(const Arena& arena,
                                                 const std::vector<Contestant>& contestants,
                                                 const Counts& counts);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_INIT_MEASURE_H
