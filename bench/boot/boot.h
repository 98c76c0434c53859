// SPDX-License-Identifier: Apache-2.0
// One boot, from the spawning of QEMU to the first answer and on to the machine's end.
#ifndef MICROBEAM_BENCH_BOOT_BOOT_H
#define MICROBEAM_BENCH_BOOT_BOOT_H

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "console.h"
#include "control.h"
#include "first_answer.h"
#include "loop.h"
#include "machine.h"
#include "options.h"
#include "report.h"
#include "signals.h"
#include "unique_fd.h"

namespace microbeam {

class Boot {
 public:
  enum class Outcome { kAnswered, kQemuEnded, kGuestStopped, kTimedOut, kGivenUp };

  struct Hooks {
    // Whether to stop waiting; asked after everything that happens.
    std::function<bool()> give_up;
    // Whether the console may be read now; always, if empty.
    std::function<bool()> may_read = nullptr;
  };

  Boot(Loop& loop, Console& console, const Options& options, Hooks hooks)
      : loop_(loop), console_(console), options_(options), hooks_(std::move(hooks)) {}

  // Finds a port and starts QEMU.
  absl::Status start();
  // Waits for the guest's first whole answer, whatever its status, at most until `deadline` (on the
  // monotonic clock). Fails when QEMU has to be started again, its port having been taken in
  // between, and cannot be.
  absl::StatusOr<Outcome> until_answer(absl::Duration deadline);
  // Waits for QEMU's own end, or that of its guest.
  Outcome until_end();
  // Asks the guest to end the machine in order, and ends QEMU if that does not come to pass: when
  // nobody in the guest listens, when the time is over, with the next signal that the tool gets. A
  // QEMU that has ended is left alone.
  void stop(const Signals& signals);

  // Whether QEMU ended by itself and successfully, the guest having said `end VERB 0`, without a
  // kernel panic.
  [[nodiscard]] bool orderly() const;
  // A sentence about an end, whether it was orderly or not.
  [[nodiscard]] std::string describe_end() const;
  [[nodiscard]] const Control& control() const { return *control_; }

  [[nodiscard]] bool started() const { return machine_ != nullptr; }
  [[nodiscard]] Machine& machine() { return *machine_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const;
  // What is known by now.
  [[nodiscard]] BootResult result() const;
  // A sentence for an outcome other than `answered`.
  [[nodiscard]] std::string describe(Outcome outcome) const;

 private:
  // Makes the root of this machine, where it is more than the image's.
  absl::Status prepare_root();
  // Waits until `done`, at most so long, and not on when QEMU ended or its guest cannot go on.
  void wait(absl::Duration limit, const std::function<bool()>& done);
  // QEMU found its port taken, and may be given another one.
  [[nodiscard]] bool lost_port() const;

  Loop& loop_;
  Console& console_;
  Options options_;
  Hooks hooks_;
  UniqueFd root_;
  int port_ = 0;
  int starts_ = 0;
  std::unique_ptr<Control> control_;
  std::unique_ptr<Machine> machine_;
  std::string unanswered_;  // why the request to stop led to nothing
  std::unique_ptr<FirstAnswer> first_answer_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_BOOT_H
