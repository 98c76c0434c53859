// SPDX-License-Identifier: Apache-2.0
#include "child.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include "clock.h"

namespace microbeam {
namespace {

std::optional<int> wait_for(Child& child) {
  pollfd entry{child.handle(), POLLIN, 0};
  if (poll(&entry, 1, 10'000) != 1) return {};
  return child.try_reap();
}

std::string read_until_end(int fd) {
  std::string all;
  std::array<char, 4096> buffer;
  pollfd entry{fd, POLLIN, 0};
  while (poll(&entry, 1, 10'000) == 1) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got <= 0) break;
    all.append(buffer.data(), static_cast<size_t>(got));
  }
  return all;
}

absl::StatusOr<Child> shell(const std::string& script) {
  return Child::spawn({"/bin/sh", "-c", script});
}

// Gone, or a corpse that nobody has collected (where PID 1 collects none).
bool gone(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  for (int i = 0; i < 3; ++i)
    stat >> word;
  return !stat || word == "Z" || word == "X";
}

bool gone_within(pid_t pid, absl::Duration limit) {
  for (const absl::Duration deadline = monotonic_now() + limit; monotonic_now() < deadline;) {
    if (gone(pid)) return true;
    poll(nullptr, 0, 10);
  }
  return false;
}

TEST(ChildTest, GivesOutputErrorsAndStatus) {
  absl::StatusOr<Child> child = shell("cat; echo out; echo err >&2; exit 3");
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(read_until_end(child->out()), "out\n");
  EXPECT_EQ(read_until_end(child->err()), "err\n");
  EXPECT_EQ(wait_for(*child), 3);
}

TEST(ChildTest, SaysWhatCannotBeExecuted) {
  EXPECT_EQ(Child::spawn({"/nonexistent/qemu"}).status().message(),
            "cannot execute /nonexistent/qemu: No such file or directory");
  EXPECT_EQ(Child::spawn({"/etc/passwd"}).status().message(),
            "cannot execute /etc/passwd: Permission denied");
}

TEST(ChildTest, TellsWhenItWasExecutedAndWhatItUsed) {
  void* const shared =
      mmap(nullptr, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto* const executed_ns = static_cast<int64_t*>(shared);
  absl::StatusOr<Child> child =
      Child::spawn({"/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"},
                   {.executed_ns = executed_ns});
  ASSERT_TRUE(child.ok());
  ASSERT_EQ(wait_for(*child), 0);
  EXPECT_GE(absl::Nanoseconds(*executed_ns), child->spawned());
  EXPECT_LE(absl::Nanoseconds(*executed_ns), monotonic_now());
  EXPECT_GT(child->cpu_time(), absl::ZeroDuration());
  munmap(shared, sizeof(int64_t));
}

TEST(ChildTest, ASignalIsAStatusAbove128) {
  absl::StatusOr<Child> child = shell("kill -SEGV $$");
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(wait_for(*child), 128 + SIGSEGV);
}

// Our own blocked and ignored signals must not make QEMU deaf.
TEST(ChildTest, StartsWithNoSignalBlockedOrIgnored) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  absl::StatusOr<Child> child = shell("grep -E '^Sig(Blk|Ign)' /proc/self/status");
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(read_until_end(child->out()), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(ChildTest, SignalsReachTheWholeGroup) {
  absl::StatusOr<Child> child = shell("sleep 100 & echo $!; wait");
  ASSERT_TRUE(child.ok());
  pollfd entry{child->out(), POLLIN, 0};
  ASSERT_EQ(poll(&entry, 1, 10'000), 1);
  std::array<char, 32> pid{};
  ASSERT_GT(read(child->out(), pid.data(), pid.size()), 0);
  child->signal(SIGTERM);
  EXPECT_EQ(wait_for(*child), 128 + SIGTERM);
  EXPECT_TRUE(gone_within(std::stoi(pid.data()), absl::Seconds(5)));
}

TEST(ChildTest, NothingIsLeftOfTheGroupWhenTheChildIsDropped) {
  pid_t grandchild = 0;
  {
    absl::StatusOr<Child> child = shell("trap '' TERM; sleep 100 & echo $!; wait; sleep 100");
    ASSERT_TRUE(child.ok());
    pollfd entry{child->out(), POLLIN, 0};
    ASSERT_EQ(poll(&entry, 1, 10'000), 1);
    std::array<char, 32> pid{};
    ASSERT_GT(read(child->out(), pid.data(), pid.size()), 0);
    grandchild = std::stoi(pid.data());
  }
  EXPECT_TRUE(gone_within(grandchild, absl::Seconds(5)));
}

TEST(ChildTest, DiesWithItsOwnerHoweverTheOwnerDies) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    const absl::StatusOr<Child> child = shell("echo $$ >&2; exec sleep 100");
    std::array<char, 32> pid{};
    pollfd entry{child->err(), POLLIN, 0};
    poll(&entry, 1, 10'000);
    const ssize_t got = read(child->err(), pid.data(), pid.size());
    if (got <= 0 || write(ends[1], pid.data(), static_cast<size_t>(got)) != got) _exit(1);
    kill(getpid(), SIGKILL);
  }
  close(ends[1]);
  std::array<char, 32> pid{};
  const ssize_t got = read(ends[0], pid.data(), pid.size());
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(owner, &status, 0), owner);
  ASSERT_GT(got, 0);
  EXPECT_TRUE(gone_within(std::stoi(pid.data()), absl::Seconds(5)));
}

TEST(ChildTest, IsPreparedBeforeExecAndNeedLeadNoGroup) {
  absl::StatusOr<Child> child = Child::spawn(
      {"/bin/sh", "-c", "echo $PREPARED; cut -d ' ' -f 5 /proc/$$/stat"},
      {.own_group = false, .prepare = [] { return setenv("PREPARED", "yes", 1) == 0; }});
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(read_until_end(child->out()), "yes\n" + std::to_string(getpgrp()) + "\n");
  EXPECT_EQ(wait_for(*child), 0);

  const absl::Status failed = Child::spawn({"/bin/true"}, {.prepare =
                                                               [] {
                                                                 errno = ENOTTY;
                                                                 return false;
                                                               }})
                                  .status();
  EXPECT_EQ(failed.message(), "cannot execute /bin/true: Inappropriate ioctl for device");
}

}  // namespace
}  // namespace microbeam
