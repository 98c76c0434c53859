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

// `host_tsc_khz`: see host_tsc.h.
std::string kernel_command_line(const Options& options, std::optional<int64_t> host_tsc_khz);

struct Host {
  int port = 0;  // that leads to the guest's; a trial has no network and does not look at it
  std::optional<int64_t> tsc_khz;
};

// The arguments of QEMU, `options.qemu` first.
std::vector<std::string> qemu_command(const Options& options, const Host& host);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_QEMU_H
