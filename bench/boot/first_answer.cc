// SPDX-License-Identifier: Apache-2.0
// See first_answer.h.
#include "first_answer.h"

#include <algorithm>

#include "timeline.h"

namespace microbeam {

void FirstAnswer::look(const std::vector<Mark>& marks, absl::Duration now) {
  if (answer() == nullptr && get_ && get_->ended()) {
    last_failure_ = get_->status();
    get_.reset();
  }
  const bool just_listening = !heard_listening_ && find_mark(marks, "listening") != nullptr;
  const bool silent = !get_ || (!get_->ended() && !get_->first_byte());
  if (silent && (just_listening || now >= due(marks))) {
    if (get_) silence_ *= 2;
    asked_ = now;
    get_.reset();  // first of all: its descriptor is in the loop
    get_.emplace(loop_, plan_.port, "/");
  }
  heard_listening_ = heard_listening_ || just_listening;
  if (get_ && get_->ended()) {
    next_ = answer() != nullptr ? absl::InfiniteDuration() : now;
  } else {
    next_ = due(marks);
  }
}

const HttpGet* FirstAnswer::answer() const {
  return get_ && get_->ended() && get_->status().ok() ? &*get_ : nullptr;
}

absl::Duration FirstAnswer::first_try(const std::vector<Mark>& marks) const {
  if (plan_.icount) return plan_.spawned + plan_.time_limit / 2;
  const Mark* exec = find_mark(marks, "exec");
  const absl::Duration without_marks = plan_.spawned + kPatience;
  return exec != nullptr ? std::min(exec->arrival, without_marks) : without_marks;
}

absl::Duration FirstAnswer::due(const std::vector<Mark>& marks) const {
  if (!get_) {
    return heard_listening_ ? asked_ + kInterval : std::max(first_try(marks), asked_ + kInterval);
  }
  return heard_listening_ || get_->first_byte() ? absl::InfiniteDuration() : asked_ + silence_;
}

}  // namespace microbeam
