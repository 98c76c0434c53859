// SPDX-License-Identifier: Apache-2.0
// See relay.h.
#include "relay.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace microbeam {

Relay::Relay(Loop& loop, int fd) : loop_(loop), fd_(fd) {
  loop_.watch(fd_, {[this] { return static_cast<short>(waiting_.empty() ? 0 : POLLOUT); },
                    [this] { write_some(); }});
}

Relay::~Relay() {
  loop_.forget(fd_);
}

void Relay::push(absl::string_view bytes) {
  if (!broken_) waiting_.append(bytes.data(), bytes.size());
}

void Relay::write_some() {
  // A terminal that is ready has room for some hundred bytes, a pipe for 4096.
  const ssize_t written = write(fd_, waiting_.data(), std::min<size_t>(waiting_.size(), 256));
  if (written >= 0) {
    waiting_.erase(0, static_cast<size_t>(written));
  } else if (errno != EAGAIN && errno != EINTR) {
    broken_ = true;
    waiting_.clear();
  }
}

}  // namespace microbeam
