// SPDX-License-Identifier: Apache-2.0
#include "pid1/cmdline.h"

#include <cstring>

#include "pid1/file.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

// The kernel's own table (lib/ctype.c): the blanks of ASCII and the no-break space of Latin-1.
bool is_space(char c) {
  return is_blank(c) || c == '\xa0';
}

bool is_same_name(const char* a, const char* b) {
  const auto plain = [](char c) { return c == '-' ? '_' : c; };
  while (*a != '\0' && plain(*a) == plain(*b))
    ++a, ++b;
  return *a == '\0' && *b == '\0';
}

}  // namespace

bool CmdlineReader::next(Parameter& parameter) {
  while (is_space(*rest_))
    ++rest_;
  if (*rest_ == '\0') return false;

  // next_arg(): a quote at the very start opens the whole word, and is dropped.
  const bool quoted = *rest_ == '"';
  if (quoted) ++rest_;
  char* const word = rest_;
  bool in_quotes = quoted;
  // At `word` there is none, as in the kernel: a word that begins with '=' has no value.
  char* equals = word;
  char* end = word;
  for (; *end != '\0'; ++end) {
    if (is_space(*end) && !in_quotes) break;
    if (equals == word && *end == '=') equals = end;
    if (*end == '"') in_quotes = !in_quotes;
  }
  rest_ = *end != '\0' ? end + 1 : end;

  parameter = {word, nullptr, arguments_};
  char* value = equals + 1;
  const bool value_quoted = equals != word && *value == '"' && value < end;
  // NAME="VALUE": both quotes go; one that closes the whole word goes too.
  if ((value_quoted ? end > value + 1 : quoted && end > word) && end[-1] == '"') --end;
  *end = '\0';
  if (value_quoted) memmove(value, value + 1, static_cast<size_t>(end - value));
  if (arguments_) return true;
  if (equals != word) {
    *equals = '\0';
    parameter.value = value;
  } else if (pid1::equals(word, "--")) {
    arguments_ = true;
    return next(parameter);
  }
  return true;
}

const char* find_parameter(char* text, const char* name) {
  const char* value = nullptr;
  CmdlineReader reader(text);
  Parameter parameter;
  while (reader.next(parameter) && !parameter.is_argument) {
    if (!is_same_name(parameter.name, name)) continue;
    value = parameter.value != nullptr ? parameter.value : "";
  }
  return value;
}

Result<> read_cmdline(std::span<char> buffer, const char* path) {
  PID1_TRY_ASSIGN(const size_t size, read_file(path, buffer));
  if (size > 0 && buffer[size - 1] == '\n') buffer[size - 1] = '\0';
  return {};
}

}  // namespace pid1
