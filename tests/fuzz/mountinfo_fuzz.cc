// SPDX-License-Identifier: Apache-2.0
// MountinfoReader against another writing of proc(5)'s rules. The kernel is here: it reads the
// input in pieces of any size, with interruptions.
#include <sys/mount.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "fuzz.h"
#include "pid1/mount.h"
#include "pid1/sys.h"

namespace {

std::string_view unread;
size_t piece = 1;
bool interrupted = false;

struct Line {
  int code;  // errno
  int id;
  int parent;
  std::string texts[4];  // root, target, type, source
  uint32_t flags;
  bool read_only;
  bool operator==(const Line&) const = default;
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == separator) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](size_t place, char most) {
      return i + place < text.size() && text[i + place] >= '0' && text[i + place] <= most;
    };
    if (text[i] == '\\' && digit(1, '3') && digit(2, '7') && digit(3, '7')) {
      const int value = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      if (value != 0) {
        out += static_cast<char>(value);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

bool number(const std::string& text, int& value) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return false;
  const std::string digits = text.substr(std::min(text.find_first_not_of('0'), text.size()));
  if (digits.size() > 10) return false;
  const long long wide = digits.empty() ? 0 : std::stoll(digits);
  value = static_cast<int>(wide);
  return wide <= INT_MAX;
}

uint32_t flags_of(const std::string& field) {
  uint32_t flags = 0;
  for (const std::string& word : split(field, ','))
    (void)pid1::apply_mount_option(word.c_str(), flags);
  return flags;
}

Line line_of(std::string_view text) {
  const Line bad = {EINVAL, 0, 0, {}, 0, false};
  const auto fields = split(text, ' ');
  size_t dash = 6;
  while (dash < fields.size() && fields[dash] != "-")
    ++dash;
  if (dash + 3 >= fields.size()) return bad;
  Line line = {0, 0, 0, {}, 0, false};
  if (!number(fields[0], line.id) || !number(fields[1], line.parent)) return bad;
  const size_t places[] = {3, 4, dash + 1, dash + 2};
  for (size_t i = 0; i < 4; ++i)
    line.texts[i] = decoded(fields[places[i]]);
  constexpr uint32_t kOfFileSystem = MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | 1U << 25;
  line.flags = flags_of(fields[5]) | (flags_of(fields[dash + 3]) & kOfFileSystem);
  line.read_only = split(fields[dash + 3], ',')[0] == "ro";
  return line;
}

std::vector<Line> read(std::string_view input, size_t room) {
  unread = input;
  const std::unique_ptr<char[]> texts(new char[room]);
  pid1::MountinfoReader reader(7, {texts.get(), room});
  std::vector<Line> lines;
  pid1::MountEntry entry = {};
  for (;;) {
    entry.read_only = true;  // of a line before
    const auto read = reader.next(entry);
    if (!read.has_value()) {
      lines.push_back({read.error().code, 0, 0, {}, 0, false});
      continue;
    }
    if (!*read) break;
    Line line = {0, entry.id, entry.parent, {}, entry.flags, entry.read_only};
    const char* const parts[] = {entry.root, entry.target, entry.type, entry.source};
    for (size_t i = 0; i < 4; ++i) {
      FUZZ_CHECK(parts[i] >= texts.get() && parts[i] < texts.get() + room);
      line.texts[i] = parts[i];
    }
    lines.push_back(line);
  }
  FUZZ_CHECK(unread.empty());
  return lines;
}

}  // namespace

namespace pid1::sys {

Result<size_t> read(int fd, std::span<char> buffer) {
  FUZZ_CHECK(fd == 7 && !buffer.empty());
  interrupted = !interrupted;
  if (interrupted) return Error{EINTR, "read"};
  const size_t size = std::min({piece, buffer.size(), unread.size()});
  unread.copy(buffer.data(), size);
  unread.remove_prefix(size);
  return size;
}

}  // namespace pid1::sys

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  piece = data[0] % 32 + size_t{1};
  const size_t room = data[1];
  const auto input = fuzz::text_of(data + 2, size - 2);
  std::vector<Line> expected;
  for (const std::string& line : split(input, '\n'))
    expected.push_back(line_of(line));
  // The end of the input is no line.
  if (input.empty() || input.back() == '\n') expected.pop_back();
  FUZZ_CHECK(read(input, input.size() + 8) == expected);

  // In a small room a line is the same, or did not fit.
  const auto cut = read(input, room);
  FUZZ_CHECK(cut.size() == expected.size());
  for (size_t i = 0; i < cut.size(); ++i)
    FUZZ_CHECK(cut[i] == expected[i] || cut[i].code == EOVERFLOW ||
               (cut[i].code == EINVAL && expected[i].code == EINVAL));
  return 0;
}
