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

// nerves_system_rpi0 #30, linuxkit #2321: what the kernel writes to is not always behind
// /dev/console.
class ActiveConsoleTest : public ConsoleTest {
 protected:
  ActiveConsoleTest() {
    kernel.find("/dev/console")->open_error = EIO;
    for (const char* path : {"/dev/tty0", "/dev/ttyS0", "/dev/hvc0"})
      kernel.add_device(path).terminal = true;
  }

  /// What 1 is after adopt() with these as the kernel's consoles.
  std::string adopted_of(const std::string& active) {
    kernel.add_file("/sys/class/tty/console/active", active);
    adopted = console.adopt();
    EXPECT_EQ(path_of(0), path_of(1));
    EXPECT_EQ(path_of(2), path_of(1));
    return path_of(1);
  }

  Result<> adopted;
};

TEST_F(ActiveConsoleTest, TheKernelsOwnChoiceStandsLast) {
  EXPECT_EQ(adopted_of("tty0 ttyS0 hvc0\n"), "/dev/hvc0");
  EXPECT_EQ(code_of(adopted), 0);
  EXPECT_EQ(kernel.controlling_terminal, "/dev/hvc0");
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2, 3}));
  console.say(Level::kInfo, "hello");
  EXPECT_EQ(kernel.find("/dev/hvc0")->sink.text(), "test: hello\n");
}

TEST_F(ActiveConsoleTest, LastOfThoseThatOpen) {
  kernel.find("/dev/hvc0")->open_error = EIO;
  EXPECT_EQ(adopted_of("tty0 ttyS0 ttyNOPE hvc0\n"), "/dev/ttyS0");
  EXPECT_EQ(kernel.count("open"), 6U) << "console, active, hvc0, ttyNOPE, ttyS0 and again";
}

TEST_F(ActiveConsoleTest, FirstAndOnly) {
  EXPECT_EQ(adopted_of("ttyS0"), "/dev/ttyS0");
  EXPECT_EQ(adopted_of("tty0\n"), "/dev/tty0");
}

TEST_F(ActiveConsoleTest, NoneOpens) {
  for (const char* active :
       {"", "\n", " ", "ttyNOPE\n", "ttyNOPE ttyNOPE1\n", "../../etc\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(adopted_of(active), "/dev/null") << active;
    EXPECT_EQ(code_of(adopted), EIO) << "of /dev/console";
  }
  EXPECT_EQ(adopted_of(std::string(5000, ' ') + "tty0"), "/dev/null") << "longer than a page";
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(ActiveConsoleTest, NotLookedAtWhileDevConsoleOpens) {
  kernel.find("/dev/console")->open_error = 0;
  EXPECT_EQ(adopted_of("tty0\n"), "/dev/console");
  EXPECT_EQ(kernel.count("read"), 0U);
}

TEST_F(ActiveConsoleTest, NotLookedAtForAGivenPath) {
  kernel.add_file("/sys/class/tty/console/active", "tty0\n");
  EXPECT_EQ(code_of(console.adopt("/dev/console")), EIO);
  EXPECT_EQ(path_of(1), "/dev/null");
  EXPECT_EQ(code_of(console.adopt("/dev/tty0")), 0);
  EXPECT_EQ(path_of(1), "/dev/tty0");
}

// erlinit daaf0fc again: the file of /sys must not become one of 0 to 2 either.
TEST_F(ActiveConsoleTest, DescriptorsClosedAtTheStart) {
  kernel.descriptors.clear();
  EXPECT_EQ(adopted_of("tty0 ttyS0\n"), "/dev/ttyS0");
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2, 3}));
}

