// SPDX-License-Identifier: Apache-2.0
#include "qemu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace microbeam {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Options some_options() {
  return {.mode = "probe", .kernel = "/k", .initrd = "/i", .image = "my_app", .qemu = "/q"};
}

// The argument after `flag`, or empty.
std::string value_of(const std::vector<std::string>& command, const std::string& flag) {
  const auto found = std::find(command.begin(), command.end(), flag);
  return found == command.end() || found + 1 == command.end() ? "" : *(found + 1);
}

TEST(QemuTest, MachineOfAProbe) {
  const std::vector<std::string> command =
      qemu_command(some_options(), {.port = 4711, .tsc_khz = {}});
  EXPECT_EQ(command[0], "/q");
  EXPECT_EQ(value_of(command, "-M"), "microvm,acpi=off,auto-kernel-cmdline=off");
  EXPECT_EQ(value_of(command, "-accel"), "tcg");
  EXPECT_EQ(value_of(command, "-cpu"), "max,-erms,-fsrm");
  EXPECT_EQ(value_of(command, "-m"), "64");
  EXPECT_EQ(value_of(command, "-smp"), "1");
  EXPECT_EQ(value_of(command, "-kernel"), "/k");
  EXPECT_EQ(value_of(command, "-initrd"), "/i");
  EXPECT_EQ(value_of(command, "-netdev"), "user,id=net0,hostfwd=tcp:127.0.0.1:4711-10.0.2.15:8080");
  EXPECT_THAT(command, Contains("virtio-net-device,netdev=net0,bus=virtio-mmio-bus.1"));
  EXPECT_EQ(value_of(command, "-serial"), "chardev:console");
  EXPECT_THAT(command, Contains("-no-reboot"));
  EXPECT_THAT(command, Not(Contains("-icount")));
}

// A kernel that panics, or restarts unprepared, writes there: QEMU's status is then no 0.
TEST(QemuTest, APanicIsNoSuccess) {
  for (const char* mode : {"probe", "run", "trial"}) {
    Options options = some_options();
    options.mode = mode;
    const std::vector<std::string> command = qemu_command(options, {});
    EXPECT_THAT(command, Contains("isa-debug-exit,iobase=0xcf9,iosize=1"));
    EXPECT_THAT(value_of(command, "-append"), HasSubstr("panic=-1 reboot=p "));
  }
}

TEST(QemuTest, TheControlChannelIsADescriptor) {
  const std::vector<std::string> command = qemu_command(some_options(), {.control = 17});
  EXPECT_THAT(command, Contains("socket,id=control,fd=17"));
  EXPECT_THAT(command, Contains("virtio-serial-device,max_ports=2,bus=virtio-mmio-bus.0"));
  EXPECT_THAT(command, Contains("virtserialport,nr=1,chardev=control,name=microbeam.control"));
}

TEST(QemuTest, DisksInTheirOrder) {
  Options options = some_options();
  options.disks = {"/a", "/b,c"};
  const std::vector<std::string> command = qemu_command(options, {});
  EXPECT_THAT(command, Contains("if=none,id=disk0,format=raw,file=/a"));
  EXPECT_THAT(command, Contains("virtio-blk-device,drive=disk0,bus=virtio-mmio-bus.2"));
  EXPECT_THAT(command, Contains("if=none,id=disk1,format=raw,file=/b,,c"));
  EXPECT_THAT(command, Contains("virtio-blk-device,drive=disk1,bus=virtio-mmio-bus.4"));
  EXPECT_THAT(
      value_of(command, "-append"),
      HasSubstr(" virtio_mmio.device=512@0xfeb00000:5 virtio_mmio.device=512@0xfeb00200:6 "
                "virtio_mmio.device=512@0xfeb00400:7 virtio_mmio.device=512@0xfeb00800:9 "));
}

// A volume has the same name whatever the root is.
TEST(QemuTest, ARootThatIsADiskComesBehindTheOthers) {
  Options options = some_options();
  options.initrd = "";
  options.root_disk = "/root";
  EXPECT_THAT(kernel_command_line(options, {}),
              HasSubstr(" root=/dev/vda rootfstype=squashfs init=/init"));
  options.disks = {"/a"};
  options.env_disk = "/proc/self/fd/9";
  const std::vector<std::string> command = qemu_command(options, {});
  EXPECT_THAT(command, Not(Contains("-initrd")));
  EXPECT_THAT(command, Contains("if=none,id=disk0,format=raw,file=/a"));
  EXPECT_THAT(command, Contains("if=none,id=disk1,format=raw,readonly=on,file=/root"));
  EXPECT_THAT(command, Contains("if=none,id=disk2,format=raw,readonly=on,file=/proc/self/fd/9"));
  EXPECT_THAT(value_of(command, "-append"), HasSubstr(" root=/dev/vdb "));
  EXPECT_THAT(value_of(command, "-append"), HasSubstr(" beam.env_file=/dev/vdc"));
}

