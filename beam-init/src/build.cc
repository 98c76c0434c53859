// SPDX-License-Identifier: Apache-2.0
#include "build.h"

#include <cstring>

#include "pid1/file.h"
#include "pid1/text.h"

namespace beam_init {

void Draft::note(pid1::Result<> result) {
  if (first_error_.has_value()) first_error_ = result;
}

// noinline, here and below: a call of these is a third of what they do. And overloads, not default
// arguments, where most calls would pass nothing but those.
[[gnu::noinline]] const char* Draft::get(const char* name) const {
  return environment_.get(name);
}

[[gnu::noinline]] void Draft::set(const char* name, const char* value) {
  note(environment_.set(name, value));
}

[[gnu::noinline]] void Draft::add(pid1::StringVector& vector, const char* word) {
  note(vector.append(word));
}

[[gnu::noinline]] Outcome Draft::outcome(const char* subject) const {
  BEAM_INIT_TRY(first_error_, subject, "use fewer or shorter names, flags and env. settings");
  return {};
}

[[gnu::noinline]] char* Draft::text(const char* pattern, const char* a) {
  return text(pattern, a, nullptr, nullptr);
}

[[gnu::noinline]] char* Draft::text(const char* pattern, const char* a, const char* b) {
  return text(pattern, a, b, nullptr);
}

char* Draft::text(const char* pattern, const char* a, const char* b, const char* c, const char* d) {
  static char nothing[1];
  const char* const parts[] = {a, b, c, d};
  const auto filled = arena_.text(pattern, parts);
  if (filled.has_value()) return *filled;
  note(filled.error());
  return nothing;
}

Outcome Draft::read(const char* path, const char* advice, char*& text) {
  text = arena_.rest().data();
  const auto size = pid1::read_file(path, arena_.rest());
  BEAM_INIT_TRY(size, path, advice);
  if (strlen(text) != *size) return fail("{}: it has a NUL byte; it must be text", path);
  arena_.keep(*size + 1);
  return {};
}

void Draft::expand(const char* pattern, const char* const* parts, pid1::StringVector* vector) {
  char* word = arena_.rest().data();
  const auto size = pid1::fill(arena_.rest(), pattern, parts, '\0');
  if (!size.has_value()) return note(size.error());
  arena_.keep(*size + 1);
  for (const char* const end = word + *size; word < end; word += strlen(word) + 1) {
    if (vector != nullptr) {
      add(*vector, word);
    } else if (*environment_.get(word) == '\0') {
      note(environment_.put(word));
    }
  }
}

void Draft::set_defaults(const char* pattern, const char* a, const char* b, const char* c) {
  const char* const parts[] = {a, b, c};
  expand(pattern, parts, nullptr);
}

[[gnu::noinline]] void Draft::add_words(pid1::StringVector& vector, const char* pattern) {
  add_words(vector, pattern, nullptr, nullptr);
}

[[gnu::noinline]] void Draft::add_words(pid1::StringVector& vector, const char* pattern,
                                        const char* a) {
  add_words(vector, pattern, a, nullptr);
}

void Draft::add_words(pid1::StringVector& vector, const char* pattern, const char* a, const char* b,
                      const char* c) {
  const char* const parts[] = {a, b, c};
  expand(pattern, parts, &vector);
}

void Draft::add_all(pid1::StringVector& vector, char* const* words) {
  while (*words != nullptr)
    add(vector, *words++);
}

}  // namespace beam_init
