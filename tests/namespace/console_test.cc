// SPDX-License-Identifier: Apache-2.0
// The console, present, missing, full or stopped, and what is said on it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <ctime>

#include "boot.h"

namespace microbeam {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Enough for every message of a boot to wait its 100 ms in vain.
constexpr auto kSoon = std::chrono::seconds(10);

class ConsoleTest : public NamespaceTest {
 protected:
  static void expect_null_on_0_1_2(const Report& report) {
    int number = 0;
    for (const OpenFile& file : report.open_files()) {
      EXPECT_EQ(file.number, number++);
      EXPECT_EQ(file.target, "/dev/null");
      EXPECT_EQ(file.flags & O_ACCMODE, O_RDWR);
    }
    EXPECT_EQ(number, 3);
  }

  static uint64_t boottime_ns() {
    timespec now = {};
    check(clock_gettime(CLOCK_BOOTTIME, &now), "clock_gettime");
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  uint64_t number_after(const std::string& text) {
    return std::stoull(ended.console.substr(ended.console.find(text) + text.size()));
  }
};

TEST_F(ConsoleTest, MarksTellWhenInitWasEnteredAndWhenItExecuted) {
  (void)boot_program();
  EXPECT_THAT(ended.console,
              ContainsRegex("^beam-init: mark=init boottime_ns=[0-9]+ tsc=[0-9]+ age_ns=[0-9]+\n"));
  EXPECT_THAT(
      ended.console,
      ContainsRegex("\nbeam-init: mark=exec boottime_ns=[0-9]+ tsc=[0-9]+ age_ns=[0-9]+\n$"));
}

TEST_F(ConsoleTest, MarksAreOnTheClockOfTheMachine) {
  const uint64_t begin = boottime_ns();
  (void)boot_program();
  const uint64_t end = boottime_ns();
  const uint64_t init = number_after("mark=init boottime_ns=");
  const uint64_t exec = number_after("mark=exec boottime_ns=");
  EXPECT_LE(begin, init);
  EXPECT_LE(init, exec);
  EXPECT_LE(exec, end);
}

TEST_F(ConsoleTest, NoKernelLogIsNoHindrance) {
  root.remove("/dev/kmsg");
  (void)boot_program();
  EXPECT_THAT(ended.console, HasSubstr("mark=exec"));
}

TEST_F(ConsoleTest, MessagesReachTheKernelLogWithALevel) {
  (void)boot_program();
  EXPECT_THAT(ended.kernel_log, StartsWith("<6>beam-init: mark=init "));
  EXPECT_THAT(ended.kernel_log, HasSubstr("<6>beam-init: mark=exec "));
}

TEST_F(ConsoleTest, NoConsoleIsDevNullAndTheBootGoesOn) {
  root.no_console();
  expect_null_on_0_1_2(boot_program());
  EXPECT_THAT(ended.kernel_log, HasSubstr("/dev/console: No such file or directory"));
}

TEST_F(ConsoleTest, NoConsoleWithDescriptorsClosedIsDevNullToo) {
  root.no_console();
  start.prepare = [] {
    for (int fd = 0; fd <= 2; ++fd)
      close(fd);
  };
  expect_null_on_0_1_2(boot_program());
}

TEST_F(ConsoleTest, ConsoleWithoutADeviceBehindItIsDevNull) {
  // ENXIO, as of a tty that is not there.
  root.no_console();
  const Descriptor socket = root.listen_at("/dev/console");
  expect_null_on_0_1_2(boot_program());
  EXPECT_THAT(ended.kernel_log, HasSubstr("/dev/console: No such device or address"));
}

TEST_F(ConsoleTest, WithoutConsoleAndNullTheProgramIsNotStartedOnClosedDescriptors) {
  // The BEAM spins for ever when one of 0, 1 and 2 is closed at its start.
  root.no_console();
  start.prepare = [] {
    for (int fd = 0; fd <= 2; ++fd)
      close(fd);
    check(umount2("/dev/null", MNT_DETACH), "umount");
    check(unlink("/dev/null"), "unlink");
  };
  ended = boot(root, start);
  if (!ended.report.has_value()) {
    EXPECT_THAT(ended.kernel_log, HasSubstr("/dev/null"));
    return;
  }
  EXPECT_EQ(Report(*ended.report).open_files().size(), 3U);
}

TEST_F(ConsoleTest, FullPipeThatNobodyReadsDoesNotBlockTheBoot) {
  root.console_is_full_pipe();
  (void)boot_program();
  EXPECT_LT(ended.took, kSoon);
  EXPECT_THAT(ended.kernel_log, HasSubstr("mark=exec"));
}

TEST_F(ConsoleTest, FullPipeThatNobodyReadsDoesNotBlockTheEndOfAFailedBoot) {
  root.console_is_full_pipe();
  root.remove("/app");
  ended = boot(root, start);
  EXPECT_FALSE(ended.report.has_value());
  EXPECT_THAT(ended.kernel_log, HasSubstr("<3>beam-init: error: "));
}

TEST_F(ConsoleTest, KernelLogThatIsAFifoNobodyReadsDoesNotBlockTheBoot) {
  root.remove("/dev/kmsg");
  check(mkfifo(root.path("/dev/kmsg").c_str(), 0600), "mkfifo");
  (void)boot_program();
  EXPECT_LT(ended.took, kSoon);
}

TEST_F(ConsoleTest, TerminalThatIsStoppedDoesNotBlockTheBoot) {
  check(tcflow(root.terminal_slave(), TCOOFF), "tcflow");
  (void)boot_program();
  EXPECT_LT(ended.took, kSoon);
}

TEST_F(ConsoleTest, ConsoleThatIsNoTerminalIsUsedAllTheSame) {
  root.console_is_pipe();
  const Report report = boot_program();
  for (const OpenFile& file : report.open_files())
    EXPECT_EQ(file.target, "/dev/console");
  EXPECT_EQ(report.open_files().size(), 3U);
  EXPECT_EQ(report.stat(7), 0) << "controlling terminal";
  EXPECT_THAT(ended.console, HasSubstr("mark=exec"));
}

TEST_F(ConsoleTest, FailureBeforeTheConsoleIsAdoptedIsSaidOnItToo) {
  root.remove("/run");
  root.write("/run", "a file where a directory belongs");
  EXPECT_THAT(boot_failure(), HasSubstr("beam-init: error: mounts: mount /run: Not a directory; "));
}

TEST_F(ConsoleTest, EscapeSequencesOfASettingAreNotPassedOn) {
  root.write("/etc/beam-init.conf", "host\x1b[2Jname=x\rbeam-init: forged\n");
  const std::string console = boot_failure();
  EXPECT_THAT(console, Not(HasSubstr("\x1b")));
  EXPECT_THAT(console, Not(HasSubstr("\r")));
  EXPECT_THAT(console, Not(HasSubstr("\nbeam-init: forged")));
}

}  // namespace
}  // namespace microbeam
