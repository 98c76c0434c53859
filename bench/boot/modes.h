// SPDX-License-Identifier: Apache-2.0
// The three things that microbeam-vm does. Each returns the exit status of the program.
#ifndef MICROBEAM_BENCH_BOOT_MODES_H
#define MICROBEAM_BENCH_BOOT_MODES_H

#include "options.h"

namespace microbeam {

inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// Boots, waits for the answer, ends the machine, prints one JSON object. 0 only for HTTP 200.
int probe(const Options& options);

// Boots with the console on stdout, says on stderr when the machine serves, goes on until it ends
// or a signal comes. 0 when a signal ended a machine that had served; QEMU's own status when it
// ended by itself after that.
int run(const Options& options);

// Whether guests run under the accelerator: boots the kernel without a root and waits for its
// panic. One line on stdout says what was seen; 0 if the panic was.
int trial(const Options& options);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_MODES_H
