// SPDX-License-Identifier: Apache-2.0
// The root as this one machine gets it: the image's, and over it what the host hands to this
// machine alone.
#ifndef MICROBEAM_BENCH_BOOT_INITRD_H
#define MICROBEAM_BENCH_BOOT_INITRD_H

#include <absl/status/statusor.h>

#include <string>

#include "unique_fd.h"

namespace microbeam {

// What beam-init reads it from, readable for root only.
inline constexpr char kEnvironmentFile[] = "etc/beam-init.env";
// More than any environment can hold is a mistake.
inline constexpr size_t kMaxEnvironment = 65536;

// `root` followed by an archive with the content of `env_file` as /etc/beam-init.env, in memory
// that has no name in any file system: secrets are written to no disk, and nothing is left to
// remove by a tool that is killed.
absl::StatusOr<UniqueFd> initrd_with_environment(const std::string& root,
                                                 const std::string& env_file);

// The content of `env_file` alone, as a disk: padded with NULs to whole sectors, in memory too. For
// a root that is a disk itself, to which nothing can be added.
absl::StatusOr<UniqueFd> environment_disk(const std::string& env_file);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_INITRD_H
