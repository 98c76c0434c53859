// SPDX-License-Identifier: Apache-2.0
// The process that the program finds itself in: descriptors, session, directory, privileges.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>

#include <string>

#include "boot.h"

namespace microbeam {
namespace {

using testing::ElementsAre;

class ProcessTest : public NamespaceTest {
 protected:
  dev_t console_device() {
    struct stat info = {};
    check(fstat(root.terminal_slave(), &info), "fstat");
    return info.st_rdev;
  }

  /// Exactly 0, 1 and 2, open for both directions, blocking, and the console.
  void expect_console_on_0_1_2(const Report& report) {
    std::vector<int> numbers;
    for (const OpenFile& file : report.open_files()) {
      numbers.push_back(file.number);
      EXPECT_EQ(file.target, "/dev/console") << file.number;
      EXPECT_EQ(file.device, console_device()) << file.number;
      EXPECT_EQ(file.flags & O_ACCMODE, O_RDWR) << file.number;
      EXPECT_EQ(file.flags & O_NONBLOCK, 0) << file.number;
    }
    EXPECT_THAT(numbers, ElementsAre(0, 1, 2));
  }
};

TEST_F(ProcessTest, ProgramIsPid1) {
  EXPECT_EQ(boot_program().one("pid"), "1");
}

TEST_F(ProcessTest, WordsThatTheKernelHandsOnAsArgumentsAreNoOptions) {
  start.arguments = {"/init", "--help", "splash", "1"};
  EXPECT_EQ(boot_program().one("pid"), "1");
}

TEST_F(ProcessTest, ConsoleIsStandardInputOutputAndError) {
  expect_console_on_0_1_2(boot_program());
}

TEST_F(ProcessTest, DescriptorsThatTheStarterLeftOpenAreClosed) {
  start.prepare = [] {
    for (int fd = 3; fd <= 20; ++fd)
      check(dup2(0, fd), "dup2");
    check(dup2(0, 500), "dup2");
  };
  expect_console_on_0_1_2(boot_program());
}

TEST_F(ProcessTest, DescriptorsAreClosedWhateverLimitTheStarterHasSet) {
  start.prepare = [] {
    check(dup2(0, 100), "dup2");
    const rlimit few = {.rlim_cur = 16, .rlim_max = 16};
    check(setrlimit(RLIMIT_NOFILE, &few), "setrlimit");
  };
  expect_console_on_0_1_2(boot_program());
}

/// Bit n: descriptor n is closed when /init starts.
class ClosedDescriptorsTest : public ProcessTest, public testing::WithParamInterface<int> {};

TEST_P(ClosedDescriptorsTest, NextFileOpenedDoesNotTakeTheirNumber) {
  start.prepare = [closed = GetParam()] {
    for (int fd = 0; fd <= 2; ++fd) {
      if ((closed & 1 << fd) != 0) close(fd);
    }
  };
  expect_console_on_0_1_2(boot_program());
}

INSTANTIATE_TEST_SUITE_P(Closed, ClosedDescriptorsTest, testing::Range(1, 8));

TEST_F(ProcessTest, ProgramLeadsASessionWithTheConsoleAsItsTerminal) {
  const Report report = boot_program();
  EXPECT_EQ(report.stat(5), 1) << "process group";
  EXPECT_EQ(report.stat(6), 1) << "session";
  // The kernel's own encoding of a device (kdev_t.h, new_encode_dev), as st_rdev for small numbers.
  EXPECT_EQ(static_cast<dev_t>(report.stat(7)), console_device()) << "controlling terminal";
  EXPECT_EQ(report.stat(8), 1) << "foreground process group";
}

TEST_F(ProcessTest, StarterThatLeadsASessionAlreadyGetsTheTerminalToo) {
  start.prepare = [] { check(setsid(), "setsid"); };
  EXPECT_EQ(static_cast<dev_t>(boot_program().stat(7)), console_device());
}

TEST_F(ProcessTest, TerminalOfAnotherSessionIsNotTakenFromIt) {
  start.prepare = [] {
    int ready[2];
    check(pipe2(ready, O_CLOEXEC), "pipe2");
    if (check(fork(), "fork") == 0) {
      check(setsid(), "setsid");
      check(open("/dev/console", O_RDWR), "/dev/console");
      check(write(ready[1], "!", 1), "write");
      for (;;)
        pause();
    }
    char byte = 0;
    check(read(ready[0], &byte, 1), "read");
  };
  const Report report = boot_program();
  EXPECT_EQ(report.stat(7), 0);
  EXPECT_THAT(ended.console, testing::HasSubstr("mark=exec"));
}

TEST_F(ProcessTest, TerminalThatStopsBackgroundWritersDoesNotStopTheBoot) {
  termios settings = {};
  check(tcgetattr(root.terminal_slave(), &settings), "tcgetattr");
  settings.c_lflag |= TOSTOP;
  check(tcsetattr(root.terminal_slave(), TCSANOW, &settings), "tcsetattr");
  (void)boot_program();
  EXPECT_THAT(ended.console, testing::HasSubstr("mark=exec"));
}

TEST_F(ProcessTest, WorkingDirectoryIsTheRootAndPinsNoOtherMount) {
  start.prepare = [] { check(chdir("/dev"), "chdir"); };
  EXPECT_EQ(boot_program().one("cwd"), "/");
}

class UmaskTest : public ProcessTest, public testing::WithParamInterface<mode_t> {};

TEST_P(UmaskTest, MaskOfTheStarterDoesNotReachTheProgram) {
  start.prepare = [mask = GetParam()] { (void)umask(mask); };
  EXPECT_EQ(boot_program().one("umask"), "22");
}

INSTANTIATE_TEST_SUITE_P(Masks, UmaskTest, testing::Values(0, 077));

TEST_F(ProcessTest, PrivilegesAreThoseOfTheStarter) {
  const Report report = boot_program();
  EXPECT_EQ(report.status("NoNewPrivs"), std::to_string(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)));
  EXPECT_EQ(report.status("Uid"), "0\t0\t0\t0");
  EXPECT_EQ(report.status("CapEff"), report.status("CapBnd"));
}

}  // namespace
}  // namespace microbeam
