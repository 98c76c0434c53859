// SPDX-License-Identifier: Apache-2.0
// Several images against each other: who they are, and what is measured of the boots of each.
#ifndef MICROBEAM_BENCH_BOOT_CONTEST_H
#define MICROBEAM_BENCH_BOOT_CONTEST_H

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "comparison.h"
#include "options.h"
#include "report.h"

namespace microbeam {

struct Contestant {
  std::string name;  // of its folder
  Options options;   // of each of its boots
};

// Image folders: vmlinux and root.cpio.zst, root.cpio or root.ext4, and in a file `append` what an
// image wants of the kernel's command line, if anything. root.ext4 is the first disk, and each boot
// finds it as it is in the folder. `base` has all that is the same for all. Fails with what is
// missing.
absl::StatusOr<std::vector<Contestant>> contestants(const Options& base);

// What one boot has shown.
struct BootFigures {
  BootResult boot;
  std::optional<int64_t> pss_kib = {};  // of QEMU, when the guest had answered
};

// The measures of all the boots: `figures[c]` are those of contestant c, in order. The first
// contestant is what the others are held against.
Report contest_report(const std::vector<Contestant>& contestants,
                      const std::vector<std::vector<BootFigures>>& figures,
                      const std::string& machine);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_CONTEST_H
