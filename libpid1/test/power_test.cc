// SPDX-License-Identifier: Apache-2.0
#include "pid1/power.h"

#include <sys/reboot.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

using Kills = std::vector<std::pair<pid_t, int>>;

constexpr int kExited = 0;  // wait(2)'s status of exit(0)

constexpr int exited(int code) {
  return code << 8;
}

class PowerTest : public fake::KernelTest {
 protected:
  void everybody_dies() {
    while (!kernel.living.empty())
      kernel.die(kernel.living.front(), kExited);
  }

  [[nodiscard]] uint64_t slept_ms() const {
    uint64_t sum = 0;
    for (const fake::Call& call : kernel.calls) {
      if (call.name == "sleep") sum += std::stoul(call.detail);
    }
    return sum;
  }
};

// ---- stop_processes ----------------------------------------------------------------------------

TEST_F(PowerTest, StopEndsAsSoonAsEverybodyHasGone) {
  kernel.living = {2, 3, 4};
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGTERM) everybody_dies();
  };
  const auto stopped = stop_processes({});
  ASSERT_EQ(code_of(stopped), 0);
  EXPECT_EQ((*stopped).ended, 3U);
  EXPECT_TRUE((*stopped).all);
  EXPECT_EQ(kernel.kills, (Kills{{-1, SIGTERM}, {-1, SIGCONT}}));
  EXPECT_EQ(slept_ms(), 0U);
}

TEST_F(PowerTest, StopWithoutAnyProcess) {
  kernel.faults = {{.name = "kill", .nth = 1, .code = ESRCH},
                   {.name = "kill", .nth = 2, .code = ESRCH}};
  const auto stopped = stop_processes({});
  ASSERT_EQ(code_of(stopped), 0);
  EXPECT_EQ((*stopped).ended, 0U);
  EXPECT_TRUE((*stopped).all);
}

// A stopped process handles SIGTERM when it goes on, and not before.
TEST_F(PowerTest, StoppedProcessIsContinued) {
  kernel.living = {2};
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGCONT) everybody_dies();
  };
  const auto stopped = stop_processes({});
  EXPECT_TRUE((*stopped).all);
  EXPECT_EQ(slept_ms(), 0U);
}

TEST_F(PowerTest, GraceThenKill) {
  kernel.living = {2, 3};
  int ticks = 0;
  kernel.on_tick = [&] {
    if (++ticks == 20) kernel.die(2, kExited);
  };
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGKILL) everybody_dies();
  };
  const auto stopped = stop_processes({.grace_ms = 100, .kill_ms = 50});
  EXPECT_EQ((*stopped).ended, 2U);
  EXPECT_TRUE((*stopped).all);
  EXPECT_EQ(kernel.kills, (Kills{{-1, SIGTERM}, {-1, SIGCONT}, {-1, SIGKILL}}));
  EXPECT_EQ(slept_ms(), 101U) << "the whole grace, and no more than a glance after the kill";
}

TEST_F(PowerTest, WhatCannotBeKilledIsToldInTime) {
  kernel.living = {2, 3};
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGKILL && kernel.living.size() == 2) kernel.die(2, SIGKILL);
  };
  const auto stopped = stop_processes({.grace_ms = 100, .kill_ms = 50});
  EXPECT_EQ((*stopped).ended, 1U);
  EXPECT_FALSE((*stopped).all);
  EXPECT_EQ(slept_ms(), 150U);
}

TEST_F(PowerTest, WithoutAnyGraceKillsAtOnce) {
  kernel.living = {2};
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGKILL) everybody_dies();
  };
  const auto stopped = stop_processes({.grace_ms = 0, .kill_ms = 0});
  EXPECT_TRUE((*stopped).all);
  EXPECT_EQ(slept_ms(), 0U);
}

// erlinit wait_for_graceful_shutdown: one waitpid for a SIGCHLD, which many deaths share.
TEST_F(PowerTest, DeathsThatShareASignalAreAllCollected) {
  for (pid_t child = 2; child < 52; ++child)
    kernel.living.push_back(child);
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGTERM) everybody_dies();
  };
  const auto stopped = stop_processes({});
  EXPECT_EQ((*stopped).ended, 50U);
  EXPECT_TRUE(kernel.dead.empty());
}

// busybox bcc6ec9b7, 356f23de2: signals that come during the end must not begin another.
TEST_F(PowerTest, SignalsThatComeMeanwhileStayPending) {
  kernel.living = {2};
  kernel.signal_mask = ~uint64_t{0};
  kernel.on_tick = [&] {
    for (int i = 0; i < 100; ++i)
      kernel.pending_signals.push_back(i % 2 == 0 ? SIGTERM : SIGHUP);
    if (kernel.pending_signals.size() >= 1000) everybody_dies();
  };
  EXPECT_EQ(code_of(stop_processes({})), 0);
  EXPECT_GE(kernel.pending_signals.size(), 1000U);
  EXPECT_EQ(kernel.signal_mask, ~uint64_t{0});
  EXPECT_EQ(kernel.kills.size(), 2U);
}

