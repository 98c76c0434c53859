// SPDX-License-Identifier: Apache-2.0
#include "pid1/cmdline.h"

#include "pid1/file.h"

namespace pid1 {
namespace {

// The kernel's own table (lib/ctype.c): the blanks of ASCII and the no-break space of Latin-1.
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || static_cast<unsigned char>(c) == 0xa0;
}

/// Takes out the character at `position`; the text that follows moves up.
void erase(std::span<char>& text, size_t position) {
  for (size_t i = position; i + 1 < text.size(); ++i) text[i] = text[i + 1];
  text = text.first(text.size() - 1);
}

}  // namespace

std::optional<Parameter> CmdlineReader::next() {
  while (!rest_.empty() && is_space(rest_.front())) rest_ = rest_.subspan(1);
  if (rest_.empty()) return std::nullopt;

  // next_arg(): a quote at the very start opens the whole word, and is dropped.
  const bool quoted = rest_.front() == '"';
  if (quoted) rest_ = rest_.subspan(1);
  bool in_quotes = quoted;
  size_t size = 0;
  size_t equals = 0;  // as in the kernel, 0 is none: a word that begins with '=' has no value
  for (; size < rest_.size(); ++size) {
    const char c = rest_[size];
    if (is_space(c) && !in_quotes) break;
    if (equals == 0 && c == '=') equals = size;
    if (c == '"') in_quotes = !in_quotes;
  }
  std::span<char> word = rest_.first(size);
  rest_ = rest_.subspan(size < rest_.size() ? size + 1 : size);

  const bool quote_at_end = !word.empty() && word.back() == '"';
  if (equals != 0 && equals + 1 < word.size() && word[equals + 1] == '"') {
    // NAME="VALUE": both quotes go; one that closes the whole word instead goes below.
    if (quote_at_end && word.size() > equals + 2) word = word.first(word.size() - 1);
    erase(word, equals + 1);
  } else if (quoted && quote_at_end) {
    word = word.first(word.size() - 1);
  }

  Parameter parameter;
  parameter.word = {word.data(), word.size()};
  parameter.name = parameter.word;
  if (equals != 0) {
    parameter.name = {word.data(), equals};
    parameter.value = std::string_view{word.data() + equals + 1, word.size() - equals - 1};
  }
  parameter.is_argument = arguments_;
  if (!arguments_ && parameter.word == "--") {
    arguments_ = true;
    return next();
  }
  return parameter;
}

Result<std::span<char>> read_cmdline(std::span<char> buffer, const char* path) {
  PID1_TRY_ASSIGN(std::string_view text, read_file(path, buffer));
  if (text.ends_with('\n')) text.remove_suffix(1);
  return buffer.first(text.size());
}

}  // namespace pid1
