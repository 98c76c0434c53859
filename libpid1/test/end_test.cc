// SPDX-License-Identifier: Apache-2.0
// The steps of an end together, in the order that keeps data.
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "fixture.h"
#include "pid1/power.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

using Lines = std::vector<std::string>;

constexpr char kTable[] = "/proc/self/mountinfo";

/// A machine in the middle of its life, whose processes obey SIGTERM and whose disks take data.
void prepare() {
  fake::Kernel& kernel = fake::kernel();
  kernel.add_file(kTable, "");
  kernel.generated[kTable] = [] { return fake::kernel().mountinfo(); };
  kernel.mounts = {{"/dev/vda", "/", "ext4", 0, ""},
                   {"sysfs", "/sys", "sysfs", 0, ""},
                   {"/dev/vdb", "/data", "ext4", 0, ""}};
  for (const fake::Mount& mount : kernel.mounts)
    kernel.add_directory(mount.target);
  kernel.add_file(kRestartType, "pci\n");
  kernel.living = {2, 3};
  kernel.on_kill = [](pid_t, int signal) {
    auto& living = fake::kernel().living;
    while (signal == SIGTERM && !living.empty())
      fake::kernel().die(living.front(), 0);
  };
  kernel.on_fork = [](pid_t child) { fake::kernel().die(child, 0); };
}

class EndTest : public fake::KernelTest {
 protected:
  EndTest() { prepare(); }

  /// The complaints: "WHAT: ERROR" each.
  Lines end(const EndOptions& options = {}) {
    Lines complaints;
    end_in_order(options, [&](const char* what, Error why) {
      complaints.push_back(std::string(what) + ": " + errno_words(why.code));
    });
    return complaints;
  }

  /// Of the calls that an end is made of, those that were made, each once, in order.
  [[nodiscard]] Lines order() const {
    Lines names;
    for (const fake::Call& call : kernel.calls) {
      const bool counts = is_listed("chdir,kill,fork,unmount,mount,write", call.name.c_str());
      if (counts && (names.empty() || names.back() != call.name)) names.push_back(call.name);
    }
    return names;
  }
};

TEST_F(EndTest, ProcessesThenDataThenMountsThenTheKindOfRestart) {
  EXPECT_EQ(end(), Lines());
  EXPECT_EQ(order(), (Lines{"chdir", "kill", "fork", "unmount", "mount", "write"}));
  EXPECT_EQ(kernel.working_directory, "/");
  EXPECT_EQ(kernel.content(kRestartType), "triple");
  EXPECT_TRUE(kernel.reboots.empty()) << "the last call is the caller's";
}

TEST_F(EndTest, FailureLeavesTheRestartAsItIs) {
  EXPECT_EQ(end({.failed = true}), Lines());
  EXPECT_EQ(kernel.content(kRestartType), "pci\n");
}

TEST_F(EndTest, AnotherKindOfRestartIsLeftAlone) {
  for (const char* type : {"acpi\n", "triple\n", "kbd\n", ""}) {
    kernel.add_file(kRestartType, type);
    EXPECT_EQ(code_of(prepare_restart(false)), 0);
    EXPECT_EQ(kernel.content(kRestartType), type);
  }
}

TEST_F(EndTest, KernelWithoutAChoiceOfRestart) {
  kernel.nodes.erase(kRestartType);
  EXPECT_EQ(end(), Lines());
  EXPECT_EQ(kernel.find(kRestartType), nullptr) << "made as a file of the root";
}

// android 10615eb39: umount(2) of what does not take its data hangs as sync(2) did.
TEST_F(EndTest, HungFileSystemIsNotUnmounted) {
  kernel.on_fork = nullptr;
  EXPECT_EQ(end({.sync_ms = 5}), (Lines{"sync: Connection timed out"}));
  EXPECT_EQ(kernel.count("unmount"), 0U);
  EXPECT_EQ(kernel.content(kRestartType), "triple") << "the end goes on";
}

