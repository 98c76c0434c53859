// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>

#include <cerrno>
#include <string>
#include <vector>

#include "fixture.h"
#include "pid1/mount.h"

namespace pid1 {
namespace {

/// What the old root is called once another covers it.
const std::string kOld = "/(covered)";

/// An initramfs, unpacked into rootfs, that has mounted the real root.
void prepare() {
  fake::Kernel& kernel = fake::kernel();
  kernel.magics["/"] = 0x858458f6;
  kernel.add_file("/init", "", 0755);
  kernel.add_file("/lib/modules/ext4.ko", "");
  kernel.add_file("/etc/deep/er/file", "");
  kernel.add_device("/dev/console");
  kernel.add_file("/run/state", "kept");
  for (const char* directory : {"/proc", "/sys", "/tmp"})
    kernel.add_directory(directory);
  kernel.mounts = {{"devtmpfs", "/dev", "devtmpfs", 0, ""},
                   {"proc", "/proc", "proc", 0, ""},
                   {"sysfs", "/sys", "sysfs", 0, ""},
                   {"tmpfs", "/run", "tmpfs", 0, ""},
                   {"/dev/vda2", "/new", "ext4", 0, ""}};
  uint64_t device = 10;
  for (const fake::Mount& mount : kernel.mounts)
    kernel.devices_of[mount.target] = ++device;
  kernel.add_file("/new/sbin/init", "the new one", 0755);
  for (const char* directory : {"/new/dev", "/new/proc", "/new/sys"})
    kernel.add_directory(directory);
}

class SwitchRootTest : public fake::KernelTest {
 protected:
  SwitchRootTest() { prepare(); }

  /// What is left of the old root.
  [[nodiscard]] std::vector<std::string> old() const {
    std::vector<std::string> all;
    for (const auto& [path, node] : kernel.nodes) {
      if (path.starts_with(kOld + "/")) all.push_back(path.substr(kOld.size()));
    }
    return all;
  }

