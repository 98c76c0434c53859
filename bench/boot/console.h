// SPDX-License-Identifier: Apache-2.0
// What the guest wrote on its console: kept whole in a file, its marks and its last lines in
// memory.
#ifndef MICROBEAM_BENCH_BOOT_CONSOLE_H
#define MICROBEAM_BENCH_BOOT_CONSOLE_H

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "lines.h"
#include "marks.h"
#include "unique_fd.h"

namespace microbeam {

class Console {
 public:
  static constexpr size_t kTailLines = 25;

  Console() = default;
  // The line splitter refers to this object.
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // Keeps every byte in `path`, from now on; what the file held before is gone.
  absl::Status keep_in(const std::string& path);
  // Hands every byte on as it comes.
  void relay_to(std::function<void(absl::string_view)> relay) { relay_ = std::move(relay); }

  void feed(absl::string_view bytes, absl::Duration now);
  // No more bytes will come: a last line without an end counts too.
  void finish() { lines_.finish(); }

  [[nodiscard]] const std::vector<Mark>& marks() const { return marks_; }
  // The last lines, the oldest first.
  [[nodiscard]] const std::deque<std::string>& tail() const { return tail_; }
  // Lines of beam-init that are not marks: what it has to say is an error or a warning.
  [[nodiscard]] const std::deque<std::string>& init_messages() const { return init_messages_; }
  // The first line of a kernel panic, or empty.
  [[nodiscard]] const std::string& panic() const { return panic_; }
  // The first line by which a kernel or a BEAM says that there was not enough memory, or empty.
  [[nodiscard]] const std::string& out_of_memory() const { return out_of_memory_; }
  [[nodiscard]] bool silent() const { return bytes_ == 0; }
  [[nodiscard]] bool at_line_start() const { return last_byte_ == '\n'; }
  // What went wrong with the file, or OK.
  [[nodiscard]] const absl::Status& file_status() const { return file_status_; }

 private:
  void take_line(const Line& line);
  void write_file(absl::string_view bytes);

  LineSplitter lines_{[this](const Line& line) { take_line(line); }};
  std::vector<Mark> marks_;
  std::deque<std::string> tail_;
  std::deque<std::string> init_messages_;
  std::string panic_;
  std::string out_of_memory_;
  std::function<void(absl::string_view)> relay_;
  size_t bytes_ = 0;
  char last_byte_ = '\n';
  std::string path_;
  UniqueFd file_;
  absl::Status file_status_;
};

// `line` with '?' for everything but printable ASCII: a guest must not steer the terminal of
// whoever reads a report.
std::string printable(absl::string_view line);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_CONSOLE_H
