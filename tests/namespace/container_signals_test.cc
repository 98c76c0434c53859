// SPDX-License-Identifier: Apache-2.0
// container-init and the signals: what it hands on, what it keeps from the program. Each suite is
// named after a bug that another init has had.
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "container.h"

namespace microbeam {
namespace {

using testing::HasSubstr;

// ---- what the program inherits ------------------------------------------------------------------

using MaskInheritedByTheChild = ContainerTest;

TEST_F(MaskInheritedByTheChild, NothingIsBlockedIgnoredOrCaught) {
  const Report report = run_probe();
  EXPECT_EQ(report.signals("SigBlk"), 0U);
  EXPECT_EQ(report.signals("SigIgn"), 0U);
  EXPECT_EQ(report.signals("SigCgt"), 0U);
  EXPECT_EQ(report.signals("ShdPnd"), 0U);
}

TEST_F(MaskInheritedByTheChild, NorWhatTheStarterHasBlocked) {
  EXPECT_EQ(run_probe({}, block_all_signals).signals("SigBlk"), 0U);
}

using IgnoredSigpipeLeaksThroughExec = ContainerTest;

TEST_F(IgnoredSigpipeLeaksThroughExec, EverythingThatTheStarterIgnoresIsAtItsDefault) {
  const Report report = run_probe({}, [] {
    for (int signal = 1; signal <= 64; ++signal) {
      if (signal != SIGKILL && signal != SIGSTOP) ignore_signal(signal);
    }
  });
  EXPECT_EQ(report.signals("SigIgn"), 0U);
}

using SigchldIgnoredAtEntry = ContainerTest;

TEST_F(SigchldIgnoredAtEntry, ExitCodeOfTheProgramIsNotLost) {
  EXPECT_EQ(run({"/actor", "exit", "42"}, [] { ignore_signal(SIGCHLD); }), 42);
}

// ---- what is handed on --------------------------------------------------------------------------

/// The bytes of /seen: the signals that the actor got.
std::string signals_seen() {
  std::ifstream file("/seen", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

using EverySignalIsForwarded = ContainerTest;

TEST_F(EverySignalIsForwarded, FromFirstToLastRealTimeOneButSigchld) {
  const int code = run_below([] {
    constexpr int kForwarded = 61;  // of 64, without KILL, STOP and CHLD
    const pid_t init = start_init({"/actor", "collect", std::to_string(kForwarded)});
    wait_until(actor_is_ready);
    std::string sent;
    for (int signal = 1; signal <= 64; ++signal) {
      if (signal == SIGKILL || signal == SIGSTOP || signal == SIGCHLD) continue;
      check(syscall(SYS_kill, init, signal), "kill");
      sent += static_cast<char>(signal);
      // One by one: CONT takes back what would stop, and the other way round (signal(7)).
      wait_until([&sent] { return signals_seen() == sent; });
    }
    return exit_code_of(init);
  });
  EXPECT_EQ(code, 0);
}

TEST_F(EverySignalIsForwarded, RealTimeSignalsAsOftenAsTheyWereSent) {
  const int code = run_below([] {
    const pid_t init = start_init({"/actor", "collect", "100"});
    wait_until(actor_is_ready);
    for (int i = 0; i < 100; ++i)
      check(syscall(SYS_kill, init, 32 + i % 33), "kill");
    return exit_code_of(init);
  });
  EXPECT_EQ(code, 0);
}

using SignalBeforeTheInitIsReady = ContainerTest;

TEST_F(SignalBeforeTheInitIsReady, ReachesTheProgram) {
  const int code = run({"/actor", "pause"}, [] {
    block_all_signals();
    check(kill(getpid(), SIGTERM), "kill");
  });
  EXPECT_EQ(code, 128 + SIGTERM);
}

TEST_F(SignalBeforeTheInitIsReady, OneThatFollowsDoesNotReplaceIt) {
  const int code = run({"-v", "/actor", "pause"}, [] {
    block_all_signals();
    check(kill(getpid(), SIGTERM), "kill");
    check(kill(getpid(), SIGHUP), "kill");
  });
  EXPECT_GT(code, 128);
  EXPECT_THAT(console(), HasSubstr("signal 1\n"));
  EXPECT_THAT(console(), HasSubstr("signal 15\n"));
}

using GroupKillBeforeSetpgid = ContainerTest;

TEST_F(GroupKillBeforeSetpgid, AThousandTimesTheProgramGetsTheSignal) {
  const int code = run_below([] {
    block_all_signals();
    for (int i = 0; i < 1000; ++i) {
      const long init = check(fork(), "fork");
      if (init == 0) {
        // Pending when the init begins, it is the first that it reads after its fork.
        check(kill(getpid(), SIGTERM), "kill");
        execl("/init", "/init", "-g", "/actor", "pause", nullptr);
        _exit(127);
      }
      const int ended_with = exit_code_of(static_cast<pid_t>(init));
      if (ended_with != 128 + SIGTERM) return ended_with;
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(GroupKillBeforeSetpgid, SignalsGoToAllOfTheGroup) {
  const int code = run_below([] {
    const pid_t init = start_init({"-g", "/actor", "wait-for-group", "44"});
    wait_until(actor_is_ready);
    check(kill(init, SIGTERM), "kill");
    return exit_code_of(init);
  });
  EXPECT_EQ(code, 44);
}

using HundredStopRequests = ContainerTest;

TEST_F(HundredStopRequests, AreOneEndWithTheCodeOfTheProgram) {
  const int code = run_below([] {
    const pid_t init = start_init({"-v", "/actor", "stop-slowly", "7"});
    wait_until(actor_is_ready);
    for (int i = 0; i < 100; ++i) {
      if (check(fork(), "fork") != 0) continue;
      (void)kill(init, SIGTERM);
      _exit(0);
    }
    const int ended_with = exit_code_of(init);
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    return ended_with;
  });
  EXPECT_EQ(code, 7);
  EXPECT_EQ(times("actor: stopping"), 1U);
  EXPECT_EQ(times("exit code 7"), 1U);
}

using ParentDeathSignal = ContainerTest;

TEST_F(ParentDeathSignal, ReachesTheProgramWhenTheParentDies) {
  const int code = run_below([] {
    const long parent = check(fork(), "fork");
    if (parent == 0) {
      (void)start_init({"-p", "SIGTERM", "/actor", "stop-slowly", "42"});
      for (;;)
        pause();
    }
    wait_until(actor_is_ready);
    check(kill(static_cast<pid_t>(parent), SIGKILL), "kill");
    check(waitpid(static_cast<pid_t>(parent), nullptr, 0), "waitpid");
    return exit_code_of(-1);  // PID 1 of the namespace has adopted it
  });
  EXPECT_EQ(code, 42);
}

}  // namespace
}  // namespace microbeam
