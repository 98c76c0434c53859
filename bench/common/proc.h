// SPDX-License-Identifier: Apache-2.0
// What the kernel says in /proc of a process's memory and of the machine.
#ifndef MICROBEAM_BENCH_COMMON_PROC_H
#define MICROBEAM_BENCH_COMMON_PROC_H

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace microbeam {

// The text after "NAME:" of the first line that begins so, blanks on both sides removed.
std::optional<std::string> proc_field(absl::string_view text, absl::string_view name);

// The number of a field "NAME:   123 kB".
std::optional<int64_t> proc_kib(absl::string_view text, absl::string_view name);

struct Memory {
  int64_t rss_kib;      // pages that are mapped and present
  int64_t pss_kib;      // the same, each page divided by how many processes map it
  int64_t private_kib;  // pages that nobody else maps: what one process more costs
};

// Of smaps_rollup (proc(5)).
absl::StatusOr<Memory> parse_memory(absl::string_view smaps_rollup);
absl::StatusOr<Memory> memory_of(pid_t pid);

// How often each thread of the process has gone to sleep until now, of its own accord.
using Wakeups = std::map<std::string, int64_t>;
absl::StatusOr<Wakeups> wakeups_of(pid_t pid);
// In between, of threads that have not ended.
int64_t wakeups_since(const Wakeups& before, const Wakeups& now);

// One line: kernel, processor, how many, memory, load. What cannot be read is a "?".
std::string describe_machine();

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_PROC_H
