// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include "build.h"
#include "pid1/network.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

/// A value that is none must not change how the error that it is will end.
bool set_policy(Settings& settings, const char*, const char* value) {
  if (!pid1::is_listed("reboot,panic", value)) return false;
  settings.on_crash = *value == 'p' ? OnCrash::kPanic : OnCrash::kReboot;
  return true;
}

constexpr Setting kSettings[] = {
    {"release=", "DIR", "where the release is: an absolute directory (default /app)",
     [](Settings& settings, const char*, const char* value) {
       settings.release = value;
       return *value == '/';
     }},
    {"hostname=", "NAME",
     "host name: 1 to 64 letters, digits, '-' and '.' (default: the one in ip=, else "
     "/etc/hostname, else "
     "\"beam\")",
     [](Settings& settings, const char*, const char* value) {
       settings.hostname = value;
       return pid1::is_hostname(value);
     }},
    {"env.", "NAME=VALUE",
     "environment of the release; RELEASE_* and ERL_*FLAGS act as in its start script",
     [](Settings& settings, const char* name, const char* value) {
       return settings.environment->set(name, value).has_value();
     }},
    {"root=", "ro|rw", "the root file system while the release runs (default ro)",
     [](Settings& settings, const char*, const char* value) {
       settings.read_only_root = value[0] != '\0' && value[1] == 'o';
       return pid1::is_listed("ro,rw", value);
     }},
    {"on_crash=", "reboot|panic", "what ends the machine when the boot fails (default reboot)",
     set_policy},
};

/// The letters of a word, whatever their case and order, as a set of bits.
unsigned letters(const char* word) {
  unsigned set = 0;
  while (*word != '\0')
    set |= 1U << (*word++ & 31);
  return set;
}

const Setting& nearest(const char* key) {
  const Setting* best = &kSettings[0];
  unsigned least = ~0U;
  for (const Setting& setting : kSettings) {
    unsigned different = 0;
    for (unsigned set = letters(key) ^ letters(setting.key); set != 0; set &= set - 1)
      ++different;
    if (different < least) {
      least = different;
      best = &setting;
    }
  }
  return *best;
}

}  // namespace

std::span<const Setting> setting_table() {
  return kSettings;
}

Outcome apply_setting(Settings& settings, const char* key, const char* value, const char* source) {
  for (const Setting& setting : kSettings) {
    const char* const name = pid1::after(key, setting.key);  // of one that ends in '.'
    const char* const rest = pid1::after(setting.key, key);
    if (name == nullptr && (rest == nullptr || !pid1::equals(rest, "="))) continue;
    if (setting.apply(settings, name, value)) return {};
    // A value of the environment may be a secret: it is not repeated.
    return fail("{}: beam.{}: not a valid value: '{}'; it takes {}: {}", source, key,
                name != nullptr ? "..." : value, setting.argument, setting.meaning);
  }
  const Setting& near = nearest(key);
  return fail("{}: there is no setting beam.{}; the nearest is beam.{}{}", source, key, near.key,
              near.argument);
}

Outcome apply_config(Settings& settings, char* text, const char* path) {
  pid1::AssignmentReader reader(text);
  pid1::Assignment assignment;
  for (;;) {
    const auto read = reader.next(assignment);
    if (!read.has_value()) {
      return fail("{} line {}: {}; it takes KEY=VALUE lines, comments begin with #", path,
                  pid1::Decimal(reader.line()).text(), read.error().operation);
    }
    if (!*read) return {};
    BEAM_INIT_PASS(apply_setting(settings, assignment.name, assignment.value, path));
  }
}

void apply_policy(Settings& settings, char* cmdline) {
  pid1::CmdlineReader reader(cmdline);
  pid1::Parameter parameter;
  while (reader.next(parameter)) {
    if (parameter.is_argument || parameter.value == nullptr) continue;
    if (!pid1::equals(parameter.name, "beam.on_crash")) continue;
    (void)set_policy(settings, nullptr, parameter.value);
  }
}

Outcome apply_cmdline(Settings& settings, char* cmdline, pid1::StringVector& arguments,
                      Draft& draft) {
  pid1::CmdlineReader reader(cmdline);
  pid1::Parameter parameter;
  while (reader.next(parameter)) {
    const char* const value = parameter.value != nullptr ? parameter.value : "";
    const char* const key = pid1::after(parameter.name, "beam.");
    if (parameter.is_argument) {
      draft.add(arguments, parameter.name);
    } else if (key != nullptr) {
      BEAM_INIT_PASS(apply_setting(settings, key, value, "kernel command line"));
    } else if (pid1::equals(parameter.name, "ip")) {
      settings.ip = value;
    }
  }
  return draft.outcome();
}

}  // namespace beam_init
