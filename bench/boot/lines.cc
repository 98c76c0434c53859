// SPDX-License-Identifier: Apache-2.0
// See lines.h.
#include "lines.h"

#include <absl/strings/match.h>

#include <algorithm>

namespace microbeam {

absl::Duration Line::arrival(size_t offset) const {
  absl::Duration found = absl::ZeroDuration();
  for (const Piece& piece : pieces) {
    if (piece.offset > offset) break;
    found = piece.arrival;
  }
  return found;
}

void LineSplitter::feed(absl::string_view bytes, absl::Duration now) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    append(bytes.substr(0, end), now);
    if (end == absl::string_view::npos) return;
    emit();
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish() {
  if (!line_.text.empty()) emit();
}

void LineSplitter::append(absl::string_view part, absl::Duration now) {
  const size_t room = kMaxLength - line_.text.size();
  part = part.substr(0, std::min(part.size(), room));
  if (part.empty()) return;
  line_.pieces.push_back({line_.text.size(), now});
  line_.text.append(part.data(), part.size());
}

void LineSplitter::emit() {
  // A tty with ONLCR (every Linux console) ends its lines with "\r\n".
  while (absl::EndsWith(line_.text, "\r"))
    line_.text.pop_back();
  on_line_(line_);
  line_.text.clear();
  line_.pieces.clear();
}

}  // namespace microbeam
