// SPDX-License-Identifier: Apache-2.0
// The control channel: lines between the host and whoever ends the machine from within.
//
// In the guest it is the virtio-serial port `microbeam.control`; here it is one end of a socket
// pair whose other end QEMU inherits. So it has no name that anybody else could connect to.
//
//   host -> guest   stop | poweroff | reboot
//   guest -> host   ready              somebody listens
//                   end VERB STATUS    the BEAM's exit status; the last line before the machine
//                   ends
#ifndef MICROBEAM_BENCH_BOOT_CONTROL_H
#define MICROBEAM_BENCH_BOOT_CONTROL_H

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <memory>
#include <optional>
#include <string>

#include "lines.h"
#include "loop.h"
#include "unique_fd.h"

namespace microbeam {

struct GuestEnd {
  std::string verb;  // lower-case letters: poweroff, reboot ...
  int status;        // 0 to 255
};

// The end that a line of the guest tells of, or nothing: a guest can write anything.
std::optional<GuestEnd> parse_end(absl::string_view line);

class Control {
 public:
  static absl::StatusOr<std::unique_ptr<Control>> open(Loop& loop);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // The end for QEMU, until it was handed over.
  [[nodiscard]] int guest_fd() const { return guest_.get(); }
  void handed_over() { guest_.reset(); }

  // Sends a line; whether the channel took it. A guest that has not opened the port finds it there
  // when it does.
  [[nodiscard]] bool ask(absl::string_view verb);
  // Takes what is there: after QEMU's end its guest's last line is still in the socket.
  void drain();

  [[nodiscard]] bool ready() const { return ready_; }
  // What the guest said last of its end.
  [[nodiscard]] const std::optional<GuestEnd>& end() const { return end_; }

 private:
  Control(Loop& loop, UniqueFd host, UniqueFd guest);
  bool read_some();
  void take_line(absl::string_view line);

  Loop& loop_;
  UniqueFd host_;
  UniqueFd guest_;
  bool open_ = true;
  bool ready_ = false;
  std::optional<GuestEnd> end_;
  LineSplitter lines_{[this](const Line& line) { take_line(line.text); }};
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_CONTROL_H
