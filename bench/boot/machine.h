// SPDX-License-Identifier: Apache-2.0
// A QEMU that runs: its console, its complaints, its end.
#ifndef MICROBEAM_BENCH_BOOT_MACHINE_H
#define MICROBEAM_BENCH_BOOT_MACHINE_H

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "child.h"
#include "console.h"
#include "loop.h"
#include "signals.h"

namespace microbeam {

class Machine {
 public:
  static constexpr absl::Duration kTermLimit = absl::Seconds(5);

  struct Wiring {
    // Whether the console may be read now; always, if empty.
    std::function<bool()> may_read = nullptr;
    // Descriptors that the command names.
    std::vector<int> inherited = {};
  };

  // Starts QEMU; what the guest writes goes to `console`.
  static absl::StatusOr<std::unique_ptr<Machine>> start(Loop& loop, Console& console,
                                                        const std::vector<std::string>& command,
                                                        Wiring wiring);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  [[nodiscard]] absl::Duration spawned() const { return child_.spawned(); }
  [[nodiscard]] bool ended() const { return ended_; }
  // Whether that was without stop().
  [[nodiscard]] bool ended_by_itself() const { return ended_ && !stopping_; }
  // QEMU's exit status (128 + n when a signal ended it); empty while it runs and when stop() had to
  // kill it.
  [[nodiscard]] std::optional<int> status() const { return killed_ ? std::nullopt : status_; }
  // What QEMU wrote to its stderr, but for its farewell to our SIGTERM.
  [[nodiscard]] const std::string& complaints() const { return complaints_; }

  // What KVM said when it gave up on the guest, or empty. QEMU does not end then: it waits, with
  // the guest stopped.
  [[nodiscard]] std::string kvm_error() const;

  // Ends QEMU if it still runs: SIGTERM, then SIGKILL after kTermLimit or with the next signal that
  // the tool gets.
  void stop(const Signals& signals);

 private:
  Machine(Loop& loop, Console& console, Child child, std::function<bool()> may_read);

  // Read one piece; false when there is none.
  bool read_console();
  bool read_complaints();
  void on_end();

  Loop& loop_;
  Console& console_;
  std::function<bool()> may_read_;
  Child child_;
  bool stopping_ = false;
  bool killed_ = false;
  bool ended_ = false;
  std::optional<int> status_;
  LineSplitter complaint_lines_;
  std::string complaints_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_MACHINE_H
