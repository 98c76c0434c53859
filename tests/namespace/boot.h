// SPDX-License-Identifier: Apache-2.0
// Runs the /init of a root as PID 1 of fresh pid, mount, net, uts and ipc namespaces.
#ifndef MICROBEAM_TESTS_NAMESPACE_BOOT_H
#define MICROBEAM_TESTS_NAMESPACE_BOOT_H

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "report.h"
#include "root.h"

namespace microbeam {

/// How /init is started. By default as the kernel does it, but with 0, 1 and 2 at /dev/null.
struct Start {
  std::vector<std::string> arguments = {"/init"};
  std::vector<std::string> environment = {"HOME=/", "TERM=linux"};
  /// /proc is mounted with this as its cmdline, for the true one is the host's. Nothing: /proc is
  /// left to /init, and the host's command line had better not have an ip= or beam. setting.
  std::optional<std::string> cmdline = "console=ttyS0 quiet";
  /// Called in the process that becomes /init, in its namespaces and root, last before exec.
  std::function<void()> prepare = [] {};
};

struct Ended {
  std::string console;                // without carriage returns
  std::string kernel_log;             // one "<LEVEL>text" after the other
  std::optional<std::string> report;  // of the probe, if /init got so far
  int status = 0;                     // of PID 1, as wait(2) gives it
  std::chrono::milliseconds took = {};
};

/// Throws when PID 1 could not be started, or has not ended within `limit`; it is killed then.
Ended boot(const Root& root, const Start& start,
           std::chrono::milliseconds limit = std::chrono::seconds(60));

// For Start::prepare.
/// mount(2) of a file system that needs no device.
void mount_at(const std::string& type, const std::string& target, unsigned long flags = 0,
              const std::string& options = "");
void remount_root_read_only();
/// A network device, not up: one end of a veth pair.
void add_network_device(const std::string& name);

/// A root and a start to be changed by the test, and the boot of the one with the other.
class NamespaceTest : public testing::Test {
 protected:
  /// Boots what must reach the program, which must end as the probe does.
  Report boot_program();
  /// The same for a program that has a supervisor, which must then end the machine in order.
  Report boot_supervised();
  /// Boots what must fail before the program, and returns what the console got.
  std::string boot_failure();
  void TearDown() override;

  Root root;
  Start start;
  Ended ended;
};

}  // namespace microbeam

#endif  // MICROBEAM_TESTS_NAMESPACE_BOOT_H
