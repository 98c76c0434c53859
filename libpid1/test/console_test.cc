// SPDX-License-Identifier: Apache-2.0
#include "pid1/console.h"

#include <fcntl.h>

#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

class ConsoleTest : public fake::KernelTest {
 protected:
  ConsoleTest() : terminal(kernel.add_device("/dev/console")), log(kernel.add_device("/dev/kmsg")) {
    terminal.terminal = true;
    kernel.add_device("/dev/null");
  }

  std::string path_of(int fd) {
    return kernel.descriptors.contains(fd) ? kernel.descriptors.at(fd).file->path : "closed";
  }

  Console console{"test"};
  fake::Sink& terminal;
  fake::Sink& log;
};

TEST_F(ConsoleTest, AdoptMakesItStandardInputOutputAndError) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  EXPECT_TRUE(console.adopted());
  for (int fd = 0; fd <= 2; ++fd) {
    EXPECT_EQ(path_of(fd), "/dev/console") << fd;
    const fake::Descriptor& open = kernel.descriptors.at(fd);
    EXPECT_FALSE(open.close_on_exec) << fd;
    EXPECT_EQ(open.file->flags & O_ACCMODE, O_RDWR) << fd;
    EXPECT_EQ(open.file->flags & O_NONBLOCK, 0) << "programs expect a console that blocks";
  }
}

TEST_F(ConsoleTest, AdoptLeavesOneMoreDescriptorThatExecCloses) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  ASSERT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_TRUE(kernel.descriptors.at(3).close_on_exec);
  EXPECT_NE(kernel.descriptors.at(3).file, kernel.descriptors.at(1).file)
      << "O_NONBLOCK belongs to the open file, and must not reach the system's programs";
}

TEST_F(ConsoleTest, AdoptTakesTheControllingTerminal) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  EXPECT_TRUE(kernel.session_leader);
  EXPECT_EQ(kernel.controlling_terminal, "/dev/console");
}

TEST_F(ConsoleTest, AdoptWhenASessionIsLedAlready) {
  kernel.session_leader = true;
  ASSERT_EQ(code_of(console.adopt()), 0);
  EXPECT_EQ(kernel.controlling_terminal, "/dev/console");
}

TEST_F(ConsoleTest, ConsoleThatIsNoTerminalStillTakesMessages) {
  terminal.terminal = false;
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.say(Level::kInfo, "hello");
  EXPECT_EQ(terminal.text(), "test: hello\n");
}

// erlinit daaf0fc: fds 0 to 2 closed at start; the next open became fd 0, and was closed.
// Linux without CONFIG_TTY, or without /dev/console in the initramfs, opens none of them.
TEST_F(ConsoleTest, DescriptorsClosedAtTheStart) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    SCOPED_TRACE("closed: " + std::to_string(closed));
    fake::Kernel& fresh = fake::reset();
    fresh.add_device("/dev/console").terminal = true;
    fresh.add_device("/dev/null");
    for (int fd = 0; fd <= 2; ++fd) {
      if ((closed >> fd & 1U) != 0) fresh.descriptors.erase(fd);
    }
    Console local("test");
    ASSERT_EQ(code_of(local.adopt()), 0);
    ASSERT_EQ(fresh.open_descriptors(), (std::vector<int>{0, 1, 2, 3}));
    for (int fd = 0; fd <= 2; ++fd) {
      EXPECT_EQ(fresh.descriptors.at(fd).file->path, "/dev/console");
      EXPECT_FALSE(fresh.descriptors.at(fd).close_on_exec);
    }
  }
}

// console=null gives ENODEV, a tty that does not exist ENXIO: virtme-ng PR 448, systemd #13332.
TEST_F(ConsoleTest, MissingConsoleMeansDevNull) {
  for (const int reason : {ENODEV, ENXIO, ENOENT, EIO}) {
    for (const bool closed : {false, true}) {
      SCOPED_TRACE(std::to_string(reason) + (closed ? ", 0 to 2 closed" : ""));
      fake::Kernel& fresh = fake::reset();
      fresh.add_device("/dev/console");
      fresh.find("/dev/console")->open_error = reason;
      fresh.add_device("/dev/null");
      fake::Sink& fresh_log = fresh.add_device("/dev/kmsg");
      if (closed) fresh.descriptors.clear();
      Console local("test");
      local.use_kernel_log();
      local.say(Level::kNotice, "early");
      EXPECT_EQ(code_of(local.adopt()), reason);
      EXPECT_TRUE(local.adopted());
      ASSERT_EQ(fresh.open_descriptors(), (std::vector<int>{0, 1, 2}));
      for (int fd = 0; fd <= 2; ++fd) {
        EXPECT_EQ(fresh.descriptors.at(fd).file->path, "/dev/null");
        EXPECT_EQ(fresh.descriptors.at(fd).file->flags & O_ACCMODE, O_RDWR);
      }
      local.say(Level::kNotice, "late");
      EXPECT_EQ(fresh_log.text(), "<5>test: early<5>test: late");
    }
  }
}

