// SPDX-License-Identifier: Apache-2.0
// How every call of this library says that it failed: an errno and the literal name of what failed.
#ifndef PID1_RESULT_H
#define PID1_RESULT_H

#include <expected>
#include <string_view>

namespace pid1 {

/// What failed and why: the literal name of the operation ("mount", "read") and an errno value. What
/// it was done to, the caller knows.
struct Error {
  // Not an aggregate, on purpose: with the constructor the flag of std::expected fits behind `code`,
  // a Result<> is two words, and is returned in two registers. It halves the size of a caller.
  constexpr Error(int errno_value, const char* literal) : operation(literal), code(errno_value) {}

  const char* operation;
  int code;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// The words of an errno value, as strerror(3) of glibc gives them in the C locale; "errno N" (valid
/// until the next call) for one that no call of sys.h returns.
[[nodiscard]] std::string_view errno_words(int code);

}  // namespace pid1

#define PID1_CONCAT_(a, b) a##b
#define PID1_CONCAT(a, b) PID1_CONCAT_(a, b)

/// Evaluates a Result<> and returns its error from the calling function.
#define PID1_TRY(expression)                                                       \
  do {                                                                             \
    if (auto pid1_result = (expression); !pid1_result.has_value()) {               \
      return std::unexpected(pid1_result.error());                                 \
    }                                                                              \
  } while (false)

/// PID1_TRY_ASSIGN(int fd, sys::open(...)): the value on success, else returns the error. Two
/// statements, hence not the body of an `if` without braces; no GNU statement expression.
#define PID1_TRY_ASSIGN(declaration, expression) \
  PID1_TRY_ASSIGN_(PID1_CONCAT(pid1_result_, __LINE__), declaration, expression)
#define PID1_TRY_ASSIGN_(result, declaration, expression)          \
  auto result = (expression);                                      \
  if (!result.has_value()) return std::unexpected(result.error()); \
  declaration = *result

#endif  // PID1_RESULT_H
