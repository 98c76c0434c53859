// SPDX-License-Identifier: Apache-2.0
#include "pid1/signals.h"

#include <sys/reboot.h>

#include <cerrno>
#include <csignal>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

using SignalsTest = fake::KernelTest;

// erlinit 99173dc, android fd470e87c (SIGPIPE), catatonit: what stood at the start reached every
// process. 32 to 34 are those that a C library keeps for itself.
TEST_F(SignalsTest, EverySignalIsSetBackToItsDefault) {
  for (int& disposition : kernel.dispositions)
    disposition = 1;
  kernel.signal_mask = ~uint64_t{0};
  ASSERT_EQ(code_of(reset_signals()), 0);
  for (int signal = 1; signal <= 64; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    EXPECT_EQ(kernel.dispositions[signal], 0) << signal;
  }
  EXPECT_EQ(kernel.signal_mask, 0U);
}

TEST_F(SignalsTest, EachOfThe64IsAskedForOnceButKillAndStop) {
  ASSERT_EQ(code_of(reset_signals()), 0);
  std::multiset<std::string> asked;
  for (const fake::Call& call : kernel.calls) {
    if (call.name == "rt_sigaction") asked.insert(call.detail);
  }
  EXPECT_EQ(asked.size(), 62U);
  for (const char* signal : {"1", "13", "17", "31", "32", "33", "34", "64"}) {
    EXPECT_EQ(asked.count(signal), 1U) << signal;
  }
  EXPECT_EQ(asked.count("9") + asked.count("19"), 0U);
}

TEST_F(SignalsTest, TheMaskIsOpenedLast) {
  // A signal that was pending must meet its default disposition, not one that is inherited.
  ASSERT_EQ(code_of(reset_signals()), 0);
  EXPECT_EQ(kernel.calls.back().name, "rt_sigprocmask");
}

TEST_F(SignalsTest, ResetSaysThatItFailed) {
  kernel.faults = {{.name = "rt_sigprocmask", .code = EINVAL}};
  EXPECT_EQ(code_of(reset_signals()), EINVAL);
}

TEST_F(SignalsTest, ChildExitsAreIgnored) {
  ASSERT_EQ(code_of(reset_signals()), 0);
  ASSERT_EQ(code_of(ignore_child_exits()), 0);
  for (int signal = 1; signal <= 64; ++signal) {
    EXPECT_EQ(kernel.dispositions[signal], signal == SIGCHLD ? 1 : 0) << signal;
  }
}

TEST_F(SignalsTest, CtrlAltDelIsLeftToPid1) {
  ASSERT_EQ(code_of(disable_ctrl_alt_del()), 0);
  EXPECT_EQ(kernel.reboots, (std::vector<int>{RB_DISABLE_CAD}));
}

TEST_F(SignalsTest, CtrlAltDelInAPidNamespace) {
  kernel.faults = {{.name = "reboot", .code = EINVAL}};
  EXPECT_EQ(code_of(disable_ctrl_alt_del()), EINVAL);
}

TEST_F(SignalsTest, DispositionsAloneLeaveTheMask) {
  kernel.dispositions[SIGPIPE] = 1;
  kernel.signal_mask = kAllSignals;
  ASSERT_EQ(code_of(reset_dispositions()), 0);
  EXPECT_EQ(kernel.dispositions[SIGPIPE], 0);
  EXPECT_EQ(kernel.signal_mask, kAllSignals);
}

TEST_F(SignalsTest, SetsAreTheKernels) {
  EXPECT_EQ(signal_bit(1), 1U);
  EXPECT_EQ(signal_bit(SIGCHLD), 0x10000U);
  EXPECT_EQ(signal_bit(64), uint64_t{1} << 63);
}

TEST_F(SignalsTest, BlockingAddsAndTellsTheMaskBefore) {
  kernel.signal_mask = signal_bit(SIGUSR1);
  EXPECT_EQ(block_signals(signal_bit(SIGCHLD)), signal_bit(SIGUSR1));
  EXPECT_EQ(kernel.signal_mask, signal_bit(SIGUSR1) | signal_bit(SIGCHLD));
  EXPECT_EQ(block_signals(kAllSignals), signal_bit(SIGUSR1) | signal_bit(SIGCHLD));
  EXPECT_EQ(kernel.signal_mask, kAllSignals);
}

