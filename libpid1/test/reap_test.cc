// SPDX-License-Identifier: Apache-2.0
#include "pid1/reap.h"

#include <poll.h>
#include <sys/prctl.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "fixture.h"
#include "pid1/signals.h"

namespace pid1 {
namespace {

constexpr pid_t kMain = 7;

/// wait(2)'s status of an exit, and of a death by signal.
constexpr int exited(int code) {
  return code << 8;
}
constexpr int killed(int signal) {
  return signal;
}

using ReapTest = fake::KernelTest;

// dumb-init d626878: the wrong status for a death by signal.
TEST_F(ReapTest, ExitCodeOfEachSignalIs128AndItsNumber) {
  constexpr int kCoreDumped = 0x80;
  for (int signal = 1; signal <= 64; ++signal) {
    EXPECT_EQ(exit_code(killed(signal)), 128 + signal);
    EXPECT_EQ(exit_code(killed(signal) | kCoreDumped), 128 + signal);
  }
}

TEST_F(ReapTest, ExitCodeOfEachExit) {
  for (int code = 0; code <= 255; ++code)
    EXPECT_EQ(exit_code(exited(code)), code);
}

// catatonit e4c14f5: the main child's death was one SIGCHLD with others', and it hung for ever.
// erlinit b0abee3: one wait for each SIGCHLD, and zombies piled up.
TEST_F(ReapTest, CoalescedDeathsLoseNeitherTheMainChildNorOthers) {
  for (const unsigned place : {0U, 25U, 50U}) {
    SCOPED_TRACE(place);
    fake::Kernel& fresh = fake::reset();
    for (unsigned i = 0; i <= 50; ++i)
      fresh.dead.push_back({i == place ? kMain : static_cast<pid_t>(100 + i), exited(3)});
    fresh.living = {200};
    fresh.pending_signals = {SIGCHLD};  // the only one
    const auto reaped = reap_all(kMain);
    ASSERT_EQ(code_of(reaped), 0);
    EXPECT_TRUE((*reaped).main_ended);
    EXPECT_EQ(exit_code((*reaped).main_status), 3);
    EXPECT_EQ((*reaped).others, 50U);
    EXPECT_FALSE((*reaped).childless) << "200 lives";
    EXPECT_TRUE(fresh.dead.empty());
  }
}

TEST_F(ReapTest, NothingIsDead) {
  kernel.living = {kMain, 8};
  const auto reaped = reap_all(kMain);
  ASSERT_EQ(code_of(reaped), 0);
  EXPECT_FALSE((*reaped).main_ended);
  EXPECT_EQ((*reaped).others, 0U);
  EXPECT_FALSE((*reaped).childless);
}

// runit e76c323, sinit 170d599: what was dead before the init was there. It has sent its signal
// to whoever had this process before the exec.
TEST_F(ReapTest, ZombiesFromBeforeTheInitsTimeNeedNoSignal) {
  kernel.dead = {{50, exited(0)}, {51, killed(SIGKILL)}};
  kernel.living = {kMain};
  const auto reaped = reap_all(kMain);
  ASSERT_EQ(code_of(reaped), 0);
  EXPECT_EQ((*reaped).others, 2U);
  EXPECT_FALSE((*reaped).main_ended);
}

// kata #2386: ECHILD was taken for a failure. shadow PR 161: a loop that spun on it.
TEST_F(ReapTest, NoChildAtAllIsAnAnswer) {
  const auto none = reap_all(kMain);
  ASSERT_EQ(code_of(none), 0);
  EXPECT_TRUE((*none).childless);
  EXPECT_FALSE((*none).main_ended);
  EXPECT_EQ(kernel.count("wait4"), 1U);

  kernel.dead = {{kMain, exited(0)}};
  const auto last = reap_all(kMain);
  ASSERT_EQ(code_of(last), 0);
  EXPECT_TRUE((*last).main_ended);
  EXPECT_TRUE((*last).childless);
}

// erlinit eceea4e: EINTR in waitpid.
TEST_F(ReapTest, SignalStormWhileWaiting) {
  kernel.dead = {{50, exited(0)}, {kMain, exited(9)}};
  for (unsigned i = 1; i <= 100; ++i)
    kernel.faults.push_back({.name = "wait4", .nth = i, .code = EINTR});
  const auto reaped = reap_all(kMain);
  ASSERT_EQ(code_of(reaped), 0);
  EXPECT_TRUE((*reaped).main_ended);
  EXPECT_EQ((*reaped).others, 1U);
}

TEST_F(ReapTest, AnErrorBehindTheMainChildDoesNotHideIt) {
  kernel.dead = {{kMain, exited(9)}};
  kernel.faults = {{.name = "wait4", .nth = 2, .code = EPERM}};
  const auto reaped = reap_all(kMain);
  ASSERT_EQ(code_of(reaped), 0);
  EXPECT_TRUE((*reaped).main_ended);
  EXPECT_FALSE((*reaped).childless);
  kernel.faults = {{.name = "wait4", .nth = 3, .code = EPERM}};
  EXPECT_EQ(code_of(reap_all(kMain)), EPERM);
}

// toybox oneit -3 told the main child's number, not that of the one it had reaped.
TEST_F(ReapTest, ANumberUsedAgainIsAnOrphan) {
  kernel.dead = {{kMain, exited(1)}, {kMain, exited(2)}};
  const auto reaped = reap_all(kMain);
  ASSERT_EQ(code_of(reaped), 0);
  EXPECT_EQ(exit_code((*reaped).main_status), 1);
  EXPECT_EQ((*reaped).others, 1U);
}

TEST_F(ReapTest, WithoutAMainChild) {
  kernel.dead = {{50, exited(1)}};
  const auto reaped = reap_all(0);
  ASSERT_EQ(code_of(reaped), 0);
  EXPECT_FALSE((*reaped).main_ended);
  EXPECT_EQ((*reaped).others, 1U);
}

// tini 10094b7: without the second argument it is off, or on by chance.
TEST_F(ReapTest, SubreaperIsAskedForWithAllArguments) {
  ASSERT_EQ(code_of(become_subreaper()), 0);
  EXPECT_EQ(kernel.prctls.at(PR_SET_CHILD_SUBREAPER), (std::vector<unsigned long>{1, 0, 0, 0}));
}

TEST_F(ReapTest, DeathOfTheParent) {
  ASSERT_EQ(code_of(die_with_parent(SIGTERM)), 0);
  EXPECT_EQ(kernel.prctls.at(PR_SET_PDEATHSIG), (std::vector<unsigned long>{SIGTERM, 0, 0, 0}));
}

TEST_F(ReapTest, OpenProcessIsReadyOnceItIsDead) {
  kernel.living = {kMain};
  const auto process = open_process(kMain);
  ASSERT_EQ(code_of(process), 0);
  EXPECT_TRUE(kernel.descriptors.at(*process).close_on_exec);
  struct pollfd entry = {.fd = *process, .events = POLLIN, .revents = 0};
  EXPECT_EQ(sys::poll({&entry, 1}, 0), 0);
  kernel.die(kMain, exited(0));
  EXPECT_EQ(sys::poll({&entry, 1}, 0), 1);
}

TEST_F(ReapTest, OpenProcessBeforeLinux53) {
  kernel.knows_pidfd = false;
  EXPECT_EQ(code_of(open_process(kMain)), ENOSYS);
}

TEST_F(ReapTest, Faults) {
  const auto prepare = [] { fake::kernel().dead = {{kMain, exited(0)}, {50, exited(0)}}; };
  expect_faults_told(prepare,
                     [] {
                       const auto reaped = reap_all(kMain);
                       return reaped.has_value() ? Result<>() : reaped.error();
                     },
                     {{"wait4", 0}});
  expect_faults_told(prepare, [] { return become_subreaper(); });
  expect_faults_told(prepare, [] { return die_with_parent(SIGKILL); });
  expect_faults_told(prepare, [] {
    const auto process = open_process(kMain);
    if (!process.has_value()) return Result<>(process.error());
    sys::close(*process);
    return Result<>();
  });
}

}  // namespace
}  // namespace pid1
