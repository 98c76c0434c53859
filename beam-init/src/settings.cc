// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <errno.h>

#include <algorithm>

#include "pid1/network.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr std::string_view kEnvironmentPrefix = "env.";

constexpr Setting kSettings[] = {
    {"release", "DIR", "where the release is (default /app)",
     [](Settings& settings, std::string_view, std::string_view value) {
       settings.release = value;
       return value.starts_with('/');
     },
     "an absolute directory"},
    {"hostname", "NAME",
     "host name (default: the one in ip=, else /etc/hostname, else \"beam\")",
     [](Settings& settings, std::string_view, std::string_view value) {
       settings.hostname = value;
       return pid1::is_hostname(value);
     },
     "1 to 64 letters, digits, '-' and '.'"},
    {kEnvironmentPrefix, "NAME=VALUE",
     "environment of the release; RELEASE_* and ERL_*FLAGS act as in its start script",
     [](Settings& settings, std::string_view key, std::string_view value) {
       key.remove_prefix(kEnvironmentPrefix.size());
       return settings.environment->set(key, value).has_value();
     },
     "env.NAME=VALUE with a NAME, within the room for the environment"},
    {"root", "ro|rw", "the root file system while the release runs (default ro)",
     [](Settings& settings, std::string_view, std::string_view value) {
       settings.read_only_root = value == "ro";
       return value == "ro" || value == "rw";
     },
     "ro or rw"},
    {"on_crash", "reboot|panic", "what ends the machine when the boot fails (default reboot)",
     [](Settings& settings, std::string_view, std::string_view value) {
       settings.on_crash = value == "panic" ? OnCrash::kPanic : OnCrash::kReboot;
       return value == "reboot" || value == "panic";
     },
     "reboot or panic"},
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

bool matches(const Setting& setting, std::string_view key) {
  return setting.key.ends_with('.') ? key.starts_with(setting.key) : key == setting.key;
}

}  // namespace

std::span<const Setting> setting_table() { return kSettings; }

Outcome<> apply_setting(Settings& settings, std::string_view key, std::string_view value,
                        std::string_view source) {
  for (const Setting& setting : kSettings) {
    if (!matches(setting, key)) continue;
    if (setting.apply(settings, key, value)) return {};
    // A value of the environment may be a secret: it is not repeated.
    return fail("{}: beam.{}: not a valid value: '{}'; it takes {}",
                {source, key, setting.key == kEnvironmentPrefix ? "..." : value, setting.valid});
  }
  const Setting& near = nearest(key);
  return fail("{}: there is no setting beam.{}; the nearest is beam.{}{}{}",
              {source, key, near.key, near.key.ends_with('.') ? "" : "=", near.argument});
}

Outcome<> apply_config(Settings& settings, std::string_view text, std::string_view path) {
  Outcome<> outcome = {};
  size_t line = 0;
  const auto read = pid1::for_each_assignment(
      text, line, [&](const pid1::Assignment& assignment) -> pid1::Result<> {
        outcome = apply_setting(settings, assignment.name, assignment.value, path);
        if (outcome.has_value()) return {};
        return std::unexpected(pid1::Error{EINVAL, "setting"});
      });
  if (outcome.has_value() && !read.has_value()) {
    return fail("{} line {} is not KEY=VALUE; comments begin with #", {path, pid1::Decimal(line)});
  }
  return outcome;
}

Outcome<> apply_cmdline(Settings& settings, std::span<char> cmdline,
                        pid1::StringVector& arguments) {
  constexpr std::string_view kSource = "kernel command line";
  constexpr std::string_view kPrefix = "beam.";
  pid1::CmdlineReader reader(cmdline);
  while (const auto parameter = reader.next()) {
    std::string_view name = parameter->name;
    if (parameter->is_argument) {
      BEAM_INIT_TRY(arguments.append({parameter->word}), parameter->word,
                    "give fewer arguments after ' -- '");
    } else if (name == "ip") {
      settings.ip = parameter->value.value_or("");
    } else if (name.starts_with(kPrefix)) {
      name.remove_prefix(kPrefix.size());
      BEAM_INIT_PASS(apply_setting(settings, name, parameter->value.value_or(""), kSource));
    }
  }
  return {};
}

}  // namespace beam_init
