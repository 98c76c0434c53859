// SPDX-License-Identifier: Apache-2.0
// What can be set, as one table: the parser, `--help` and the README are made from it.
#ifndef BEAM_INIT_SETTINGS_H
#define BEAM_INIT_SETTINGS_H

#include <span>

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
  /// Without the `beam.` of the kernel command line, with the '=' behind it; one that ends in '.'
  /// takes any name there.
  const char* key;
  const char* argument;
  const char* meaning;
  /// `name` is what stands behind the '.'. False: not a valid value.
  bool (*apply)(Settings& settings, const char* name, const char* value);
};

[[nodiscard]] std::span<const Setting> setting_table();

/// Sets one; key and value must live as long as the settings. `source` says where it stands
/// ("kernel command line"). Unknown keys and bad values are errors that name the key; for an
/// unknown one, the nearest that exists: the one with most letters in common.
Outcome apply_setting(Settings& settings, const char* key, const char* value, const char* source);

/// KEY=VALUE lines of the file /etc/beam-init.conf, which lies in `text` and stays there.
Outcome apply_config(Settings& settings, char* text, const char* path);

/// `beam.KEY=VALUE` and `ip=` of the kernel command line, which lies in `cmdline` and stays there;
/// what follows ` -- ` is appended to `arguments`.
Outcome apply_cmdline(Settings& settings, char* cmdline, pid1::StringVector& arguments,
                      Draft& draft);

/// Sets nothing but `beam.on_crash=`: for a boot that has failed already.
void apply_policy(Settings& settings, char* cmdline);

}  // namespace beam_init

#endif  // BEAM_INIT_SETTINGS_H
