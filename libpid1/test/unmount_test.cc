// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>

#include <cerrno>
#include <string>
#include <vector>

#include "fixture.h"
#include "pid1/mount.h"

namespace pid1 {
namespace {

constexpr char kTable[] = "/proc/self/mountinfo";

/// A machine in the middle of its life.
void prepare() {
  fake::Kernel& kernel = fake::kernel();
  kernel.add_file(kTable, "");
  kernel.generated[kTable] = [] { return fake::kernel().mountinfo(); };
  kernel.mounts = {{"/dev/vda1", "/", "ext4", MS_NODEV, ""},
                   {"proc", "/proc", "proc", 0, ""},
                   {"sysfs", "/sys", "sysfs", 0, ""},
                   {"devtmpfs", "/dev", "devtmpfs", 0, ""},
                   {"devpts", "/dev/pts", "devpts", 0, ""},
                   {"tmpfs", "/run", "tmpfs", 0, ""},
                   {"/dev/vda2", "/data", "ext4", MS_NOSUID | MS_RELATIME, ""},
                   {"/dev/vda3", "/data/more", "ext4", 0, ""},
                   {"tmpfs", "/data/more/cache", "tmpfs", 0, ""},
                   {"/dev/sdb1", "/run/media/my stick", "vfat", 0, ""}};
  for (const fake::Mount& mount : kernel.mounts)
    kernel.add_directory(mount.target);
}

class UnmountTest : public fake::KernelTest {
 protected:
  UnmountTest() { prepare(); }

  /// What stays writable: "TARGET: ERROR" each.
  std::vector<std::string> unmount(const UnmountOptions& options = {}) {
    std::vector<std::string> stays;
    const auto count = unmount_all(options, [&](const char* target, Error error) {
      stays.push_back(std::string(target) + ": " + errno_words(error.code));
    });
    EXPECT_EQ(count, stays.size());
    return stays;
  }

  [[nodiscard]] std::vector<std::string> details(const std::string& name) const {
    std::vector<std::string> all;
    for (const fake::Call& call : kernel.calls) {
      if (call.name == name) all.push_back(call.detail);
    }
    return all;
  }

