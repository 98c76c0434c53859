// SPDX-License-Identifier: Apache-2.0
// See control.h.
#include "control.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "clock.h"

namespace microbeam {
namespace {

bool lower(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c));
}

bool digit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

}  // namespace

std::optional<GuestEnd> parse_end(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 3 || words[0] != "end") return {};
  const absl::string_view verb = words[1];
  const absl::string_view digits = words[2];
  int status = 0;
  if (verb.empty() || verb.size() > 16 || !std::all_of(verb.begin(), verb.end(), lower)) return {};
  if (!std::all_of(digits.begin(), digits.end(), digit)) return {};  // neither sign nor blank
  if (!absl::SimpleAtoi(digits, &status) || status > 255) return {};
  return GuestEnd{.verb = std::string(verb), .status = status};
}

absl::StatusOr<std::unique_ptr<Control>> Control::open(Loop& loop) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make the control channel (socketpair)");
  }
  return std::unique_ptr<Control>(new Control(loop, UniqueFd(ends[0]), UniqueFd(ends[1])));
}

Control::Control(Loop& loop, UniqueFd host, UniqueFd guest)
    : loop_(loop), host_(std::move(host)), guest_(std::move(guest)) {
  loop_.watch(host_.get(),
              {[this] { return static_cast<short>(open_ ? POLLIN : 0); }, [this] { read_some(); }});
}

Control::~Control() {
  loop_.forget(host_.get());
}

bool Control::ask(absl::string_view verb) {
  const std::string line = absl::StrCat(verb, "\n");
  return send(host_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(line.size());
}

void Control::drain() {
  while (read_some()) {
  }
}

bool Control::read_some() {
  std::array<char, 4096> buffer;
  const ssize_t got = recv(host_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) {
    lines_.feed({buffer.data(), static_cast<size_t>(got)}, monotonic_now());
    return true;
  }
  // Closed, or QEMU died with our own line unread (ECONNRESET): poll(2) would report it for ever.
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) open_ = false;
  return false;
}

void Control::take_line(absl::string_view line) {
  if (line == "ready") ready_ = true;
  if (std::optional<GuestEnd> end = parse_end(line)) end_ = *std::move(end);
}

}  // namespace microbeam
