// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <string>

#include "fixture.h"
#include "pid1/mount.h"

namespace pid1 {
namespace {

constexpr char kTable[] = "/proc/self/mountinfo";

class MountinfoTest : public fake::KernelTest {
 protected:
  /// All of `text`, one line for each entry: "ID PARENT ROOT TARGET TYPE SOURCE FLAGS ro|rw", or
  /// the words of an errno.
  std::string read(const std::string& text, size_t capacity = 256) {
    kernel.add_file(kTable, text);
    const auto fd = sys::open(kTable, O_RDONLY);
    std::vector<char> texts(capacity);
    MountinfoReader reader(*fd, texts);
    std::string all;
    for (int entries = 0;; ++entries) {
      EXPECT_LT(entries, 10'000) << "no end";
      MountEntry entry;
      const auto more = reader.next(entry);
      if (more == false) break;
      if (!more.has_value()) {
        all += std::string(errno_words(more.error().code)) + "\n";
        if (more.error().operation == std::string("read")) break;
        continue;
      }
      all += std::to_string(entry.id) + " " + std::to_string(entry.parent) + " " + entry.root +
             " " + entry.target + " " + entry.type + " [" + entry.source + "] " +
             std::to_string(entry.flags) + (entry.read_only ? " ro" : " rw") + "\n";
    }
    sys::close(*fd);
    return all;
  }
};

TEST_F(MountinfoTest, ExampleOfTheManual) {
  EXPECT_EQ(
      read("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"),
      "36 35 /mnt1 /mnt2 ext3 [/dev/root] 1024 rw\n");
}

TEST_F(MountinfoTest, OptionalFieldsNoneToMany) {
  EXPECT_EQ(read("1 0 0:1 / / rw - ext4 a rw\n"
                 "2 0 0:1 / / rw shared:1 master:2 propagate_from:3 unbindable - ext4 b rw\n"
                 "3 0 0:1 / / rw -x x- - ext4 c rw\n"),
            "1 0 / / ext4 [a] 0 rw\n2 0 / / ext4 [b] 0 rw\n3 0 / / ext4 [c] 0 rw\n");
}

TEST_F(MountinfoTest, FlagsOfTheMountAndOfTheFileSystem) {
  // A read-only mount of a writable file system, the other way round, and what both have.
  EXPECT_EQ(read("1 0 0:1 / /a ro,nosuid - ext4 x rw,sync\n"
                 "2 0 0:1 / /b rw,relatime - ext4 x ro\n"),
            "1 0 / /a ext4 [x] " + std::to_string(MS_RDONLY | MS_NOSUID | MS_SYNCHRONOUS) +
                " rw\n2 0 / /b ext4 [x] " + std::to_string(MS_RELATIME) + " ro\n");
}

TEST_F(MountinfoTest, OptionsOfTheFileSystemItselfAreNoFlags) {
  EXPECT_EQ(read("1 0 0:1 / /a rw - fuse x rw,noexec,nosuid,ro\n"), "1 0 / /a fuse [x] 0 rw\n");
}

// Of an entry that the caller uses again: nothing of the line before stays.
TEST_F(MountinfoTest, LongFirstOptionIsNotReadOnly) {
  MountEntry entry;
  entry.read_only = true;
  kernel.add_file(kTable, "1 0 0:1 / /a rw - fuse x longer-than-all-flags,ro\n");
  const auto fd = sys::open(kTable, O_RDONLY);
  char texts[64];
  MountinfoReader reader(*fd, texts);
  EXPECT_EQ(reader.next(entry), true);
  EXPECT_FALSE(entry.read_only);
  sys::close(*fd);
}

TEST_F(MountinfoTest, OctalEscapes) {
  EXPECT_EQ(read("1 0 0:1 / /my\\040disk\\011\\134\\043 rw - ext4 /dev/a\\012b rw\n"),
            "1 0 / /my disk\t\\# ext4 [/dev/a\nb] 0 rw\n");
}

TEST_F(MountinfoTest, DecodedBackslashBeginsNoEscape) {
  // The directory is called \040.
  EXPECT_EQ(read("1 0 0:1 / /\\134040 rw - ext4 x rw\n"), "1 0 / /\\040 ext4 [x] 0 rw\n");
}

TEST_F(MountinfoTest, WhatIsNoEscapeStays) {
  EXPECT_EQ(read("1 0 0:1 / /a\\04 rw - t\\400\\08 \\000\\ rw\n"),
            "1 0 / /a\\04 t\\400\\08 [\\000\\] 0 rw\n");
}

// erlinit v1.4.2: an empty source broke the parser.
TEST_F(MountinfoTest, EmptySource) {
  EXPECT_EQ(read("1 0 0:1 / /a rw - tmpfs  rw\n"), "1 0 / /a tmpfs [] 0 rw\n");
}

// erlinit b87012c: options of more than 127 bytes.
TEST_F(MountinfoTest, OptionsOfAnyLength) {
  const std::string layers = "rw,lowerdir=/" + std::string(100'000, 'x') + ",index=off,sync";
  EXPECT_EQ(read("1 0 0:1 / /a ro," + std::string(5000, 'y') + ",nodev - overlay overlay " +
                 layers + "\n2 1 0:2 / /b rw - tmpfs t rw\n"),
            "1 0 / /a overlay [overlay] " + std::to_string(MS_RDONLY | MS_NODEV | MS_SYNCHRONOUS) +
                " rw\n2 1 / /b tmpfs [t] 0 rw\n");
}

TEST_F(MountinfoTest, TextsThatDoNotFitCostThatLineAlone) {
  // "/" 2, the target and its NUL, "ext4" 5, "x" 2.
  const auto line = [](size_t size) {
    return "1 0 0:1 / /" + std::string(size - 1, 'a') + " rw - ext4 x rw\n";
  };
  const std::string after = "2 1 0:2 / /b rw - tmpfs t rw\n";
  EXPECT_EQ(read(line(54) + after, 64),
            "1 0 / /" + std::string(53, 'a') + " ext4 [x] 0 rw\n2 1 / /b tmpfs [t] 0 rw\n");
  for (const size_t size : {55U, 57U, 62U, 70U, 5000U}) {
    EXPECT_EQ(read(line(size) + after, 64),
              std::string(errno_words(EOVERFLOW)) + "\n2 1 / /b tmpfs [t] 0 rw\n")
        << size;
  }
}

TEST_F(MountinfoTest, NoRoomAtAll) {
  EXPECT_EQ(read("1 0 0:1 / / rw - ext4 x rw\n", 0), std::string(errno_words(EOVERFLOW)) + "\n");
}

TEST_F(MountinfoTest, WhatIsNoLineOfMountinfo) {
  const std::string invalid = std::string(errno_words(EINVAL)) + "\n";
  for (const char* line :
       {"", " ", "x", "1", "1 2", "x 2 0:1 / / rw - t s rw", "1 2x 0:1 / / rw - t s rw",
        "99999999999 2 0:1 / / rw - t s rw", " 1 2 0:1 / / rw - t s rw", "1 2 0:1 / / rw",
        "1 2 0:1 / / rw -", "1 2 0:1 / / rw - t", "1 2 0:1 / / rw - t s",
        "1 2 0:1 / / rw shared:1"}) {
    EXPECT_EQ(read(std::string(line) + "\n3 1 0:2 / /b rw - tmpfs t rw\n"),
              invalid + "3 1 / /b tmpfs [t] 0 rw\n")
        << line;
  }
}

TEST_F(MountinfoTest, LastLineWithoutNewline) {
  EXPECT_EQ(read("1 0 0:1 / /a rw - tmpfs t rw"), "1 0 / /a tmpfs [t] 0 rw\n");
  EXPECT_EQ(read(""), "");
}

TEST_F(MountinfoTest, FieldsOfAKernelToCome) {
  EXPECT_EQ(read("1 0 0:1 / /a rw - tmpfs t rw more of it\n2 0 0:1 / /b rw - tmpfs t rw\n"),
            "1 0 / /a tmpfs [t] 0 rw\n2 0 / /b tmpfs [t] 0 rw\n");
}

TEST_F(MountinfoTest, ReadInPiecesOfAnySize) {
  const std::string text =
      "36 35 98:0 /mnt1 /m\\040nt2 rw,noatime master:1 - ext3 /dev/root rw,sync\n";
  const std::string whole = read(text);
  for (const size_t size : {1U, 2U, 3U, 7U}) {
    kernel.max_transfer = size;
    EXPECT_EQ(read(text), whole) << size;
  }
}

TEST_F(MountinfoTest, EscapesInPlace) {
  char text[] = "a\\040b\\134040";
  decode_escapes(text);
  EXPECT_STREQ(text, "a b\\040");
}

TEST(MountinfoFault, Reading) {
  expect_faults_told([] { fake::kernel().add_file(kTable, "1 0 0:1 / /a rw - tmpfs t rw\n"); },
                     []() -> Result<> {
                       PID1_TRY_ASSIGN(const int fd, sys::open(kTable, O_RDONLY));
                       char texts[64];
                       MountinfoReader reader(fd, texts);
                       Result<> result = {};
                       for (;;) {
                         MountEntry entry;
                         const auto more = reader.next(entry);
                         if (more == true) continue;
                         if (!more.has_value()) result = more.error();
                         break;
                       }
                       sys::close(fd);
                       return result;
                     },
                     {{"read", EINTR}});
}

}  // namespace
}  // namespace pid1
