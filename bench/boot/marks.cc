// SPDX-License-Identifier: Apache-2.0
// See marks.h.
#include "marks.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>

namespace microbeam {
namespace {

// SimpleAtoi alone would also take blanks and signs. A value of 2^62 (146 years) or more is damage,
// and its sum with another could overflow.
std::optional<int64_t> parse_digits(absl::string_view text) {
  int64_t value = 0;
  if (text.empty() || !std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) return {};
  if (!absl::SimpleAtoi(text, &value) || value >= int64_t{1} << 62) return {};
  return value;
}

// Where "PROGRAM: " in front of the mark begins.
size_t program_start(absl::string_view text, size_t mark) {
  size_t start = mark;
  while (start > 0 && absl::ascii_isgraph(static_cast<unsigned char>(text[start - 1])))
    --start;
  return start;
}

}  // namespace

std::optional<Mark> parse_mark(const Line& line) {
  static constexpr absl::string_view kKey = " mark=";
  const absl::string_view text = line.text;
  const size_t at = text.find(kKey);
  if (at == absl::string_view::npos) return {};

  const std::vector<absl::string_view> words =
      absl::StrSplit(text.substr(at + kKey.size()), ' ', absl::SkipEmpty());
  if (words.size() < 2) return {};
  Mark mark;
  mark.name = std::string(words[0]);
  std::optional<int64_t> boottime;
  for (absl::string_view word : words) {
    if (absl::ConsumePrefix(&word, "boottime_ns=")) {
      boottime = parse_digits(word);
      if (!boottime) return {};
    } else if (absl::ConsumePrefix(&word, "tsc=")) {
      mark.tsc = parse_digits(word);
      if (!mark.tsc) return {};
    } else if (absl::ConsumePrefix(&word, "age_ns=")) {
      const std::optional<int64_t> age = parse_digits(word);
      if (!age) return {};
      mark.age_ns = *age;
    }
  }
  if (!boottime) return {};
  mark.boottime_ns = *boottime;
  mark.arrival = line.arrival(program_start(text, at));
  return mark;
}

}  // namespace microbeam
