// SPDX-License-Identifier: Apache-2.0
// See json.h.
#include "json.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_format.h>
#include <absl/strings/strip.h>

namespace microbeam {
namespace {

// The length of the string that begins with the quote at the front of `json`, quotes included; all
// of it when the string has no end.
size_t string_length(absl::string_view json) {
  for (size_t i = 1; i < json.size(); ++i) {
    if (json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      return i + 1;
    }
  }
  return json.size();
}

std::optional<int64_t> leading_integer(absl::string_view json) {
  json = absl::StripLeadingAsciiWhitespace(json);
  const size_t end = json.find_first_not_of("-0123456789");
  // "1.5" and "1e3" are numbers, but not integers.
  if (end < json.size() && absl::string_view(".eE").find(json[end]) != absl::string_view::npos) {
    return {};
  }
  int64_t value = 0;
  if (!absl::SimpleAtoi(json.substr(0, end), &value)) return {};
  return value;
}

}  // namespace

std::string json_string(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::optional<int64_t> json_integer(absl::string_view json, absl::string_view key) {
  const std::string wanted = json_string(key);
  while (!json.empty()) {
    if (json.front() != '"') {
      json.remove_prefix(1);
      continue;
    }
    const absl::string_view found = json.substr(0, string_length(json));
    json.remove_prefix(found.size());
    absl::string_view rest = absl::StripLeadingAsciiWhitespace(json);
    if (found == wanted && absl::ConsumePrefix(&rest, ":")) return leading_integer(rest);
  }
  return {};
}

}  // namespace microbeam
