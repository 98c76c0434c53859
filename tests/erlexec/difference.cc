// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include <algorithm>

#include "sandbox.h"

namespace beam_init {
namespace {

bool has_word(const Strings& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Limits of beam-init's, all of them named in erlexec.h: what they refuse erlexec may well start.
constexpr std::string_view kLimits[] = {
    "too many files within each other",
    "it has a NUL byte",
    "use fewer or shorter",  // no room, or a variable's name with a =
    "-args_file needs a file name",
};

/// What the argv has when erlexec compiles, detaches, or hands all that follows to a script. ++S:
/// erlexec's own word for -S, which gets into the argv where an -extra stood in another source.
constexpr std::string_view kMore[] = {
    "lc_batch", "all_or_nothing", "-detached", "-V", "-configfd", "-S", "++S"};

bool is_limit(const std::string& message) {
  return std::ranges::any_of(
      kLimits, [&](std::string_view limit) { return message.find(limit) != std::string::npos; });
}

/// Whether erlexec did not start a system with those flags, or did more than that.
bool is_refused_too(const Real& real) {
  // Nothing: an error, or it printed and was done. More than one, or another: the shell, man.
  if (real.executed.size() != 1 || real.executed[0].program.find("/beam.") == std::string::npos) {
    return true;
  }
  return std::ranges::any_of(
      kMore, [&](std::string_view word) { return has_word(real.executed[0].argv, word); });
}

/// erlexec with the variables that beam-init reads otherwise: those that are empty are as good as
/// none, and those that are OTP's own are nobody else's.
Real ask_erlexec(Sandbox& sandbox, const Input& input) {
  Input changed = input;
  for (const char* name : {"ERL_OTP27_FLAGS", "ESCRIPT_NAME"})
    changed.variables.erase(name);
  for (const char* name : {"HOME", "PATH", "ERL_EPMD_PORT"})
    if (changed.variables.contains(name) && changed.variables[name].empty())
      changed.variables.erase(name);
  Real real = sandbox.real(changed);
  for (Execution& one : real.executed)
    one.environment.insert(input.variables.begin(), input.variables.end());
  return real;
}

std::string joined(const Strings& words) {
  std::string text;
  for (const std::string& word : words)
    text += " [" + word + "]";
  return text;
}

std::string text_of(const Variables& variables) {
  std::string text;
  for (const auto& [name, value] : variables)
    text += " [" + name + "=" + value + "]";
  return text;
}

std::string compared(const std::string& what, const std::string& ours, const std::string& real) {
  return ours == real ? "" : what + "\n  beam-init:" + ours + "\n  erlexec:  " + real + "\n";
}

}  // namespace

std::string difference(Sandbox& sandbox, const Input& input) {
  const Ours ours = sandbox.ours(input);
  std::string found;
  if (input.refused.has_value() && input.refused != ours.refused) {
    found = "it is to be refused with: " + *input.refused + "\n";
  }
  // erlexec would read files that name each other until it has no time left.
  if (ours.refused.has_value() && is_limit(*ours.refused)) return found;
  const Real real = ask_erlexec(sandbox, input);
  if (ours.refused.has_value()) {
    if (!is_refused_too(real)) {
      found += "erlexec starts this:" + joined(real.executed[0].argv) + "\n";
    }
    if (!found.empty()) found += "beam-init says: " + *ours.refused + "\n";
  } else if (real.executed.empty() && !sandbox.has(ours.execution.program)) {
    // execve(2) says so too, when it comes to that.
  } else if (real.executed.size() != 1 || real.status != 0) {
    found += "beam-init starts this:" + joined(ours.execution.argv) + "\nerlexec executes " +
             std::to_string(real.executed.size()) + " programs, status " +
             std::to_string(real.status) + ": " + real.errors.substr(0, 400) + "\n";
  } else {
    const Execution& one = real.executed[0];
    found += compared("program", " " + ours.execution.program, " " + one.program);
    found += compared("argv", joined(ours.execution.argv), joined(one.argv));
    found += compared("environment", text_of(ours.execution.environment), text_of(one.environment));
  }
  return found.empty() ? "" : found + text_of(input);
}

}  // namespace beam_init
