// SPDX-License-Identifier: Apache-2.0
// What is said of a boot: the JSON object of a probe, the table of a run, the story of a failure.
#ifndef MICROBEAM_BENCH_BOOT_REPORT_H
#define MICROBEAM_BENCH_BOOT_REPORT_H

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>

#include "console.h"
#include "options.h"
#include "timeline.h"

namespace microbeam {

struct BootResult {
  std::optional<int> http_status = {};
  std::optional<int64_t> beam_os_pid = {};
  Timeline<double> ms = {};
  std::optional<Timeline<int64_t>> insns = {};
  bool orderly = false;
  std::optional<int> qemu_status = {};
};

// One line without its end.
std::string to_json(const Options& options, const BootResult& result);

// One line for each event: when, and how long after the one before that was seen.
std::string timeline_table(const BootResult& result);

// `what` happened, what beam-init said, and all that QEMU said: as much of it as there is.
std::string failure_report(absl::string_view what, const Console& console,
                           absl::string_view complaints);

// The last lines of the console, for whoever has not seen it. `log` is the file that has all of it.
std::string console_report(const Console& console, absl::string_view log);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_REPORT_H
