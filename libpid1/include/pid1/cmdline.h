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

/// The value of the parameter `name`, in place on `text`, which is in pieces then: give it a copy.
/// Of one given twice the last counts, as for the kernel, which applies each in turn; to see all,
/// read with CmdlineReader. "" for one without a value ("quiet", "quiet="), nullptr where there is
/// none; arguments behind ` -- ` are none. '-' and '_' in names are the same, as to the kernel
/// (kernel/params.c, parameq).
[[nodiscard]] const char* find_parameter(char* text, const char* name);

/// Reads /proc/cmdline (or `path`) into `buffer`, without its final newline. EFBIG when it does not
/// fit. x86-64 and arm64 keep 2,048 bytes of what the boot loader gives (COMMAND_LINE_SIZE); with
/// CONFIG_BOOT_CONFIG the file is up to 32 KiB longer (lib/bootconfig.c).
[[nodiscard]] Result<> read_cmdline(std::span<char> buffer, const char* path = "/proc/cmdline");

}  // namespace pid1

#endif  // PID1_CMDLINE_H
