// SPDX-License-Identifier: Apache-2.0
#include "pid1/environment.h"

#include <cerrno>
#include <cstring>

#include "pid1/text.h"

namespace pid1 {

Result<char*> Arena::text(const char* pattern, const char* const* parts) {
  char* const text = rest_.data();
  const auto size = fill(rest_, pattern, parts);
  if (!size.has_value()) return Error{E2BIG, "text that is too long"};
  keep(*size + 1);
  return text;
}

Result<> StringVector::append(const char* word) {
  // One slot stays for the NULL at the end.
  if (size_ + 1 >= slots_.size()) return Error{E2BIG, "too many strings"};
  slots_[size_++] = const_cast<char*>(word);  // execve(2) takes them so, and changes none
  slots_[size_] = nullptr;
  return {};
}

char** Environment::find(const char* name) const {
  char** slot = slots_.data();
  for (; *slot != nullptr; ++slot) {
    size_t same = 0;
    while (name[same] == (*slot)[same] && name[same] != '=')
      ++same;
    if ((*slot)[same] == '=' && (name[same] == '\0' || name[same] == '=')) break;
  }
  return slot;
}

Result<> Environment::put(char* entry) {
  if (*entry == '=' || *entry == '\0') return Error{EINVAL, "environment name"};
  char** const slot = find(entry);
  if (*slot == nullptr) return append(entry);
  *slot = entry;
  return {};
}

Result<> Environment::set(const char* name, const char* value) {
  if (*pid1::find(name, '=') != '\0') return Error{EINVAL, "environment name"};
  const char* const parts[] = {name, value};
  PID1_TRY_ASSIGN(char* const entry, arena_.text("{}={}", parts));
  return put(entry);
}

const char* Environment::get(const char* name) const {
  const char* const entry = *find(name);
  return entry == nullptr ? "" : pid1::find(entry, '=') + 1;
}

Result<bool> AssignmentReader::next(Assignment& assignment) {
  while (*rest_ != '\0') {
    ++line_;
    char* const line = rest_;
    rest_ = split(line, '\n');
    char* const name = trim(line);
    if (*name == '\0' || *name == '#') continue;
    if (*name == '=' || *find(name, '=') == '\0') {
      return Error{EINVAL, "line that is not NAME=VALUE"};
    }
    char* value = trim(split(name, '='));
    const size_t size = strlen(value);
    if (size >= 2 && *value == '"' && value[size - 1] == '"') {
      value[size - 1] = '\0';
      ++value;
    }
    assignment = {trim(name), value};
    return true;
  }
  return false;
}

}  // namespace pid1
