// SPDX-License-Identifier: Apache-2.0
#include "pid1/signals.h"

#include <sys/reboot.h>

#include <cerrno>
#include <csignal>
#include <set>
#include <string>

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

}  // namespace
}  // namespace pid1
