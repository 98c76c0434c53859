// SPDX-License-Identifier: Apache-2.0
#include "console.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace microbeam {
namespace {

TEST(ConsoleTest, SortsLinesIntoMarksMessagesAndPanic) {
  Console console;
  EXPECT_TRUE(console.silent());
  console.feed(
      "beam-init: mark=init boottime_ns=1 tsc=2\r\nbeam-init: cannot find a release\r\n"
      "hello beam-init: not at the start\n[ 1.0] Kernel panic - not syncing: VFS: no root\n",
      absl::Seconds(1));
  EXPECT_FALSE(console.silent());
  ASSERT_EQ(console.marks().size(), 1U);
  ASSERT_EQ(console.init_messages().size(), 1U);
  EXPECT_EQ(console.init_messages()[0], "beam-init: cannot find a release");
  EXPECT_EQ(console.panic(), "[ 1.0] Kernel panic - not syncing: VFS: no root");
  EXPECT_EQ(console.tail().size(), 4U);
}

TEST(ConsoleTest, HearsThatThereIsNotEnoughMemory) {
  for (const char* line :
       {"[ 2.5] Out of memory: Killed process 77 (beam.smp) total-vm:1kB, anon-rss:1kB",
        "[ 0.5] Initramfs unpacking failed: write error",
        "eheap_alloc: Cannot allocate 8192 bytes of memory (of type \"heap\")."}) {
    Console console;
    console.feed("all is well\n", absl::Seconds(1));
    EXPECT_EQ(console.out_of_memory(), "");
    console.feed(absl::StrCat(line, "\r\n", "and more\n"), absl::Seconds(1));
    EXPECT_EQ(console.out_of_memory(), line);
  }
}

TEST(ConsoleTest, KeepsTheLastLinesOnly) {
  Console console;
  for (int i = 0; i < 1000; ++i)
    console.feed(absl::StrCat("line ", i, "\n"), absl::Seconds(1));
  console.feed("unfinished", absl::Seconds(2));
  EXPECT_EQ(console.tail().back(), "line 999");
  EXPECT_FALSE(console.at_line_start());
  console.finish();
  EXPECT_EQ(console.tail().size(), Console::kTailLines);
  EXPECT_EQ(console.tail().back(), "unfinished");
}

TEST(ConsoleTest, KeepsEveryByteInTheFileAndRelaysIt) {
  const std::string path = testing::TempDir() + "/console_test.log";
  const std::string bytes("a\0\xff\r\nb", 6);
  std::string relayed;
  {
    Console console;
    ASSERT_TRUE(console.keep_in(path).ok());
    console.relay_to([&relayed](absl::string_view part) { absl::StrAppend(&relayed, part); });
    console.feed(bytes, absl::Seconds(1));
    EXPECT_TRUE(console.file_status().ok());
  }
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), bytes);
  EXPECT_EQ(relayed, bytes);
}

TEST(ConsoleTest, SaysWhereItCannotWrite) {
  Console console;
  const absl::Status status = console.keep_in("/nonexistent/console.log");
  EXPECT_EQ(status.message(),
            "cannot write the console log /nonexistent/console.log: No such file or directory");
  Console full;
  ASSERT_TRUE(full.keep_in("/dev/full").ok());
  full.feed("x", absl::Seconds(1));
  EXPECT_EQ(full.file_status().message(),
            "cannot write the console log /dev/full: No space left on device");
}

TEST(ConsoleTest, PrintableLeavesNothingThatSteersATerminal) {
  EXPECT_EQ(printable("a\tb\x1b[2J\x07\x7f\xc2\x9bz"), "a\tb?[2J????z");
}

}  // namespace
}  // namespace microbeam
