// SPDX-License-Identifier: Apache-2.0
// See qemu.h.
#include "qemu.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>

#include <algorithm>
#include <iterator>

namespace microbeam {
namespace {

constexpr std::optional<int64_t> kIcountTscKhz =
    1'000'000;                            // one instruction, one tick, one nanosecond
constexpr int64_t kLapicKhz = 1'000'000;  // it counts nanoseconds (hw/intc/apic.c of QEMU)
constexpr int64_t kGuestHz = 250;         // CONFIG_HZ of the guest's kernel

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
  std::string line = absl::StrCat(" no_timer_check lapic_timer_khz=", kLapicKhz);
  if (khz) absl::StrAppend(&line, " tsc=reliable tsc_early_khz=", *khz);
  if (options.cpus == 1) {
    absl::StrAppend(&line, " noreplace-smp");
  } else if (khz) {
    absl::StrAppend(&line, " lpj=", *khz * 1000 / kGuestHz);
  }
  return line;
}

void add(std::vector<std::string>& command, std::initializer_list<std::string> arguments) {
  command.insert(command.end(), arguments);
}

// QEMU's microvm without ACPI: eight virtio-mmio transports one after the other, each with the next
// interrupt from 5 on (hw/i386/microvm.c).
constexpr uint64_t kTransportBase = 0xfeb00000;
constexpr uint64_t kTransportSize = 512;
constexpr int kTransportIrq = 5;

// Which device is on which transport. The first one's port is /dev/vport0p1: the kernel numbers
// ports by the virtio device. 3 stays free: its interrupt is that of the clock chip. The root and
// what the host hands over come after the other disks, so that these have the same names with
// either kind of root.
constexpr int kControlBus = 0;
constexpr int kNetworkBus = 1;
constexpr int kDiskBus[] = {2, 4, 5, 6, 7};
static_assert(std::size(kDiskBus) == kMaxDisks);

std::string on_bus(int bus) {
  return absl::StrCat("bus=virtio-mmio-bus.", bus);
}

struct Drive {
  std::string file;
  const char* how;
};

std::vector<Drive> drives(const Options& options) {
  std::vector<Drive> all;
  all.reserve(options.disks.size() + 2);
  for (const std::string& disk : options.disks) {
    all.push_back({.file = disk, .how = options.snapshot ? "snapshot=on," : ""});
  }
  for (const std::string& disk : {options.root_disk, options.env_disk}) {
    if (!disk.empty()) all.push_back({.file = disk, .how = "readonly=on,"});
  }
  return all;
}

// What an initramfs is unpacked into is a tmpfs by default, which takes half of the memory that is
// free then at most: one of 19 MB would not fit into a machine of 64. Of a disk the kernel mounts
// the root; /init finds the environment.
std::string root_parameters(const Options& options) {
  if (options.root_disk.empty()) return " rootfstype=ramfs";
  const char root = static_cast<char>('a' + options.disks.size());
  const char environment = static_cast<char>(root + 1);
  std::string line = absl::StrFormat(" root=/dev/vd%c rootfstype=squashfs init=/init", root);
  if (!options.env_disk.empty())
    absl::StrAppendFormat(&line, " beam.env_file=/dev/vd%c", environment);
  return line;
}

// QEMU would name the devices itself, at the end of the command line: behind a ` -- ` of --append
// they would be arguments of /init.
std::string device_parameters(const Options& options) {
  std::vector<int> buses = {kControlBus, kNetworkBus};
  buses.insert(buses.end(), kDiskBus, kDiskBus + drives(options).size());
  std::string line;
  for (const int bus : buses) {
    absl::StrAppendFormat(&line, " virtio_mmio.device=%d@%#x:%d", kTransportSize,
                          kTransportBase + kTransportSize * static_cast<uint64_t>(bus),
                          kTransportIrq + bus);
  }
  return line;
}

void add_disks(std::vector<std::string>& command, const Options& options) {
  const std::vector<Drive> all = drives(options);
  for (size_t i = 0; i < all.size(); ++i) {
    // A comma in an option's value is written twice.
    const std::string file = absl::StrReplaceAll(all[i].file, {{",", ",,"}});
    add(command,
        {"-drive", absl::StrFormat("if=none,id=disk%d,format=raw,%sfile=%s", i, all[i].how, file),
         "-device", absl::StrFormat("virtio-blk-device,drive=disk%d,%s", i, on_bus(kDiskBus[i]))});
  }
}

void add_control(std::vector<std::string>& command, int control) {
  add(command, {"-chardev", absl::StrCat("socket,id=control,fd=", control)});
  add(command, {"-device", absl::StrCat("virtio-serial-device,max_ports=2,", on_bus(kControlBus))});
  add(command,
      {"-device", absl::StrCat("virtserialport,nr=1,chardev=control,name=", kControlPort)});
}

}  // namespace

std::string kernel_command_line(const Options& options, std::optional<int64_t> host_tsc_khz) {
  // microvm has no ACPI to power off by: a restart ends QEMU, through -no-reboot. reboot=p is the
  // one by port 0xcf9, where isa-debug-exit makes it a failure; whoever ends the machine in order
  // changes it to a triple fault first (/sys/kernel/reboot/type), and QEMU's status is 0.
  std::string line = "console=ttyS0 quiet panic=-1 reboot=p";
  if (options.accel == "tcg") absl::StrAppend(&line, tcg_clock(options, host_tsc_khz));
  if (options.mode != "trial") {
    absl::StrAppend(&line, device_parameters(options), root_parameters(options));
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
  add(command, {"-M", "microvm,acpi=off,auto-kernel-cmdline=off"});
  add(command, {"-device", "isa-debug-exit,iobase=0xcf9,iosize=1"});
  // With erms and fsrm the guest copies by `rep movsb`, which is the quickest there is on
  // processors, and byte by byte under TCG.
  add(command, {"-accel", options.accel, "-cpu", kvm ? "host" : "max,-erms,-fsrm"});
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
  if (!options.initrd.empty()) add(command, {"-initrd", options.initrd});
  // QEMU sends the guest's packets in its main loop, whenever the host lets it: under --icount, one
  // boot in thirty on a busy host had half a million instructions less. By timer they go when the
  // guest's clock says so.
  add(command,
      {"-netdev",
       absl::StrFormat("user,id=net0,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:%d", host.port, kGuestPort),
       "-device",
       absl::StrCat("virtio-net-device,netdev=net0,", options.icount ? "tx=timer," : "",
                    on_bus(kNetworkBus))});
  if (host.control >= 0) add_control(command, host.control);
  add_disks(command, options);
  return command;
}

}  // namespace microbeam
