// SPDX-License-Identifier: Apache-2.0
// What can be set, as one table: the parser, `--help` and the README are made from it.
#ifndef BEAM_INIT_SETTINGS_H
#define BEAM_INIT_SETTINGS_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "build.h"
#include "failure.h"
#include "pid1/cmdline.h"
#include "pid1/environment.h"
#include "pid1/function_ref.h"

namespace beam_init {

// Choices: the words of a setting's `argument`, in this order.
enum class Mode : uint8_t { kExec, kSupervise };
enum class Distribution : uint8_t { kNone, kShort, kLong };
/// What becomes of the machine when the BEAM, or the boot, has ended.
enum class End : uint8_t { kPowerOff, kReboot, kHalt, kPanic, kRestart };
constexpr const char* kEnds = "poweroff|reboot|halt|panic|restart";

struct Setting;

/// A value of one that can be given several times.
struct Given {
  const Setting* setting;
  const char* name;  // what stands behind the '.' of the key, if it has one
  char* value;
};

/// Texts are parts of what was read, or literals. Numbers stay texts until they are used.
struct Settings {
  explicit Settings(pid1::Environment& release_environment) : environment(&release_environment) {}

  /// env.NAME=VALUE land here.
  pid1::Environment* environment;
  const char* release = "/app";
  /// Empty: the name in `ip=`, else the first line of /etc/hostname, else "beam".
  const char* hostname = "";
  const char* console = "";
  const char* directory = "";
  const char* user = "";
  const char* capabilities = "net_bind_service,sys_boot";
  const char* env_file = "";
  const char* node = "";
  const char* dist_port = "4370";
  const char* cookie = "";
  const char* device_wait = "5000";
  const char* stop_grace = "10000";
  /// The kernel's `ip=`; empty: none given.
  const char* ip = "";
  Mode mode = Mode::kExec;
  Distribution distribution = Distribution::kNone;
  End on_exit = End::kPowerOff;
  End on_crash = End::kReboot;
  bool root_writable = false;
  bool network_optional = false;
  uint8_t given_count = 0;
  Given given[64];

  /// Calls `use` for what was given of the setting with this key, in order, until one fails.
  Outcome for_each(const char* key, pid1::FunctionRef<Outcome(const Given&)> use) const;
};

struct Setting {
  /// Without the `beam.` of the kernel command line, with the '=' behind it; one that ends in '.'
  /// takes any name there.
  const char* key;
  /// Of a choice its words, with | between them.
  const char* argument;
  const char* meaning;
  enum class Kind : uint8_t { kChoice, kPath, kName, kNumber, kText, kVariable, kList } kind;
  /// Where in Settings it is kept; of a kList the character that ends what tells two values apart,
  /// a later one of the same taking the earlier one's place ('\0': none is replaced).
  uint8_t place;
};

[[nodiscard]] std::span<const Setting> setting_table();

/// The word of a choice at `index`, in `out`; pid1::index_of tells the index of a word.
[[nodiscard]] const char* word_at(const char* words, unsigned index, std::span<char> out);

/// Sets one; key and value must live as long as the settings. `source` says where it stands
/// ("kernel command line"). Unknown keys and bad values are errors that name the key; for an
/// unknown one, the nearest that exists: the one with most letters in common.
Outcome apply_setting(Settings& settings, const char* key, char* value, const char* source);

/// KEY=VALUE lines of the file /etc/beam-init.conf, which lies in `text` and stays there.
Outcome apply_config(Settings& settings, char* text, const char* path);

/// NAME=VALUE lines of the host's file, for the environment. No value is repeated in an error.
Outcome apply_env_file(Settings& settings, char* text, const char* path);

/// `beam.KEY=VALUE` and `ip=` of the kernel command line, which lies in `cmdline` and stays there;
/// what follows ` -- ` is appended to `arguments`.
Outcome apply_cmdline(Settings& settings, char* cmdline, pid1::StringVector& arguments,
                      Draft& draft);

/// Sets nothing but `beam.on_crash=`: for a boot that has failed already.
void apply_policy(Settings& settings, char* cmdline);

}  // namespace beam_init

#endif  // BEAM_INIT_SETTINGS_H