TEST_F(ActiveConsoleTest, EveryFaultLeavesStandardDescriptorsAndOneMore) {
  Result<> result = {};
  fake::for_each_fault(
      [] {
        fake::kernel().add_device("/dev/console");
        fake::kernel().find("/dev/console")->open_error = ENODEV;
        fake::kernel().add_device("/dev/ttyS0").terminal = true;
        fake::kernel().add_device("/dev/null");
        fake::kernel().add_file("/sys/class/tty/console/active", "ttyS0\n");
      },
      [&] {
        Console local("test");
        local.say(Level::kInfo, "early");
        result = local.adopt();
      },
      [&](const fake::Injection& injection) {
        const auto& open = fake::kernel().descriptors;
        EXPECT_TRUE(open.contains(0) && open.contains(1) && open.contains(2));
        EXPECT_LE(open.size(), 4U) << "a descriptor is lost";
        const std::string call = injection.call.name + " " + injection.call.detail;
        const bool is_fallback = call.starts_with("open /sys") || call.starts_with("read /sys");
        // Why /dev/console is not it: that is what is said.
        if (is_fallback && injection.code != EINTR) {
          EXPECT_EQ(code_of(result), ENODEV);
        } else if (call.starts_with("dup2")) {
          EXPECT_EQ(code_of(result), injection.code);
        }
      });
}

// tini 88342ef: the init logged to a terminal with TOSTOP from the background, and was stopped.
TEST_F(ConsoleTest, TerminalWithTostopDoesNotStopTheInit) {
  terminal.stops_background = true;
  kernel.signal_mask = 0b100;
  console.say(Level::kInfo, "early");
  ASSERT_EQ(code_of(console.adopt()), 0);
  console.say(Level::kInfo, "late");
  EXPECT_EQ(terminal.text(), "test: early\ntest: late\n");
  EXPECT_EQ(kernel.signal_mask, 0b100U) << "the mask is the caller's again";
}

// virtme-ng db30686, 954d730: messages before /dev is mounted.
TEST_F(ConsoleTest, MessagesBeforeDevIsMountedAreKept) {
  fake::Kernel& fresh = fake::reset();
  Console local("test");
  local.use_kernel_log();
  local.say(Level::kWarning, "no /dev yet");
  EXPECT_TRUE(fresh.calls.empty()) << "nothing is opened, nothing is lost";
  fake::Sink& late_log = fresh.add_device("/dev/kmsg");
  fake::Sink& late_terminal = fresh.add_device("/dev/console");
  fresh.add_device("/dev/null");
  ASSERT_EQ(code_of(local.adopt()), 0);
  EXPECT_EQ(late_terminal.text(), "test: no /dev yet\n");
  EXPECT_EQ(late_log.text(), "<4>test: no /dev yet");
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

// finit #397: a machine must end while its terminal hangs; a thousand messages must not take 100 s.
TEST_F(ConsoleTest, TerminalThatIsStuckIsWaitedForOnce) {
  ASSERT_EQ(code_of(console.adopt()), 0);
  terminal.capacity = 4;
  const uint64_t before = kernel.now_ns;
  for (int i = 0; i < 1000; ++i)
    console.say(Level::kInfo, "hello");
  EXPECT_LE(kernel.now_ns - before, 100'000'000U);
  EXPECT_EQ(kernel.count("poll"), 1U);
  terminal.queued = 0;  // somebody reads again
  terminal.capacity = 8;
  terminal.sent_per_ms = 8;
  console.say(Level::kInfo, "and is back again");
  EXPECT_TRUE(terminal.text().ends_with("test: and is back again\n"));
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

TEST_F(ConsoleTest, PrintWritesOneTextAsItIs) {
  const int fd = *sys::open("/dev/console", O_RDWR);
  print(fd, "{}: {} of {}\n", "a", "b", "c");
  EXPECT_EQ(terminal.text(), "a: b of c\n");
  print(fd, "{}", std::string(2000, 'x').c_str());
  EXPECT_EQ(terminal.text(), "a: b of c\n" + std::string(1023, 'x'));
}

TEST_F(ConsoleTest, PrintGivesUpWhenNobodyReads) {
  const int fd = *sys::open("/dev/console", O_RDWR);
  terminal.capacity = 0;
  print(fd, "lost");
  EXPECT_EQ(terminal.text(), "");
  for (const fake::Call& call : kernel.calls)
    EXPECT_NE(call.name, "write") << "it would wait for ever";
}

}  // namespace
}  // namespace pid1