  [[nodiscard]] std::string targets() const {
    std::string all;
    for (const fake::Mount& mount : kernel.mounts)
      all += mount.target + " ";
    return all;
  }
};

using Lines = std::vector<std::string>;

TEST_F(UnmountTest, LastFirstAndWhatAnInitNeedsStays) {
  EXPECT_EQ(unmount(), Lines());
  EXPECT_EQ(targets(), "/ /proc /sys /dev /dev/pts /run ");
  EXPECT_EQ(details("unmount"),
            (Lines{"/run/media/my stick 8", "/data/more/cache 8", "/data/more 8", "/data 8"}))
      << "8: UMOUNT_NOFOLLOW";
  EXPECT_EQ(kernel.count("sleep"), 0U);
}

TEST_F(UnmountTest, RootBecomesReadOnlyWithItsOtherFlags) {
  EXPECT_EQ(unmount(), Lines());
  EXPECT_EQ(details("mount"), (Lines{"- / - ro,nodev,remount -"}));
}

TEST_F(UnmountTest, BusyMountIsTriedAgainWithinBoundsThenReadOnly) {
  kernel.unmount_errors["/data"] = EBUSY;
  EXPECT_EQ(unmount({.passes = 4, .pause_ms = 5}), Lines());
  EXPECT_EQ(kernel.count("unmount"), 3U + 4U);
  EXPECT_EQ(details("sleep"), (Lines{"5", "5"})) << "not after a pass with success, nor the last";
  EXPECT_EQ(details("mount"), (Lines{"- /data - ro,nosuid,remount -", "- / - ro,nodev,remount -"}))
      << "relatime is kept by being left out";
}

TEST_F(UnmountTest, BusyOnlyForAWhile) {
  kernel.unmount_errors["/data"] = EBUSY;
  kernel.on_tick = [&] { kernel.unmount_errors.clear(); };
  EXPECT_EQ(unmount(), Lines());
  EXPECT_EQ(targets(), "/ /proc /sys /dev /dev/pts /run ");
}

TEST_F(UnmountTest, WhatStaysWritableIsTold) {
  kernel.unmount_errors["/data"] = EBUSY;
  kernel.remount_errors["/data"] = EBUSY;
  kernel.remount_errors["/"] = EROFS;
  EXPECT_EQ(unmount(), (Lines{std::string("/data: ") + errno_words(EBUSY),
                              std::string("/: ") + errno_words(EROFS)}));
}

// toybox c04b5652: a mount that was moved stands before the one that it is on.
TEST_F(UnmountTest, MountOnALaterMount) {
  kernel.mounts = {{"a", "/new/deep/er", "ext4", 0, ""},
                   {"b", "/new/deep", "ext4", 0, ""},
                   {"c", "/new", "ext4", 0, ""}};
  EXPECT_EQ(unmount(), Lines());
  EXPECT_EQ(targets(), "");
  EXPECT_EQ(kernel.count("sleep"), 0U);
}

TEST_F(UnmountTest, MountsOnOneTarget) {
  kernel.mounts = {
      {"a", "/data", "ext4", 0, ""}, {"b", "/data", "xfs", 0, ""}, {"c", "/data", "tmpfs", 0, ""}};
  EXPECT_EQ(unmount(), Lines());
  EXPECT_EQ(targets(), "");
}

// A list of fixed size, or one kept from before, loses some of them.
TEST_F(UnmountTest, ThousandMounts) {
  kernel.mounts.resize(1);
  for (int i = 0; i < 1000; ++i)
    kernel.mounts.push_back({"x", "/m/" + std::to_string(i), "ext4", 0, ""});
  // The budget of the fake is for loops without end; this has one.
  kernel.generated[kTable] = [&] {
    kernel.calls.clear();
    return kernel.mountinfo();
  };
  EXPECT_EQ(unmount(), Lines());
  EXPECT_EQ(targets(), "/ ");
}

TEST_F(UnmountTest, MountThatComesMeanwhileIsUnmountedToo) {
  bool came = false;
  kernel.generated[kTable] = [&] {
    if (kernel.count("unmount") == 2 && !came) {
      came = true;
      kernel.mounts.push_back({"late", "/data/late", "ext4", 0, ""});
      kernel.unmount_errors.clear();
    }
    return kernel.mountinfo();
  };
  EXPECT_EQ(unmount(), Lines());
  EXPECT_EQ(targets(), "/ /proc /sys /dev /dev/pts /run ");
}

TEST_F(UnmountTest, TargetThatIsTooLongIsTold) {
  kernel.mounts.push_back({"x", "/" + std::string(5000, 'a'), "ext4", 0, ""});
  kernel.mounts.push_back({"x", "/" + std::string(50'000, 'a'), "ext4", 0, ""});
  const std::string line = std::string("(a path that is too long): ") + errno_words(ENAMETOOLONG);
  EXPECT_EQ(unmount(), (Lines{line, line}));
  EXPECT_EQ(targets().substr(0, 35), "/ /proc /sys /dev /dev/pts /run /aa");
}

TEST_F(UnmountTest, FileSystemsWithoutStorageAreNotRemounted) {
  kernel.mounts = {{"rootfs", "/", "rootfs", 0, ""}, {"t", "/busy", "tmpfs", 0, ""}};
  kernel.unmount_errors["/busy"] = EBUSY;
  EXPECT_EQ(unmount(), Lines());
  EXPECT_EQ(kernel.count("mount"), 0U);
}

TEST_F(UnmountTest, InAContainerNothingIsRemounted) {
  // What the engine has mounted is locked (EINVAL), or CAP_SYS_ADMIN is missing.
  kernel.mounts = {{"overlay", "/", "overlay", 0, ""}, {"/dev/vda1", "/etc/hosts", "ext4", 0, ""}};
  for (const int code : {EINVAL, EPERM}) {
    kernel.unmount_errors["/etc/hosts"] = code;
    EXPECT_EQ(unmount({.remount = false}),
              (Lines{std::string("/etc/hosts: ") + errno_words(code)}));
    EXPECT_EQ(kernel.count("mount"), 0U);
    EXPECT_EQ(kernel.count("sleep"), 0U) << "it will be no other";
  }
}

TEST_F(UnmountTest, WithoutProcItSaysSo) {
  kernel.nodes.erase(kTable);
  EXPECT_EQ(code_of(unmount_all({}, [](const char*, Error) {})), ENOENT);
  EXPECT_EQ(kernel.count("unmount"), 0U);
}

TEST(UnmountFault, EveryCall) {
  // What cannot be unmounted becomes read-only, and what cannot become that is told.
  expect_faults_told(prepare,
                     []() -> Result<> {
                       Result<> told = {};
                       const auto count =
                           unmount_all({}, [&](const char*, Error error) { told = error; });
                       if (!count.has_value()) return count.error();
                       EXPECT_EQ(*count == 0, told.has_value());
                       return told;
                     },
                     {{"read", EINTR}, {"unmount", 0}});
}

}  // namespace
}  // namespace pid1
