// SPDX-License-Identifier: Apache-2.0
// Passes the console on to a terminal, file or pipe that may be slower than the guest.
#ifndef MICROBEAM_BENCH_BOOT_RELAY_H
#define MICROBEAM_BENCH_BOOT_RELAY_H

#include <absl/strings/string_view.h>

#include <cstddef>
#include <string>

#include "loop.h"

namespace microbeam {

// Writes only when poll(2) says that there is room, and little at a time: a terminal that was
// stopped with Ctrl-S must not keep the tool from hearing Ctrl-C. O_NONBLOCK would do the same, but
// also to the shell that shares the terminal.
class Relay {
 public:
  Relay(Loop& loop, int fd);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void push(absl::string_view bytes);
  // So much waits that no more should be read for it.
  [[nodiscard]] bool full() const { return waiting_.size() >= 64 * 1024UL; }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  // Nobody reads any more: what is pushed is dropped.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  void write_some();

  Loop& loop_;
  int fd_;
  std::string waiting_;
  bool broken_ = false;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_RELAY_H