TEST_F(PowerTest, OnlyPid1MayStopEverybody) {
  kernel.pid = 4711;
  EXPECT_EQ(code_of(stop_processes({})), EPERM);
  EXPECT_TRUE(kernel.kills.empty());
}

// ---- sync_within -------------------------------------------------------------------------------

TEST_F(PowerTest, SyncIsDoneInAChild) {
  kernel.forks_as_child = true;
  const auto ending = fake::run([] { (void)sync_within(1000); });
  EXPECT_EQ(ending.how, fake::Ending::How::kExited);
  EXPECT_EQ(ending.status, 0);
  EXPECT_EQ(kernel.syncs, 1U);
}

TEST_F(PowerTest, SyncThatEnds) {
  int ticks = 0;
  kernel.on_tick = [&] {
    if (++ticks == 5) everybody_dies();
  };
  EXPECT_EQ(sync_within(1000), true);
  EXPECT_EQ(slept_ms(), 7U) << "1, 2, 4";
  EXPECT_EQ(kernel.syncs, 0U) << "never in PID 1 itself";
}

// android 10615eb39: a hung file system must not stop the end; s6-l-i 8e0da15: no sync at all.
TEST_F(PowerTest, SyncThatHangsIsLeftBehind) {
  EXPECT_EQ(sync_within(1000), false);
  EXPECT_EQ(slept_ms(), 1000U);
  EXPECT_EQ(kernel.living.size(), 1U);
}

TEST_F(PowerTest, SyncLeavesTheDeathOfOthersToTheCaller) {
  kernel.living = {2};
  kernel.on_fork = [&](pid_t child) {
    kernel.die(2, exited(3));
    kernel.die(child, kExited);
  };
  EXPECT_EQ(sync_within(1000), true);
  ASSERT_EQ(kernel.dead.size(), 1U);
  EXPECT_EQ(kernel.dead.front().pid, 2);
}

TEST_F(PowerTest, SyncChildThatTheKernelReapsItself) {
  // SIGCHLD ignored: wait(2) knows no such child, once it is dead.
  kernel.on_fork = [&](pid_t) { kernel.living.clear(); };
  EXPECT_EQ(sync_within(1000), true);
}

// ---- end_machine -------------------------------------------------------------------------------

struct VerbCase {
  const char* name;
  Verb verb;
  unsigned command;
};

// The numbers of <linux/reboot.h>, not those of the table.
constexpr VerbCase kVerbs[] = {{"reboot", Verb::kReboot, 0x01234567},
                               {"poweroff", Verb::kPowerOff, 0x4321fedc},
                               {"halt", Verb::kHalt, 0xcdef0123},
                               {"kexec", Verb::kKexec, 0x45584543}};

// linuxkit #3029: every verb ended in a power-off.
TEST_F(PowerTest, EachVerbHasItsCommand) {
  for (const VerbCase& entry : kVerbs) {
    kernel = fake::Kernel();
    kernel.forks_as_child = true;
    const auto ending = fake::run([&] { (void)end_machine(entry.verb); });
    EXPECT_EQ(ending.how, fake::Ending::How::kRestarted) << entry.name;
    EXPECT_EQ(kernel.reboots, std::vector<int>{static_cast<int>(entry.command)}) << entry.name;
    EXPECT_EQ(kernel.reboot_argument, "");
  }
}

TEST_F(PowerTest, RestartWithAnArgument) {
  kernel.forks_as_child = true;
  (void)fake::run([&] { (void)end_machine(Verb::kReboot, "recovery"); });
  EXPECT_EQ(kernel.reboots, std::vector<int>{static_cast<int>(0xa1b2c3d4)});
  EXPECT_EQ(kernel.reboot_argument, "recovery");
}

TEST_F(PowerTest, ArgumentForAnotherVerbIsRefused) {
  for (const VerbCase& entry : kVerbs) {
    if (entry.verb == Verb::kReboot) continue;
    EXPECT_EQ(end_machine(entry.verb, "recovery").code, EINVAL) << entry.name;
  }
  EXPECT_TRUE(kernel.calls.empty());
}

// runit 1.7.0, toybox oneit.c: HALT and POWER_OFF exit their caller, which for PID 1 is a panic.
TEST_F(PowerTest, Pid1DoesNotCallRebootItself) {
  kernel.on_fork = [&](pid_t child) { kernel.die(child, exited(EPERM)); };
  for (const VerbCase& entry : kVerbs) {
    const auto ending = fake::run([&] { (void)end_machine(entry.verb); });
    EXPECT_EQ(ending.how, fake::Ending::How::kReturned) << entry.name;
    EXPECT_TRUE(kernel.reboots.empty()) << entry.name;
  }
}

