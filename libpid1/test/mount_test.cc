// SPDX-License-Identifier: Apache-2.0
#include "pid1/mount.h"

#include <sys/mount.h>

#include <cerrno>
#include <cstdio>
#include <string>

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
  MountSpec spec = kTmp;
  EXPECT_EQ(mount(spec), MountOutcome::kAlreadyMounted);  // no magic given: it cannot be told
  spec.magic = 0x1994;
  EXPECT_EQ(mount(spec), MountOutcome::kOccupied);
  EXPECT_EQ(kernel.content("/tmp/precious"), "kept");
  EXPECT_EQ(kernel.mounts.size(), 1U);
}

TEST_F(MountTest, DefaultTableTellsWhatIsInTheWay) {
  for (const MountSpec& spec : default_mounts()) {
    kernel = fake::Kernel();
    kernel.add_directory(spec.target);
    kernel.mounts.push_back({"host", spec.target, "9p", 0, ""});
    EXPECT_EQ(mount(spec), MountOutcome::kOccupied) << spec.target;
  }
}

TEST_F(MountTest, WhatCannotBeAskedIsNotCalledTheSame) {
  ASSERT_EQ(mount(default_mounts()[0]), MountOutcome::kMounted);
  kernel.faults = {{.name = "statfs", .code = EIO}};
  EXPECT_EQ(mount(default_mounts()[0]), MountOutcome::kOccupied);
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

// ---- options -----------------------------------------------------------------------------------

/// The flags and the data that `text` gives, beginning with `flags`.
std::string options_of(std::string text, uint32_t flags = 0) {
  char data[64];
  EXPECT_EQ(code_of(parse_mount_options(text.data(), flags, data)), 0);
  return fake::Mount{"", "/", "", flags, data}.line().substr(6);
}

TEST(MountOptions, FlagsAndData) {
  EXPECT_EQ(options_of(""), "- -");
  EXPECT_EQ(options_of("nosuid,nodev,noexec,ro"), "ro,nosuid,nodev,noexec -");
  EXPECT_EQ(options_of("nosuid,size=10%,mode=0755"), "nosuid size=10%,mode=0755");
  EXPECT_EQ(options_of(",,nosuid,,size=1,,"), "nosuid size=1");
}

// erlinit's str_to_mountflags: `flags &= MS_RDONLY` without the `~`.
TEST(MountOptions, RwClearsReadOnlyAndNothingElse) {
  EXPECT_EQ(options_of("nosuid,nodev,noexec,ro,rw"), "nosuid,nodev,noexec -");
  EXPECT_EQ(options_of("rw", MS_RDONLY | MS_NOSUID | MS_NOEXEC), "nosuid,noexec -");
}

TEST(MountOptions, LaterWins) {
  EXPECT_EQ(options_of("rw,ro"), "ro -");
  EXPECT_EQ(options_of("nosuid,suid,nodev,dev,noexec,exec"), "- -");
  EXPECT_EQ(options_of("ro,nosuid,nodev,noexec,defaults"), "- -");
}

TEST(MountOptions, EveryPairOfWordsUndoesItself) {
  constexpr const char* kPairs[][2] = {{"ro", "rw"},
                                       {"nosuid", "suid"},
                                       {"nodev", "dev"},
                                       {"noexec", "exec"},
                                       {"nosymfollow", "symfollow"},
                                       {"sync", "async"},
                                       {"mand", "nomand"},
                                       {"noatime", "atime"},
                                       {"nodiratime", "diratime"},
                                       {"relatime", "norelatime"},
                                       {"strictatime", "nostrictatime"},
                                       {"lazytime", "nolazytime"},
                                       {"iversion", "noiversion"},
                                       {"silent", "loud"}};
  for (const auto& [on, off] : kPairs) {
    uint32_t flags = 0;
    EXPECT_TRUE(apply_mount_option(on, flags));
    EXPECT_EQ(__builtin_popcount(flags), 1) << on;
    EXPECT_TRUE(apply_mount_option(off, flags));
    EXPECT_EQ(flags, 0U) << off;
  }
}

TEST(MountOptions, AccessTimesExcludeEachOther) {
  uint32_t flags = 0;
  for (const char* word : {"noatime", "relatime", "strictatime"}) {
    EXPECT_TRUE(apply_mount_option(word, flags));
    EXPECT_EQ(__builtin_popcount(flags), 1) << word;
  }
}

TEST(MountOptions, EmptyWordIsNoOption) {
  uint32_t flags = 5;
  EXPECT_FALSE(apply_mount_option("", flags));
  EXPECT_EQ(flags, 5U);
}

TEST(MountOptions, WordsForMountAloneDoNotReachTheKernel) {
  EXPECT_EQ(options_of("auto,nofail,_netdev,x-systemd.automount,comment=a,uid=0"), "- uid=0");
}

TEST(MountOptions, CommaInQuotesBelongsToTheWord) {
  EXPECT_EQ(options_of("context=\"u:r:t:s0:c1,c2\",ro"), "ro context=\"u:r:t:s0:c1,c2\"");
}

// erlinit b87012c: options of more than 127 bytes.
TEST(MountOptions, CapacityToTheByte) {
  const std::string longest(199, 'x');
  char data[200];
  uint32_t flags = 0;
  for (const size_t size : {199U, 200U}) {
    std::string text = "ro," + std::string(size, 'x');
    EXPECT_EQ(code_of(parse_mount_options(text.data(), flags, data)), size == 199 ? 0 : E2BIG);
    EXPECT_EQ(size == 199 ? std::string(data) : longest, longest);
  }
  std::string pair = "aa,bbb";
  char small[6];
  EXPECT_EQ(code_of(parse_mount_options(pair.data(), flags, small)), E2BIG);
  EXPECT_EQ(code_of(parse_mount_options(pair.data(), flags, {})), E2BIG);
}

// ---- lines of fstab ----------------------------------------------------------------------------

class MountSpecTest : public MountTest {
 protected:
  /// "SOURCE TARGET TYPE FLAGS DATA MODE", or the name of the errno.
  std::string parsed(const char* text) {
    line_ = text;
    const auto spec = parse_mount_spec(line_.data(), data_);
    if (!spec.has_value()) return errno_words(spec.error().code);
    spec_ = *spec;
    char mode[16];
    snprintf(mode, sizeof(mode), " %o", unsigned{spec_.directory_mode});
    return fake::Mount{spec_.source, spec_.target, spec_.type, spec_.flags, spec_.data}.line() +
           mode + (spec_.optional ? " optional" : "");
  }

  std::string line_;
  char data_[128];
  MountSpec spec_ = {};
};

TEST_F(MountSpecTest, AllFields) {
  EXPECT_EQ(parsed("/dev/vda2  /data\text4 ro,nosuid,data=ordered 0 2"),
            "/dev/vda2 /data ext4 ro,nosuid data=ordered 755");
  EXPECT_EQ(parsed("tmpfs /scratch tmpfs"), "tmpfs /scratch tmpfs - - 755");
  EXPECT_EQ(parsed("share /mnt 9p nofail,trans=virtio,x-mount.mkdir=0700"),
            "share /mnt 9p - trans=virtio 700 optional");
}

TEST_F(MountSpecTest, QuotedWordsAreForTheFileSystem) {
  EXPECT_EQ(parsed("a /b ext4 context=\"u,nofail,x-mount.mkdir=0700\",ro"),
            "a /b ext4 ro context=\"u,nofail,x-mount.mkdir=0700\" 755");
}

TEST_F(MountSpecTest, EscapedBlanks) {
  EXPECT_EQ(parsed("/my\\040disk /a\\011b ext4 defaults"), "/my disk /a\tb ext4 - - 755");
}

TEST_F(MountSpecTest, Refused) {
  const std::string invalid = errno_words(EINVAL);
  for (const char* line :
       {"", "/dev/vda2", "/dev/vda2 /data", "/dev/vda2 data ext4", "swap none swap sw",
        "/dev/vda2 / ext4 remount,ro", "/a /b none bind,ro",
        "a /b tmpfs x-mount.mkdir=", "a /b tmpfs x-mount.mkdir=0999",
        "a /b tmpfs x-mount.mkdir=10000", "a /b tmpfs x-mount.mkdir=000000000"}) {
    EXPECT_EQ(parsed(line), invalid) << line;
  }
}

TEST_F(MountSpecTest, OptionsThatDoNotFit) {
  EXPECT_EQ(parsed(("a /b tmpfs " + std::string(128, 'x')).c_str()), errno_words(E2BIG));
}

TEST_F(MountSpecTest, MountsWhatItSays) {
  kernel.file_systems["ext4"];
  parsed("/dev/vda2 /data ext4 nosuid,data=ordered");
  EXPECT_EQ(mount(spec_), MountOutcome::kMounted);
  EXPECT_EQ(kernel.mount_lines(), "/dev/vda2 /data ext4 nosuid data=ordered\n");
  kernel.mounts.back().type = "tmpfs";
  EXPECT_EQ(mount(spec_), MountOutcome::kOccupied);
}

}  // namespace
}  // namespace pid1