TEST_F(ConsoleTest, NeitherConsoleNorDevNull) {
  fake::Kernel& fresh = fake::reset();
  fake::Sink& fresh_log = fresh.add_device("/dev/kmsg");
  Console local("test");
  local.use_kernel_log();
  local.say(Level::kError, "early");
  EXPECT_EQ(code_of(local.adopt()), ENOENT);
  EXPECT_TRUE(local.adopted());
  EXPECT_EQ(fresh_log.text(), "<3>test: early") << "the message must have a way out";
  EXPECT_EQ(fresh.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(ConsoleTest, EarlyMessagesAreReplayedInOrderWithTheirLevel) {
  console.use_kernel_log();
  console.say(Level::kInfo, "one {}{}", "and ", "more");
  console.say(Level::kError, "two");
  console.say(Level::kWarning, "");
  EXPECT_TRUE(terminal.writes.empty());
  EXPECT_TRUE(log.writes.empty());
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.say(Level::kNotice, "three");
  EXPECT_EQ(terminal.text(), "test: one and more\ntest: two\ntest: \ntest: three\n");
  EXPECT_EQ(log.text(), "<6>test: one and more<3>test: two<4>test: <5>test: three");
}

TEST_F(ConsoleTest, EarlyMessagesThatDoNotFitAreCounted) {
  const std::string line(990, 'x');  // 1000 bytes of 4096 each
  for (int i = 0; i < 7; ++i)
    console.say(Level::kInfo, line.c_str());
  ASSERT_EQ(code_of(console.adopt()), 0);
  EXPECT_EQ(terminal.writes.size(), 5U);
  EXPECT_EQ(terminal.writes.back().bytes, "test: 3 earlier messages did not fit and are lost\n");
}

TEST_F(ConsoleTest, EarlyRoomIsUsedToItsLastByte) {
  for (int i = 0; i < 4; ++i)
    console.say(Level::kInfo, std::string(1014, 'x').c_str());  // 4 x 1024
  console.say(Level::kInfo, "");
  ASSERT_EQ(code_of(console.adopt()), 0);
  ASSERT_EQ(terminal.writes.size(), 5U);
  EXPECT_EQ(terminal.writes[3].bytes, "test: " + std::string(1014, 'x') + "\n");
  EXPECT_EQ(terminal.writes[4].bytes, "test: 1 earlier messages did not fit and are lost\n");
}

TEST_F(ConsoleTest, AdoptTwiceReplaysOnce) {
  console.say(Level::kInfo, "early");
  ASSERT_EQ(code_of(console.adopt()), 0);
  ASSERT_EQ(code_of(console.adopt()), 0);
  EXPECT_EQ(terminal.text(), "test: early\n");
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2, 3}));
}

// erlinit 1450cc6: the kernel takes ten messages in five seconds from one open file.
TEST_F(ConsoleTest, KernelLogIsOpenedForEachMessage) {
  console.use_kernel_log();
  ASSERT_EQ(code_of(console.adopt()), 0);
  for (int i = 0; i < 20; ++i)
    console.say(Level::kInfo, "line");
  ASSERT_EQ(log.writes.size(), 20U);
  std::set<unsigned> openings;
  for (const fake::Sink::Write& write : log.writes)
    openings.insert(write.opening);
  EXPECT_EQ(openings.size(), 20U);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(ConsoleTest, KernelLogRecordIsOneWriteWithItsLevelAndNoNewline) {
  console.use_kernel_log();
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.say(Level::kWarning, "{}{}", "a", "b");
  ASSERT_EQ(log.writes.size(), 1U);
  EXPECT_EQ(log.writes[0].bytes, "<4>test: ab");
}

TEST_F(ConsoleTest, KernelLogRecordIsNeverTooLongForTheKernel) {
  console.use_kernel_log();
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.say(Level::kInfo, std::string(3000, 'x').c_str());
  ASSERT_EQ(log.writes.size(), 1U);
  EXPECT_LE(log.writes[0].bytes.size(), 1024U);  // PRINTKRB_RECORD_MAX; one more gets EINVAL
  EXPECT_GT(log.writes[0].bytes.size(), 900U);
}

TEST_F(ConsoleTest, MissingKernelLogIsNoReasonToFail) {
  kernel.nodes.erase("/dev/kmsg");
  console.use_kernel_log();
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.say(Level::kInfo, "hello");
  EXPECT_EQ(terminal.text(), "test: hello\n");
}

TEST_F(ConsoleTest, NoKernelLogUnlessAsked) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.say(Level::kInfo, "hello");
  EXPECT_TRUE(log.writes.empty());
}

