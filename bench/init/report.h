// SPDX-License-Identifier: Apache-2.0
// What is said of a comparison: a text table for each measure, or one JSON object.
#ifndef MICROBEAM_BENCH_INIT_REPORT_H
#define MICROBEAM_BENCH_INIT_REPORT_H

#include <cstdint>
#include <string>
#include <vector>

#include "measure.h"

namespace microbeam {

struct Binary {
  std::string contestant;
  std::string path;
  int64_t bytes;
};

struct Report {
  std::string machine;
  std::vector<Binary> binaries;
  std::vector<Measure> measures;
};

std::string to_text(const Report& report);

// One line without its end. What was not measured is null, with its reason.
std::string to_json(const Report& report);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_INIT_REPORT_H
