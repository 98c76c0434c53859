// SPDX-License-Identifier: Apache-2.0
#include "pid1/mount.h"

#include <sys/mount.h>

#include <cerrno>

#include "fixture.h"

namespace pid1 {
namespace {

using MountTest = fake::KernelTest;

constexpr MountSpec kTmp = {"tmpfs", "/tmp", "mode=1777", MS_NOSUID, 01777, false};
constexpr MountSpec kProc = {"proc", "/proc", nullptr, MS_NOSUID, 0555, false};
constexpr MountSpec kQueues = {"mqueue", "/queues", nullptr, MS_NOSUID, 0755, true};

Result<> mount_all() {
  for (const MountSpec& spec : default_mounts())
    PID1_TRY(mount(spec));
  return {};
}

TEST_F(MountTest, DefaultTableLineByLine) {
  ASSERT_EQ(code_of(mount_all()), 0);
  EXPECT_EQ(kernel.mount_lines(),
            "proc /proc proc nosuid,nodev,noexec -\n"
            "sysfs /sys sysfs nosuid,nodev,noexec -\n"
            "devtmpfs /dev devtmpfs nosuid,noexec mode=0755\n"
            "devpts /dev/pts devpts nosuid,noexec gid=5,mode=0620,ptmxmode=0666\n"
            "tmpfs /dev/shm tmpfs nosuid,nodev,noexec mode=1777,size=25%\n"
            "mqueue /dev/mqueue mqueue nosuid,nodev,noexec -\n"
            "tmpfs /run tmpfs nosuid,nodev,noexec mode=0755,size=10%\n"
            "tmpfs /tmp tmpfs nosuid,nodev,noexec mode=1777,size=25%\n");
}

TEST_F(MountTest, ParentsComeFirst) {
  // Or a mount would be hidden by the next one: /dev/shm under /dev.
  const auto table = default_mounts();
  for (size_t i = 0; i < table.size(); ++i) {
    for (size_t j = i + 1; j < table.size(); ++j) {
      EXPECT_FALSE(std::string(table[i].target).starts_with(std::string(table[j].target) + "/"))
          << table[i].target << " before " << table[j].target;
    }
  }
}

TEST_F(MountTest, MakesTheMissingDirectoryWithItsMode) {
  kernel.file_mask = 0;
  EXPECT_EQ(mount(kTmp), MountOutcome::kMounted);
  ASSERT_NE(kernel.find("/tmp"), nullptr);
  EXPECT_EQ(kernel.find("/tmp")->mode, 01777U);
}

TEST_F(MountTest, DirectoryThatIsThereIsNoError) {
  kernel.add_directory("/tmp");
  EXPECT_EQ(mount(kTmp), MountOutcome::kMounted);
}

TEST_F(MountTest, MissingParentIsAnError) {
  const MountSpec spec = {"tmpfs", "/a/b", nullptr, 0, 0755, false};
  const auto done = mount(spec);
  EXPECT_EQ(code_of(done), ENOENT);
  EXPECT_STREQ(done.error().operation, "mkdir");
  EXPECT_TRUE(kernel.mounts.empty());
}

// libkrun 508a49cf, gokrazy: an init that runs twice, or in a container that has prepared /proc.
TEST_F(MountTest, RunsTwiceWithoutStacking) {
  ASSERT_EQ(code_of(mount_all()), 0);
  const size_t once = kernel.mounts.size();
  for (const MountSpec& spec : default_mounts()) {
    EXPECT_EQ(mount(spec), MountOutcome::kAlreadyMounted) << spec.target;
  }
  EXPECT_EQ(kernel.mounts.size(), once);
}

// virtme-ng 787fd07: a tmpfs over /run hid what was there.
TEST_F(MountTest, AnotherFileSystemThereIsLeftAlone) {
  kernel.add_file("/tmp/precious", "kept");
  kernel.mounts.push_back({"host", "/tmp", "virtiofs", 0, ""});
  EXPECT_EQ(mount(kTmp), MountOutcome::kAlreadyMounted);
  EXPECT_EQ(kernel.content("/tmp/precious"), "kept");
}

TEST_F(MountTest, BusyIsSuccessOnAKernelThatCannotTellMountRoots) {
  kernel.tells_mount_roots = false;
  EXPECT_EQ(mount(kProc), MountOutcome::kMounted);
  EXPECT_EQ(mount(kProc), MountOutcome::kAlreadyMounted);
  EXPECT_EQ(kernel.mounts.size(), 1U);
}

TEST_F(MountTest, MissingFileSystem) {
  kernel.file_systems.erase("mqueue");
  kernel.file_systems.erase("proc");
  EXPECT_EQ(mount(kQueues), MountOutcome::kNotSupported);
  const auto required = mount(kProc);
  EXPECT_EQ(code_of(required), ENODEV);
  EXPECT_STREQ(required.error().operation, "mount");
}

TEST_F(MountTest, OptionalIsNoExcuseForOtherErrors) {
  kernel.faults = {{.name = "mount", .code = EPERM}};
  EXPECT_EQ(code_of(mount(kQueues)), EPERM);
}

TEST_F(MountTest, ReadOnlyRootWithTheDirectoryThere) {
  kernel.add_directory("/tmp");
  kernel.root_read_only = true;
  kernel.faults = {{.name = "mkdir", .code = EROFS}};
  EXPECT_EQ(mount(kTmp), MountOutcome::kMounted);
}

TEST_F(MountTest, ReadOnlyRootWithoutTheDirectory) {
  kernel.root_read_only = true;
  const auto done = mount(kTmp);
  EXPECT_EQ(code_of(done), ENOENT);
  EXPECT_STREQ(done.error().operation, "mount");
}

TEST_F(MountTest, RemountReadOnlyKeepsNosuid) {
  EXPECT_EQ(code_of(remount_read_only("/")), 0);
  EXPECT_TRUE(kernel.root_read_only);
  EXPECT_EQ(kernel.calls.back().detail, "- / - ro,nosuid,remount -");
}

TEST_F(MountTest, RemountOfABusyFileSystem) {
  kernel.faults = {{.name = "mount", .code = EBUSY}};
  EXPECT_EQ(code_of(remount_read_only("/")), EBUSY);
}

TEST_F(MountTest, RemountOfWhatIsNoMount) {
  kernel.add_directory("/plain");
  EXPECT_EQ(code_of(remount_read_only("/plain")), EINVAL);
}

TEST_F(MountTest, BindMountShowsTheSourceAtTheTarget) {
  kernel.add_file("/run/hosts", "new");
  kernel.add_file("/etc/hosts", "old");
  EXPECT_EQ(code_of(bind_mount("/run/hosts", "/etc/hosts")), 0);
  EXPECT_EQ(kernel.mount_lines(), "/run/hosts /etc/hosts - bind -\n");
  EXPECT_EQ(kernel.content("/etc/hosts"), "new");
}

TEST_F(MountTest, BindMountOnAMissingFile) {
  kernel.add_file("/run/hosts", "new");
  EXPECT_EQ(code_of(bind_mount("/run/hosts", "/etc/hosts")), ENOENT);
}

}  // namespace
}  // namespace pid1
