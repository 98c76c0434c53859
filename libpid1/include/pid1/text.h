// SPDX-License-Identifier: Apache-2.0
// Text without a heap: numbers as digits, parts joined in the caller's buffer, words split.
#ifndef PID1_TEXT_H
#define PID1_TEXT_H

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "pid1/result.h"

namespace pid1 {

/// An unsigned number as decimal digits, for use as one part of a joined text.
class Decimal {
 public:
  explicit Decimal(uint64_t value);
  // NOLINTNEXTLINE(google-explicit-constructor): it stands in lists of string_views.
  operator std::string_view() const { return {digits_ + start_, kDigits - start_}; }

 private:
  static constexpr size_t kDigits = 20;  // 2^64 - 1
  char digits_[kDigits];
  size_t start_ = kDigits;
};

/// Joins `parts` in `out` and ends them with a NUL that the result does not count. ENAMETOOLONG
/// when they do not fit: nothing is ever cut silently.
[[nodiscard]] Result<std::string_view> join(std::span<char> out,
                                            std::initializer_list<std::string_view> parts);

/// `pattern` in `out` with each {} replaced by the next of `parts`, ended with a NUL that the result
/// does not count. There must be a part for each {}. ENAMETOOLONG when it does not fit.
[[nodiscard]] Result<std::string_view> fill(std::span<char> out, std::string_view pattern,
                                            const char* const* parts);

/// Takes the part of `text` up to `separator` (or all of it) off its front, separator included.
std::string_view take_until(std::string_view& text, char separator);

/// `text` without white space (space, \t \n \v \f \r) on either side.
[[nodiscard]] std::string_view trim(std::string_view text);

[[nodiscard]] bool contains(std::string_view text, std::string_view part);

/// Whether `word` is one of the words of `list`, which stand between commas. An empty list has the
/// empty word.
[[nodiscard]] bool is_listed(std::string_view list, std::string_view word);

/// Digits only, the whole text, in range; anything else is nothing.
[[nodiscard]] std::optional<uint64_t> parse_decimal(std::string_view text);

}  // namespace pid1

#endif  // PID1_TEXT_H
