// SPDX-License-Identifier: Apache-2.0
// Asks the erlexec of the component otp, and beam-init, what becomes of an input.
#ifndef MICROBEAM_TESTS_ERLEXEC_SANDBOX_H
#define MICROBEAM_TESTS_ERLEXEC_SANDBOX_H

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "erlexec_cases.h"

namespace beam_init {

constexpr const char* kRootdir = "/usr/lib/erlang";
constexpr const char* kBindir = "/usr/lib/erlang/erts-15.2.7/bin";

/// One execve(2).
struct Execution {
  std::string program;
  Strings argv;
  Variables environment;
};

/// What erlexec did.
struct Real {
  int status = 0;      // of wait(2)
  std::string errors;  // what it wrote to standard error
  std::vector<Execution> executed;
};

/// What beam-init would do: execute, or say this.
struct Ours {
  std::optional<std::string> refused;
  Execution execution;
};

/// A root of its own for erlexec: nothing in there is a program but erlexec, its loader, and
/// the stand-in under the names that erlexec executes: beam.smp, beam.emu, beam.jit, man, /bin/sh.
/// So no input can do harm: -epmd and -man take commands.
/// MICROBEAM_ERLEXEC and MICROBEAM_LOADER say where erlexec and the loader of musl are; the
/// program ends, and says so, without them.
class Sandbox {
 public:
  Sandbox();
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  [[nodiscard]] Real real(const Input& input);
  [[nodiscard]] Ours ours(const Input& input);
  [[nodiscard]] bool has(const std::string& program) const;

 private:
  /// Its arguments files, and no others.
  void write_files(const Input& input);

  std::string root_;
  int errors_;
  pid_t owner_;
};

/// What differs, in words, or "". Every difference that is meant is known here, and nowhere else.
[[nodiscard]] std::string difference(Sandbox& sandbox, const Input& input);

}  // namespace beam_init

#endif  // MICROBEAM_TESTS_ERLEXEC_SANDBOX_H
