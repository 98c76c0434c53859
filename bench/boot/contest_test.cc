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

  static BootFigures figures(double exec, double first_byte) {
    BootFigures one;
    one.boot.ms[static_cast<size_t>(Event::kExec)] = exec;
    one.boot.ms[static_cast<size_t>(Event::kFirstByte)] = first_byte;
    return one;
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
  EXPECT_EQ(all->front().options.append, "console=ttyS0 rdinit=/sbin/init all");
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
  const Report report = contest_report(*all, {{}, {}}, "here");
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

TEST_F(ContestTest, TheFirstIsWhatTheOthersAreHeldAgainst) {
  options.images = {image("stock"), image("hello")};
  const auto all = contestants(options);
  ASSERT_TRUE(all.ok()) << all.status();
  const Report report =
      contest_report(*all, {{figures(900, 1000), figures(910, 1100)}, {figures(90, 100)}}, "here");
  EXPECT_EQ(report.baseline, "stock");
  ASSERT_EQ(report.binaries.size(), 4U);
  EXPECT_EQ(report.binaries[2].contestant, "hello");
  EXPECT_EQ(report.binaries[2].bytes, 5);
  for (const Measure& measure : report.measures) {
    ASSERT_EQ(measure.series.size(), 2U) << measure.name;
    if (measure.name == "first_byte") {
      EXPECT_THAT(measure.series[0].values, ElementsAre(1000, 1100));
      EXPECT_THAT(measure.series[1].values, ElementsAre(100));
      EXPECT_EQ(measure.extra, Measure::Extra::kTimes);
    }
    // Never a guess.
    if (measure.name == "init") {
      EXPECT_EQ(measure.series[1].why_not, "writes no such mark");
    }
  }
}

}  // namespace
}  // namespace microbeam
