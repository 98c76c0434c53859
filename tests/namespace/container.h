// SPDX-License-Identifier: Apache-2.0
// container-init (MICROBEAM_CONTAINER_INIT) as PID 1, or below one that the test plays.
#ifndef MICROBEAM_TESTS_NAMESPACE_CONTAINER_H
#define MICROBEAM_TESTS_NAMESPACE_CONTAINER_H

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "boot.h"

namespace microbeam {

using Words = std::vector<std::string>;

// For a process of the test inside the namespace, where an exception ends in nothing but status
// 127.
/// Starts /init with these arguments.
pid_t start_init(const Words& arguments);
/// Waits for it, and returns its exit code; 256 and the signal when one ended it.
int exit_code_of(pid_t pid);
/// Waits, at most 20 s.
void wait_until(const std::function<bool()>& happened);
bool actor_is_ready();
/// How many children of `parent` are dead and not collected.
int zombies_of(pid_t parent);
/// Blocks all, the real-time ones too that the C library keeps for itself.
void block_all_signals();
void ignore_signal(int signal);

/// /init is container-init, /actor the program that it runs; /dev/console is a pipe, and 0, 1 and 2
/// are it.
class ContainerTest : public NamespaceTest {
 protected:
  ContainerTest();

  /// Its exit code as PID 1; `prepare` is called before its exec. `console()` has what it said.
  int run(const Words& arguments, const std::function<void()>& prepare = [] {});
  /// The same; the program is the probe, and its report is returned.
  Report run_probe(const Words& options = {}, const std::function<void()>& prepare = [] {});
  /// What `parent` returns, which is PID 1 in place of it, and may start some.
  int run_below(const std::function<int()>& parent);

  [[nodiscard]] const std::string& console() const { return ended.console; }
  /// How often the text is on the console.
  [[nodiscard]] size_t times(const std::string& text) const;
};

}  // namespace microbeam

#endif  // MICROBEAM_TESTS_NAMESPACE_CONTAINER_H
