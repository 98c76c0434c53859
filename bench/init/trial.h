// SPDX-License-Identifier: Apache-2.0
// One start of one init as PID 1, with the probe as its program.
#ifndef MICROBEAM_BENCH_INIT_TRIAL_H
#define MICROBEAM_BENCH_INIT_TRIAL_H

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "child.h"
#include "contestant.h"

namespace microbeam {

// No wait of a trial is longer.
inline constexpr absl::Duration kTrialLimit = absl::Seconds(20);

// A mount namespace of this process's own and, without root, a user namespace in which it is root.
absl::Status enter_namespaces();

// What trials share: the probe, a clock in memory that children write to, and the folder that is
// the root of an init that reads /etc/inittab. Removes the folder at its end.
class Arena {
 public:
  // `probe` is the path of the static program. `inittab_init` is the init that gets the root; empty
  // for none.
  static absl::StatusOr<Arena> make(const std::string& probe, const std::string& inittab_init);

  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) = delete;
  ~Arena();

  [[nodiscard]] const std::string& probe() const { return probe_; }
  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] int64_t* executed_ns() const { return executed_ns_; }

 private:
  Arena() = default;

  std::string probe_;
  std::string root_;
  int64_t* executed_ns_ = nullptr;
};

// Kills its init, and with it all of its namespace, when it is dropped.
class Trial {
 public:
  // `mode`: what probe.cc is to do.
  static absl::StatusOr<Trial> start(const Arena& arena, const Contestant& contestant,
                                     std::vector<std::string> mode);

  // Microseconds since exec of the init, on the probe's next stamp.
  absl::StatusOr<double> stamp_us();
  // Sends SIGUSR1 to the init alone; microseconds until the probe's handler runs.
  absl::StatusOr<double> signal_us();
  // Microseconds since exec of the init, when its parent is told that it has ended. An error when
  // it ended with another status than 0.
  absl::StatusOr<double> end_us();

  [[nodiscard]] const Child& child() const { return child_; }

 private:
  Trial(Child child, const Contestant& contestant, int64_t executed_ns);

  absl::StatusOr<int64_t> stamp();
  // `what` went wrong, with whom, and what the init said.
  absl::Status failure(absl::string_view what);

  Child child_;
  std::string name_;
  int64_t executed_ns_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_INIT_TRIAL_H
