// SPDX-License-Identifier: Apache-2.0
// The console: standard input and output for the system, and the messages of the init itself.
#ifndef PID1_CONSOLE_H
#define PID1_CONSOLE_H

#include <cstddef>
#include <string_view>

#include "pid1/result.h"

namespace pid1 {

/// Levels of the kernel's log (<linux/kern_levels.h>).
enum class Level : char { kError = '3', kWarning = '4', kNotice = '5', kInfo = '6' };

/// Messages go to the console and to /dev/kmsg. What is said before either exists is kept and
/// replayed. A console that takes no more bytes delays a message by at most 100 ms, then loses the
/// rest of it: an init must never block on a terminal that nobody reads.
class Console {
 public:
  /// A whole line: level, name, message, newline. The kernel's log takes no longer record
  /// (PRINTKRB_RECORD_MAX).
  static constexpr size_t kLineCapacity = 1024;
  static constexpr size_t kEarlyCapacity = 4096;

  /// `name` stands before each message ("beam-init").
  explicit Console(const char* name) : name_(name) {}

  /// Makes `path` standard input, output and error and, for a session leader, the controlling
  /// terminal. When it cannot be opened (console=null gives ENODEV, a missing tty ENXIO) all three
  /// become /dev/null: none of 0, 1, 2 is ever left closed, for the next file opened would take its
  /// number. Returns why it is /dev/null.
  [[nodiscard]] Result<> adopt(const char* path = "/dev/console");

  /// Messages to `path` too from now on. Opened for each message: the kernel limits the rate per
  /// open file (kernel/printk/printk.c, devkmsg_user).
  void use_kernel_log(const char* path = "/dev/kmsg");

  /// Whether adopt() was called; what is said before is kept.
  [[nodiscard]] bool adopted() const { return adopted_; }

  /// Waits until the terminal has sent everything, at most `limit_ms`.
  void drain(unsigned limit_ms);

  /// One line: `pattern` with its {}s replaced by the parts. Longer ones end in "...".
  void say(Level level, const char* pattern, const char* a = nullptr, const char* b = nullptr,
           const char* c = nullptr);

 private:
  void deliver(std::string_view record);
  void replay();

  const char* name_;
  const char* kernel_log_ = nullptr;
  int fd_ = -1;
  bool adopted_ = false;
  unsigned early_lost_ = 0;
  size_t early_used_ = 0;
  char early_[kEarlyCapacity];  // records: "<6>NAME: MESSAGE\n"
};

}  // namespace pid1

#endif  // PID1_CONSOLE_H
