// SPDX-License-Identifier: Apache-2.0
// What a bench can measure of images that take turns: --what.
#ifndef MICROBEAM_BENCH_BOOT_WHAT_H
#define MICROBEAM_BENCH_BOOT_WHAT_H

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "comparison.h"
#include "contest.h"
#include "loop.h"
#include "options.h"
#include "signals.h"

namespace microbeam {

struct Turn {
  Loop& loop;
  const Signals& signals;
  const Contestant& contestant;
};

struct What {
  std::string name;                    // of the report, and of the file that keeps it: "boot"
  std::vector<Measure> measures = {};  // without their series
  // The first turn of each image reads its files into the host's memory, and counts for nothing.
  bool warm_up = false;
  // Whether it boots machines. Otherwise it needs no QEMU.
  bool in_machines = true;
  // Before the first turn, if there is something to do. What it returns is said of the machine.
  absl::StatusOr<std::string> (*prepare)() = nullptr;
  // An error says what happened: all of the comparison is off then.
  absl::StatusOr<Figures> (*turn)(const Turn& turn) = nullptr;
};

// What options.what and options.icount name.
What what_of(const Options& options);

// One each, in what_*.cc.
What what_boot();
What what_icount();
What what_memory();
What what_load();
What what_idle();
What what_native();

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_WHAT_H
