// SPDX-License-Identifier: Apache-2.0
// Signal masks and dispositions, which exec hands on to every process of the system.
#include <sys/wait.h>

#include <csignal>

#include "container.h"

namespace microbeam {
namespace {

constexpr uint64_t set_of(int signal) {
  return uint64_t{1} << (signal - 1);
}

class SignalsTest : public NamespaceTest {};

TEST_F(SignalsTest, OnlySigchldIsIgnoredAndNothingIsBlocked) {
  const Report report = boot_program();
  EXPECT_EQ(report.signals("SigBlk"), 0U);
  EXPECT_EQ(report.signals("SigIgn"), set_of(SIGCHLD));
  EXPECT_EQ(report.signals("SigCgt"), 0U);
}

TEST_F(SignalsTest, MaskOfTheStarterDoesNotReachTheProgram) {
  start.prepare = block_all_signals;
  EXPECT_EQ(boot_program().signals("SigBlk"), 0U);
}

TEST_F(SignalsTest, SignalsThatTheStarterIgnoresAreAtTheirDefaults) {
  start.prepare = [] {
    for (const int signal : {SIGPIPE, SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGTTOU}) {
      ignore_signal(signal);
    }
    for (int signal = 32; signal <= 64; ++signal)
      ignore_signal(signal);
  };
  EXPECT_EQ(boot_program().signals("SigIgn"), set_of(SIGCHLD));
}

TEST_F(SignalsTest, EverythingBlockedAndIgnoredAtOnce) {
  start.prepare = [] {
    for (int signal = 1; signal <= 64; ++signal) {
      if (signal != SIGKILL && signal != SIGSTOP) ignore_signal(signal);
    }
    block_all_signals();
  };
  const Report report = boot_program();
  EXPECT_EQ(report.signals("SigBlk"), 0U);
  EXPECT_EQ(report.signals("SigIgn"), set_of(SIGCHLD));
}

TEST_F(SignalsTest, SignalsPendingAtTheStartNeitherEndTheBootNorReachTheProgram) {
  start.prepare = [] {
    block_all_signals();
    for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGUSR1, SIGTSTP, 34}) {
      check(kill(getpid(), signal), "kill");
    }
  };
  const Report report = boot_program();
  EXPECT_EQ(report.signals("ShdPnd"), 0U);
  EXPECT_EQ(report.signals("SigPnd"), 0U);
}

TEST_F(SignalsTest, OrphansLeaveNoZombiesThoughTheProgramHandlesNothing) {
  EXPECT_EQ(boot_program().other_processes(), std::vector<std::string>{});
}

TEST_F(SignalsTest, ChildOfTheStarterThatDiesRightAfterExecLeavesNoZombie) {
  start.prepare = [] {
    if (check(fork(), "fork") != 0) return;
    std::string program;
    while (!program.ends_with("beam.smp")) {
      char target[256] = {};
      check(readlink("/proc/1/exe", target, sizeof(target) - 1), "readlink");
      program = target;
      usleep(100);
    }
    _exit(0);
  };
  EXPECT_EQ(boot_program().other_processes(), std::vector<std::string>{});
}

TEST_F(SignalsTest, ChildOfTheStarterThatWasDeadBeforeLeavesNoZombie) {
  start.prepare = [] {
    const long child = check(fork(), "fork");
    if (child == 0) _exit(0);
    siginfo_t info = {};
    check(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), "waitid");
  };
  EXPECT_EQ(boot_program().other_processes(), std::vector<std::string>{});
}

}  // namespace
}  // namespace microbeam
