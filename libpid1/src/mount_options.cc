// SPDX-License-Identifier: Apache-2.0
// Mount options and lines of fstab, from text.
#include <sys/mount.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string_view>

#include "pid1/mount.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

struct Option {
  std::string_view word;
  uint32_t set;
  uint32_t clear;
};

constexpr uint32_t kNoSymFollow = 256;    // MS_NOSYMFOLLOW, which older headers lack
constexpr uint32_t kLazyTime = 1U << 25;  // MS_LAZYTIME
constexpr uint32_t kAtime = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;

// mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS".
constexpr Option kOptions[] = {
    {"ro", MS_RDONLY, 0},
    {"rw", 0, MS_RDONLY},
    {"nosuid", MS_NOSUID, 0},
    {"suid", 0, MS_NOSUID},
    {"nodev", MS_NODEV, 0},
    {"dev", 0, MS_NODEV},
    {"noexec", MS_NOEXEC, 0},
    {"exec", 0, MS_NOEXEC},
    {"nosymfollow", kNoSymFollow, 0},
    {"symfollow", 0, kNoSymFollow},
    {"sync", MS_SYNCHRONOUS, 0},
    {"async", 0, MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC, 0},
    {"mand", MS_MANDLOCK, 0},
    {"nomand", 0, MS_MANDLOCK},
    {"noatime", MS_NOATIME, kAtime},
    {"atime", 0, MS_NOATIME},
    {"nodiratime", MS_NODIRATIME, 0},
    {"diratime", 0, MS_NODIRATIME},
    {"relatime", MS_RELATIME, kAtime},
    {"norelatime", 0, MS_RELATIME},
    {"strictatime", MS_STRICTATIME, kAtime},
    {"nostrictatime", 0, MS_STRICTATIME},
    {"lazytime", kLazyTime, 0},
    {"nolazytime", 0, kLazyTime},
    {"iversion", MS_I_VERSION, 0},
    {"noiversion", 0, MS_I_VERSION},
    {"silent", MS_SILENT, 0},
    {"loud", 0, MS_SILENT},
    {"bind", MS_BIND, 0},
    {"rbind", MS_BIND | MS_REC, 0},
    {"remount", MS_REMOUNT, 0},
    {"defaults", 0, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS},
};

/// The table as it is stored: the words with commas between them, so that no word is empty; and
/// what they do. With a pointer for each it would be half as large again.
constexpr size_t list_size() {
  size_t size = 0;
  for (const Option& option : kOptions)
    size += option.word.size() + 1;
  return size;
}

constexpr auto kWords = [] {
  std::array<char, list_size()> list = {};
  size_t used = 0;
  for (const Option& option : kOptions) {
    for (const char c : option.word)
      list[used++] = c;
    list[used++] = ',';
  }
  list.back() = '\0';  // in the place of the last comma
  return list;
}();

struct Effect {
  uint32_t set;
  uint32_t clear;
};

constexpr auto kEffects = [] {
  std::array<Effect, std::size(kOptions)> effects = {};
  for (size_t i = 0; i < effects.size(); ++i)
    effects[i] = {kOptions[i].set, kOptions[i].clear};
  return effects;
}();

// For mount(8) and its callers; the kernel would refuse them.
constexpr char kNotForTheKernel[] = "auto,noauto,user,nouser,users,owner,group,nofail,_netdev";

/// The number that `text` is in octal digits, nothing else; EINVAL for what is no mode.
Result<unsigned> parse_mode(const char* text) {
  constexpr unsigned kMost = 07777;
  unsigned value = 0;
  if (*text == '\0') return Error{EINVAL, "mount spec"};
  for (; *text != '\0'; ++text) {
    if (*text < '0' || *text > '7') return Error{EINVAL, "mount spec"};
    value = value * 8 + static_cast<unsigned>(*text - '0');
    if (value > kMost) return Error{EINVAL, "mount spec"};
  }
  return value;
}

/// The end of the first word: the comma behind it, or the NUL. A comma in double quotes is a part
/// of the word (an SELinux context has them).
const char* option_end(const char* text) {
  bool quoted = false;
  for (; *text != '\0' && (*text != ',' || quoted); ++text)
    if (*text == '"') quoted = !quoted;
  return text;
}

/// Ends the first word, and returns what follows.
char* split_option(char* text) {
  text = const_cast<char*>(option_end(text));
  if (*text != '\0') *text++ = '\0';
  return text;
}

