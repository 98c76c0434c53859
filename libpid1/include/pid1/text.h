// SPDX-License-Identifier: Apache-2.0
// Text without a heap: numbers as digits, patterns filled in the caller's buffer, words found and
// split. Texts are C strings: they come from the kernel and go to it.
#ifndef PID1_TEXT_H
#define PID1_TEXT_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "pid1/result.h"

namespace pid1 {

/// An unsigned number as decimal digits, for use as one part of a filled pattern.
class Decimal {
 public:
  explicit Decimal(uint64_t value);
  [[nodiscard]] const char* text() const { return digits_ + start_; }

 private:
  static constexpr size_t kDigits = 20;  // 2^64 - 1
  char digits_[kDigits + 1];
  size_t start_ = kDigits;
};

/// A number in decimal digits, nothing else, of 0 to `limit`, EINVAL, ERANGE.
[[nodiscard]] Result<int> parse_number(const char* text, int limit);
/// The same, to any limit.
[[nodiscard]] Result<uint64_t> parse_long_number(const char* text, uint64_t limit);

/// `pattern` in `out` with each {} replaced by the next of `parts`, ended with a NUL that the
/// result, its size, does not count. There must be a part for each {}. A blank of the pattern (not
/// of a part) becomes `blank`: with a NUL there, words come out as strings, one behind the other.
/// ENAMETOOLONG when it does not fit; `out` then holds what did, and a NUL.
[[nodiscard]] Result<size_t> fill(std::span<char> out, const char* pattern,
                                  const char* const* parts);
[[nodiscard]] Result<size_t> fill(std::span<char> out, const char* pattern,
                                  const char* const* parts, char blank);

/// Space, \t \n \v \f \r.
[[nodiscard]] bool is_blank(char c);

/// The first `c` in `text`, or the NUL at its end.
[[nodiscard]] const char* find(const char* text, char c);

/// Ends the text at the first `separator`, and returns what stands behind it: the empty end of the
/// text when there is none.
[[nodiscard]] char* split(char* text, char separator);

/// `text` without blanks on either side; those behind it are overwritten.
[[nodiscard]] char* trim(char* text);

/// What follows `prefix` in `text`, or nullptr if it does not begin with that.
[[nodiscard]] const char* after(const char* text, const char* prefix);
[[nodiscard]] inline char* after(char* text, const char* prefix) {
  return const_cast<char*>(after(static_cast<const char*>(text), prefix));
}

[[nodiscard]] bool equals(const char* a, const char* b);
[[nodiscard]] bool contains(const char* text, const char* part);

/// Which of the words of `list` this is, from 0; -1: none. They stand between `separator`s. An
/// empty list has the empty word.
[[nodiscard]] int index_of(const char* list, const char* word, char separator = ',');
[[nodiscard]] bool is_listed(const char* list, const char* word);

}  // namespace pid1

#endif  // PID1_TEXT_H
