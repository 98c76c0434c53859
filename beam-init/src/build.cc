// SPDX-License-Identifier: Apache-2.0
#include "build.h"

namespace beam_init {
namespace {

Outcome<> explain(pid1::Result<> added, std::string_view what) {
  BEAM_INIT_TRY(added, what, "use fewer or shorter flags and env. settings");
  return {};
}

}  // namespace

Outcome<> add_words(pid1::StringVector& vector, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    BEAM_INIT_PASS(explain(vector.append({word}), word));
  }
  return {};
}

Outcome<> add_all(pid1::StringVector& vector, const pid1::StringVector& words) {
  for (size_t i = 0; i < words.size(); ++i) BEAM_INIT_PASS(add_words(vector, {words[i]}));
  return {};
}

Outcome<> set_variable(pid1::Environment& environment, std::string_view name,
                       std::string_view value) {
  return explain(environment.set(name, value), name);
}

}  // namespace beam_init