/// Ends the first word at the blank behind it, and steps `rest` over it.
char* next_field(char*& rest) {
  while (is_blank(*rest))
    ++rest;
  char* const field = rest;
  while (*rest != '\0' && !is_blank(*rest))
    ++rest;
  if (*rest != '\0') *rest++ = '\0';
  decode_escapes(field);
  return field;
}

struct Magic {
  const char* type;
  uint32_t number;
};

// <linux/magic.h>, and the headers of the file systems themselves. virtiofs has that of fuse.
constexpr Magic kMagics[] = {
    {"proc", 0x9fa0},         {"sysfs", 0x62656572},   {"devpts", 0x1cd1},
    {"mqueue", 0x19800202},   {"cgroup2", 0x63677270}, {"tmpfs", 0x01021994},
    {"devtmpfs", 0x01021994}, {"ramfs", 0x858458f6},   {"ext4", 0xef53},
    {"ext3", 0xef53},         {"ext2", 0xef53},        {"xfs", 0x58465342},
    {"btrfs", 0x9123683e},    {"f2fs", 0xf2f52010},    {"vfat", 0x4d44},
    {"squashfs", 0x73717368}, {"erofs", 0xe0f5e1e2},   {"iso9660", 0x9660},
    {"overlay", 0x794c7630},  {"9p", 0x01021997},      {"nfs", 0x6969},
    {"virtiofs", 0x65735546},
};

uint16_t magic_of(const char* type) {
  for (const Magic& magic : kMagics) {
    if (equals(magic.type, type)) return static_cast<uint16_t>(magic.number & 0xffff);
  }
  return 0;
}

}  // namespace

bool apply_mount_option(const char* word, uint32_t& flags) {
  if (const int index = index_of(kWords.data(), word); index >= 0) {
    const Effect& effect = kEffects[static_cast<size_t>(index)];
    // erlinit's str_to_mountflags has `&=` without the `~`: its "rw" cleared nosuid and all others.
    flags = (flags & ~effect.clear) | effect.set;
    return true;
  }
  return is_listed(kNotForTheKernel, word) || after(word, "x-") != nullptr ||
         after(word, "X-") != nullptr || after(word, "comment=") != nullptr;
}

Result<> parse_mount_options(char* text, uint32_t& flags, std::span<char> data) {
  size_t used = 0;
  if (data.empty()) return Error{E2BIG, "mount options"};
  data[0] = '\0';
  while (*text != '\0') {
    const char* const word = text;
    text = split_option(text);
    if (*word == '\0' || apply_mount_option(word, flags)) continue;
    const size_t size = strlen(word);
    const size_t comma = used == 0 ? 0 : 1;
    if (size + comma >= data.size() - used) return Error{E2BIG, "mount options"};
    if (comma != 0) data[used++] = ',';
    memcpy(&data[used], word, size + 1);
    used += size;
  }
  return {};
}

Result<MountSpec> parse_mount_spec(char* line, std::span<char> data) {
  MountSpec spec = {};
  spec.source = next_field(line);
  spec.target = next_field(line);
  spec.type = next_field(line);
  char* const options = next_field(line);
  if (*spec.type == '\0' || *spec.target != '/') return Error{EINVAL, "mount spec"};
  spec.directory_mode = 0755;
  // Before the words are cut apart: those that are for this table, not for the kernel.
  for (const char* word = options; *word != '\0'; word = option_end(word)) {
    if (*word == ',') ++word;
    char mode[8] = {};
    if (const char* rest = after(word, "nofail");
        rest != nullptr && (*rest == '\0' || *rest == ',')) {
      spec.optional = true;
    }
    const char* digits = after(word, "x-mount.mkdir=");
    if (digits == nullptr) continue;
    const auto size = static_cast<size_t>(option_end(digits) - digits);
    if (size >= sizeof(mode)) return Error{EINVAL, "mount spec"};
    memcpy(mode, digits, size);
    PID1_TRY_ASSIGN(const unsigned bits, parse_mode(mode));
    spec.directory_mode = bits & 07777;
  }
  PID1_TRY(parse_mount_options(options, spec.flags, data));
  constexpr uint32_t kBind = MS_BIND | MS_REC;
  const bool is_bind = (spec.flags & MS_BIND) != 0;
  // mount(2) ignores the other flags of a bind mount: what was to be read-only would not be.
  const bool is_ignored = is_bind && (spec.flags & ~kBind) != 0;
  if (is_ignored || (spec.flags & MS_REMOUNT) != 0) return Error{EINVAL, "mount spec"};
  spec.data = data.data();
  spec.magic = is_bind ? 0 : magic_of(spec.type);
  return spec;
}

}  // namespace pid1
