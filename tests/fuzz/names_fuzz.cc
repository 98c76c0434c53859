// SPDX-License-Identifier: Apache-2.0
// The small parsers, of one word each: numbers, signals, rewrites, capabilities, verbs.
#include <cctype>
#include <cerrno>

#include "fuzz.h"
#include "pid1/power.h"
#include "pid1/privilege.h"
#include "pid1/signals.h"
#include "pid1/text.h"

namespace {

void check_rewrite(const std::string& text) {
  const auto parsed = pid1::parse_signal_rewrite(text.c_str());
  if (!parsed.has_value()) {
    FUZZ_CHECK(parsed.error().code == EINVAL);
    return;
  }
  const auto [from, to] = *parsed;
  FUZZ_CHECK(from >= 1 && from <= 64 && to >= 0 && to <= 64);
  FUZZ_CHECK(text.find_first_not_of("0123456789:") == std::string::npos);
  const size_t colon = text.find(':');
  FUZZ_CHECK(std::stoi(text.substr(0, colon)) == from && std::stoi(text.substr(colon + 1)) == to);
}

void check_numbers(int from, int to) {
  const std::string text = std::to_string(from) + ":" + std::to_string(to);
  const bool is_valid = from >= 1 && from <= 64 && to >= 0 && to <= 64;
  FUZZ_CHECK(pid1::parse_signal_rewrite(text.c_str()).has_value() == is_valid);
}

void check_number(const std::string& text, int limit) {
  const auto parsed = pid1::parse_number(text.c_str(), limit);
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  const size_t leading = std::min(text.find_first_not_of('0'), text.size());
  const bool fits = is_number && text.size() - leading < 10 &&
                    std::atoi(text.c_str()) <= limit;  // nine digits at most
  FUZZ_CHECK(parsed.has_value() == fits);
  FUZZ_CHECK(!fits || *parsed == std::atoi(text.c_str()));
  FUZZ_CHECK(fits || parsed.error().code == EINVAL || parsed.error().code == ERANGE);
}

void check_signal(const std::string& text) {
  const auto parsed = pid1::parse_signal(text.c_str());
  if (!parsed.has_value()) {
    FUZZ_CHECK(parsed.error().code == EINVAL);
    return;
  }
  FUZZ_CHECK(*parsed >= 1 && *parsed <= 64);
  FUZZ_CHECK(pid1::parse_signal(std::to_string(*parsed).c_str()) == *parsed);
  if (text[0] >= '0' && text[0] <= '9') return;
  const std::string other = text.starts_with("SIG") ? text.substr(3) : "SIG" + text;
  FUZZ_CHECK(pid1::parse_signal(other.c_str()) == *parsed);
}

void check_capability(const std::string& text) {
  const auto parsed = pid1::parse_capability(text.c_str());
  std::string other = text;
  for (char& c : other) {
    const auto byte = static_cast<unsigned char>(c);
    c = static_cast<char>(std::islower(byte) != 0 ? std::toupper(byte) : std::tolower(byte));
  }
  const auto flipped = pid1::parse_capability(other.c_str());
  FUZZ_CHECK(flipped.has_value() == parsed.has_value());
  if (!parsed.has_value()) {
    FUZZ_CHECK(parsed.error().code == EINVAL);
    return;
  }
  FUZZ_CHECK(*parsed >= 0 && *parsed <= 40 && *flipped == *parsed);
  const bool has_prefix = strncasecmp(text.c_str(), "CAP_", 4) == 0;
  const std::string changed = has_prefix ? text.substr(4) : "CAP_" + text;
  FUZZ_CHECK(pid1::parse_capability(changed.c_str()) == *parsed);
}

void check_verb(const std::string& text) {
  const bool is_one = text == "reboot" || text == "poweroff" || text == "halt" || text == "kexec";
  FUZZ_CHECK(pid1::parse_verb(text.c_str()).has_value() == is_one);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::text_of(data, size));
  check_rewrite(text);
  check_capability(text);
  check_verb(text);
  check_signal(text);
  check_number(text, static_cast<int>(size * size * size));
  if (size >= 2) check_numbers(data[0], data[1]);
  return 0;
}
