// SPDX-License-Identifier: Apache-2.0
// --help of a program: its own flags, without those of the libraries. For main files only.
#ifndef MICROBEAM_BENCH_COMMON_USAGE_H
#define MICROBEAM_BENCH_COMMON_USAGE_H

#include <absl/flags/usage.h>
#include <absl/flags/usage_config.h>
#include <absl/strings/match.h>
#include <absl/strings/string_view.h>

#include <string>

namespace microbeam {

// `file` is how the path of the file with the flags ends: "boot/main.cc". Both last as literals do.
inline void set_usage(absl::string_view program, absl::string_view file, absl::string_view text) {
  absl::SetProgramUsageMessage(text);
  absl::FlagsUsageConfig help;
  // The filters are given what this returns (absl/flags/internal/usage.cc).
  help.normalize_filename = [program, file](absl::string_view path) {
    return std::string(absl::EndsWith(path, file) ? program : path);
  };
  help.contains_helpshort_flags = [program](absl::string_view path) { return path == program; };
  help.contains_help_flags = help.contains_helpshort_flags;
  absl::SetFlagsUsageConfig(help);
}

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_USAGE_H
