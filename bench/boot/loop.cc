// SPDX-License-Identifier: Apache-2.0
// See loop.h.
#include "loop.h"

#include <poll.h>

#include <algorithm>
#include <vector>

#include "clock.h"

namespace microbeam {

void Loop::watch(int fd, Watch watch) {
  watches_[fd] = std::move(watch);
}

void Loop::forget(int fd) {
  watches_.erase(fd);
}

void Loop::turn(absl::Duration deadline) {
  std::vector<pollfd> polled;
  for (const auto& [fd, watch] : watches_) {
    // poll(2) reports POLLHUP and POLLERR unasked: a descriptor of no interest must not be there at
    // all.
    if (const short events = watch.wanted()) polled.push_back({fd, events, 0});
  }
  const absl::Duration left = std::max(deadline - monotonic_now(), absl::ZeroDuration());
  const timespec limit = absl::ToTimespec(std::min(left, absl::Hours(1)));
  // A signal ends the wait early; the caller loops.
  if (ppoll(polled.data(), polled.size(), &limit, nullptr) <= 0) return;
  for (const pollfd& entry : polled) {
    if (entry.revents == 0) continue;
    // One callback may have forgotten the descriptor of the next.
    const auto found = watches_.find(entry.fd);
    if (found == watches_.end()) continue;
    const std::function<void()> ready = found->second.ready;
    ready();
  }
}

}  // namespace microbeam
