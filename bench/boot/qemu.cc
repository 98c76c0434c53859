// SPDX-License-Identifier: Apache-2.0
// See qemu.h.
#include "qemu.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>

namespace microbeam {
namespace {

constexpr std::optional<int64_t> kIcountTscKhz =
    1'000'000;                     // one instruction, one tick, one nanosecond
constexpr int64_t kGuestHz = 250;  // CONFIG_HZ of the guest's kernel

// In `ip=` the name ends at ':', on the command line at a blank, and a host name has letters,
// digits and '-' only.
std::string host_name(std::string image) {
  std::replace_if(
      image.begin(), image.end(),
      [](char c) { return !absl::ascii_isalnum(static_cast<unsigned char>(c)); }, '-');
  return image;
}

// Under TCG the kernel would measure its clocks against emulated timers. On a busy host that fails,
// and the guest is left with a clock that ticks in 4 ms and loses ticks, so that its marks are
// wrong; anywhere it costs hundreds of milliseconds. kernel/README.md has the whole story of each
// parameter.
std::string tcg_clock(const Options& options, std::optional<int64_t> host_tsc_khz) {
  const std::optional<int64_t> khz = options.icount ? kIcountTscKhz : host_tsc_khz;
  std::string line = " no_timer_check";
  if (khz) absl::StrAppend(&line, " tsc=reliable tsc_early_khz=", *khz);
  if (options.cpus == 1) {
    absl::StrAppend(&line, " nolapic_timer noreplace-smp");
  } else if (khz) {
    absl::StrAppend(&line, " lpj=", *khz * 1000 / kGuestHz);
  }
  return line;
}

void add(std::vector<std::string>& command, std::initializer_list<std::string> arguments) {
  command.insert(command.end(), arguments);
}

}  // namespace

std::string kernel_command_line(const Options& options, std::optional<int64_t> host_tsc_khz) {
  // reboot=t (triple fault) with QEMU's -no-reboot is what ends QEMU: microvm has no ACPI to power
  // off by.
  std::string line = "console=ttyS0 quiet panic=-1 reboot=t";
  if (options.accel == "tcg") absl::StrAppend(&line, tcg_clock(options, host_tsc_khz));
  if (options.mode != "trial") {
    absl::StrAppendFormat(&line, " ip=10.0.2.15::10.0.2.2:255.255.255.0:%s:eth0:off",
                          host_name(options.image));
  }
  if (!options.append.empty()) absl::StrAppend(&line, " ", options.append);
  return line;
}

std::vector<std::string> qemu_command(const Options& options, const Host& host) {
  const bool kvm = options.accel == "kvm";
  std::vector<std::string> command = {options.qemu};
  add(command, {"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"});
  // acpi=off selects qboot in place of SeaBIOS.
  add(command, {"-M", "microvm,acpi=off", "-accel", options.accel, "-cpu", kvm ? "host" : "max"});
  if (options.icount) {
    add(command, {"-icount", "shift=0,sleep=off"});
    // Without these two the host's random numbers (hash seeds, RDRAND) and the host's second hand
    // (the kernel waits for the RTC's next update) change some thousand instructions from run to
    // run; with them not a single one.
    add(command, {"-seed", "1", "-rtc", "base=2026-01-01T00:00:00,clock=vm"});
  }
  add(command, {"-m", absl::StrCat(options.memory_mib), "-smp", absl::StrCat(options.cpus)});
  add(command, {"-kernel", options.kernel, "-append", kernel_command_line(options, host.tsc_khz)});
  // signal=off: bytes, not keys; stdin is /dev/null, stdout the pipe of our reader.
  add(command, {"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"});
  if (options.mode == "trial") return command;
  add(command, {"-initrd", options.initrd});
  add(command,
      {"-netdev",
       absl::StrFormat("user,id=net0,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:%d", host.port, kGuestPort),
       "-device", "virtio-net-device,netdev=net0"});
  return command;
}

}  // namespace microbeam
