// SPDX-License-Identifier: Apache-2.0
// The things that microbeam-vm does. Each returns the exit status of the program.
#ifndef MICROBEAM_BENCH_BOOT_MODES_H
#define MICROBEAM_BENCH_BOOT_MODES_H

#include "options.h"

namespace microbeam {

inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// Boots, waits for the answer, ends the machine in order, prints one JSON object. 0 only for HTTP
// 200 and an orderly end.
int probe(const Options& options);

// Boots with the console on stdout, says on stderr when the machine serves, goes on until it ends
// or a signal comes, which asks it to end in order. 0 after an orderly end; the BEAM's status where
// that was another one; 1 after a kernel panic and everything else.
int run(const Options& options);

// The same, but returns as soon as the machine serves (0), or does not (1); the machine goes on as
// the child of a process that options.state leads to.
int run_in_background(const Options& options);

// Ends such a machine in order: the status is that of its run.
int stop(const Options& options);

// Whether guests run under the accelerator: boots the kernel without a root and waits for its
// panic. One line on stdout says what was seen; 0 if the panic was.
int trial(const Options& options);

// Measures options.what of the images of options.images in turns (A B C A B C ...), options.rounds
// times; prints what was measured, as options.format says. 0 if every boot was answered.
int bench(const Options& options);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_MODES_H
