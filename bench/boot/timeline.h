// SPDX-License-Identifier: Apache-2.0
// From marks to the two timelines of a boot: milliseconds on the host, instructions in the guest.
#ifndef MICROBEAM_BENCH_BOOT_TIMELINE_H
#define MICROBEAM_BENCH_BOOT_TIMELINE_H

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "marks.h"

namespace microbeam {

// The events of a boot, in the order in which they happen: `listening` while the applications are
// started, `application` once all of them are.
enum class Event { kKernel, kInit, kExec, kBeam, kListening, kApplication, kFirstByte };
inline constexpr std::array<absl::string_view, 7> kEventNames = {
    "kernel", "init", "exec", "beam", "listening", "application", "first_byte"};

// An event that was not seen is nothing, never a guess.
template <typename T>
using Timeline = std::array<std::optional<T>, kEventNames.size()>;

// The first mark of that name (a program that is started again writes its marks again), or null.
const Mark* find_mark(const std::vector<Mark>& marks, absl::string_view name);

// Which clock the guest's nanoseconds are of.
enum class GuestClock { kReal, kIcount };

// Milliseconds since `spawn`, the moment just before QEMU was started. `kernel` is the zero of the
// guest's CLOCK_BOOTTIME, that is the arrival of the mark `init` less what that clock showed then:
// what lies before it is QEMU, its firmware and the kernel's very first steps. Under --icount a
// nanosecond of the guest is an instruction and no length of time on the host: what only the
// guest's clock could tell, `kernel` and marks with an age, stays empty then.
Timeline<double> timeline_ms(const std::vector<Mark>& marks, absl::Duration spawn,
                             std::optional<absl::Duration> first_byte, GuestClock clock);

// Guest instructions since reset, for a machine under `-icount shift=0,sleep=off`: there one
// instruction is one nanosecond of every guest clock and one tick of the time stamp counter, so a
// mark without a TSC of its own is placed by its distance to `exec` on CLOCK_BOOTTIME. A halted
// guest's clock jumps to its next timer without running anything (sleep=off): that jump is in the
// figure. first_byte is an event of the host and stays empty.
Timeline<int64_t> timeline_insns(const std::vector<Mark>& marks);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_TIMELINE_H
