// SPDX-License-Identifier: Apache-2.0
// The one place that waits: poll(2) over whatever descriptors are being watched, never without a
// limit.
#ifndef MICROBEAM_BENCH_BOOT_LOOP_H
#define MICROBEAM_BENCH_BOOT_LOOP_H

#include <absl/time/time.h>

#include <functional>
#include <map>

namespace microbeam {

class Loop {
 public:
  struct Watch {
    // The events of poll(2) that are of interest now; 0 for none, not even a hang-up.
    std::function<short()> wanted;
    std::function<void()> ready;
  };

  // Until forget(fd), which may be called from within `ready`.
  void watch(int fd, Watch watch);
  void forget(int fd);

  // Waits until something is ready, or until `deadline` on the monotonic clock, and calls what is
  // ready.
  void turn(absl::Duration deadline);

 private:
  std::map<int, Watch> watches_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_LOOP_H
