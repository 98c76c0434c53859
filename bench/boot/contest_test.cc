// SPDX-License-Identifier: Apache-2.0
#include "contest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace microbeam {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ContestTest : public testing::Test {
 protected:
  ContestTest() { std::filesystem::remove_all(folder); }

  std::string image(const std::string& name, const std::string& append = "") const {
    const std::string path = folder + "/" + name;
    std::filesystem::create_directories(path);
    for (const char* file : {"vmlinux", "bzImage", "root.cpio.zst"})
      std::ofstream(path + "/" + file) << name;
    if (!append.empty()) std::ofstream(path + "/append") << append;
    return path;
  }

  const std::string folder = testing::TempDir() + "contest_test";
  Options options{.mode = "bench", .append = "all", .console_log = "c.log"};
};

TEST_F(ContestTest, AFolderIsAContestant) {
  options.images = {image("stock", "console=ttyS0 rdinit=/sbin/init\n") + "/", image("hello")};
  const auto all = contestants(options);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().name, "stock");
  EXPECT_EQ(all->front().options.kernel, folder + "/stock/vmlinux");
  EXPECT_EQ(all->front().options.initrd, folder + "/stock/root.cpio.zst");
  EXPECT_EQ(all->front().options.append, "console=ttyS0 rdinit=/sbin/init all ");
  EXPECT_EQ(all->back().options.append, "all");
}

TEST_F(ContestTest, TheRootIsWhatThereIs) {
  const std::string path = image("squashed");
  std::ofstream(path + "/root.squashfs") << "x";
  options.images = {path, image("packed")};
  const auto all = contestants(options);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->front().options.root_disk, path + "/root.squashfs");
  EXPECT_EQ(all->front().options.initrd, "");
  EXPECT_EQ(all->back().options.root_disk, "");
}

TEST_F(ContestTest, ARootOnADiskIsTheSameForEachBoot) {
  const std::string debian = image("debian", "root=/dev/vda");
  std::filesystem::rename(debian + "/root.cpio.zst", debian + "/root.ext4");
  std::filesystem::resize_file(debian + "/root.ext4", 1UL << 30);
  options.images = {debian, image("hello")};
  const auto all = contestants(options);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->front().options.initrd, "");
  EXPECT_THAT(all->front().options.disks, ElementsAre(debian + "/root.ext4"));
  EXPECT_TRUE(all->front().options.snapshot);
  EXPECT_THAT(all->back().options.disks, ElementsAre());
  EXPECT_FALSE(all->back().options.snapshot);
  const Report report = contest_report(*all, {}, {{}, {}});
  // A file system may keep so little in the inode, and count nothing.
  EXPECT_GE(report.binaries[1].bytes, 0);
  EXPECT_LT(report.binaries[1].bytes, 1 << 20) << "of a hole";
}

TEST_F(ContestTest, WhatIsNoImageIsNamed) {
  options.images = {folder + "/nosuch"};
  EXPECT_THAT(std::string(contestants(options).status().message()),
              HasSubstr(folder + "/nosuch/vmlinux"));
  options.images = {image("a"), image("b/a")};
  EXPECT_THAT(std::string(contestants(options).status().message()), HasSubstr("two of the name a"));
}

TEST_F(ContestTest, ArgumentsOfInitStayBehindTheDashes) {
  options.images = {image("tini", "-- /start\n"), image("other", "quiet -- /start x\n"),
                    image("no")};
  const auto all = contestants(options);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ((*all)[0].options.append, " all -- /start");
  EXPECT_EQ((*all)[1].options.append, "quiet all  -- /start x");
  EXPECT_EQ((*all)[2].options.append, "all");
}

TEST_F(ContestTest, TheFirstIsWhatTheOthersAreHeldAgainst) {
  options.images = {image("stock"), image("hello")};
  const auto all = contestants(options);
  ASSERT_TRUE(all.ok()) << all.status();
  const std::vector<Measure> measures = {{.name = "exec", .unit = "ms", .title = ""},
                                         {.name = "first_byte", .unit = "ms", .title = ""}};
  const Report report =
      contest_report(*all, measures, {{{std::nullopt, 1000}, {std::nullopt, 1100}}, {{90, 100}}});
  EXPECT_EQ(report.baseline, "stock");
  ASSERT_EQ(report.binaries.size(), 4U);
  EXPECT_EQ(report.binaries[2].contestant, "hello");
  EXPECT_EQ(report.binaries[2].bytes, 5);
  ASSERT_EQ(report.measures.size(), 2U);
  EXPECT_THAT(report.measures[1].series[0].values, ElementsAre(1000, 1100));
  EXPECT_THAT(report.measures[1].series[1].values, ElementsAre(100));
  // Never a guess.
  EXPECT_EQ(report.measures[0].series[0].why_not, "writes no such mark");
  EXPECT_THAT(report.measures[0].series[1].values, ElementsAre(90));
}

TEST_F(ContestTest, ATurnInALine) {
  EXPECT_EQ(summary({{.name = "a", .unit = "ms", .title = ""},
                     {.name = "b", .unit = "%", .title = ""},
                     {.name = "c", .unit = "KiB", .title = ""}},
                    {1.26, std::nullopt, 3}),
            "a 1.3 ms, c 3.0 KiB");
}

}  // namespace
}  // namespace microbeam
