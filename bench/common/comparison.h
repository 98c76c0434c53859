// SPDX-License-Identifier: Apache-2.0
// Several contestants, measured in turns, and what is said of them: a text table for each measure,
// one JSON object, or CSV.
#ifndef MICROBEAM_BENCH_COMMON_COMPARISON_H
#define MICROBEAM_BENCH_COMMON_COMPARISON_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace microbeam {

// What one contestant has shown. Without values: why not.
struct Series {
  std::string contestant;
  std::vector<double> values = {};
  std::string why_not = {};
};

struct Measure {
  std::string name;   // of the JSON: "exit"
  std::string unit;   // "us"
  std::string title;  // of the table
  // Of most things less is better.
  bool more_is_better = false;
  // The column after the summary: the median less that of the baseline, how many a second, or how
  // many times better the median is than that of the baseline.
  enum class Extra { kNone, kAdded, kPerSecond, kTimes } extra = Extra::kNone;
  std::vector<Series> series = {};
  std::string why_not = {};  // nobody could be measured
};

struct Binary {
  std::string contestant;
  std::string path;
  int64_t bytes;
};

// The virtual machines that were measured, the same for all contestants.
struct Guest {
  std::string qemu;  // its version
  std::string accel;
  int memory_mib;
  int cpus;
};

struct Report {
  std::string what;     // is compared: "boot"
  std::string machine;  // that all ran on
  std::optional<Guest> guest = {};
  std::string baseline;  // the contestant that the others are held against
  std::vector<Binary> binaries;
  std::vector<Measure> measures;
};

std::string to_text(const Report& report);

// One line without its end, with every value in the order in which it was measured. What was not
// measured is null, with its reason.
std::string to_json(const Report& report);

// One line for each series, below one with the names of the columns; without values, an empty
// field.
std::string to_csv(const Report& report);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_COMPARISON_H
