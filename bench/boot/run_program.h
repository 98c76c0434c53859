// SPDX-License-Identifier: Apache-2.0
// A program of the host that runs to its end while the loop goes on with what else there is.
#ifndef MICROBEAM_BENCH_BOOT_RUN_PROGRAM_H
#define MICROBEAM_BENCH_BOOT_RUN_PROGRAM_H

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

#include "loop.h"

namespace microbeam {

// What it wrote to its standard output. `argv[0]` is its path. Fails with what it said when it
// cannot be started, ends with another status than 0, or has not ended within `limit` or before
// `give_up` is true, which is asked after everything that happens.
absl::StatusOr<std::string> run_program(
    Loop& loop, const std::vector<std::string>& argv, absl::Duration limit,
    const std::function<bool()>& give_up = [] { return false; });

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_RUN_PROGRAM_H
