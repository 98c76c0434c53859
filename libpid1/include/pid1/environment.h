// SPDX-License-Identifier: Apache-2.0
// Bounded argv and envp, built without a heap, and files of NAME=VALUE lines.
#ifndef PID1_ENVIRONMENT_H
#define PID1_ENVIRONMENT_H

#include <cstddef>
#include <span>

#include "pid1/result.h"

namespace pid1 {

/// A caller's buffer, handed out front to back; nothing is given back.
class Arena {
 public:
  explicit constexpr Arena(std::span<char> bytes) : rest_(bytes) {}

  /// `pattern` filled with `parts` as fill() does. E2BIG when there is no room left.
  [[nodiscard]] Result<char*> text(const char* pattern, const char* const* parts);

  /// The unused rest, to be filled in place; `keep` then takes its first `size` bytes.
  [[nodiscard]] std::span<char> rest() const { return rest_; }
  void keep(size_t size) { rest_ = rest_.subspan(size); }

 private:
  std::span<char> rest_;
};

/// A NULL-terminated vector of C strings, as execve(2) takes it. The strings stay where they are
/// and must live as long as the vector. Capacity: the slots (at least one) less one.
class StringVector {
 public:
  explicit StringVector(std::span<char*> slots) : slots_(slots) { slots_[0] = nullptr; }

  /// E2BIG when it is full; what was there before stays whole.
  Result<> append(const char* word);

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] const char* operator[](size_t index) const { return slots_[index]; }
  /// The strings and the NULL behind them.
  [[nodiscard]] char* const* data() const { return slots_.data(); }

 protected:
  std::span<char*> slots_;
  size_t size_ = 0;
};

/// envp: a StringVector of NAME=VALUE with one entry for a name.
class Environment : public StringVector {
 public:
  Environment(Arena& arena, std::span<char*> slots) : StringVector(slots), arena_(arena) {}

  /// Sets or replaces. EINVAL for a name that is empty or has '=' (setenv(3)), E2BIG when the arena
  /// or the vector is full.
  [[nodiscard]] Result<> set(const char* name, const char* value);
  /// The same with NAME=VALUE, which is not copied (putenv(3)).
  [[nodiscard]] Result<> put(char* entry);
  /// The value, "" when there is none. A name ends at its '=', if it has one.
  [[nodiscard]] const char* get(const char* name) const;

 private:
  [[nodiscard]] char** find(const char* name) const;  // the end when absent

  Arena& arena_;
};

/// One line of a NAME=VALUE file.
struct Assignment {
  char* name;
  char* value;
};

/// Reads the NAME=VALUE lines of `text`, in place. Empty lines and lines that begin with # are
/// skipped; blanks around name and value are dropped; a value in double quotes keeps what stands
/// between them.
class AssignmentReader {
 public:
  explicit AssignmentReader(char* text) : rest_(text) {}

  /// False at the end. EINVAL for a line without '=' or without a name.
  [[nodiscard]] Result<bool> next(Assignment& assignment);

  /// The number of the line read last, from 1.
  [[nodiscard]] unsigned line() const { return line_; }

 private:
  char* rest_;
  unsigned line_ = 0;
};

}  // namespace pid1

#endif  // PID1_ENVIRONMENT_H
