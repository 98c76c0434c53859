// SPDX-License-Identifier: Apache-2.0
// For every target: the input as the C string that a parser works on, and what must hold.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

/// Ends the program, which libFuzzer takes for a finding, unless the condition holds.
#define FUZZ_CHECK(condition)                                                        \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)

namespace fuzz {

/// A text on the heap with not a byte behind its NUL: AddressSanitizer sees whoever reads on.
class Text {
 public:
  explicit Text(std::string_view text) : size_(text.size()), bytes_(new char[text.size() + 1]) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    bytes_[size_] = '\0';
  }

  [[nodiscard]] char* data() const { return bytes_.get(); }
  [[nodiscard]] size_t size() const { return size_; }
  /// A string of the text: begins in it, and ends at the latest with its own NUL.
  [[nodiscard]] bool has(const char* part) const {
    return part >= bytes_.get() && part <= bytes_.get() + size_;
  }
  /// The NUL at its end is still there.
  [[nodiscard]] bool is_whole() const { return bytes_[size_] == '\0'; }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

/// The input up to its first NUL.
inline std::string_view text_of(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  return all.substr(0, all.find('\0'));
}

/// Takes what stands before the first NUL off the front of the input.
inline std::string take(std::string_view& rest) {
  const size_t end = rest.find('\0');
  const std::string word(rest.substr(0, end));
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return word;
}

inline bool is_blank(char c) {
  return std::strchr(" \t\n\v\f\r", c) != nullptr && c != '\0';
}

/// Without blanks on either side.
inline std::string trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return std::string(text);
}

}  // namespace fuzz

/// What libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#endif  // TESTS_FUZZ_FUZZ_H
