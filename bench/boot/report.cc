// SPDX-License-Identifier: Apache-2.0
// See report.h.
#include "report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include <vector>

#include "json.h"

namespace microbeam {
namespace {

std::string number(double value) {
  return absl::StrFormat("%.3f", value);
}
std::string number(int64_t value) {
  return absl::StrCat(value);
}

template <typename T>
std::string or_null(const std::optional<T>& value) {
  return value ? number(*value) : "null";
}

template <typename T>
std::string timeline_json(const Timeline<T>& timeline) {
  std::string json = "{";
  for (size_t i = 0; i < timeline.size(); ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",", json_string(kEventNames[i]), ":",
                    or_null(timeline[i]));
  }
  return json + "}";
}

template <typename Lines>
void append_section(std::string& report, absl::string_view title, const Lines& lines) {
  bool titled = false;
  for (const auto& line : lines) {
    if (line.empty()) continue;
    if (!titled) absl::StrAppend(&report, title, ":\n");
    titled = true;
    absl::StrAppend(&report, "  ", printable(line), "\n");
  }
}

}  // namespace

std::string to_json(const Options& options, const BootResult& result) {
  const auto integer = [](std::optional<int64_t> value) { return or_null(value); };
  return absl::StrCat(
      "{\"image\":", json_string(options.image), ",\"accel\":", json_string(options.accel),
      ",\"memory_mib\":", options.memory_mib, ",\"cpus\":", options.cpus,
      ",\"vm\":", json_string(options.vm), ",\"root\":", json_string(options.root()),
      ",\"http_status\":", integer(result.http_status),
      ",\"beam_os_pid\":", integer(result.beam_os_pid),
      ",\"timeline_ms\":", timeline_json(result.ms),
      ",\"timeline_insns\":", result.insns ? timeline_json(*result.insns) : "null",
      ",\"end\":{\"orderly\":", result.orderly ? "true" : "false",
      ",\"qemu_status\":", integer(result.qemu_status), "}}");
}

std::string timeline_table(const BootResult& result) {
  std::string table = absl::StrFormat("  %-12s%10s%10s", "mark", "ms", "delta");
  if (result.insns) absl::StrAppendFormat(&table, "%16s", "instructions");
  absl::StrAppend(&table, "\n");
  double before = 0;
  for (size_t i = 0; i < kEventNames.size(); ++i) {
    std::string ms = "-";
    std::string delta = "-";
    if (const std::optional<double> at = result.ms[i]) {
      ms = absl::StrFormat("%.1f", *at);
      delta = absl::StrFormat("%+.1f", *at - before);
      before = *at;
    }
    absl::StrAppendFormat(&table, "  %-12s%10s%10s", kEventNames[i], ms, delta);
    if (result.insns) {
      const std::optional<int64_t> insns = (*result.insns)[i];
      absl::StrAppendFormat(&table, "%16s", insns ? absl::StrCat(*insns) : "-");
    }
    absl::StrAppend(&table, "\n");
  }
  return table;
}

std::string failure_report(absl::string_view what, const Console& console,
                           absl::string_view complaints) {
  std::string report = absl::StrCat("microbeam-vm: ", what, "\n");
  append_section(report, "what beam-init said", console.init_messages());
  const std::vector<absl::string_view> lines = absl::StrSplit(complaints, '\n');
  append_section(report, "what QEMU said", lines);
  return report;
}

std::string console_report(const Console& console, absl::string_view log) {
  if (console.silent()) return "the guest wrote nothing on its console\n";
  std::string report;
  append_section(report, absl::StrCat("the end of the console (all of it: ", log, ")"),
                 console.tail());
  return report;
}

}  // namespace microbeam
