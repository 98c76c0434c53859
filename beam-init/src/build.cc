// SPDX-License-Identifier: Apache-2.0
#include "build.h"

#include "absl/functional/function_ref.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

/// Calls `use` with each word of the pattern, filled in.
pid1::Result<> for_each_word(std::string_view pattern, const char* const* parts,
                             absl::FunctionRef<pid1::Result<>(std::string_view)> use) {
  while (!pattern.empty()) {
    const std::string_view word = pid1::take_until(pattern, ' ');
    char text[1024];
    PID1_TRY_ASSIGN(const std::string_view filled, pid1::fill(text, word, parts));
    for (const char c : word) parts += c == '{' ? 1 : 0;
    PID1_TRY(use(filled));
  }
  return {};
}

}  // namespace

void Draft::note(const pid1::Result<>& result) {
  if (first_error_.has_value()) first_error_ = result;
}

Outcome<> Draft::outcome() const {
  BEAM_INIT_TRY(first_error_, "", "use fewer or shorter names, flags and env. settings");
  return {};
}

const char* Draft::text(const char* pattern, const char* a, const char* b, const char* c,
                        const char* d) {
  const char* const parts[] = {a, b, c, d};
  const auto filled = pid1::fill(arena_.rest(), pattern, parts);
  if (!filled.has_value()) {
    note(std::unexpected(filled.error()));
    return "";
  }
  arena_.keep(filled->size() + 1);
  return filled->data();
}

const char* Draft::keep(std::string_view text) {
  const auto copy = arena_.copy({text});
  if (copy.has_value()) return copy->data();
  note(std::unexpected(copy.error()));
  return "";
}

const char* Draft::get(const char* name) const { return environment_.get(name).data(); }

void Draft::set(const char* name, const char* value) { note(environment_.set(name, value)); }

void Draft::set_defaults(const char* pattern, const char* a, const char* b, const char* c) {
  const char* const parts[] = {a, b, c};
  note(for_each_word(pattern, parts, [&](std::string_view value) -> pid1::Result<> {
    const std::string_view name = pid1::take_until(value, '=');
    if (!environment_.get(name).empty()) return {};
    return environment_.set(name, value);
  }));
}

void Draft::add(pid1::StringVector& vector, std::string_view word) { note(vector.append({word})); }

void Draft::add_words(pid1::StringVector& vector, const char* pattern, const char* a,
                      const char* b, const char* c) {
  const char* const parts[] = {a, b, c};
  note(for_each_word(pattern, parts,
                     [&](std::string_view word) { return vector.append({word}); }));
}

void Draft::add_all(pid1::StringVector& vector, const pid1::StringVector& words) {
  for (size_t i = 0; i < words.size(); ++i) add(vector, words[i]);
}

}  // namespace beam_init
