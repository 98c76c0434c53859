// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <errno.h>
#include <string.h>

#include <algorithm>

#include "build.h"
#include "pid1/network.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr Setting kSettings[] = {
    {"release", "DIR", "where the release is (default /app)", "an absolute directory",
     [](Settings& settings, const char*, const char* value) {
       settings.release = value;
       return *value == '/';
     }},
    {"hostname", "NAME", "host name (default: the one in ip=, else /etc/hostname, else \"beam\")",
     "1 to 64 letters, digits, '-' and '.'",
     [](Settings& settings, const char*, const char* value) {
       settings.hostname = value;
       return pid1::is_hostname(value);
     }},
    {"env.", "NAME=VALUE",
     "environment of the release; RELEASE_* and ERL_*FLAGS act as in its start script",
     "env.NAME=VALUE with a NAME, within the room for the environment",
     [](Settings& settings, const char* name, const char* value) {
       return settings.environment->set(name, value).has_value();
     }},
    {"root", "ro|rw", "the root file system while the release runs (default ro)", "ro or rw",
     [](Settings& settings, const char*, const char* value) {
       settings.read_only_root = value[0] != '\0' && value[1] == 'o';
       return pid1::is_listed("ro,rw", value);
     }},
    {"on_crash", "reboot|panic", "what ends the machine when the boot fails (default reboot)",
     "reboot or panic",
     [](Settings& settings, const char*, const char* value) {
       settings.on_crash = *value == 'p' ? OnCrash::kPanic : OnCrash::kReboot;
       return pid1::is_listed("reboot,panic", value);
     }},
};

/// Levenshtein distance of two short words; longer ones are as far as can be.
size_t distance(std::string_view a, std::string_view b) {
  constexpr size_t kLongest = 32;
  if (a.size() > kLongest || b.size() > kLongest) return kLongest;
  size_t row[kLongest + 1];
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

const Setting& nearest(std::string_view key) {
  const Setting* best = &kSettings[0];
  for (const Setting& setting : kSettings) {
    if (distance(key, setting.key) < distance(key, best->key)) best = &setting;
  }
  return *best;
}

/// A key that ends in '.' takes any name behind it.
bool is_open(const Setting& setting) { return std::string_view(setting.key).ends_with('.'); }

}  // namespace

std::span<const Setting> setting_table() { return kSettings; }

Outcome<> apply_setting(Settings& settings, const char* key, const char* value,
                        const char* source) {
  for (const Setting& setting : kSettings) {
    const bool open = is_open(setting);
    const std::string_view whole = key;
    if (open ? !whole.starts_with(setting.key) : whole != setting.key) continue;
    const char* const name = key + strlen(setting.key);
    if (setting.apply(settings, name, value)) return {};
    // A value of the environment may be a secret: it is not repeated.
    return fail("{}: beam.{}: not a valid value: '{}'; it takes {}", source, key,
                open ? "..." : value, setting.valid);
  }
  const Setting& near = nearest(key);
  return fail("{}: there is no setting beam.{}; the nearest is beam.{}{}{}", source, key, near.key,
              is_open(near) ? "" : "=", near.argument);
}

Outcome<> apply_config(Settings& settings, std::string_view text, const char* path,
                       Draft& draft) {
  Outcome<> outcome = {};
  size_t line = 0;
  const auto read = pid1::for_each_assignment(
      text, line, [&](const pid1::Assignment& assignment) -> pid1::Result<> {
        outcome = apply_setting(settings, draft.keep(assignment.name),
                                draft.keep(assignment.value), path);
        if (outcome.has_value()) return {};
        return std::unexpected(pid1::Error{EINVAL, "setting"});
      });
  if (outcome.has_value() && !read.has_value()) {
    char number[24];
    return fail("{} line {}: {}; it takes KEY=VALUE lines, comments begin with #", path,
                pid1::join(number, {pid1::Decimal(line)}).value_or("").data(),
                read.error().operation);
  }
  return outcome.has_value() ? draft.outcome() : outcome;
}

Outcome<> apply_cmdline(Settings& settings, std::span<char> cmdline,
                        pid1::StringVector& arguments, Draft& draft) {
  constexpr const char* kSource = "kernel command line";
  constexpr std::string_view kPrefix = "beam.";
  pid1::CmdlineReader reader(cmdline);
  while (const auto parameter = reader.next()) {
    std::string_view name = parameter->name;
    if (parameter->is_argument) {
      draft.add(arguments, parameter->word);
      continue;
    }
    const bool ours = name.starts_with(kPrefix);
    if (!ours && name != "ip") continue;
    name.remove_prefix(ours ? kPrefix.size() : 0);
    const char* const key = draft.keep(name);
    const char* const value = draft.keep(parameter->value.value_or(""));
    if (ours) {
      BEAM_INIT_PASS(apply_setting(settings, key, value, kSource));
    } else {
      settings.ip = value;
    }
  }
  return draft.outcome();
}

}  // namespace beam_init
