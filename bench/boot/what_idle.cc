// SPDX-License-Identifier: Apache-2.0
// --what=idle: what a machine costs that serves and is asked nothing.
#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "clock.h"
#include "proc.h"
#include "serving.h"
#include "what.h"

namespace microbeam {
namespace {

// After the first answer, for what a boot leaves to be done later; not longer than what is
// measured.
constexpr absl::Duration kSettle = absl::Seconds(5);

// What all threads of the process have had until now, by the scheduler's own account.
absl::StatusOr<absl::Duration> cpu_time(pid_t pid) {
  clockid_t clock = 0;
  timespec used{};
  if (const int error = clock_getcpuclockid(pid, &clock); error != 0)
    return absl::ErrnoToStatus(error, "clock_getcpuclockid");
  if (clock_gettime(clock, &used) != 0) return absl::ErrnoToStatus(errno, "clock_gettime");
  return absl::DurationFromTimespec(used);
}

absl::StatusOr<Figures> idle_turn(const Turn& turn) {
  const auto serving = Serving::boot(turn, turn.contestant.options);
  if (!serving.ok()) return serving.status();
  const absl::Duration period = absl::Seconds(turn.contestant.options.seconds);
  if (absl::Status status = (*serving)->wait(std::min(kSettle, period)); !status.ok())
    return status;
  const pid_t pid = (*serving)->pid();
  const absl::Duration start = monotonic_now();
  const auto used_before = cpu_time(pid);
  const auto woken_before = wakeups_of(pid);
  if (absl::Status status = (*serving)->wait(period); !status.ok()) return status;
  const absl::Duration took = monotonic_now() - start;
  const auto used = cpu_time(pid);
  const auto woken = wakeups_of(pid);
  for (const absl::Status& status :
       {used_before.status(), used.status(), woken_before.status(), woken.status()}) {
    if (!status.ok()) return status;
  }
  // It has to be there still, and not to be idle for that reason.
  if (const auto body = (*serving)->get("/"); !body.ok()) return body.status();
  return Figures{
      1000 * absl::FDivDuration(*used - *used_before, took),
      static_cast<double>(wakeups_since(*woken_before, *woken)) / absl::ToDoubleSeconds(took)};
}

}  // namespace

What what_idle() {
  using Extra = Measure::Extra;
  return {.name = "idle",
          .measures = {{.name = "cpu",
                        .unit = "ms/s",
                        .title = "of each second on a processor of the host while nobody asks",
                        .extra = Extra::kTimes},
                       {.name = "wakeups",
                        .unit = "1/s",
                        .title = "how often a thread of QEMU wakes up",
                        .extra = Extra::kTimes}},
          .turn = idle_turn};
}

}  // namespace microbeam
