// SPDX-License-Identifier: Apache-2.0
// See run_program.h.
#include "run_program.h"

#include <absl/cleanup/cleanup.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "child.h"
#include "clock.h"
#include "console.h"

namespace microbeam {
namespace {

// All that is there now. False: the end has come.
bool read_available(int fd, std::string& text) {
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  while ((got = read(fd, buffer.data(), buffer.size())) > 0)
    text.append(buffer.data(), static_cast<size_t>(got));
  return got < 0;
}

}  // namespace

absl::StatusOr<std::string> run_program(Loop& loop, const std::vector<std::string>& argv,
                                        absl::Duration limit,
                                        const std::function<bool()>& give_up) {
  absl::StatusOr<Child> child = Child::spawn(argv);
  if (!child.ok()) return child.status();
  std::string out;
  std::string err;
  std::optional<int> status;
  const auto when_readable = [] { return static_cast<short>(POLLIN); };
  const auto follow = [&](int fd, std::string& text) {
    loop.watch(fd, {when_readable, [&loop, &text, fd] {
                      if (!read_available(fd, text)) loop.forget(fd);
                    }});
  };
  follow(child->out(), out);
  follow(child->err(), err);
  loop.watch(child->handle(), {when_readable, [&] { status = child->try_reap(); }});
  const absl::Cleanup forget = [&] {
    for (const int fd : {child->out(), child->err(), child->handle()})
      loop.forget(fd);
  };
  const absl::Duration deadline = monotonic_now() + limit;
  while (!status && !give_up() && monotonic_now() < deadline)
    loop.turn(deadline);
  read_available(child->out(), out);
  read_available(child->err(), err);
  if (status == 0) return out;
  const std::string said = printable(absl::StripAsciiWhitespace(err.empty() ? out : err));
  if (!status) return absl::DeadlineExceededError(absl::StrCat(argv[0], " did not end: ", said));
  return absl::UnavailableError(absl::StrCat(argv[0], " ended with status ", *status, ": ", said));
}

}  // namespace microbeam
