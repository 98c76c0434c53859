// SPDX-License-Identifier: Apache-2.0
// Several contestants, measured in turns, and what is said of them: a text table for each measure,
// one JSON object, or CSV.
#ifndef MICROBEAM_BENCH_COMMON_COMPARISON_H
#define MICROBEAM_BENCH_COMMON_COMPARISON_H

#include <cstdint>
#include <string>
#include <vector>

namespace microbeam {

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
  // The column after the summary: the median less that of the baseline, how many a second, or how
  // many times the median goes into that of the baseline.
  enum class Extra { kNone, kAdded, kPerSecond, kTimes } extra = Extra::kNone;
  std::vector<Series> series = {};
  std::string why_not = {};  // nobody could be measured
};

struct Binary {
  std::string contestant;
  std::string path;
  int64_t bytes;
};

struct Report {
  std::string machine;
  std::string baseline;  // the contestant that the others are held against
  std::vector<Binary> binaries;
  std::vector<Measure> measures;
};

std::string to_text(const Report& report);

// One line without its end. What was not measured is null, with its reason.
std::string to_json(const Report& report);

// One line for each series, below one with the names of the columns; without values, an empty
// field.
std::string to_csv(const Report& report);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_COMPARISON_H
