// SPDX-License-Identifier: Apache-2.0
// How the steps of a boot make texts, argvs and the environment out of one arena.
#ifndef BEAM_INIT_BUILD_H
#define BEAM_INIT_BUILD_H

#include "failure.h"
#include "pid1/environment.h"

namespace beam_init {

/// The one way in which any of this fails, but for files, is that something does not fit. That is
/// kept, everything after it does nothing, and outcome() tells: a step asks once, at its end.
/// Patterns are those of fail(). Words and texts live as long as the arena, or are what was given.
class Draft {
 public:
  Draft(pid1::Arena& arena, pid1::Environment& environment)
      : arena_(arena), environment_(environment) {}

  /// A path, a name, or a copy; "" when it does not fit.
  [[nodiscard]] char* text(const char* pattern, const char* a);
  [[nodiscard]] char* text(const char* pattern, const char* a, const char* b);
  [[nodiscard]] char* text(const char* pattern, const char* a, const char* b, const char* c,
                           const char* d = nullptr);

  /// All of a file, which must be text: it has no NUL. Fails with `advice`.
  Outcome read(const char* path, const char* advice, char*& text);

  /// The value of a variable, or "".
  [[nodiscard]] const char* get(const char* name) const;
  void set(const char* name, const char* value);

  /// Sets the NAME=VALUE words of `pattern`, each only where the variable is empty: ${NAME:-VALUE}.
  void set_defaults(const char* pattern, const char* a = nullptr, const char* b = nullptr,
                    const char* c = nullptr);

  /// Appends one word as it is.
  void add(pid1::StringVector& vector, const char* word);

  /// Appends the words of `pattern`, which stand between single blanks, each with its {}s replaced,
  /// blanks and all.
  void add_words(pid1::StringVector& vector, const char* pattern);
  void add_words(pid1::StringVector& vector, const char* pattern, const char* a);
  void add_words(pid1::StringVector& vector, const char* pattern, const char* a, const char* b,
                 const char* c = nullptr);

  /// Appends `words`, which end with a NULL.
  void add_all(pid1::StringVector& vector, char* const* words);

  /// `subject`: of what there is too much.
  Outcome outcome(const char* subject = "for an init") const;

 private:
  void note(pid1::Result<> result);
  /// The words of a filled pattern to `vector`, or, without one, to the environment as defaults.
  void expand(const char* pattern, const char* const* parts, pid1::StringVector* vector);

  pid1::Arena& arena_;
  pid1::Environment& environment_;
  pid1::Result<> first_error_;
};

}  // namespace beam_init

#endif  // BEAM_INIT_BUILD_H
