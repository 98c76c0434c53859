// SPDX-License-Identifier: Apache-2.0
// What --mode=run does in the foreground and in the background alike.
#ifndef MICROBEAM_BENCH_BOOT_RUN_H
#define MICROBEAM_BENCH_BOOT_RUN_H

#include <absl/strings/string_view.h>

#include <functional>

#include "boot.h"
#include "options.h"

namespace microbeam {

struct RunHooks {
  // The machine has answered; what to do about it was written to stderr.
  std::function<void(const Boot&)> served;
  // It is over, with this exit status, for this reason.
  std::function<void(int, absl::string_view)> ended;
};

int drive(const Options& options, const RunHooks& hooks);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_RUN_H
