// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <climits>

#include "absl/cleanup/cleanup.h"
#include "pid1/mount.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

// What the kernel shows of a file system in the last field, before the file system's own options,
// among which the same words may mean something else (fs/proc_namespace.c, show_sb_opts).
constexpr uint32_t kOfFileSystem = MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | 1U << 25;

/// Puts characters one behind the other, with escapes decoded as soon as they are complete.
class Decoder {
 public:
  explicit Decoder(char* begin) : begin_(begin), end_(begin) {}

  /// Takes one place, of which the end() shows how many are used.
  void put(char c) {
    *end_++ = c;
    if (end_ - begin_ < 4 || end_[-4] != '\\' || end_[-3] > '3') return;
    unsigned value = 0;
    for (const char* digit = end_ - 3; digit < end_; ++digit) {
      if (*digit < '0' || *digit > '7') return;
      value = value * 8 + static_cast<unsigned>(*digit - '0');
    }
    if (value == 0) return;  // would end the text
    end_ -= 3;
    end_[-1] = static_cast<char>(value);
    begin_ = end_;  // a decoded backslash begins no escape
  }

  [[nodiscard]] char* end() const { return end_; }

 private:
  char* begin_;  // where an escape can begin
  char* end_;
};

}  // namespace

void decode_escapes(char* text) {
  Decoder decoder(text);
  while (*text != '\0')
    decoder.put(*text++);
  *decoder.end() = '\0';
}

/// -1 at the end of the file, and when it cannot be read on.
int MountinfoReader::next_byte() {
  while (place_ == filled_) {
    const auto got = sys::uninterrupted([this] { return sys::read(fd_, input_); });
    if (!got.has_value()) failure_ = got.error().code;
    if (got.value_or(0) == 0) return -1;
    filled_ = *got;
    place_ = 0;
  }
  return static_cast<unsigned char>(input_[place_++]);
}

/// Fields stand between single blanks, and an empty one (a source) between two.
bool MountinfoReader::begin_field() {
  if (line_ended_) problem_ = EINVAL;
  return !line_ended_;
}

/// -1 at the end of the field.
int MountinfoReader::next_of_field() {
  const int c = next_byte();
  if (c == '\n' || c < 0) line_ended_ = true;
  return c == ' ' || line_ended_ ? -1 : c;
}

int MountinfoReader::number() {
  if (!begin_field()) return 0;
  int value = 0;
  int digits = 0;
  for (int c = next_of_field(); c >= 0; c = next_of_field()) {
    const int digit = c - '0';
    if (digit < 0 || digit > 9 || value > (INT_MAX - digit) / 10) {
      problem_ = EINVAL;
    } else {
      value = value * 10 + digit;
    }
    ++digits;
  }
  if (digits == 0) problem_ = EINVAL;
  return value;
}

const char* MountinfoReader::text() {
  const std::span<char> room = texts_.subspan(used_);
  if (!begin_field() || room.empty()) {
    if (room.empty()) problem_ = EOVERFLOW;
    return "";
  }
  Decoder decoder(room.data());
  const char* const last = room.data() + room.size() - 1;  // for the NUL
  for (int c = next_of_field(); c >= 0; c = next_of_field()) {
    if (decoder.end() < last) {
      decoder.put(static_cast<char>(c));
    } else {
      problem_ = EOVERFLOW;
    }
  }
  *decoder.end() = '\0';
  used_ = static_cast<size_t>(decoder.end() + 1 - texts_.data());
  return room.data();
}

/// The flags among the words of a field.
uint32_t MountinfoReader::options(bool& read_only) {
  read_only = false;
  if (!begin_field()) return 0;
  uint32_t flags = 0;
  char word[16];  // "nostrictatime"; longer ones are none of the flags
  size_t size = 0;
  bool first = true;
  for (int c = 0; c >= 0;) {
    c = next_of_field();
    if (c >= 0 && c != ',') {
      if (size < sizeof(word)) word[size++] = static_cast<char>(c);
      continue;
    }
    if (size < sizeof(word)) {
      word[size] = '\0';
      (void)apply_mount_option(word, flags);
      if (first) read_only = equals(word, "ro");
    }
    first = false;
    size = 0;
  }
  return flags;
}

Result<bool> MountinfoReader::next(MountEntry& entry) {
  used_ = 0;
  problem_ = 0;
  line_ended_ = false;
  const int first = next_byte();
  if (first >= 0) {
    --place_;  // it was just read from there
    bool read_only_mount = false;
    entry.id = number();
    entry.parent = number();
    if (begin_field()) {  // major:minor
      while (next_of_field() >= 0) {
      }
    }
    entry.root = text();
    entry.target = text();
    entry.flags = options(read_only_mount);
    // Optional fields ("shared:1"), any number of them, up to a lone "-".
    for (bool separator = false; !separator && begin_field();) {
      int size = 0;
      for (int c = next_of_field(); c >= 0; c = next_of_field())
        separator = ++size == 1 && c == '-';
    }
    entry.type = text();
    entry.source = text();
    entry.flags |= options(entry.read_only) & kOfFileSystem;
    while (!line_ended_)
      (void)next_of_field();
  }
  if (failure_ != 0) return Error{failure_, "read"};
  if (problem_ != 0) return Error{problem_, "mountinfo"};
  return first >= 0;
}

Result<> list_mounts(FunctionRef<void(const MountEntry&)> visit, const char* table) {
  PID1_TRY_ASSIGN(const int fd, sys::open(table, O_RDONLY | O_CLOEXEC));
  const absl::Cleanup close_table = [fd] { sys::close(fd); };
  char texts[MountinfoReader::kUsualCapacity];
  MountinfoReader reader(fd, texts);
  for (;;) {
    MountEntry entry;
    const auto more = reader.next(entry);
    if (more == true) {
      visit(entry);
    } else if (more == false) {
      return {};
    } else if (more.error().code != EOVERFLOW) {
      return more.error();
    }
  }
}

}  // namespace pid1
