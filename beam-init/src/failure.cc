// SPDX-License-Identifier: Apache-2.0
#include "failure.h"

#include "pid1/text.h"

namespace beam_init {

Outcome fail(const char* pattern, const char* a, const char* b, const char* c, const char* d,
             const char* e) {
  static char message[900];
  const char* const parts[] = {a, b, c, d, e};
  // What does not fit is cut: the beginning says what failed.
  (void)pid1::fill(message, pattern, parts);
  return Outcome(message);
}

Outcome fail(pid1::Error error, const char* subject, const char* advice) {
  return fail("{} {}: {}; {}", error.operation, subject, pid1::errno_words(error.code), advice);
}

}  // namespace beam_init
