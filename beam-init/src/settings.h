// SPDX-License-Identifier: Apache-2.0
// What can be set, as one table: the parser, `--help` and the README are made from it.
#ifndef BEAM_INIT_SETTINGS_H
#define BEAM_INIT_SETTINGS_H

#include <span>
#include <string_view>

#include "build.h"
#include "failure.h"
#include "pid1/cmdline.h"
#include "pid1/environment.h"

namespace beam_init {

/// What happens to the machine after a failure before exec.
enum class OnCrash { kReboot, kPanic };

struct Settings {
  explicit Settings(pid1::Environment& release_environment) : environment(&release_environment) {}

  const char* release = "/app";
  /// Empty: the name in `ip=`, else the first line of /etc/hostname, else "beam".
  const char* hostname = "";
  OnCrash on_crash = OnCrash::kReboot;
  bool read_only_root = true;
  /// The kernel's `ip=`; empty: none given.
  const char* ip = "";
  /// env.NAME=VALUE land here.
  pid1::Environment* environment;
};

struct Setting {
  /// Without the `beam.` of the kernel command line. One that ends in '.' takes any name after it.
  const char* key;
  const char* argument;
  const char* meaning;
  /// What a valid value is, for the error message.
  const char* valid;
  /// `name` is what stands behind a key that ends in '.'. False: not a valid value.
  bool (*apply)(Settings& settings, const char* name, const char* value);
};

[[nodiscard]] std::span<const Setting> setting_table();

/// Sets one; key and value must live as long as the settings. `source` says where it stands ("kernel
/// command line"). Unknown keys and bad values are errors that name the key; for an unknown one, the
/// nearest that exists.
[[nodiscard]] Outcome<> apply_setting(Settings& settings, const char* key, const char* value,
                                      const char* source);

/// KEY=VALUE lines of the file /etc/beam-init.conf. `draft` keeps the values.
[[nodiscard]] Outcome<> apply_config(Settings& settings, std::string_view text, const char* path,
                                     Draft& draft);

/// `beam.KEY=VALUE` and `ip=` of the kernel command line; what follows ` -- ` is appended to
/// `arguments`. `draft` keeps the values.
[[nodiscard]] Outcome<> apply_cmdline(Settings& settings, std::span<char> cmdline,
                                      pid1::StringVector& arguments, Draft& draft);

}  // namespace beam_init

#endif  // BEAM_INIT_SETTINGS_H
