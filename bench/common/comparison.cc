// SPDX-License-Identifier: Apache-2.0
// See comparison.h.
#include "comparison.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <optional>

#include "json.h"
#include "statistics.h"

namespace microbeam {
namespace {

std::optional<double> baseline(const Report& report, const Measure& measure) {
  const auto found =
      std::find_if(measure.series.begin(), measure.series.end(),
                   [&](const Series& one) { return one.contestant == report.baseline; });
  if (found == measure.series.end()) return {};
  const std::optional<Summary> summary = summarize(found->values);
  if (!summary) return {};
  return summary->median;
}

// The value of the column after the summary.
std::optional<double> extra_value(const Report& report, const Measure& measure,
                                  const Series& series, const Summary& summary) {
  if (measure.extra == Measure::Extra::kPerSecond && summary.median > 0) {
    return 1e6 / summary.median;
  }
  const std::optional<double> base = baseline(report, measure);
  if (!base || series.contestant == report.baseline) return {};
  if (measure.extra == Measure::Extra::kAdded) return summary.median - *base;
  if (measure.extra != Measure::Extra::kTimes || summary.median <= 0 || *base <= 0) return {};
  return measure.more_is_better ? summary.median / *base : *base / summary.median;
}

const char* extra_name(Measure::Extra extra) {
  switch (extra) {
    case Measure::Extra::kAdded:
      return "added";
    case Measure::Extra::kPerSecond:
      return "per_second";
    case Measure::Extra::kTimes:
      return "times";
    default:
      return "";
  }
}

std::string series_json(const Report& report, const Measure& measure, const Series& series) {
  std::string json = absl::StrCat("{\"contestant\":", json_string(series.contestant));
  const std::optional<Summary> summary = summarize(series.values);
  if (!summary) return absl::StrCat(json, ",\"n\":0,\"why\":", json_string(series.why_not), "}");
  absl::StrAppendFormat(&json, ",\"n\":%d,\"median\":%.3f,\"p95\":%.3f,\"min\":%.3f,\"max\":%.3f",
                        summary->n, summary->median, summary->p95, summary->min, summary->max);
  const auto append_value = [](std::string* out, double value) {
    absl::StrAppendFormat(out, "%.3f", value);
  };
  absl::StrAppend(&json, ",\"values\":[", absl::StrJoin(series.values, ",", append_value), "]");
  if (measure.extra != Measure::Extra::kNone) {
    const std::optional<double> extra = extra_value(report, measure, series, *summary);
    absl::StrAppend(&json, ",\"", extra_name(measure.extra),
                    "\":", extra ? absl::StrFormat("%.3f", *extra) : "null");
  }
  return json + "}";
}

template <typename T, typename ToJson>
std::string array_json(const std::vector<T>& items, const ToJson& to_json) {
  std::string json = "[";
  for (const T& item : items)
    absl::StrAppend(&json, json.size() == 1 ? "" : ",", to_json(item));
  return json + "]";
}

std::string measure_json(const Report& report, const Measure& measure) {
  return absl::StrCat(
      "{\"name\":", json_string(measure.name), ",\"unit\":", json_string(measure.unit),
      ",\"title\":", json_string(measure.title),
      ",\"better\":", measure.more_is_better ? "\"more\"" : "\"less\"",
      ",\"why\":", measure.why_not.empty() ? "null" : json_string(measure.why_not), ",\"series\":",
      array_json(measure.series,
                 [&](const Series& one) { return series_json(report, measure, one); }),
      "}");
}

std::string guest_json(const Guest& guest) {
  return absl::StrCat("{\"qemu\":", json_string(guest.qemu),
                      ",\"accel\":", json_string(guest.accel), ",\"memory_mib\":", guest.memory_mib,
                      ",\"cpus\":", guest.cpus, "}");
}

// Of the column with the names.
int name_width(const Report& report) {
  size_t width = 12;
  for (const Measure& measure : report.measures) {
    for (const Series& series : measure.series)
      width = std::max(width, series.contestant.size());
  }
  return static_cast<int>(width);
}

void append_measure(std::string& text, const Report& report, const Measure& measure) {
  const int width = name_width(report);
  absl::StrAppend(&text, "\n", measure.name, ": ", measure.title, measure.unit.empty() ? "" : ", ",
                  measure.unit, "\n");
  if (!measure.why_not.empty()) {
    absl::StrAppend(&text, "  not measured: ", measure.why_not, "\n");
    return;
  }
  absl::StrAppendFormat(&text, "  %-*s%6s%12s%12s%12s%12s", width, "contestant", "n", "median",
                        "p95", "min", "max");
  if (measure.extra != Measure::Extra::kNone) {
    absl::StrAppendFormat(&text, "%12s", extra_name(measure.extra));
  }
  absl::StrAppend(&text, "\n");
  for (const Series& series : measure.series) {
    absl::StrAppendFormat(&text, "  %-*s", width, series.contestant);
    if (const std::optional<Summary> summary = summarize(series.values)) {
      absl::StrAppendFormat(&text, "%6d%12.1f%12.1f%12.1f%12.1f", summary->n, summary->median,
                            summary->p95, summary->min, summary->max);
      const std::optional<double> extra = extra_value(report, measure, series, *summary);
      if (extra && measure.extra == Measure::Extra::kAdded) {
        absl::StrAppendFormat(&text, "%+12.1f", *extra);
      } else if (extra && measure.extra == Measure::Extra::kTimes) {
        absl::StrAppendFormat(&text, "%12.2f", *extra);
      } else if (extra) {
        absl::StrAppendFormat(&text, "%12.0f", *extra);
      }
    } else {
      absl::StrAppend(&text, "  ", series.why_not);
    }
    absl::StrAppend(&text, "\n");
  }
}

}  // namespace

std::string to_text(const Report& report) {
  const int width = name_width(report);
  std::string text = absl::StrCat("machine: ", report.machine, "\n");
  if (report.guest) {
    absl::StrAppend(&text, "guest: QEMU ", report.guest->qemu, ", ", report.guest->accel, ", ",
                    report.guest->memory_mib, " MiB, ", report.guest->cpus, " CPU\n");
  }
  absl::StrAppend(&text, "\nbinary, bytes\n");
  for (const Binary& binary : report.binaries) {
    absl::StrAppendFormat(&text, "  %-*s%12d  %s\n", width, binary.contestant, binary.bytes,
                          binary.path);
  }
  for (const Measure& measure : report.measures)
    append_measure(text, report, measure);
  return text;
}

std::string to_csv(const Report& report) {
  std::string csv = "measure,unit,contestant,n,median,p95,min,max\n";
  for (const Measure& measure : report.measures) {
    for (const Series& series : measure.series) {
      absl::StrAppend(&csv, measure.name, ",", measure.unit, ",", series.contestant, ",");
      if (const std::optional<Summary> summary = summarize(series.values)) {
        absl::StrAppendFormat(&csv, "%d,%.3f,%.3f,%.3f,%.3f\n", summary->n, summary->median,
                              summary->p95, summary->min, summary->max);
      } else {
        absl::StrAppend(&csv, "0,,,,\n");
      }
    }
  }
  return csv;
}

std::string to_json(const Report& report) {
  return absl::StrCat(
      "{\"what\":", json_string(report.what), ",\"machine\":", json_string(report.machine),
      ",\"guest\":", report.guest ? guest_json(*report.guest) : "null",
      ",\"baseline\":", json_string(report.baseline), ",\"binaries\":",
      array_json(report.binaries,
                 [](const Binary& binary) {
                   return absl::StrCat("{\"contestant\":", json_string(binary.contestant),
                                       ",\"path\":", json_string(binary.path),
                                       ",\"bytes\":", binary.bytes, "}");
                 }),
      ",\"measures\":",
      array_json(report.measures,
                 [&](const Measure& measure) { return measure_json(report, measure); }),
      "}");
}

}  // namespace microbeam
