// SPDX-License-Identifier: Apache-2.0
// The two ways in which a step adds to an argv or an environment, with the one failure they have.
#ifndef BEAM_INIT_BUILD_H
#define BEAM_INIT_BUILD_H

#include <initializer_list>
#include <string_view>

#include "failure.h"
#include "pid1/environment.h"

namespace beam_init {

/// Appends each of `words`.
[[nodiscard]] Outcome<> add_words(pid1::StringVector& vector,
                                  std::initializer_list<std::string_view> words);

/// Appends all of `words`.
[[nodiscard]] Outcome<> add_all(pid1::StringVector& vector, const pid1::StringVector& words);

/// Sets a variable.
[[nodiscard]] Outcome<> set_variable(pid1::Environment& environment, std::string_view name,
                                     std::string_view value);

}  // namespace beam_init

#endif  // BEAM_INIT_BUILD_H
