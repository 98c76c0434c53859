// SPDX-License-Identifier: Apache-2.0
// The machine: QEMU's arguments and the kernel's command line, made from the options and nothing
// else.
#ifndef MICROBEAM_BENCH_BOOT_QEMU_H
#define MICROBEAM_BENCH_BOOT_QEMU_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "options.h"

namespace microbeam {

// Where the guest's application listens.
inline constexpr int kGuestPort = 8080;

// The guest finds its port of the control channel by this name (control.h).
inline constexpr char kControlPort[] = "microbeam.control";

// QEMU's status when the guest's kernel panicked, or restarted without anybody having prepared it:
// isa-debug-exit makes (value << 1) | 1 of the value that is written to its port, and the kernel
// writes 2 to 0xcf9 first (native_machine_emergency_restart(), arch/x86/kernel/reboot.c).
inline constexpr int kUnpreparedStatus = 5;

// `host_tsc_khz`: see host_tsc.h.
std::string kernel_command_line(const Options& options, std::optional<int64_t> host_tsc_khz);

struct Host {
  int port = 0;  // that leads to the guest's; a trial has no network and does not look at it
  std::optional<int64_t> tsc_khz;
  int control = -1;  // a descriptor that QEMU inherits: its end of the control channel; -1: none
};

// The arguments of QEMU, `options.qemu` first.
std::vector<std::string> qemu_command(const Options& options, const Host& host);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_QEMU_H
