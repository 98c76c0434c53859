// SPDX-License-Identifier: Apache-2.0
// What can be set, as one table: the parser, `--help` and the README are made from it.
#ifndef BEAM_INIT_SETTINGS_H
#define BEAM_INIT_SETTINGS_H

#include <span>
#include <string_view>

#include "failure.h"
#include "pid1/cmdline.h"
#include "pid1/environment.h"

namespace beam_init {

/// What happens to the machine after a failure before exec.
enum class OnCrash { kReboot, kPanic };

struct Settings {
  explicit Settings(pid1::Environment& release_environment) : environment(&release_environment) {}

  std::string_view release = "/app";
  /// Empty: the name in `ip=`, else the first line of /etc/hostname, else "beam".
  std::string_view hostname;
  OnCrash on_crash = OnCrash::kReboot;
  bool read_only_root = true;
  /// The kernel's `ip=`; empty: none given.
  std::string_view ip;
  /// env.NAME=VALUE land here.
  pid1::Environment* environment;
};

struct Setting {
  /// Without the `beam.` of the kernel command line. One that ends in '.' takes any name after it.
  std::string_view key;
  std::string_view argument;
  std::string_view meaning;
  /// `key` is whole: "env.NAME". False: not a valid value.
  bool (*apply)(Settings& settings, std::string_view key, std::string_view value);
  /// What a valid value is, for the error message.
  std::string_view valid;
};

[[nodiscard]] std::span<const Setting> setting_table();

/// Sets one. `source` says where it stands ("kernel command line"). Unknown keys and bad values are
/// errors that name the key; for an unknown one, the nearest that exists.
[[nodiscard]] Outcome<> apply_setting(Settings& settings, std::string_view key,
                                      std::string_view value, std::string_view source);

/// KEY=VALUE lines of /etc/beam-init.conf.
[[nodiscard]] Outcome<> apply_config(Settings& settings, std::string_view text,
                                     std::string_view path);

/// `beam.KEY=VALUE` and `ip=` of the kernel command line; what follows ` -- ` is appended to
/// `arguments`.
[[nodiscard]] Outcome<> apply_cmdline(Settings& settings, std::span<char> cmdline,
                                      pid1::StringVector& arguments);

}  // namespace beam_init

#endif  // BEAM_INIT_SETTINGS_H
