// SPDX-License-Identifier: Apache-2.0
// wrk, Debian's program that asks an HTTP server as often as it can.
#ifndef MICROBEAM_BENCH_BOOT_WRK_H
#define MICROBEAM_BENCH_BOOT_WRK_H

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

namespace microbeam {

// Its path, or what to do when it is not there.
absl::StatusOr<std::string> find_wrk();

// What it says at its end. An error where not every answer was a good one: what is left out is done
// quickly.
absl::StatusOr<double> requests_per_second(absl::string_view output);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_WRK_H
