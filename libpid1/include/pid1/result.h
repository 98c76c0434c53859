// SPDX-License-Identifier: Apache-2.0
// How every call of this library says that it failed: an errno and the literal name of what failed.
#ifndef PID1_RESULT_H
#define PID1_RESULT_H

#include <type_traits>

namespace pid1 {

/// What failed and why: the literal name of the operation ("mount", "read") and an errno value.
/// What it was done to, the caller knows.
struct Error {
  const char* operation;
  int code;

  constexpr Error(int errno_value, const char* literal) : operation(literal), code(errno_value) {}
};

/// A value or an Error. std::expected in small, on purpose: value and errno share their place, and
/// the name of the operation tells which it is. So the Result of a number or a pointer is two
/// words, which are returned in registers and handed on to a caller's caller as they are; that is a
/// tenth of a small program.
template <class T = void>
class [[nodiscard]] Result {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return Error{...};`
  constexpr Result(T value) : operation_(nullptr), value_(value) {}
  constexpr Result(Error error) : operation_(error.operation), code_(error.code) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] constexpr bool has_value() const { return operation_ == nullptr; }
  [[nodiscard]] constexpr const T& operator*() const { return value_; }
  [[nodiscard]] constexpr T value_or(T other) const { return has_value() ? value_ : other; }
  [[nodiscard]] constexpr Error error() const { return {static_cast<int>(code_), operation_}; }
  /// It is a value, and that one.
  constexpr bool operator==(const T& other) const { return has_value() && value_ == other; }

 private:
  const char* operation_;  // nullptr: it is a value
  union {
    T value_;
    // As wide as a number or a pointer: or their halves would be put together anew in each
    // function.
    std::conditional_t<sizeof(T) == sizeof(long), long, int> code_;
  };
};

/// Done, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  constexpr Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): `return Error{...};`
  constexpr Result(Error error) : operation_(error.operation), code_(error.code) {}

  [[nodiscard]] constexpr bool has_value() const { return operation_ == nullptr; }
  [[nodiscard]] constexpr Error error() const { return {code_, operation_}; }

 private:
  const char* operation_ = nullptr;
  int code_ = 0;
};

/// The words of an errno value, as strerror(3) of glibc gives them in the C locale; "errno N"
/// (valid until the next call) for one that no call of sys.h returns.
[[nodiscard]] const char* errno_words(int code);

}  // namespace pid1

#define PID1_CONCAT_(a, b) a##b
#define PID1_CONCAT(a, b) PID1_CONCAT_(a, b)

/// Evaluates a Result<> and returns its error from the calling function.
#define PID1_TRY(expression)                                         \
  do {                                                               \
    if (auto pid1_result = (expression); !pid1_result.has_value()) { \
      return pid1_result.error();                                    \
    }                                                                \
  } while (false)

/// PID1_TRY_ASSIGN(int fd, sys::open(...)): the value on success, else returns the error. Two
/// statements, hence not the body of an `if` without braces; no GNU statement expression.
#define PID1_TRY_ASSIGN(declaration, expression) \
  PID1_TRY_ASSIGN_(PID1_CONCAT(pid1_result_, __LINE__), declaration, expression)
// NOLINTBEGIN(bugprone-macro-parentheses): a name and a declaration take none
#define PID1_TRY_ASSIGN_(result, declaration, expression) \
  auto result = (expression);                             \
  if (!result.has_value()) return result.error();         \
  declaration = *result
// NOLINTEND(bugprone-macro-parentheses)

#endif  // PID1_RESULT_H
