// SPDX-License-Identifier: Apache-2.0
// How a step of the boot says that it failed: one line that a person can act on.
#ifndef BEAM_INIT_FAILURE_H
#define BEAM_INIT_FAILURE_H

#include <expected>
#include <initializer_list>
#include <string_view>

#include "pid1/result.h"

namespace beam_init {

/// What failed, on what, why, and what to do about it. A view of storage that lives as long as the
/// program: there is one failure in a boot.
struct Failure {
  std::string_view message;
};

template <class T = void>
using Outcome = std::expected<T, Failure>;

/// The message is `parts` joined, at most 900 bytes of them.
[[nodiscard]] std::unexpected<Failure> fail(std::initializer_list<std::string_view> parts);

/// "OPERATION SUBJECT: WORDS OF THE ERRNO; ADVICE".
[[nodiscard]] std::unexpected<Failure> fail(const pid1::Error& error, std::string_view advice);

}  // namespace beam_init

/// Evaluates a pid1::Result and fails the calling step, with advice, when it holds an error.
#define BEAM_INIT_TRY(expression, advice)                                                   \
  do {                                                                                      \
    if (auto step_result = (expression); !step_result.has_value()) {                        \
      return ::beam_init::fail(step_result.error(), advice);                                \
    }                                                                                       \
  } while (false)

#endif  // BEAM_INIT_FAILURE_H
