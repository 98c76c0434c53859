// SPDX-License-Identifier: Apache-2.0
// A machine that beam-init boots: main() itself above the fake kernel, with a release in its root.
#ifndef BEAM_INIT_TEST_MACHINE_H
#define BEAM_INIT_TEST_MACHINE_H

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "fake_sys.h"

/// main() of src/main.cc, under another name.
int beam_init_main(int argc, char** argv, char** envp);

namespace beam_init {

using Strings = std::vector<std::string>;

class MachineTest : public testing::Test {
 protected:
  MachineTest() : kernel(pid1::fake::reset()) { furnish(); }

  /// Puts what a fresh root and kernel have into the current fake kernel: a terminal as console, a
  /// release of Elixir in /app, ERTS 15.2.7 in /usr/lib/erlang.
  static void furnish();

  /// Boots: kernel command line and /etc/beam-init.conf, with which it begins.
  pid1::fake::Ending boot(const std::string& cmdline = "quiet", const std::string& config = "");

  /// main() with these words as argv and this environment. Where it returns, its value is the
  /// status.
  static pid1::fake::Ending start(Strings words, Strings environment = {});

  /// A control port in what the kernel will mount: its device, before the boot.
  static pid1::fake::Node& add_control_port();

  /// What a file system has when it is mounted; of a directory the path ends in a slash.
  static void add_to(const std::string& type, const std::string& path, std::string content = "");

  /// Boots, and expects that it fails with this line on the console and in the kernel's log. A ~
  /// stands for any text.
  void expect_failure(const std::string& line, const std::string& cmdline = "quiet",
                      const std::string& config = "");

  /// Whether `text` is `pattern`, in which a ~ stands for any text.
  static bool matches(std::string_view text, std::string_view pattern);

  /// All that was written to the console.
  static std::string console();
  static std::string kernel_log();
  /// What was written to inherited descriptors: what is printed.
  static std::string printed();

  /// The argv of beam.smp: what stands before the first `--`, and what stands after the third,
  /// which are the words of `erl`.
  Strings emulator_flags();
  Strings arguments();

  /// Its environment.
  std::map<std::string, std::string> environment();

  pid1::fake::Kernel& kernel;
};

}  // namespace beam_init

#endif  // BEAM_INIT_TEST_MACHINE_H