// busybox 356f23de2: signals that came before the handlers were lost.
TEST_F(SignalsTest, WhatCameBeforeTheDescriptorIsReadFromIt) {
  ASSERT_EQ(code_of(block_signals(kAllSignals)), 0);
  kernel.pending_signals = {SIGTERM, SIGHUP, 34, 64};
  const auto fd = open_signalfd(kAllSignals);
  ASSERT_EQ(code_of(fd), 0);
  EXPECT_TRUE(kernel.descriptors.at(*fd).close_on_exec);
  for (const int signal : {SIGTERM, SIGHUP, 34, 64})
    EXPECT_EQ(next_signal(*fd), signal);
  EXPECT_EQ(next_signal(*fd), 0) << "none is pending";
  EXPECT_EQ(next_signal(*fd), 0);
}

TEST_F(SignalsTest, ReadingGoesOnAfterEintrAndSaysWhatElseFails) {
  ASSERT_EQ(code_of(block_signals(kAllSignals)), 0);
  const auto fd = open_signalfd(kAllSignals);
  ASSERT_EQ(code_of(fd), 0);
  kernel.pending_signals = {SIGTERM};
  kernel.faults = {{.name = "read", .nth = 1, .code = EINTR},
                   {.name = "read", .nth = 2, .code = EINTR}};
  EXPECT_EQ(next_signal(*fd), SIGTERM);
  EXPECT_EQ(code_of(next_signal(99)), EBADF);
}

// dumb-init L4: its table of rewrites had 32 places, and real-time signals read beyond.
TEST_F(SignalsTest, EverySignalIsForwardedToProcessOrGroup) {
  for (const pid_t target : {7, -7}) {
    for (int signal = 1; signal <= 64; ++signal) {
      kernel.kills.clear();
      ASSERT_EQ(code_of(forward_signal(target, signal)), 0);
      ASSERT_EQ(kernel.kills.size(), 1U);
      EXPECT_EQ(kernel.kills[0], (std::pair<pid_t, int>(target, signal)));
    }
  }
}

TEST_F(SignalsTest, RewritesAreTakenOnceTheFirstCounts) {
  const SignalRewrite rewrites[] = {
      {SIGTERM, SIGQUIT}, {SIGQUIT, 64}, {SIGTERM, SIGHUP}, {SIGTSTP, 0}, {64, SIGTERM}};
  for (const auto& [from, to] :
       {std::pair{SIGTERM, SIGQUIT}, {SIGQUIT, 64}, {64, SIGTERM}, {SIGHUP, SIGHUP}, {63, 63}}) {
    kernel.kills.clear();
    ASSERT_EQ(code_of(forward_signal(7, from, rewrites)), 0);
    ASSERT_EQ(kernel.kills.size(), 1U) << from;
    EXPECT_EQ(kernel.kills[0].second, to) << from;
  }
  kernel.kills.clear();
  EXPECT_EQ(code_of(forward_signal(7, SIGTSTP, rewrites)), 0);
  EXPECT_TRUE(kernel.kills.empty()) << "0 drops it";
}

TEST_F(SignalsTest, ATargetThatHasJustDiedIsNoError) {
  kernel.faults = {{.name = "kill", .code = ESRCH}};
  EXPECT_EQ(code_of(forward_signal(-7, SIGTERM)), 0);
  kernel.faults = {{.name = "kill", .nth = 2, .code = EPERM}};
  EXPECT_EQ(code_of(forward_signal(-7, SIGTERM)), EPERM);
}

TEST_F(SignalsTest, RewritesAreRead) {
  for (const auto& [text, from, to] :
       {std::tuple{"15:3", 15, 3}, {"1:64", 1, 64}, {"64:0", 64, 0}, {"015:03", 15, 3}}) {
    const auto rewrite = parse_signal_rewrite(text);
    ASSERT_EQ(code_of(rewrite), 0) << text;
    EXPECT_EQ((*rewrite).from, from) << text;
    EXPECT_EQ((*rewrite).to, to) << text;
  }
}

