// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <cstring>

#include "build.h"
#include "pid1/network.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

using Kind = Setting::Kind;

constexpr int kMostMilliseconds = 100'000'000;

#define BEAM_INIT_PLACE(member) static_cast<uint8_t>(offsetof(Settings, member))

constexpr Setting kSettings[] = {
    {"mode=", "exec|supervise", "the BEAM takes the place of PID 1, or is its child (default exec)",
     Kind::kChoice, BEAM_INIT_PLACE(mode)},
    {"release=", "DIR", "where the release is: an absolute directory (default /app)", Kind::kPath,
     BEAM_INIT_PLACE(release)},
    {"hostname=", "NAME",
     "host name: 1 to 64 letters, digits, '-' and '.' (default: the one in ip=, else "
     "/etc/hostname, else \"beam\")",
     Kind::kName, BEAM_INIT_PLACE(hostname)},
    {"user=", "NAME|UID[:GID]", "whom the BEAM runs as (default root)", Kind::kText,
     BEAM_INIT_PLACE(user)},
    {"caps=", "NAME,...",
     "capabilities that the user keeps (default net_bind_service,sys_boot); \"\": none",
     Kind::kText, BEAM_INIT_PLACE(capabilities)},
    {"env.", "NAME=VALUE",
     "environment of the release; RELEASE_* and ERL_*FLAGS act as in its start script",
     Kind::kVariable, 0},
    {"env_file=", "FILE",
     "more of it, one NAME=VALUE a line: a file, or a disk with that text and NULs behind it "
     "(default /etc/beam-init.env, if it is there)",
     Kind::kPath, BEAM_INIT_PLACE(env_file)},
    {"dist=", "none|short|long", "distribution, without epmd (default none)", Kind::kChoice,
     BEAM_INIT_PLACE(distribution)},
    {"node=", "NAME[@HOST]", "name of the node (default: the release's)", Kind::kText,
     BEAM_INIT_PLACE(node)},
    {"dist_port=", "PORT", "port of this node and of those it connects to (default 4370)",
     Kind::kNumber, BEAM_INIT_PLACE(dist_port)},
    {"cookie=", "FILE",
     "file with the cookie (default: RELEASE_COOKIE, else releases/COOKIE of the release)",
     Kind::kPath, BEAM_INIT_PLACE(cookie)},
    {"net=", "DEVICE[,ADDRESS/PREFIX|gateway=ADDRESS|dns=ADDRESS|mtu=BYTES]...",
     "a network device, with addresses of IPv4 and IPv6; once for each device", Kind::kList, ','},
    {"net_required=", "yes|no",
     "whether a network that cannot be set up ends the boot (default yes)", Kind::kChoice,
     BEAM_INIT_PLACE(network_optional)},
    {"mount=", "DEVICE:DIR:TYPE[:OPTION,...]",
     "a volume, e.g. /dev/vda:/data:ext4:noatime; with nofail one that may be missing", Kind::kList,
     ':'},
    {"device_wait=", "MS", "how long to wait for the device of a volume (default 5000)",
     Kind::kNumber, BEAM_INIT_PLACE(device_wait)},
    {"limit.", "NAME=SOFT:HARD", "a resource limit of setrlimit(2), e.g. beam.limit.nofile=65536",
     Kind::kList, '\0'},
    {"sysctl.", "NAME=VALUE", "a setting of the kernel below /proc/sys", Kind::kList, '\0'},
    {"root=", "ro|rw", "the root file system while the release runs (default ro)", Kind::kChoice,
     BEAM_INIT_PLACE(root_writable)},
    {"directory=", "DIR", "working directory (default /, of a relx release its own)", Kind::kPath,
     BEAM_INIT_PLACE(directory)},
    {"console=", "DEVICE", "standard input and output (default /dev/console)", Kind::kPath,
     BEAM_INIT_PLACE(console)},
    {"on_exit=", kEnds, "what follows exit status 0 (default poweroff; restart: supervise only)",
     Kind::kChoice, BEAM_INIT_PLACE(on_exit)},
    {"on_crash=", kEnds, "what follows any other end, and a boot that fails (default reboot)",
     Kind::kChoice, BEAM_INIT_PLACE(on_crash)},
    {"stop_grace=", "MS", "how long the BEAM and others have to end before SIGKILL (default 10000)",
     Kind::kNumber, BEAM_INIT_PLACE(stop_grace)},
};
static_assert(offsetof(Settings, given_count) < 256, "a place is one byte");

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

const char* after_first(const char* text, char separator) {
  text = pid1::find(text, separator);
  return *text == '\0' ? text : text + 1;
}

/// Whether two values of a list are of the same thing: a network's device, which is the first word,
/// or a volume's directory, which is the second: two of tmpfs have one device.
bool same_up_to(const char* a, const char* b, char separator) {
  if (separator == ':') {
    a = after_first(a, separator);
    b = after_first(b, separator);
  }
  const auto at_end = [separator](char c) { return c == separator || c == '\0'; };
  while (*a == *b && !at_end(*a))
    ++a, ++b;
  return at_end(*a) && at_end(*b);
}

bool keep(Settings& settings, const Setting& setting, const char* name, char* value) {
  const auto separator = static_cast<char>(setting.place);
  for (unsigned i = 0; i < settings.given_count; ++i) {
    Given& other = settings.given[i];
    if (separator == '\0' || other.setting != &setting ||
        !same_up_to(other.value, value, separator)) {
      continue;
    }
    other.value = value;
    return true;
  }
  if (settings.given_count == sizeof(settings.given) / sizeof(settings.given[0])) return false;
  settings.given[settings.given_count++] = {&setting, name, value};
  return true;
}

