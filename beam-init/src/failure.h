// SPDX-License-Identifier: Apache-2.0
// How a step of the boot says that it failed: one line that a person can act on.
#ifndef BEAM_INIT_FAILURE_H
#define BEAM_INIT_FAILURE_H

#include "pid1/function_ref.h"
#include "pid1/result.h"

namespace beam_init {

/// How a step ended: well, or with what failed, on what, why, and what to do about it. The message
/// lies in storage that lives as long as the program: there is one failure in a boot.
class [[nodiscard]] Outcome {
 public:
  constexpr Outcome() = default;
  explicit constexpr Outcome(const char* message) : message_(message) {}

  [[nodiscard]] constexpr bool is_failure() const { return message_ != nullptr; }
  [[nodiscard]] constexpr const char* message() const { return message_; }

 private:
  const char* message_ = nullptr;
};

/// The message is `pattern` with its {}s replaced by the parts, in order; cut at 900 bytes.
/// Parts are C strings and arguments of their own, here and in build.h: they travel in registers,
/// which is a third of the code that lists of string_views take. It is what keeps /init small.
Outcome fail(const char* pattern, const char* a = nullptr, const char* b = nullptr,
             const char* c = nullptr, const char* d = nullptr, const char* e = nullptr);

/// "OPERATION SUBJECT: WORDS OF THE ERRNO; ADVICE".
Outcome fail(pid1::Error error, const char* subject, const char* advice);

/// Gets what is worth saying and no reason to stop.
using Warn = pid1::FunctionRef<void(const char* message)>;

}  // namespace beam_init

/// Evaluates a pid1::Result and fails the calling step, with subject and advice, if it is an error.
#define BEAM_INIT_TRY(expression, subject, advice)                         \
  do {                                                                     \
    if (const auto step_result = (expression); !step_result.has_value()) { \
      return ::beam_init::fail(step_result.error(), subject, advice);      \
    }                                                                      \
  } while (false)

/// Evaluates an Outcome and hands its failure on.
#define BEAM_INIT_PASS(expression)                                                           \
  do {                                                                                       \
    if (const ::beam_init::Outcome step_outcome = (expression); step_outcome.is_failure()) { \
      return step_outcome;                                                                   \
    }                                                                                        \
  } while (false)

#endif  // BEAM_INIT_FAILURE_H