  [[nodiscard]] std::vector<std::string> details(const std::string& name) const {
    std::vector<std::string> all;
    for (const fake::Call& call : kernel.calls) {
      if (call.name == name) all.push_back(call.detail);
    }
    return all;
  }
};

using Lines = std::vector<std::string>;

// firecracker #850, runc PR 4434, criu #70: pivot_root of rootfs is EINVAL.
TEST_F(SwitchRootTest, MovesTheMountsThenTheRootThenChroots) {
  EXPECT_EQ(switch_root("/new"), 0U);
  EXPECT_EQ(details("mount"), (Lines{"/dev /new/dev", "/proc /new/proc", "/sys /new/sys",
                                     "/run /new/run", "/new /"}));
  EXPECT_EQ(details("chdir"), (Lines{"/new"}));
  EXPECT_EQ(details("chroot"), (Lines{"."}));
  EXPECT_EQ(kernel.mount_lines(),
            "devtmpfs /dev devtmpfs - -\nproc /proc proc - -\nsysfs /sys sysfs - -\n"
            "tmpfs /run tmpfs - -\n/dev/vda2 / ext4 - -\n");
  EXPECT_EQ(kernel.working_directory, "/");
  EXPECT_EQ(kernel.content("/sbin/init"), "the new one");
  EXPECT_EQ(kernel.content("/run/state"), "kept");
  EXPECT_NE(kernel.find("/dev/console"), nullptr);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(SwitchRootTest, FreesAllOfTheOldRootAndNothingElse) {
  EXPECT_EQ(switch_root("/new"), 0U);
  EXPECT_EQ(old(), Lines());
  EXPECT_NE(kernel.find("/sbin/init"), nullptr);
}

TEST_F(SwitchRootTest, DeletesNothingBeforeTheSwitchIsDone) {
  EXPECT_EQ(switch_root("/new"), 0U);
  bool done = false;
  for (const fake::Call& call : kernel.calls) {
    if (call.name == "chroot") done = true;
    EXPECT_TRUE(done || call.name != "unlink");
  }
}

TEST_F(SwitchRootTest, OtherFileSystemsAreNotEntered) {
  kernel.add_file("/mnt/precious", "kept");
  kernel.add_file("/mnt/sub/precious", "kept");
  kernel.mounts.push_back({"share", "/mnt", "9p", 0, ""});
  kernel.devices_of["/mnt"] = 99;
  EXPECT_EQ(switch_root("/new"), 1U);
  EXPECT_EQ(old(), (Lines{"/mnt", "/mnt/precious", "/mnt/sub", "/mnt/sub/precious"}));
}

TEST_F(SwitchRootTest, TooDeepIsToldAndLeft) {
  std::string path;
  for (unsigned i = 0; i < kMaxDepth; ++i)
    path += "/d";
  kernel.add_file(path + "/file", "");
  kernel.add_file(path + "/d/out of reach", "");
  kernel.add_file("/z", "");
  EXPECT_EQ(switch_root("/new"), 1U + kMaxDepth) << "that one, and each that it is in";
  EXPECT_EQ(kernel.find(kOld + path + "/file"), nullptr);
  EXPECT_NE(kernel.find(kOld + path + "/d/out of reach"), nullptr);
  EXPECT_EQ(kernel.find(kOld + "/z"), nullptr);
}

TEST_F(SwitchRootTest, DirectoryWithMoreThanOneReadOfEntries) {
  for (int i = 0; i < 500; ++i)
    kernel.add_file("/many/file number " + std::to_string(i), "");
  EXPECT_EQ(switch_root("/new"), 0U);
  EXPECT_EQ(old(), Lines());
}

TEST_F(SwitchRootTest, WhatIsNoMountStays) {
  // /run as a directory of the initramfs: nothing to be moved.
  std::erase_if(kernel.mounts, [](const fake::Mount& mount) { return mount.target == "/run"; });
  kernel.devices_of.erase("/run");
  kernel.nodes.erase("/sys");
  std::erase_if(kernel.mounts, [](const fake::Mount& mount) { return mount.target == "/sys"; });
  kernel.devices_of.erase("/sys");
  EXPECT_EQ(switch_root("/new"), 0U);
  EXPECT_EQ(details("mount"), (Lines{"/dev /new/dev", "/proc /new/proc", "/new /"}));
}

TEST_F(SwitchRootTest, TmpfsIsAnInitramfsToo) {
  kernel.magics["/"] = 0x01021994;
  EXPECT_EQ(switch_root("/new"), 0U);
}

TEST_F(SwitchRootTest, RootOnADiskIsNotDeleted) {
  kernel.magics["/"] = 0xef53;
  EXPECT_EQ(code_of(switch_root("/new")), EINVAL);
  EXPECT_EQ(kernel.count("mount") + kernel.count("unlink"), 0U);
}

TEST_F(SwitchRootTest, NewRootInTheOldIsRefused) {
  kernel.add_file("/plain/sbin/init", "");
  for (const char* place : {"/plain", "/"})
    EXPECT_EQ(code_of(switch_root(place)), EINVAL) << place;
  EXPECT_EQ(code_of(switch_root("/nowhere")), ENOENT);
  EXPECT_EQ(kernel.count("mount") + kernel.count("unlink"), 0U);
}

TEST_F(SwitchRootTest, DirectoryOfAMountedFileSystemIsRefusedAndAllMovedBack) {
  kernel.add_file("/new/sub/sbin/init", "");
  const std::string before = kernel.mount_lines();
  EXPECT_EQ(code_of(switch_root("/new/sub")), EINVAL);
  EXPECT_EQ(kernel.mount_lines(), before);
  EXPECT_EQ(kernel.content("/run/state"), "kept");
  EXPECT_EQ(kernel.working_directory, "/");
}

TEST_F(SwitchRootTest, ReadOnlyNewRootWithoutADirectoryMovesAllBack) {
  kernel.mounts.back().flags = MS_RDONLY;  // and it has no /run
  const std::string before = kernel.mount_lines();
  EXPECT_EQ(code_of(switch_root("/new")), ENOENT);
  EXPECT_EQ(kernel.mount_lines(), before);
  EXPECT_NE(kernel.find("/dev/console"), nullptr);
  EXPECT_NE(kernel.find("/init"), nullptr);
}

TEST_F(SwitchRootTest, FailedChrootTakesTheNewRootDownAgain) {
  kernel.faults = {{.name = "chroot", .code = EPERM}};
  EXPECT_EQ(code_of(switch_root("/new")), EPERM);
  const Lines mounts = details("mount");
  ASSERT_GT(mounts.size(), 5U);
  EXPECT_EQ(mounts[5], "/new");  // the fake has no path to the old root any more
  EXPECT_EQ(kernel.count("unlink"), 0U);
}

TEST(SwitchRootFault, EveryCall) {
  expect_faults_told(
      [] {
        prepare();
        fake::kernel().add_directory("/new/run");
      },
      []() -> Result<> {
        const auto left = switch_root("/new");
        if (!left.has_value()) return left.error();
        return {};
      },
      // Where the old root has no such directory there is nothing to move, and what cannot be
      // deleted is counted.
      {{"statx", ENOENT, "/dev"},
       {"statx", ENOENT, "/proc"},
       {"statx", ENOENT, "/sys"},
       {"statx", ENOENT, "/run"},
       {"mkdir", EEXIST},
       {"mkdir", EROFS},
       {"open", 0, "/(covered)/"},
       {"statx", 0, "/(covered)/"},
       {"unlink", 0},
       {"getdents", 0}});
}

}  // namespace
}  // namespace pid1
