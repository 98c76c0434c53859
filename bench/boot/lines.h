// SPDX-License-Identifier: Apache-2.0
// Cuts a byte stream that comes in pieces of any size into lines, and remembers when each byte of a
// line came.
#ifndef MICROBEAM_BENCH_BOOT_LINES_H
#define MICROBEAM_BENCH_BOOT_LINES_H

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace microbeam {

struct Line {
  // The arrival of the piece that brought the byte at `offset`.
  [[nodiscard]] absl::Duration arrival(size_t offset) const;

  // Without "\r\n" or "\n"; at most LineSplitter::kMaxLength bytes, any of them possibly not text.
  std::string text;
  struct Piece {
    size_t offset;
    absl::Duration arrival;
  };
  std::vector<Piece> pieces;
};

class LineSplitter {
 public:
  // What a line has beyond this is dropped, so that a guest that never ends a line costs no memory.
  static constexpr size_t kMaxLength = 4096;

  explicit LineSplitter(std::function<void(const Line&)> on_line) : on_line_(std::move(on_line)) {}

  void feed(absl::string_view bytes, absl::Duration now);
  // Hands on a last line that has no end.
  void finish();

 private:
  void append(absl::string_view part, absl::Duration now);
  void emit();

  std::function<void(const Line&)> on_line_;
  Line line_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_LINES_H
