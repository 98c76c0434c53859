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
/// rest of it, and is not waited for again until it takes some: an init must never block on a
/// terminal that nobody reads. Nor is it stopped by one with TOSTOP while another process group is
/// in the foreground: all signals are blocked while it writes there.
class Console {
 public:
  /// A whole line: level, name, message, newline. The kernel's log takes no longer record
  /// (PRINTKRB_RECORD_MAX).
  static constexpr size_t kLineCapacity = 1024;
  static constexpr size_t kEarlyCapacity = 4096;

  /// `name` stands before each message ("beam-init").
  explicit Console(const char* name) : name_(name) {}

  /// Makes a terminal standard input, output and error and, for a session leader, the controlling
  /// terminal: /dev/console; where that cannot be opened, the last of those that
  /// /sys/class/tty/console/active names (the kernel's consoles, its own choice last) and that can
  /// be. Where none can (console=null gives ENODEV, a missing tty ENXIO) all three become
  /// /dev/null: none of 0, 1, 2 is ever left closed, for the next file opened would take its
  /// number. Returns why /dev/console is not it when it is /dev/null.
  [[nodiscard]] Result<> adopt();

  /// The same with the terminal `path` and no other.
  [[nodiscard]] Result<> adopt(const char* path);

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
  Result<> take(Result<int> console, const char* path);
  void deliver(std::string_view record);
  void write_patiently(std::string_view text);
  void replay();

  const char* name_;
  const char* kernel_log_ = nullptr;
  int fd_ = -1;
  bool adopted_ = false;
  bool is_stuck_ = false;
  unsigned early_lost_ = 0;
  size_t early_used_ = 0;
  char early_[kEarlyCapacity];  // records: "<6>NAME: MESSAGE\n"
};

/// For an init without a console of its own, in a container say: `pattern` with its {}s replaced by
/// the parts, at most 1,023 bytes, to `fd`. It may be a pipe that nobody reads: what that does not
/// take within 100 ms is lost.
void print(int fd, const char* pattern, const char* a = nullptr, const char* b = nullptr,
           const char* c = nullptr);

}  // namespace pid1

#endif  // PID1_CONSOLE_H
