// SPDX-License-Identifier: Apache-2.0
// See timeline.h.
#include "timeline.h"

#include <algorithm>

namespace microbeam {
namespace {

constexpr std::array kMarkedEvents = {Event::kInit, Event::kExec, Event::kBeam, Event::kListening,
                                      Event::kApplication};

constexpr size_t index(Event event) {
  return static_cast<size_t>(event);
}

const Mark* find_mark(const std::vector<Mark>& marks, Event event) {
  return find_mark(marks, kEventNames[index(event)]);
}

}  // namespace

const Mark* find_mark(const std::vector<Mark>& marks, absl::string_view name) {
  const auto found = std::find_if(marks.begin(), marks.end(),
                                  [name](const Mark& mark) { return mark.name == name; });
  return found == marks.end() ? nullptr : &*found;
}

Timeline<double> timeline_ms(const std::vector<Mark>& marks, absl::Duration spawn,
                             std::optional<absl::Duration> first_byte, GuestClock clock) {
  Timeline<double> timeline;
  const auto since_spawn = [spawn](absl::Duration at) {
    return absl::ToDoubleMilliseconds(at - spawn);
  };
  for (const Event event : kMarkedEvents) {
    const Mark* mark = find_mark(marks, event);
    if (mark == nullptr || (clock == GuestClock::kIcount && mark->age_ns != 0)) continue;
    timeline[index(event)] = since_spawn(mark->event());
  }
  if (const Mark* init = find_mark(marks, Event::kInit); init && clock == GuestClock::kReal) {
    timeline[index(Event::kKernel)] =
        since_spawn(init->event() - absl::Nanoseconds(init->boottime_ns));
  }
  if (first_byte) timeline[index(Event::kFirstByte)] = since_spawn(*first_byte);
  return timeline;
}

Timeline<int64_t> timeline_insns(const std::vector<Mark>& marks) {
  Timeline<int64_t> timeline;
  const Mark* init = find_mark(marks, Event::kInit);
  const Mark* exec = find_mark(marks, Event::kExec);
  if (init != nullptr && init->tsc) {
    timeline[index(Event::kKernel)] = *init->tsc - init->boottime_ns;
  }
  for (const Event event : kMarkedEvents) {
    const Mark* mark = find_mark(marks, event);
    if (mark == nullptr) continue;
    if (mark->tsc) {
      timeline[index(event)] = mark->tsc;
    } else if (exec != nullptr && exec->tsc) {
      timeline[index(event)] = *exec->tsc + (mark->boottime_ns - exec->boottime_ns);
    }
  }
  return timeline;
}

}  // namespace microbeam