TEST(QemuTest, ARootOnADiskThatIsLeftAsItWas) {
  Options options = some_options();
  options.initrd = "";
  options.disks = {"/root.ext4"};
  options.snapshot = true;
  const std::vector<std::string> command = qemu_command(options, {});
  EXPECT_THAT(command, Not(Contains("-initrd")));
  EXPECT_THAT(command, Contains("if=none,id=disk0,format=raw,snapshot=on,file=/root.ext4"));
}

// What stands behind it is for /init.
TEST(QemuTest, TheDevicesComeBeforeTheArgumentsOfInit) {
  Options options = some_options();
  options.append = "-- -s mod";
  const std::string line = kernel_command_line(options, {});
  EXPECT_LT(line.find("virtio_mmio.device="), line.find(" -- -s mod"));
  EXPECT_EQ(line.rfind("virtio_mmio.device="), line.find("virtio_mmio.device=512@0xfeb00200"));
}

TEST(QemuTest, KvmRunsTheHostsProcessor) {
  Options options = some_options();
  options.accel = "kvm";
  options.cpus = 2;
  const std::vector<std::string> command = qemu_command(options, {});
  EXPECT_EQ(value_of(command, "-accel"), "kvm");
  EXPECT_EQ(value_of(command, "-cpu"), "host");
  EXPECT_EQ(value_of(command, "-smp"), "2");
}

// Host randomness, the host's second hand and its main loop would make every run different.
TEST(QemuTest, IcountTakesNothingFromTheHost) {
  Options options = some_options();
  options.icount = true;
  const std::vector<std::string> command = qemu_command(options, {});
  EXPECT_EQ(value_of(command, "-icount"), "shift=0,sleep=off");
  EXPECT_EQ(value_of(command, "-seed"), "1");
  EXPECT_THAT(value_of(command, "-rtc"), HasSubstr("clock=vm"));
  EXPECT_THAT(command, Contains("virtio-net-device,netdev=net0,tx=timer,bus=virtio-mmio-bus.1"));
}

TEST(QemuTest, KernelCommandLine) {
  Options options = some_options();
  options.accel = "kvm";
  options.append = "beam.x=1 \"a b\"";
  EXPECT_EQ(
      kernel_command_line(options, 2'500'000),
      "console=ttyS0 quiet panic=-1 reboot=p "
      "virtio_mmio.device=512@0xfeb00000:5 virtio_mmio.device=512@0xfeb00200:6 "
      "rootfstype=ramfs ip=10.0.2.15::10.0.2.2:255.255.255.0:my-app:eth0:off beam.x=1 \"a b\"");
  EXPECT_EQ(value_of(qemu_command(options, {}), "-append"), kernel_command_line(options, {}));
}

// kernel/README.md: what the kernel fails to measure on a busy host it has to be told.
TEST(QemuTest, UnderTcgTheKernelIsToldItsClocks) {
  Options options{.mode = "trial"};
  const std::string begin =
      "console=ttyS0 quiet panic=-1 reboot=p no_timer_check lapic_timer_khz=1000000";
  EXPECT_EQ(kernel_command_line(options, 2'500'000),
            begin + " tsc=reliable tsc_early_khz=2500000 noreplace-smp");
  EXPECT_EQ(kernel_command_line(options, {}), begin + " noreplace-smp");
  options.icount = true;
  EXPECT_EQ(kernel_command_line(options, 2'500'000),
            begin + " tsc=reliable tsc_early_khz=1000000 noreplace-smp");
  options.icount = false;
  options.cpus = 2;
  EXPECT_EQ(kernel_command_line(options, 2'500'000),
            begin + " tsc=reliable tsc_early_khz=2500000 lpj=10000000");
  EXPECT_EQ(kernel_command_line(options, {}), begin);
}

TEST(QemuTest, ATrialHasNeitherRootNorNetwork) {
  Options options = some_options();
  options.mode = "trial";
  const std::vector<std::string> command = qemu_command(options, {});
  EXPECT_THAT(command, Not(Contains("-initrd")));
  EXPECT_THAT(command, Not(Contains("-netdev")));
  EXPECT_THAT(value_of(command, "-append"), Not(HasSubstr("ip=")));
  EXPECT_THAT(value_of(command, "-append"), Not(HasSubstr("virtio_mmio")));
}

}  // namespace
}  // namespace microbeam
