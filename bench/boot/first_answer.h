// SPDX-License-Identifier: Apache-2.0
// When to ask the guest for its first answer, and the asking.
#ifndef MICROBEAM_BENCH_BOOT_FIRST_ANSWER_H
#define MICROBEAM_BENCH_BOOT_FIRST_ANSWER_H

#include <absl/time/time.h>

#include <optional>
#include <vector>

#include "http_get.h"
#include "loop.h"
#include "marks.h"

namespace microbeam {

// Asks at the very moment at which the guest says `listening`. That is no polling, and costs the
// boot nothing.
//
// An application may write no marks. So the port is tried before that too, from the mark `exec` on
// (or kPatience after the spawn when there is none), each kInterval: the guest refuses such a
// connection with one small packet, and `listening` cuts the interval short. Where even that packet
// would be counted, under --icount, the trying begins only after half of the time limit.
class FirstAnswer {
 public:
  static constexpr absl::Duration kInterval = absl::Milliseconds(100);
  static constexpr absl::Duration kPatience = absl::Seconds(1);
  // A connection that was made before the guest had a network lost its first packet, and QEMU
  // repeats that only after seconds: so a silent connection is replaced, each time after twice the
  // time, lest a guest that is merely slow never gets to answer. One that was made after
  // `listening` has come is waited for.
  static constexpr absl::Duration kFirstSilence = absl::Milliseconds(500);

  struct Plan {
    int port;
    absl::Duration spawned;
    bool icount;
    absl::Duration time_limit;
  };

  FirstAnswer(Loop& loop, const Plan& plan) : loop_(loop), plan_(plan) {}

  // Makes, ends and replaces connections; to be called after each turn of the loop.
  void look(const std::vector<Mark>& marks, absl::Duration now);
  // When look() has to be called even if nothing happens.
  [[nodiscard]] absl::Duration next_look() const { return next_; }

  // The connection that brought a whole answer, or null.
  [[nodiscard]] const HttpGet* answer() const;
  // Why the last connection brought none, or OK.
  [[nodiscard]] const absl::Status& last_failure() const { return last_failure_; }

 private:
  [[nodiscard]] absl::Duration first_try(const std::vector<Mark>& marks) const;
  // When the next connection is to be made.
  [[nodiscard]] absl::Duration due(const std::vector<Mark>& marks) const;

  Loop& loop_;
  Plan plan_;
  std::optional<HttpGet> get_;
  bool heard_listening_ = false;
  absl::Duration silence_ = kFirstSilence;
  absl::Duration asked_ = -absl::InfiniteDuration();
  absl::Duration next_ = absl::InfiniteDuration();
  absl::Status last_failure_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_FIRST_ANSWER_H
