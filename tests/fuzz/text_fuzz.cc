// SPDX-License-Identifier: Apache-2.0
// The functions of text.h against std::string.
#include <cerrno>
#include <vector>

#include "fuzz.h"
#include "pid1/text.h"

namespace {

void check_fill(const std::string& pattern, const std::vector<std::string>& words, size_t room,
                char blank) {
  // A brace opens a hole of two characters, whatever the second is.
  std::string expected;
  std::vector<const char*> parts;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      expected += pattern[i] == ' ' ? blank : pattern[i];
      continue;
    }
    if (++i == pattern.size()) return;  // half a hole: a pattern is the programmer's
    parts.push_back(words.empty() ? "" : words[parts.size() % words.size()].c_str());
    expected += parts.back();
  }
  parts.push_back(nullptr);
  const std::unique_ptr<char[]> out(new char[room]);
  const auto size = pid1::fill({out.get(), room}, pattern.c_str(), parts.data(), blank);
  if (size.has_value()) {
    FUZZ_CHECK(*size == expected.size() && *size < room);
    FUZZ_CHECK(std::memcmp(out.get(), expected.c_str(), *size + 1) == 0);
    return;
  }
  FUZZ_CHECK(size.error().code == ENAMETOOLONG && expected.size() >= room);
  if (room == 0) return;
  FUZZ_CHECK(std::memcmp(out.get(), expected.data(), room - 1) == 0);
  FUZZ_CHECK(out[room - 1] == '\0');
}

void check_words(const std::string& text, const std::string& other, char c) {
  FUZZ_CHECK(pid1::equals(text.c_str(), other.c_str()) == (text == other));
  FUZZ_CHECK(pid1::contains(text.c_str(), other.c_str()) ==
             (text.find(other) != std::string::npos));
  const char* const rest = pid1::after(text.c_str(), other.c_str());
  FUZZ_CHECK((rest != nullptr) == text.starts_with(other));
  FUZZ_CHECK(rest == nullptr || rest == text.c_str() + other.size());
  const size_t place = std::min(text.find(c), text.size());
  FUZZ_CHECK(pid1::find(text.c_str(), c) == text.c_str() + place);

  // Words with a comma are in no list.
  bool listed = false;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    listed = listed || std::string_view(text).substr(start, end - start) == other;
    start = end + 1;
  }
  FUZZ_CHECK(pid1::is_listed(text.c_str(), other.c_str()) == listed);

  const fuzz::Text trimmed(text);
  const char* const inner = pid1::trim(trimmed.data());
  FUZZ_CHECK(trimmed.has(inner) && trimmed.is_whole());
  FUZZ_CHECK(inner == fuzz::trimmed(text));

  // Splitting until the end, and joining again, loses nothing.
  const fuzz::Text split(text);
  std::string joined;
  for (char* word = split.data();;) {
    char* const next = pid1::split(word, c);
    FUZZ_CHECK(split.has(next) && split.is_whole());
    joined += word;
    if (next == word + std::strlen(word)) break;
    joined += c;
    word = next;
  }
  FUZZ_CHECK(joined == text);
}

void check_number(std::string_view bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof(value)));
  FUZZ_CHECK(std::to_string(value) == pid1::Decimal(value).text());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  if (size < 2) return 0;
  const size_t room = static_cast<unsigned char>(rest[0]) % 64;
  const char c = rest[1];
  rest.remove_prefix(2);
  check_number(rest);
  const std::string text = fuzz::take(rest);
  std::vector<std::string> words;
  while (!rest.empty())
    words.push_back(fuzz::take(rest));
  check_fill(text, words, room, c);
  check_words(text, words.empty() ? text : words[0], c);
  return 0;
}
