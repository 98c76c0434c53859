// SPDX-License-Identifier: Apache-2.0
#include "failure.h"

namespace beam_init {

std::unexpected<Failure> fail(std::string_view pattern,
                              std::initializer_list<std::string_view> parts) {
  static char storage[900];
  size_t used = 0;
  const auto* next = parts.begin();
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool hole = pattern[i] == '{' && next != parts.end();
    const std::string_view piece = hole ? *next++ : std::string_view{pattern.data() + i, 1};
    used += piece.copy(storage + used, sizeof(storage) - 1 - used);
    i += hole ? 1 : 0;
  }
  storage[used] = '\0';
  return std::unexpected(Failure{storage});
}

std::unexpected<Failure> fail(pid1::Error error, std::string_view subject,
                              std::string_view advice) {
  return fail(subject.empty() ? "{}{}: {}; {}" : "{} {}: {}; {}",
              {error.operation, subject, pid1::errno_words(error.code), advice});
}

}  // namespace beam_init
