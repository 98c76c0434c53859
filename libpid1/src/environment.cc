// SPDX-License-Identifier: Apache-2.0
#include "pid1/environment.h"

#include <errno.h>

#include "pid1/text.h"

namespace pid1 {
namespace {

bool has_nul(std::string_view text) {
  for (const char c : text) {
    if (c == '\0') return true;
  }
  return false;
}

}  // namespace

Result<std::string_view> Arena::copy(std::initializer_list<std::string_view> parts) {
  const auto text = join(rest(), parts);
  if (!text.has_value()) return std::unexpected(Error{E2BIG, "text that is too long"});
  keep(text->size() + 1);
  return *text;
}

Result<> StringVector::append(std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    if (has_nul(part)) return std::unexpected(Error{EINVAL, "string with a NUL"});
  }
  // One slot stays for the NULL at the end.
  if (size_ + 1 >= slots_.size()) return std::unexpected(Error{E2BIG, "too many strings"});
  PID1_TRY_ASSIGN(const std::string_view text, arena_->copy(parts));
  slots_[size_++] = const_cast<char*>(text.data());
  slots_[size_] = nullptr;
  return {};
}

size_t Environment::find(std::string_view name) const {
  for (size_t i = 0; i < size_; ++i) {
    const std::string_view entry = slots_[i];
    if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name)) {
      return i;
    }
  }
  return size_;
}

Result<> Environment::set(std::string_view name, std::string_view value) {
  bool valid = !name.empty();
  for (const char c : name) valid = valid && c != '=';
  if (!valid) return std::unexpected(Error{EINVAL, "environment name"});
  const size_t index = find(name);
  if (index == size_) return append({name, "=", value});
  if (has_nul(value)) return std::unexpected(Error{EINVAL, "string with a NUL"});
  PID1_TRY_ASSIGN(const std::string_view text, arena_->copy({name, "=", value}));
  slots_[index] = const_cast<char*>(text.data());
  return {};
}

std::string_view Environment::get(std::string_view name) const {
  const size_t index = find(name);
  return index == size_ ? "" : slots_[index] + name.size() + 1;
}

bool Environment::has(std::string_view name) const { return find(name) != size_; }

Result<> for_each_assignment(std::string_view text, size_t& line,
                             absl::FunctionRef<Result<>(const Assignment&)> visit) {
  for (line = 1; !text.empty(); ++line) {
    const std::string_view whole = trim(take_until(text, '\n'));
    if (whole.empty() || whole.front() == '#') continue;
    std::string_view value = whole;
    const std::string_view name = trim(take_until(value, '='));
    if (name.empty() || name.size() == whole.size()) {
      return std::unexpected(Error{EINVAL, "line that is not NAME=VALUE"});
    }
    value = trim(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value.remove_prefix(1);
      value.remove_suffix(1);
    }
    PID1_TRY(visit({name, value}));
  }
  return {};
}

}  // namespace pid1
