// SPDX-License-Identifier: Apache-2.0
#include "pid1/text.h"

#include <cerrno>

namespace pid1 {

Decimal::Decimal(uint64_t value) {
  digits_[kDigits] = '\0';
  do {
    digits_[--start_] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
}

Result<uint64_t> parse_long_number(const char* text, uint64_t limit) {
  if (*text == '\0') return Error{EINVAL, "number"};
  uint64_t value = 0;
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '9') return Error{EINVAL, "number"};
    const auto digit = static_cast<uint64_t>(*text - '0');
    if (digit > limit || value > (limit - digit) / 10) return Error{ERANGE, "number"};
    value = value * 10 + digit;
  }
  return value;
}

Result<int> parse_number(const char* text, int limit) {
  PID1_TRY_ASSIGN(const uint64_t value, parse_long_number(text, static_cast<uint64_t>(limit)));
  return static_cast<int>(value);
}

// noinline: most calls are of this one.
[[gnu::noinline]] Result<size_t> fill(std::span<char> out, const char* pattern,
                                      const char* const* parts) {
  return fill(out, pattern, parts, ' ');
}

Result<size_t> fill(std::span<char> out, const char* pattern, const char* const* parts,
                    char blank) {
  const char* behind_hole = nullptr;  // where the pattern goes on after the part being copied
  for (size_t used = 0; used < out.size();) {
    const char c = *pattern++;
    if (behind_hole != nullptr) {
      if (c == '\0') {
        pattern = behind_hole;
        behind_hole = nullptr;
        continue;
      }
    } else if (c == '{') {
      behind_hole = pattern + 1;
      pattern = *parts++;
      continue;
    } else if (c == '\0') {
      out[used] = c;
      return used;
    }
    out[used++] = c == ' ' && behind_hole == nullptr ? blank : c;
  }
  if (!out.empty()) out.back() = '\0';
  return Error{ENAMETOOLONG, "text"};
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

const char* find(const char* text, char c) {
  while (*text != '\0' && *text != c)
    ++text;
  return text;
}

char* split(char* text, char separator) {
  char* const place = const_cast<char*>(find(text, separator));
  if (*place == '\0') return place;
  *place = '\0';
  return place + 1;
}

char* trim(char* text) {
  while (is_blank(*text))
    ++text;
  char* end = text;
  for (char* place = text; *place != '\0'; ++place) {
    if (!is_blank(*place)) end = place + 1;
  }
  *end = '\0';
  return text;
}

const char* after(const char* text, const char* prefix) {
  while (*prefix != '\0') {
    if (*text++ != *prefix++) return nullptr;
  }
  return text;
}

bool equals(const char* a, const char* b) {
  const char* const rest = after(a, b);
  return rest != nullptr && *rest == '\0';
}

bool contains(const char* text, const char* part) {
  for (; *text != '\0'; ++text) {
    if (after(text, part) != nullptr) return true;
  }
  return *part == '\0';
}

int index_of(const char* list, const char* word, char separator) {
  for (int index = 0;; ++index, ++list) {
    const char* rest = word;
    while (*list != '\0' && *list != separator && *list == *rest)
      ++list, ++rest;
    const bool ends_here = *list == '\0' || *list == separator;
    if (ends_here && *rest == '\0') return index;
    list = find(list, separator);
    if (*list == '\0') return -1;
  }
}

bool is_listed(const char* list, const char* word) {
  return index_of(list, word) >= 0;
}

}  // namespace pid1
