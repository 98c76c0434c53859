// SPDX-License-Identifier: Apache-2.0
// Inputs that nobody thought of, but each again from its number.
#ifndef MICROBEAM_TESTS_ERLEXEC_GENERATE_H
#define MICROBEAM_TESTS_ERLEXEC_GENERATE_H

#include <cstdint>

#include "erlexec_cases.h"

namespace beam_init {

/// The input with this number: flags with and without their values, in every source, in every way
/// to write a word.
Input generate(uint64_t number);

}  // namespace beam_init

#endif  // MICROBEAM_TESTS_ERLEXEC_GENERATE_H
