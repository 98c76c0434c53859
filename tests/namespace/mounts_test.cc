// SPDX-License-Identifier: Apache-2.0
// What is mounted when the program starts: where, with which flags, and what is left alone.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include <fstream>

#include "boot.h"
#include "own_mounts.h"

namespace microbeam {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

class MountsTest : public NamespaceTest {};

/// The size option of a tmpfs, in KiB.
unsigned long size_kib(const Mount& mount) {
  for (const std::string& option : mount.options) {
    if (option.starts_with("size=")) return std::stoul(option.substr(5));
  }
  return 0;
}

unsigned long memory_kib() {
  struct sysinfo info = {};
  check(sysinfo(&info), "sysinfo");
  return info.totalram * info.mem_unit / 1024;
}

TEST_F(MountsTest, EachFileSystemHasItsFlags) {
  start.cmdline.reset();
  const Report report = boot_program();

  const std::set<std::string> locked = {"rw", "nosuid", "nodev", "noexec", "relatime"};
  for (const auto& [target, type] : std::map<std::string, std::string>{{"/proc", "proc"},
                                                                       {"/sys", "sysfs"},
                                                                       {"/dev/shm", "tmpfs"},
                                                                       {"/dev/mqueue", "mqueue"},
                                                                       {"/run", "tmpfs"},
                                                                       {"/tmp", "tmpfs"}}) {
    const Mount mount = report.mount(target);
    EXPECT_EQ(mount.type, type) << target;
    EXPECT_EQ(mount.flags, locked) << target;
    EXPECT_EQ(mount.root, "/") << target;
  }
}

TEST_F(MountsTest, PseudoTerminalsBelongToTheGroupTty) {
  const Report report = boot_program();
  const Mount devpts = report.mount("/dev/pts");
  EXPECT_EQ(devpts.type, "devpts");
  if (!tty_group_exists()) return;  // the test has mounted it, as a container engine does
  EXPECT_THAT(devpts.flags, UnorderedElementsAre("rw", "nosuid", "noexec", "relatime"));
  EXPECT_THAT(devpts.options, IsSupersetOf({"gid=5", "mode=620", "ptmxmode=666"}));
}

TEST_F(MountsTest, MemoryFileSystemsAreBounded) {
  const Report report = boot_program();
  const auto near = [](unsigned long size) {
    return AllOf(testing::Ge(size * 98 / 100), testing::Le(size * 102 / 100));
  };
  EXPECT_THAT(size_kib(report.mount("/tmp")), near(memory_kib() / 4));
  EXPECT_THAT(size_kib(report.mount("/dev/shm")), near(memory_kib() / 4));
  EXPECT_THAT(size_kib(report.mount("/run")), near(memory_kib() / 10));
}

TEST_F(MountsTest, ModesDoNotDependOnTheUmaskOfTheStarter) {
  root.remove("/run");
  root.remove("/tmp");
  start.prepare = [] { (void)umask(077); };
  const Report report = boot_program();
  EXPECT_EQ(report.mode("/tmp"), "1777");
  EXPECT_EQ(report.mode("/dev/shm"), "1777");
  EXPECT_EQ(report.mode("/dev/mqueue"), "1777");
  EXPECT_EQ(report.mode("/run"), "755");
  EXPECT_EQ(report.mode("/dev/pts"), "755");
}

TEST_F(MountsTest, MissingMountPointsAreMade) {
  for (const char* name : {"/proc", "/sys", "/run", "/tmp"})
    root.remove(name);
  start.cmdline.reset();
  const Report report = boot_program();
  EXPECT_EQ(report.mount("/proc").type, "proc");
  EXPECT_EQ(report.mount("/sys").type, "sysfs");
  EXPECT_EQ(report.mount("/run").type, "tmpfs");
  EXPECT_EQ(report.mount("/tmp").type, "tmpfs");
}

TEST_F(MountsTest, DevThatIsMountedIsLeftAlone) {
  const Report report = boot_program();
  const Mount dev = report.mount("/dev");
  EXPECT_EQ(dev.type, "tmpfs");
  EXPECT_EQ(dev.source, "dev");
  EXPECT_THAT(dev.flags, UnorderedElementsAre("rw", "nosuid", "relatime"));
}

TEST_F(MountsTest, NothingIsMountedOverWhatAnEngineHasMounted) {
  root.directory("/dev/pts");
  root.directory("/dev/shm");
  root.directory("/dev/mqueue");
  start.prepare = [] {
    mount_at("sysfs", "/sys", MS_RDONLY);
    if (tty_group_exists()) mount_at("devpts", "/dev/pts", MS_NOATIME);
    mount_at("tmpfs", "/dev/shm", MS_NOATIME, "size=64k");
    mount_at("mqueue", "/dev/mqueue", MS_NOATIME);
    mount_at("tmpfs", "/run", MS_NOATIME, "size=1024k");
    mount_at("tmpfs", "/tmp", MS_NOATIME, "size=2048k");
    std::ofstream("/run/left-by-the-engine") << "here" << std::flush;
  };
  const Report report = boot_program();
  // mount() finds exactly one at each place.
  EXPECT_EQ(report.mount("/proc").type, "proc");
  EXPECT_THAT(report.mount("/sys").flags, Contains("ro"));
  for (const char* target : {"/dev/shm", "/dev/mqueue", "/run", "/tmp"}) {
    EXPECT_THAT(report.mount(target).flags, UnorderedElementsAre("rw", "noatime")) << target;
  }
  EXPECT_EQ(report.mount("/dev/pts").type, "devpts");
  EXPECT_EQ(size_kib(report.mount("/run")), 1024UL);
  EXPECT_EQ(report.file("/run/left-by-the-engine"), "here");
}

TEST_F(MountsTest, RootIsReadOnlyWhileTheProgramRuns) {
  const Report report = boot_program();
  EXPECT_THAT(report.mount("/").flags, AllOf(Contains("ro"), Contains("nosuid")));
  EXPECT_EQ(report.one("root"), "Read-only file system");
}

TEST_F(MountsTest, RootIsWritableWhenAskedFor) {
  root.write("/etc/beam-init.conf", "root=rw\n");
  const Report report = boot_program();
  EXPECT_THAT(report.mount("/").flags, Contains("rw"));
  EXPECT_EQ(report.one("root"), "writable");
}

TEST_F(MountsTest, RootThatIsReadOnlyFromTheStartBoots) {
  root.write("/etc/hosts", "the image's own\n");
  root.directory("/dev/shm");
  start.prepare = remount_root_read_only;
  const Report report = boot_program();
  EXPECT_THAT(report.mount("/").flags, Contains("ro"));
  EXPECT_THAT(report.file("/etc/hosts"), HasSubstr(" beam\n"));
}

TEST_F(MountsTest, DescriptorThatTheStarterLeftOpenForWritingDoesNotKeepTheRootWritable) {
  start.prepare = [] { check(open("/etc/left-open", O_WRONLY | O_CREAT, 0644), "open"); };
  const Report report = boot_program();
  EXPECT_EQ(report.one("root"), "Read-only file system");
}

TEST_F(MountsTest, NoMountIsSharedWithAnotherNamespace) {
  // A mount that propagates would show the machine's file systems to its starter, and stay there.
  const Report report = boot_program();
  EXPECT_THAT(report.file("/proc/self/mountinfo"), Not(HasSubstr("shared:")));
}

}  // namespace
}  // namespace microbeam
