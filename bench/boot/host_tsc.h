// SPDX-License-Identifier: Apache-2.0
// The frequency of the host's time stamp counter, which a guest under TCG reads as its own.
#ifndef MICROBEAM_BENCH_BOOT_HOST_TSC_H
#define MICROBEAM_BENCH_BOOT_HOST_TSC_H

#include <cstdint>
#include <optional>

namespace microbeam {

// In kHz, measured for two milliseconds; nothing where the counter is not one that runs evenly and
// always (constant_tsc and nonstop_tsc of /proc/cpuinfo) or is not there.
std::optional<int64_t> host_tsc_khz();

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_HOST_TSC_H