TEST_F(SignalsTest, RewritesThatAreNone) {
  for (const char* text :
       {"", ":", "15", "15:", ":3", "0:3", "65:3", "3:65", "-1:3", "3:-1", "15:3:1", "15:3 ",
        " 15:3", "TERM:3", "15,3", "4294967311:3", "3:18446744073709551619"}) {
    EXPECT_EQ(code_of(parse_signal_rewrite(text)), EINVAL) << text;
  }
}

TEST_F(SignalsTest, TheDescriptorStaysOffTheNumbersOfPrograms) {
  ASSERT_EQ(code_of(block_signals(kAllSignals)), 0);
  kernel.descriptors.clear();
  EXPECT_EQ(open_signalfd(kAllSignals), 3);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{3}));
  EXPECT_TRUE(kernel.descriptors.at(3).close_on_exec);
  kernel.faults = {{.name = "F_DUPFD", .nth = 2, .code = EMFILE}};
  EXPECT_EQ(code_of(open_signalfd(kAllSignals)), EMFILE);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{3}));
}

TEST_F(SignalsTest, Faults) {
  const auto prepare = [] { fake::kernel().signal_mask = kAllSignals; };
  expect_faults_told(prepare, [] { return reset_dispositions(); });
  expect_faults_told(prepare, [] {
    const auto before = block_signals(kAllSignals);
    return before.has_value() ? Result<>() : before.error();
  });
  expect_faults_told(prepare,
                     []() -> Result<> {
                       fake::kernel().pending_signals = {SIGTERM};
                       PID1_TRY_ASSIGN(const int fd, open_signalfd(kAllSignals));
                       const auto signal = next_signal(fd);
                       sys::close(fd);
                       if (!signal.has_value()) return signal.error();
                       EXPECT_TRUE(signal == SIGTERM || signal == 0);
                       return {};
                     },
                     {{"read", EINTR}, {"read", EAGAIN}});
  expect_faults_told(prepare, [] { return forward_signal(7, SIGTERM); }, {{"kill", ESRCH}});
}

TEST_F(SignalsTest, SignalByNameOrNumber) {
  EXPECT_TRUE(parse_signal("SIGTERM") == SIGTERM);
  EXPECT_TRUE(parse_signal("TERM") == SIGTERM);
  EXPECT_TRUE(parse_signal("15") == SIGTERM);
  EXPECT_TRUE(parse_signal("HUP") == SIGHUP);
  EXPECT_TRUE(parse_signal("SIGSYS") == SIGSYS);
  EXPECT_TRUE(parse_signal("IO") == SIGIO);
  EXPECT_TRUE(parse_signal("64") == 64);
  for (const char* bad :
       {"", "SIG", "TER", "TERMS", "term", "HUP,INT", ",", "0", "65", "15 ", "SIG15", "-1"}) {
    EXPECT_EQ(code_of(parse_signal(bad)), EINVAL) << bad;
  }
}

TEST_F(SignalsTest, SignalNamesAreThoseOfTheirNumbers) {
  for (int signal = 1; signal < 32; ++signal) {
    const char* const name = sigabbrev_np(signal);
    // glibc's name of SIGIO is POLL.
    EXPECT_TRUE(parse_signal(signal == SIGIO ? "IO" : name) == signal) << name;
  }
}

TEST_F(SignalsTest, WaitingTakesOneOfTheSetAndLeavesTheOthers) {
  ASSERT_EQ(code_of(block_signals(kAllSignals)), 0);
  kernel.pending_signals = {SIGHUP, SIGTERM, SIGHUP};
  EXPECT_TRUE(wait_signal(signal_bit(SIGTERM)) == SIGTERM);
  EXPECT_EQ(kernel.pending_signals, (std::deque<int>{SIGHUP, SIGHUP}));
}

TEST_F(SignalsTest, WaitingGoesOnAfterEintr) {
  const auto prepare = [] {
    fake::kernel().signal_mask = kAllSignals;
    fake::kernel().pending_signals = {SIGTERM};
  };
  expect_faults_told(prepare,
                     []() -> Result<> {
                       PID1_TRY_ASSIGN(const int signal, wait_signal(kAllSignals));
                       EXPECT_EQ(signal, SIGTERM);
                       return {};
                     },
                     {{"rt_sigtimedwait", EINTR}});
}

}  // namespace
}  // namespace pid1
