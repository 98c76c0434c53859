// SPDX-License-Identifier: Apache-2.0
#include "erlexec_cases.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace beam_init {
namespace {

// Escapes stand at the same place: \e, an empty word, is an escape without a meaning of its own.
constexpr std::string_view kLetters = "ntrvf0s\\";
constexpr std::string_view kMeanings("\n\t\r\v\f\0 \\", 8);

std::string unescaped(std::string_view word) {
  std::string text;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '\\') {
      text += word[i];
    } else if (const size_t letter = kLetters.find(word[++i]); letter != std::string_view::npos) {
      text += kMeanings[letter];
    }
  }
  return text;
}

std::string escaped(std::string_view word) {
  if (word.empty()) return "\\e";
  std::string text;
  for (const char c : word) {
    const size_t meaning = kMeanings.find(c);
    text += meaning == std::string_view::npos ? std::string(1, c)
                                              : std::string{'\\', kLetters[meaning]};
  }
  return text;
}

Strings split(const std::string& line) {
  Strings words;
  size_t from = 0;
  while (from < line.size()) {
    const size_t to = std::min(line.find(' ', from), line.size());
    words.push_back(unescaped(std::string_view(line).substr(from, to - from)));
    from = to + 1;
  }
  return words;
}

std::pair<std::string, std::string> cut(const std::string& line, char separator) {
  const size_t end = std::min(line.find(separator), line.size());
  return {line.substr(0, end), end < line.size() ? line.substr(end + 1) : ""};
}

void take(Input& input, const std::string& line) {
  const auto [key, rest] = cut(line, ' ');
  if (key == "#") {
    input.name = rest;
  } else if (key == "erl") {
    input.words = split(rest);
  } else if (key == "refused") {
    input.refused = rest;
  } else if (key == "env") {
    const auto [name, value] = cut(rest, '=');
    if (name == rest) {
      input.variables.erase(name);
    } else {
      input.variables[name] = unescaped(value);
    }
  } else if (key == "file") {
    const auto [name, text] = cut(rest, ' ');
    input.files[name] = text.empty() ? "" : unescaped(text);
  } else {
    (void)fprintf(stderr, "erlexec_cases.txt: what is this? %s\n", line.c_str());
    abort();
  }
}

}  // namespace

std::vector<Input> read_inputs(const std::string& path) {
  std::vector<Input> inputs;
  std::ifstream file(path);
  bool heading = true;  // the first paragraph explains
  bool fresh = true;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) {
      heading = false;
      fresh = true;
    } else if (!heading) {
      if (fresh) inputs.emplace_back();
      fresh = false;
      take(inputs.back(), line);
    }
  }
  return inputs;
}

std::string text_of(const Input& input) {
  std::string text = "# " + input.name + "\n";
  const Variables usual = Input().variables;
  for (const auto& [name, value] : usual)
    if (!input.variables.contains(name)) text += "env " + name + "\n";
  for (const auto& [name, value] : input.variables)
    if (!usual.contains(name) || usual.at(name) != value)
      text += "env " + name + "=" + escaped(value) + "\n";
  for (const auto& [name, content] : input.files)
    text += "file " + name + " " + escaped(content) + "\n";
  std::string words;
  for (const std::string& word : input.words)
    words += " " + escaped(word);
  return words.empty() ? text : text + "erl" + words + "\n";
}

}  // namespace beam_init
