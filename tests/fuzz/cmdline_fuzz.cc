// SPDX-License-Identifier: Apache-2.0
// CmdlineReader against another writing of the kernel's rules, on strings instead of in place.
#include <vector>

#include "fuzz.h"
#include "pid1/cmdline.h"

namespace {

struct Word {
  std::string name;
  std::string value;
  bool has_value;
  bool is_argument;
  bool operator==(const Word&) const = default;
};

bool is_space(char c) {
  return fuzz::is_blank(c) || c == '\xa0';
}

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  bool arguments = false;
  size_t at = 0;
  for (;;) {
    while (at < line.size() && is_space(line[at]))
      ++at;
    if (at == line.size()) return words;
    // A word goes on while a quote is open.
    size_t quotes = 0;
    const size_t start = at;
    while (at < line.size() && (quotes % 2 == 1 || !is_space(line[at])))
      quotes += line[at++] == '"' ? 1 : 0;
    std::string word(line.substr(start, at - start));
    const bool quoted = word.front() == '"';
    if (quoted) word.erase(0, 1);
    const size_t equals = word.find('=', 1);
    bool open = quoted;  // a quote whose other one may be the last character
    if (equals != std::string::npos && word.size() > equals + 1 && word[equals + 1] == '"') {
      word.erase(equals + 1, 1);
      open = word.size() > equals + 1;
    }
    if (open && !word.empty() && word.back() == '"') word.pop_back();
    if (arguments) {
      words.push_back({word, "", false, true});
    } else if (equals != std::string::npos) {
      words.push_back({word.substr(0, equals), word.substr(equals + 1), true, false});
    } else if (word == "--") {
      arguments = true;
    } else {
      words.push_back({word, "", false, false});
    }
  }
}

std::vector<Word> read(const fuzz::Text& text) {
  std::vector<Word> words;
  pid1::CmdlineReader reader(text.data());
  pid1::Parameter parameter;
  const char* behind = text.data();  // what came before
  while (reader.next(parameter)) {
    FUZZ_CHECK(text.has(parameter.name));
    FUZZ_CHECK(parameter.name >= behind);
    behind = parameter.name + std::strlen(parameter.name);
    if (parameter.value != nullptr) {
      FUZZ_CHECK(text.has(parameter.value));
      FUZZ_CHECK(parameter.value > behind);
      FUZZ_CHECK(!parameter.is_argument);
      behind = parameter.value + std::strlen(parameter.value);
    }
    words.push_back({parameter.name, parameter.value != nullptr ? parameter.value : "",
                     parameter.value != nullptr, parameter.is_argument});
  }
  FUZZ_CHECK(text.is_whole());
  FUZZ_CHECK(!reader.next(parameter));  // the end stays the end
  return words;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto line = fuzz::text_of(data, size);
  const auto words = read(fuzz::Text(line));
  FUZZ_CHECK(words == words_of(line));

  // Of a name the last counts, and '-' is '_' in it.
  const auto same = [](std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
  };
  for (const Word& word : words) {
    const Word* last = nullptr;
    for (const Word& other : words)
      if (!other.is_argument && same(other.name) == same(word.name)) last = &other;
    const fuzz::Text copy(line);
    const char* const value = pid1::find_parameter(copy.data(), word.name.c_str());
    FUZZ_CHECK((value != nullptr) == (last != nullptr));
    FUZZ_CHECK(value == nullptr || (value == last->value));
    if (&word - words.data() == 3) break;  // enough, and quick
  }

  // What can be written, each word in quotes, is read again as it was.
  std::string printed;
  std::vector<Word> expected;
  bool arguments = false;
  for (const Word& word : words) {
    if ((word.name + word.value).find('"') != std::string::npos) continue;
    if (word.is_argument && !arguments) printed += "-- ";
    arguments = word.is_argument;
    printed += '"' + word.name + (word.has_value ? "=" + word.value : "") + "\" ";
    expected.push_back(word);
  }
  FUZZ_CHECK(read(fuzz::Text(printed)) == expected);
  return 0;
}
