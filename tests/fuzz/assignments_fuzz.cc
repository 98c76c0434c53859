// SPDX-License-Identifier: Apache-2.0
// AssignmentReader: what it reads stands in the text line by line, and reads the same when printed.
#include <vector>

#include "fuzz.h"
#include "pid1/environment.h"

namespace {

struct Line {
  std::string name;
  std::string value;
  unsigned number;
  bool operator==(const Line&) const = default;
};

/// The assignments up to the first bad line; `bad` is its number, or 0.
std::vector<Line> lines_of(std::string_view text, unsigned& bad) {
  std::vector<Line> lines;
  bad = 0;
  for (unsigned number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string line = fuzz::trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const size_t equals = line.find('=');
    if (equals == 0 || equals == std::string::npos) {
      bad = number;
      return lines;
    }
    std::string value = fuzz::trimmed(std::string_view(line).substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    lines.push_back({fuzz::trimmed(std::string_view(line).substr(0, equals)), value, number});
  }
  return lines;
}

std::vector<Line> read(const fuzz::Text& text, unsigned& bad) {
  std::vector<Line> lines;
  pid1::AssignmentReader reader(text.data());
  pid1::Assignment assignment;
  for (;;) {
    const auto read = reader.next(assignment);
    bad = read.has_value() ? 0 : reader.line();
    if (!read.has_value() || !*read) break;
    FUZZ_CHECK(text.has(assignment.name));
    FUZZ_CHECK(text.has(assignment.value));
    FUZZ_CHECK(assignment.value > assignment.name + std::strlen(assignment.name));
    lines.push_back({assignment.name, assignment.value, reader.line()});
  }
  FUZZ_CHECK(text.is_whole());
  return lines;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = fuzz::text_of(data, size);
  unsigned bad = 0;
  unsigned expected_bad = 0;
  const auto lines = read(fuzz::Text(text), bad);
  FUZZ_CHECK(lines == lines_of(text, expected_bad));
  FUZZ_CHECK(bad == expected_bad);

  std::string printed;
  auto expected = lines;
  unsigned number = 0;
  for (Line& line : expected) {
    printed += line.name + " = \"" + line.value + "\"\n";
    line.number = ++number;
  }
  FUZZ_CHECK(read(fuzz::Text(printed), bad) == expected);
  FUZZ_CHECK(bad == 0);
  return 0;
}
