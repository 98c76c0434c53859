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
  EXPECT_EQ(value_of(command, "-M"), "microvm,acpi=off");
  EXPECT_EQ(value_of(command, "-accel"), "tcg");
  EXPECT_EQ(value_of(command, "-cpu"), "max");
  EXPECT_EQ(value_of(command, "-m"), "64");
  EXPECT_EQ(value_of(command, "-smp"), "1");
  EXPECT_EQ(value_of(command, "-kernel"), "/k");
  EXPECT_EQ(value_of(command, "-initrd"), "/i");
  EXPECT_EQ(value_of(command, "-netdev"), "user,id=net0,hostfwd=tcp:127.0.0.1:4711-10.0.2.15:8080");
  EXPECT_EQ(value_of(command, "-device"), "virtio-net-device,netdev=net0");
  EXPECT_EQ(value_of(command, "-serial"), "chardev:console");
  EXPECT_THAT(command, Contains("-no-reboot"));
  EXPECT_THAT(command, Not(Contains("-icount")));
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

// Host randomness and the host's second hand would make every run different.
TEST(QemuTest, IcountTakesNothingFromTheHost) {
  Options options = some_options();
  options.icount = true;
  const std::vector<std::string> command = qemu_command(options, {});
  EXPECT_EQ(value_of(command, "-icount"), "shift=0,sleep=off");
  EXPECT_EQ(value_of(command, "-seed"), "1");
  EXPECT_THAT(value_of(command, "-rtc"), HasSubstr("clock=vm"));
}

TEST(QemuTest, KernelCommandLine) {
  Options options = some_options();
  options.accel = "kvm";
  options.append = "beam.x=1 \"a b\"";
  EXPECT_EQ(kernel_command_line(options, 2'500'000),
            "console=ttyS0 quiet panic=-1 reboot=t "
            "ip=10.0.2.15::10.0.2.2:255.255.255.0:my-app:eth0:off beam.x=1 \"a b\"");
  EXPECT_EQ(value_of(qemu_command(options, {}), "-append"), kernel_command_line(options, {}));
}

// kernel/README.md: what the kernel fails to measure on a busy host it has to be told.
TEST(QemuTest, UnderTcgTheKernelIsToldItsClocks) {
  Options options{.mode = "trial"};
  const std::string begin = "console=ttyS0 quiet panic=-1 reboot=t no_timer_check";
  EXPECT_EQ(kernel_command_line(options, 2'500'000),
            begin + " tsc=reliable tsc_early_khz=2500000 nolapic_timer noreplace-smp");
  EXPECT_EQ(kernel_command_line(options, {}), begin + " nolapic_timer noreplace-smp");
  options.icount = true;
  EXPECT_EQ(kernel_command_line(options, 2'500'000),
            begin + " tsc=reliable tsc_early_khz=1000000 nolapic_timer noreplace-smp");
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
}

}  // namespace
}  // namespace microbeam