TEST_F(EndTest, WhoOutlivesTheKillIsTold) {
  kernel.on_kill = nullptr;
  EXPECT_EQ(end({.stop = {.grace_ms = 5, .kill_ms = 5}}),
            (Lines{"processes: Connection timed out"}));
  EXPECT_EQ(kernel.count("unmount"), 1U);
}

TEST_F(EndTest, WhatStaysMountedIsTold) {
  kernel.unmount_errors["/data"] = EBUSY;
  kernel.remount_errors["/data"] = EBUSY;
  EXPECT_EQ(end({.unmount = {.passes = 1}}), (Lines{"/data: Device or resource busy"}));
}

// ---- in place of PID 1 -------------------------------------------------------------------------

class HelperTest : public EndTest {
 protected:
  HelperTest() {
    kernel.pid = 7;
    kernel.living = {};
    kernel.add_file("/proc/1/cmdline", "beam.smp");
    kernel.add_file("/proc/2/cmdline", "");  // kthreadd
    kernel.add_file("/proc/7/cmdline", "helper");
    kernel.add_file("/proc/45/cmdline", std::string("port\0program", 12));
    kernel.add_file("/proc/uptime", "1.00");
  }
};

TEST_F(HelperTest, WaitsForTheProcessesOfOthers) {
  int ticks = 0;
  kernel.on_kill = nullptr;
  kernel.on_tick = [&] {
    if (++ticks == 5) kernel.add_file("/proc/45/cmdline", "");
  };
  const auto stopped = stop_processes({.grace_ms = 100, .for_pid1 = true});
  EXPECT_EQ(code_of(stopped), 0);
  EXPECT_TRUE((*stopped).all);
  EXPECT_EQ(kernel.kills.size(), 2U) << "nobody is killed who goes";
}

TEST_F(HelperTest, KillsWhoStays) {
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGKILL) kernel.add_file("/proc/45/cmdline", "");
  };
  const auto stopped = stop_processes({.grace_ms = 5, .for_pid1 = true});
  EXPECT_TRUE((*stopped).all);
  EXPECT_EQ(kernel.kills.back().second, SIGKILL);
}

TEST_F(HelperTest, WithoutProcEverybodyMayBeLeft) {
  std::erase_if(kernel.nodes, [](const auto& node) { return node.first.starts_with("/proc"); });
  const auto stopped = stop_processes({.grace_ms = 5, .kill_ms = 5, .for_pid1 = true});
  EXPECT_EQ(code_of(stopped), 0);
  EXPECT_FALSE((*stopped).all);
}

TEST_F(HelperTest, EndsTheMachineOfAnOrdinaryUser) {
  kernel.on_kill = [&](pid_t, int) { kernel.add_file("/proc/45/cmdline", ""); };
  EXPECT_EQ(end({.stop = {.for_pid1 = true}}), Lines());
  EXPECT_EQ(kernel.count("unmount"), 1U);
}

// ---- faults ------------------------------------------------------------------------------------

// Whatever fails, the end is gone through to its last step, and no descriptor or child is left.
TEST(EndFault, EveryStepIsTried) {
  int cases = 0;
  fake::for_each_fault(
      prepare,
      [] {
        end_in_order({.stop = {.grace_ms = 4, .kill_ms = 4}, .sync_ms = 4},
                     [](const char* what, Error why) {
                       EXPECT_STRNE(what, "");
                       EXPECT_NE(why.code, 0);
                     });
      },
      [&](const fake::Injection& injection) {
        ++cases;
        EXPECT_EQ(fake::kernel().open_descriptors(), (std::vector<int>{0, 1, 2}));
        EXPECT_TRUE(fake::kernel().living.empty() || injection.call.name == "kill");
        EXPECT_GE(fake::kernel().count("kill"), 1U);
        EXPECT_GE(fake::kernel().count("fork"), 1U);
        EXPECT_GE(fake::kernel().count("access"), 1U) << "the kind of restart";
      });
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace pid1
