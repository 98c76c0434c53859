// SPDX-License-Identifier: Apache-2.0
// The kernel's command line, split exactly as the kernel splits it.
//
// An init's argv is no substitute: names with a '.' before the '=' are taken for module parameters
// and never reach it, words that the kernel does not know do, and more than 32 of either panic
// (init/main.c: unknown_bootoption, set_init_arg).
#ifndef PID1_CMDLINE_H
#define PID1_CMDLINE_H

#include <span>

#include "pid1/result.h"

namespace pid1 {

/// One word of the command line, quotes removed.
struct Parameter {
  /// What stands before the first '='. Of an argument: all of it, as the kernel would hand it to
  /// init.
  char* name;
  /// What follows the first '=', or nullptr.
  char* value;
  /// It stands after ` -- `: an argument for init, not a parameter.
  bool is_argument;
};

/// Splits as lib/cmdline.c's next_arg does: words end at white space outside double quotes; quotes
/// around a whole word or a whole value are removed, others kept; a backslash is a plain character.
/// 0xA0 is white space too (lib/ctype.c). A word that is just `--` begins the arguments.
class CmdlineReader {
 public:
  /// Works in place on `text`, of any length; the parameters are parts of it.
  explicit constexpr CmdlineReader(char* text) : rest_(text) {}

  /// False at the end.
  [[nodiscard]] bool next(Parameter& parameter);

 private:
  char* rest_;
  bool arguments_ = false;
};

/// Reads /proc/cmdline (or `path`) into `buffer`, without its final newline. EFBIG when it does not
/// fit. x86-64 keeps at most 2,048 bytes (COMMAND_LINE_SIZE), other machines more.
[[nodiscard]] Result<> read_cmdline(std::span<char> buffer, const char* path = "/proc/cmdline");

}  // namespace pid1

#endif  // PID1_CMDLINE_H
