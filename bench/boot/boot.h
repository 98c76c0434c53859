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
#include "first_answer.h"
#include "loop.h"
#include "machine.h"
#include "options.h"
#include "report.h"

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

  [[nodiscard]] Machine& machine() { return *machine_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const;
  // What is known by now.
  [[nodiscard]] BootResult result() const;
  // A sentence for an outcome other than `answered`.
  [[nodiscard]] std::string describe(Outcome outcome) const;

 private:
  // QEMU found its port taken, and may be given another one.
  [[nodiscard]] bool lost_port() const;

  Loop& loop_;
  Console& console_;
  const Options& options_;
  Hooks hooks_;
  int port_ = 0;
  int starts_ = 0;
  std::unique_ptr<Machine> machine_;
  std::unique_ptr<FirstAnswer> first_answer_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_BOOT_H
