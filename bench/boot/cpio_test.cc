// SPDX-License-Identifier: Apache-2.0
#include "cpio.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace microbeam {
namespace {

TEST(CpioTest, TheBytesOfAnArchive) {
  const std::string header =
      "070701"
      "00000001"  // inode
      "00008100"  // a file, 0400
      "00000000"
      "00000000"  // of root
      "00000001"
      "00000000"
      "00000003"  // bytes
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000004"  // the name and its NUL
      "00000000";
  ASSERT_EQ(header.size(), 110U);
  const std::string archive =
      cpio_archive({{.name = "a/b", .mode = S_IFREG | 0400, .data = "xyz"}});
  const std::string file = header + std::string("a/b\0\0\0xyz\0", 10);
  EXPECT_EQ(archive.substr(0, file.size()), file);
  EXPECT_EQ(archive.substr(file.size(), 6), "070701");
  EXPECT_NE(archive.find(std::string("TRAILER!!!\0", 11)), std::string::npos);
}

// Behind another archive the kernel looks for one only there.
TEST(CpioTest, EverythingIsAlignedTo4) {
  for (const char* data : {"", "1", "12", "123", "1234"}) {
    for (const char* name : {"a", "ab", "abc", "abcd"}) {
      EXPECT_EQ(cpio_archive({{.name = name, .mode = S_IFREG, .data = data}}).size() % 4, 0U);
    }
  }
  EXPECT_EQ(cpio_padding(0).size(), 0U);
  EXPECT_EQ(cpio_padding(1).size(), 3U);
  EXPECT_EQ(cpio_padding(4).size(), 0U);
  EXPECT_EQ(cpio_padding(7), std::string(1, '\0'));
}

}  // namespace
}  // namespace microbeam
