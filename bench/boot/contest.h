// SPDX-License-Identifier: Apache-2.0
// Several images against each other: who they are, and what is said of what each has shown.
#ifndef MICROBEAM_BENCH_BOOT_CONTEST_H
#define MICROBEAM_BENCH_BOOT_CONTEST_H

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "comparison.h"
#include "options.h"

namespace microbeam {

struct Contestant {
  std::string name;    // of its folder
  std::string folder;  // as rootfs/assemble.bash makes them
  Options options;     // of each of its boots
};

// Image folders: vmlinux and root.cpio.zst, root.cpio or root.ext4, and in a file `append` what an
// image wants of the kernel's command line, if anything. root.ext4 is the first disk, and each boot
// finds it as it is in the folder. `base` has all that is the same for all. Fails with what is
// missing.
absl::StatusOr<std::vector<Contestant>> contestants(const Options& base);

// What one turn has shown, a number for each measure; empty: not seen.
using Figures = std::vector<std::optional<double>>;

// The measures with all that was shown: `figures[c]` are the turns of contestant c, in order. The
// first contestant is what the others are held against.
Report contest_report(const std::vector<Contestant>& contestants, std::vector<Measure> measures,
                      const std::vector<std::vector<Figures>>& figures);

// "init 1.0 ms, exec 2.0 ms", of what was seen.
std::string summary(const std::vector<Measure>& measures, const Figures& figures);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_CONTEST_H