/// False: it is not a valid value. One that is none changes nothing, above all not how the error
/// that it is will end.
bool apply(Settings& settings, const Setting& setting, const char* name, char* value) {
  char* const place = reinterpret_cast<char*>(&settings) + setting.place;
  switch (setting.kind) {
    case Kind::kChoice: {
      const int index = pid1::index_of(setting.argument, value, '|');
      if (index >= 0) *place = static_cast<char>(index);
      return index >= 0;
    }
    case Kind::kVariable:
      return settings.environment->set(name, value).has_value();
    case Kind::kList:
      if (name != nullptr && *name == '\0') return false;
      return keep(settings, setting, name, value);
    case Kind::kPath:
      if (*value != '/') return false;
      break;
    case Kind::kName:
      if (!pid1::is_hostname(value)) return false;
      break;
    case Kind::kNumber: {
      const bool is_port = setting.place == BEAM_INIT_PLACE(dist_port);
      if (!pid1::parse_number(value, is_port ? 65535 : kMostMilliseconds).has_value()) return false;
      break;
    }
    case Kind::kText:
      break;
  }
  memcpy(place, static_cast<const void*>(&value), sizeof(value));
  return true;
}

}  // namespace

std::span<const Setting> setting_table() {
  return kSettings;
}

const char* word_at(const char* words, unsigned index, std::span<char> out) {
  while (index-- > 0)
    words = pid1::find(words, '|') + 1;
  (void)pid1::fill(out, "{}", &words);
  (void)pid1::split(out.data(), '|');
  return out.data();
}

Outcome Settings::for_each(const char* key, pid1::FunctionRef<Outcome(const Given&)> use) const {
  for (unsigned i = 0; i < given_count; ++i) {
    if (pid1::equals(given[i].setting->key, key)) BEAM_INIT_PASS(use(given[i]));
  }
  return {};
}

Outcome apply_setting(Settings& settings, const char* key, char* value, const char* source) {
  for (const Setting& setting : kSettings) {
    const char* const name = pid1::after(key, setting.key);  // of one that ends in '.'
    const char* const rest = pid1::after(setting.key, key);
    if (name == nullptr && (rest == nullptr || !pid1::equals(rest, "="))) continue;
    if (apply(settings, setting, name, value)) return {};
    // A value of the environment may be a secret: it is not repeated.
    return fail("{}: beam.{}: not a valid value: '{}'; it takes {}: {}", source, key,
                setting.kind == Kind::kVariable ? "..." : value, setting.argument, setting.meaning);
  }
  const Setting& near = nearest(key);
  return fail("{}: there is no setting beam.{}; the nearest is beam.{}{}", source, key, near.key,
              near.argument);
}

namespace {

/// Hands each NAME=VALUE line to `use`.
Outcome for_each_line(char* text, const char* path,
                      pid1::FunctionRef<Outcome(const pid1::Assignment&)> use) {
  pid1::AssignmentReader reader(text);
  pid1::Assignment assignment;
  for (;;) {
    const auto read = reader.next(assignment);
    if (!read.has_value()) {
      return fail("{} line {}: {}; it takes KEY=VALUE lines, comments begin with #", path,
                  pid1::Decimal(reader.line()).text(), read.error().operation);
    }
    if (!*read) return {};
    BEAM_INIT_PASS(use(assignment));
  }
}

}  // namespace

Outcome apply_config(Settings& settings, char* text, const char* path) {
  return for_each_line(text, path, [&](const pid1::Assignment& line) {
    return apply_setting(settings, line.name, line.value, path);
  });
}

Outcome apply_env_file(Settings& settings, char* text, const char* path) {
  return for_each_line(text, path, [&](const pid1::Assignment& line) {
    const auto set = settings.environment->set(line.name, line.value);
    BEAM_INIT_TRY(set, path, "use fewer or shorter variables");
    return Outcome();
  });
}

void apply_policy(Settings& settings, char* cmdline) {
  pid1::CmdlineReader reader(cmdline);
  pid1::Parameter parameter;
  while (reader.next(parameter)) {
    if (parameter.is_argument || parameter.value == nullptr) continue;
    if (!pid1::equals(parameter.name, "beam.on_crash")) continue;
    for (const Setting& setting : kSettings) {
      if (pid1::equals(setting.key, "on_crash=")) {
        (void)apply(settings, setting, nullptr, parameter.value);
      }
    }
  }
}

Outcome apply_cmdline(Settings& settings, char* cmdline, pid1::StringVector& arguments,
                      Draft& draft) {
  static char nothing[1];
  pid1::CmdlineReader reader(cmdline);
  pid1::Parameter parameter;
  while (reader.next(parameter)) {
    char* const value = parameter.value != nullptr ? parameter.value : nothing;
    const char* const key = pid1::after(parameter.name, "beam.");
    if (parameter.is_argument) {
      draft.add(arguments, parameter.name);
    } else if (key != nullptr) {
      BEAM_INIT_PASS(apply_setting(settings, key, value, "kernel command line"));
    } else if (pid1::equals(parameter.name, "ip")) {
      settings.ip = value;
    }
  }
  return draft.outcome("behind -- of the kernel command line");
}

}  // namespace beam_init
