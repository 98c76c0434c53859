// SPDX-License-Identifier: Apache-2.0
#include "pid1/text.h"

#include <errno.h>

namespace pid1 {

Decimal::Decimal(uint64_t value) {
  do {
    digits_[--start_] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
}

Result<std::string_view> join(std::span<char> out, std::initializer_list<std::string_view> parts) {
  size_t used = 0;
  for (const std::string_view part : parts) {
    if (part.size() >= out.size() - used) {
      return std::unexpected(Error{ENAMETOOLONG, "text"});
    }
    part.copy(out.data() + used, part.size());
    used += part.size();
  }
  if (out.empty()) return std::unexpected(Error{ENAMETOOLONG, "text"});
  out[used] = '\0';
  return std::string_view{out.data(), used};
}

Result<std::string_view> fill(std::span<char> out, std::string_view pattern,
                              const char* const* parts) {
  PID1_TRY(join(out, {}));
  size_t used = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool hole = pattern[i] == '{';
    const std::string_view piece = hole ? std::string_view{*parts++} : std::string_view{&pattern[i], 1};
    i += hole ? 1 : 0;
    PID1_TRY_ASSIGN(const std::string_view text, join(out.subspan(used), {piece}));
    used += text.size();
  }
  return std::string_view{out.data(), used};
}

std::string_view take_until(std::string_view& text, char separator) {
  size_t end = 0;
  while (end < text.size() && text[end] != separator) ++end;
  const std::string_view part{text.data(), end};
  text.remove_prefix(end < text.size() ? end + 1 : end);
  return part;
}

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool contains(std::string_view text, std::string_view part) {
  for (; text.size() >= part.size(); text.remove_prefix(1)) {
    if (text.starts_with(part)) return true;
  }
  return false;
}

bool is_listed(std::string_view list, std::string_view word) {
  do {
    if (take_until(list, ',') == word) return true;
  } while (!list.empty());
  return false;
}

std::optional<uint64_t> parse_decimal(std::string_view text) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    if (__builtin_mul_overflow(value, 10U, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, static_cast<unsigned>(c - '0'), &value)) return std::nullopt;
  }
  return value;
}

}  // namespace pid1