// android 0335dac70: the child of an init must not go on with the work of its parent.
TEST_F(PowerTest, ChildWhoseRebootIsRefusedTellsWhyAndLeaves) {
  for (const int code : {EPERM, EINVAL, EFAULT}) {
    kernel = fake::Kernel();
    kernel.forks_as_child = true;
    kernel.faults = {{.name = "reboot", .code = code}};
    const auto ending = fake::run([] { (void)end_machine(Verb::kPowerOff); });
    EXPECT_EQ(ending.how, fake::Ending::How::kExited);
    EXPECT_EQ(ending.status, code);
  }
}

// busybox 426aff88a: reboot(2) is refused in a container, and init has to go on.
TEST_F(PowerTest, RefusalIsReturned) {
  for (const int code : {EPERM, EINVAL}) {
    kernel.on_fork = [&](pid_t child) { kernel.die(child, exited(code)); };
    const Error error = end_machine(Verb::kPowerOff);
    EXPECT_EQ(error.code, code);
    EXPECT_STREQ(error.operation, "reboot");
    EXPECT_EQ(slept_ms(), 0U);
  }
}

TEST_F(PowerTest, OrderThatHasNoEffect) {
  kernel.on_fork = [&](pid_t child) { kernel.die(child, kExited); };
  EXPECT_EQ(end_machine(Verb::kHalt).code, ETIMEDOUT);
}

TEST_F(PowerTest, ChildThatHangsInADriver) {
  EXPECT_EQ(end_machine(Verb::kPowerOff).code, ETIMEDOUT);
  EXPECT_EQ(slept_ms(), kEndLimitMs);
}

TEST_F(PowerTest, ChildThatIsKilled) {
  kernel.on_fork = [&](pid_t child) { kernel.die(child, SIGKILL); };
  EXPECT_EQ(end_machine(Verb::kReboot).code, EIO);
}

TEST_F(PowerTest, WithoutMemoryForAChildItStillRestarts) {
  for (const VerbCase& entry : kVerbs) {
    kernel = fake::Kernel();
    kernel.faults = {{.name = "fork", .code = ENOMEM}};
    int code = 0;
    const auto ending = fake::run([&] { code = end_machine(entry.verb).code; });
    const bool spares_caller = entry.verb == Verb::kReboot || entry.verb == Verb::kKexec;
    EXPECT_EQ(ending.how,
              spares_caller ? fake::Ending::How::kRestarted : fake::Ending::How::kReturned);
    EXPECT_EQ(code, spares_caller ? 0 : ENOMEM) << entry.name;
  }
}

TEST_F(PowerTest, WithoutMemoryForAChildTheRefusalIsReturnedAllTheSame) {
  kernel.faults = {{.name = "fork", .code = ENOMEM}, {.name = "reboot", .code = EPERM}};
  EXPECT_EQ(end_machine(Verb::kReboot).code, EPERM);
}

TEST_F(PowerTest, VerbsByName) {
  for (const VerbCase& entry : kVerbs)
    EXPECT_EQ(parse_verb(entry.name), entry.verb);
  for (const char* text : {"", "Reboot", "power-off", "haltt", "kexe"})
    EXPECT_EQ(code_of(parse_verb(text)), EINVAL) << text;
}

// ---- faults ------------------------------------------------------------------------------------

void everybody_obeys() {
  fake::Kernel& kernel = fake::kernel();
  kernel.living = {2, 3};
  kernel.on_kill = [](pid_t, int signal) {
    auto& living = fake::kernel().living;
    while (signal == SIGKILL && !living.empty())
      fake::kernel().die(living.front(), SIGKILL);
  };
}

TEST(PowerFault, Stop) {
  Result<Stopped> stopped = Stopped{};
  fake::for_each_fault(
      everybody_obeys, [&] { stopped = stop_processes({.grace_ms = 4, .kill_ms = 4}); },
      [&](const fake::Injection& injection) {
        const bool told = injection.call.name == "kill" && injection.code == EPERM;
        EXPECT_EQ(code_of(stopped), told ? EPERM : 0);
        if (told) return;
        // A kill that found nobody, an interrupted wait: the next one does it.
        EXPECT_TRUE((*stopped).all);
      });
}

void child_succeeds() {
  fake::kernel().on_fork = [](pid_t child) { fake::kernel().die(child, kExited); };
}

TEST(PowerFault, Sync) {
  expect_faults_told(child_succeeds,
                     []() -> Result<> {
                       const auto done = sync_within(100);
                       if (!done.has_value()) return done.error();
                       EXPECT_TRUE(*done);
                       return {};
                     },
                     {{"wait4", 0}});
}

TEST(PowerFault, End) {
  // It fails in any case: what is asked is with which error.
  Error error{0, ""};
  fake::for_each_fault(
      [] {
        fake::kernel().on_fork = [](pid_t child) { fake::kernel().die(child, exited(EPERM)); };
      },
      [&] { error = end_machine(Verb::kHalt); },
      [&](const fake::Injection& injection) {
        // An interrupted wait goes on, to the child's own EPERM.
        EXPECT_EQ(error.code, injection.code == EINTR ? EPERM : injection.code);
        EXPECT_TRUE(fake::kernel().living.empty());
      });
}

}  // namespace
}  // namespace pid1
