// SPDX-License-Identifier: Apache-2.0
// See proc.h.
#include "proc.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <sys/utsname.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace microbeam {
namespace {

std::string contents(const std::string& path) {
  // Not an istreambuf_iterator, which throws when the process has ended meanwhile (ESRCH).
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

std::optional<std::string> proc_field(absl::string_view text, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, name)) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, ":")) return std::string(absl::StripAsciiWhitespace(line));
  }
  return {};
}

std::optional<int64_t> proc_kib(absl::string_view text, absl::string_view name) {
  const std::optional<std::string> field = proc_field(text, name);
  int64_t kib = 0;
  if (!field || !absl::SimpleAtoi(absl::StripSuffix(*field, " kB"), &kib)) return {};
  return kib;
}

absl::StatusOr<Memory> parse_memory(absl::string_view smaps_rollup) {
  const std::optional<int64_t> rss = proc_kib(smaps_rollup, "Rss");
  const std::optional<int64_t> pss = proc_kib(smaps_rollup, "Pss");
  const std::optional<int64_t> clean = proc_kib(smaps_rollup, "Private_Clean");
  const std::optional<int64_t> dirty = proc_kib(smaps_rollup, "Private_Dirty");
  if (!rss || !pss || !clean || !dirty) {
    return absl::NotFoundError("smaps_rollup lacks Rss, Pss or Private (CONFIG_PROC_PAGE_MONITOR)");
  }
  return Memory{.rss_kib = *rss, .pss_kib = *pss, .private_kib = *clean + *dirty};
}

absl::StatusOr<Memory> memory_of(pid_t pid) {
  return parse_memory(contents(absl::StrCat("/proc/", pid, "/smaps_rollup")));
}

absl::StatusOr<Wakeups> wakeups_of(pid_t pid) {
  Wakeups wakeups;
  std::error_code error;
  for (const auto& thread :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/task"), error)) {
    const std::string status = contents(thread.path() / "status");
    int64_t count = 0;
    // One that has ended meanwhile has nothing to say any more.
    if (absl::SimpleAtoi(proc_field(status, "voluntary_ctxt_switches").value_or(""), &count)) {
      wakeups[thread.path().filename()] = count;
    }
  }
  if (error) return absl::NotFoundError(absl::StrCat("process ", pid, ": ", error.message()));
  return wakeups;
}

int64_t wakeups_since(const Wakeups& before, const Wakeups& now) {
  int64_t sum = 0;
  for (const auto& [thread, count] : now) {
    const auto found = before.find(thread);
    sum += count - (found != before.end() ? found->second : 0);
  }
  return sum;
}

std::string describe_machine() {
  utsname kernel{};
  uname(&kernel);
  const std::string load = contents("/proc/loadavg");
  return absl::StrFormat("%s %s %s; %s; %u processors; %d MiB; load %s", kernel.sysname,
                         kernel.release, kernel.machine,
                         proc_field(contents("/proc/cpuinfo"), "model name").value_or("?"),
                         std::thread::hardware_concurrency(),
                         proc_kib(contents("/proc/meminfo"), "MemTotal").value_or(0) / 1024,
                         load.empty() ? "?" : load.substr(0, load.find(' ')));
}

}  // namespace microbeam
