// SPDX-License-Identifier: Apache-2.0
// Bounded argv and envp, built without a heap, and files of NAME=VALUE lines.
#ifndef PID1_ENVIRONMENT_H
#define PID1_ENVIRONMENT_H

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "pid1/result.h"

namespace pid1 {

/// A caller's buffer, handed out front to back; nothing is given back.
class Arena {
 public:
  explicit constexpr Arena(std::span<char> bytes) : bytes_(bytes) {}

  /// `parts` joined, ended with a NUL that the view does not count. E2BIG when it is full.
  [[nodiscard]] Result<std::string_view> copy(std::initializer_list<std::string_view> parts);

  /// The unused rest, to be filled in place; `keep` then takes its first `size` bytes.
  [[nodiscard]] std::span<char> rest() const { return bytes_.subspan(used_); }
  void keep(size_t size) { used_ += size; }

 private:
  std::span<char> bytes_;
  size_t used_ = 0;
};

/// A NULL-terminated vector of C strings, as execve(2) takes it. Capacity: the slots (at least one) less one, and
/// the arena's bytes. E2BIG when either is full; what was there before stays whole.
class StringVector {
 public:
  StringVector(Arena& arena, std::span<char*> slots) : arena_(&arena), slots_(slots) {
    slots_[0] = nullptr;
  }

  /// Appends one string, made of `parts`. EINVAL when it has a NUL within.
  [[nodiscard]] Result<> append(std::initializer_list<std::string_view> parts);

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] std::string_view operator[](size_t index) const { return slots_[index]; }
  [[nodiscard]] char* const* data() const { return slots_.data(); }

 protected:
  Arena* arena_;
  std::span<char*> slots_;
  size_t size_ = 0;
};

/// envp: a StringVector of NAME=VALUE with one entry for a name.
class Environment : public StringVector {
 public:
  using StringVector::StringVector;

  /// Sets or replaces. EINVAL for a name that is empty or has '=' or NUL (setenv(3)).
  [[nodiscard]] Result<> set(std::string_view name, std::string_view value);
  /// The value, ended by a NUL that the view does not count; empty when there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;

 private:
  [[nodiscard]] size_t find(std::string_view name) const;  // size() when absent
};

/// One line of a NAME=VALUE file.
struct Assignment {
  std::string_view name;
  std::string_view value;
};

/// Calls `visit` for each NAME=VALUE line of `text`. Empty lines and lines that begin with # are
/// skipped; white space around name and value is dropped; a value in double quotes keeps what stands
/// between them. EINVAL for a line without '=' or without a name; the first error of `visit` ends
/// the walk.
/// `line` is set to the number of the line being read, from 1.
[[nodiscard]] Result<> for_each_assignment(std::string_view text, size_t& line,
                                           absl::FunctionRef<Result<>(const Assignment&)> visit);

}  // namespace pid1

#endif  // PID1_ENVIRONMENT_H
