// SPDX-License-Identifier: Apache-2.0
#include "end.h"

#include <cstdint>

#include "pid1/console.h"
#include "pid1/result.h"
#include "pid1/signals.h"
#include "pid1/sys.h"
#include "pid1/text.h"

using namespace pid1;

namespace beam_init {
namespace {

/// "" for what is not set.
const char* value(const char* const* environment, const char* name_and_equals) {
  for (; *environment != nullptr; ++environment) {
    const char* const found = after(*environment, name_and_equals);
    if (found != nullptr) return found;
  }
  return "";
}

}  // namespace

const char* ender(const char* const* environment) {
  const char* const program = value(environment, "BEAM_INIT=");
  const bool is_pid1 = sys::getpid() == 1 && equals(value(environment, "BEAM_INIT_MODE="), "exec");
  return is_pid1 && *program != '\0' ? program : nullptr;
}

void end(const char* program, const char* verb, int status, char* const* environment) {
  status &= 0xff;  // what wait(2) would tell of it
  const Decimal number(static_cast<uint64_t>(status));
  const char* const words[] = {"beam-init", "--end", status == 0 && *verb != '\0' ? verb : "exit",
                               number.text(), nullptr};
  (void)sys::exchange_signal_mask(kAllSignals);  // it inherits that: none comes too early for it
  // execve(2) does not write to the words.
  const Error why = sys::execve(program, const_cast<char* const*>(words), environment);
  constexpr int kStandardError = 2;
  print(kStandardError, "pid1: {}: {}\n", program, errno_words(why.code));
}

}  // namespace beam_init
