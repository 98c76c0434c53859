// SPDX-License-Identifier: Apache-2.0
// See console.h.
#include "console.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace microbeam {
namespace {

// The kernel's, when it kills a process, or could not unpack the root; and the BEAM's.
constexpr absl::string_view kOutOfMemory[] = {"Out of memory: Killed process",
                                              "Initramfs unpacking failed: ", "_alloc: Cannot "};

bool says_out_of_memory(absl::string_view line) {
  return std::any_of(std::begin(kOutOfMemory), std::end(kOutOfMemory),
                     [&](absl::string_view text) { return absl::StrContains(line, text); });
}

void push_bounded(std::deque<std::string>& lines, std::string line) {
  lines.push_back(std::move(line));
  if (lines.size() > Console::kTailLines) lines.pop_front();
}

}  // namespace

absl::Status Console::keep_in(const std::string& path) {
  path_ = path;
  file_ = UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file_.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write the console log ", path));
  }
  return absl::OkStatus();
}

void Console::feed(absl::string_view bytes, absl::Duration now) {
  if (bytes.empty()) return;
  bytes_ += bytes.size();
  last_byte_ = bytes.back();
  if (relay_) relay_(bytes);
  lines_.feed(bytes, now);
  write_file(bytes);
}

void Console::take_line(const Line& line) {
  if (std::optional<Mark> mark = parse_mark(line)) {
    marks_.push_back(*std::move(mark));
  } else if (absl::StartsWith(line.text, "beam-init:")) {
    push_bounded(init_messages_, line.text);
  }
  if (panic_.empty() && absl::StrContains(line.text, "Kernel panic - not syncing: ")) {
    panic_ = line.text;
  }
  if (out_of_memory_.empty() && says_out_of_memory(line.text)) out_of_memory_ = line.text;
  if (!line.text.empty()) push_bounded(tail_, line.text);
}

void Console::write_file(absl::string_view bytes) {
  while (!bytes.empty() && file_.valid()) {
    const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      file_status_ =
          absl::ErrnoToStatus(errno, absl::StrCat("cannot write the console log ", path_));
      file_.reset();
      return;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

std::string printable(absl::string_view line) {
  std::string text(line);
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return !absl::ascii_isprint(static_cast<unsigned char>(c)) && c != '\t'; }, '?');
  return text;
}

}  // namespace microbeam
