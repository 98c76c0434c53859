// SPDX-License-Identifier: Apache-2.0
#include "failure.h"

namespace beam_init {

std::unexpected<Failure> fail(std::initializer_list<std::string_view> parts) {
  static char storage[900];
  size_t used = 0;
  for (const std::string_view part : parts) {
    used += part.copy(storage + used, sizeof(storage) - used);
  }
  return std::unexpected(Failure{{storage, used}});
}

std::unexpected<Failure> fail(const pid1::Error& error, std::string_view advice) {
  return fail({error.operation, error.subject.empty() ? "" : " ", error.subject, ": ",
               pid1::errno_words(error.code), "; ", advice});
}

}  // namespace beam_init