TEST_F(ConsoleTest, LongLineEndsInDots) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  const size_t room = Console::kLineCapacity - std::string_view("<6>test: \n").size();
  console.say(Level::kInfo, std::string(room, 'x').c_str());
  EXPECT_EQ(terminal.writes[0].bytes, "test: " + std::string(room, 'x') + "\n");
  console.say(Level::kInfo, "{}{}{}", std::string(1000, 'y').c_str(),
              std::string(1000, 'z').c_str(), "more");
  EXPECT_EQ(terminal.writes[1].bytes,
            "test: " + std::string(1000, 'y') + std::string(room - 1003, 'z') + "...\n");
}

// What comes from a file or the command line must not forge a line, nor move the cursor.
TEST_F(ConsoleTest, ControlCharactersAreReplaced) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.say(Level::kInfo, "{}",
              "a\nb\tc\x1b[2Jd\x7f"
              "ef\r");
  EXPECT_EQ(terminal.text(), "test: a?b?c?[2Jd?ef?\n");
  console.say(Level::kInfo, "h\xc3\xa9llo \xe2\x9c\x93");
  EXPECT_EQ(terminal.writes.back().bytes, "test: h\xc3\xa9llo \xe2\x9c\x93\n");
}

TEST_F(ConsoleTest, ShortWritesAndSignalsLoseNothing) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  kernel.max_transfer = 2;
  kernel.faults = {{.name = "write", .nth = 2, .code = EINTR}};
  console.say(Level::kInfo, "hello");
  EXPECT_EQ(terminal.text(), "test: hello\n");
}

// erlinit 9009cd4, 0ce8513: a serial gadget that nobody reads stalled the reboot.
TEST_F(ConsoleTest, FullPipeThatNobodyReadsNeverBlocks) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  terminal.capacity = 4;
  const uint64_t before = kernel.now_ns;
  console.say(Level::kInfo, "hello");
  EXPECT_EQ(terminal.text(), "test");
  EXPECT_LE(kernel.now_ns - before, 100'000'000U);
  console.say(Level::kInfo, "again");
  EXPECT_LE(kernel.now_ns - before, 200'000'000U);
  EXPECT_EQ(terminal.text(), "test");
}

TEST_F(ConsoleTest, SlowTerminalGetsEverything) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  terminal.capacity = 64;
  terminal.sent_per_ms = 1;  // 9600 baud
  console.say(Level::kInfo, std::string(500, 'x').c_str());
  EXPECT_EQ(terminal.text(), "test: " + std::string(500, 'x') + "\n");
}

TEST_F(ConsoleTest, FullPipeAtTheReplay) {
  terminal.capacity = 0;
  for (int i = 0; i < 10; ++i)
    console.say(Level::kInfo, "early");
  const uint64_t before = kernel.now_ns;
  ASSERT_EQ(code_of(console.adopt()), 0);
  EXPECT_LE(kernel.now_ns - before, 1'000'000'000U);
}

TEST_F(ConsoleTest, TerminalThatIsGoneIsWrittenToOnce) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  kernel.faults = {{.name = "write", .code = EIO}};
  console.say(Level::kInfo, "lost");
  EXPECT_EQ(kernel.count("write"), 1U);
  EXPECT_EQ(kernel.count("poll"), 0U);
}

TEST_F(ConsoleTest, DrainWaitsUntilAllIsSent) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  terminal.sent_per_ms = 1;
  console.say(Level::kInfo, "0123456789");
  const uint64_t before = kernel.now_ns;
  console.drain(1000);
  EXPECT_EQ(terminal.queued, 0U);
  EXPECT_LE(kernel.now_ns - before, 20'000'000U);
}

TEST_F(ConsoleTest, DrainHasALimit) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  terminal.capacity = 4096;  // takes, and never sends
  console.say(Level::kInfo, "stuck");
  const uint64_t before = kernel.now_ns;
  console.drain(50);
  EXPECT_EQ(kernel.now_ns - before, 50'000'000U);
}

TEST_F(ConsoleTest, DrainOfWhatIsNoTerminal) {
  console.drain(1000);
  EXPECT_EQ(kernel.count("sleep"), 0U) << "before it is adopted";
  terminal.terminal = false;
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.drain(1000);
  EXPECT_EQ(kernel.count("sleep"), 0U);
}

}  // namespace
}  // namespace pid1
