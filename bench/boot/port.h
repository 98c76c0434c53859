// SPDX-License-Identifier: Apache-2.0
// A TCP port of 127.0.0.1 for QEMU to listen on.
#ifndef MICROBEAM_BENCH_BOOT_PORT_H
#define MICROBEAM_BENCH_BOOT_PORT_H

#include <absl/status/statusor.h>

namespace microbeam {

// `wanted` if nobody listens there, or any free one for 0. QEMU can only be given a number, so
// somebody else may take the port before QEMU does: whoever asked for 0 asks again then.
absl::StatusOr<int> free_port(int wanted);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_PORT_H
