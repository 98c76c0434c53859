// SPDX-License-Identifier: Apache-2.0
#include "pid1/console.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "pid1/file.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

constexpr int kPatienceMs = 100;

Result<int> open_terminal(const char* path) {
  // O_NONBLOCK: opening a serial line may wait for its carrier. O_NOCTTY: the session comes first.
  return sys::open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
}

/// The last of the kernel's consoles that opens, and its path. Behind /dev/console is the one that
/// stands last (Documentation/ABI/testing/sysfs-tty).
Result<int> open_active(std::span<char> path) {
  char names[256];
  PID1_TRY_ASSIGN(const size_t size, read_file("/sys/class/tty/console/active", names));
  for (char* place = names + size;; --place) {
    const bool at_start = place == names;
    if (!at_start && !is_blank(place[-1])) continue;
    if (*place != '\0') {
      const char* const name = place;
      (void)fill(path, "/dev/{}", &name);
      if (const auto opened = open_terminal(path.data()); opened.has_value()) return opened;
    }
    if (at_start) return Error{ENODEV, "open"};
    place[-1] = '\0';
  }
}

}  // namespace

Result<> Console::adopt() {
  const auto console = open_terminal("/dev/console");
  if (console.has_value()) return take(console, "/dev/console");
  char path[64];
  const auto active = open_active(path);
  return take(active.has_value() ? active : console, path);
}

Result<> Console::adopt(const char* path) {
  return take(open_terminal(path), path);
}

/// Takes the terminal that `console` has opened at `path`, or, where that is an error, /dev/null.
Result<> Console::take(Result<int> console, const char* path) {
  adopted_ = true;
  Result<> outcome;
  const auto note = [&](Result<> done) {
    if (outcome.has_value()) outcome = done;
  };
  if (!console.has_value()) note(console.error());
  const auto standard = console.has_value() ? console : sys::open("/dev/null", O_RDWR);
  if (standard.has_value()) {
    // 0, 1 and 2 block, as the system's programs expect. An error does not keep it from the rest.
    note(sys::set_status_flags(*standard, 0));
    for (int target = 0; target <= 2; ++target)
      note(sys::dup2(*standard, target));
    if (*standard > 2) sys::close(*standard);
  }
  if (console.has_value()) {
    // Neither is owed to anybody: PID 1 may lead a session already (EPERM), and a console that is
    // no terminal (ENOTTY) still takes messages.
    (void)sys::setsid();
    (void)sys::set_controlling_terminal(0);
    // A second open file, for O_NONBLOCK belongs to the open file and not to the descriptor. After
    // 0, 1 and 2 are taken it cannot become one of them.
    if (fd_ >= 0) sys::close(fd_);
    fd_ = sys::open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC).value_or(-1);
  }
  replay();
  return outcome;
}

void Console::use_kernel_log(const char* path) {
  kernel_log_ = path;
}

void Console::drain(unsigned limit_ms) {
  for (unsigned waited = 0; fd_ >= 0 && waited < limit_ms; ++waited) {
    if (sys::output_queued(fd_).value_or(0) == 0) return;
    sys::sleep_ms(1);
  }
}

void Console::say(Level level, const char* pattern, const char* a, const char* b, const char* c) {
  char record[kLineCapacity];
  const char* const parts[] = {name_, a, b, c};
  // As the kernel's log takes it: the level stands before the line.
  record[0] = '<';
  record[1] = static_cast<char>(level);
  record[2] = '>';
  const std::span<char> line(record + 3, sizeof(record) - 3);
  size_t used = fill(line, "{}: ", parts).value_or(0);
  const auto message = fill(line.subspan(used), pattern, parts + 1);
  used += 3 + strlen(record + 3 + used);
  if (!message.has_value()) memset(record + used - 3, '.', 3);
  // A message is a line: what came from a file or the command line must not forge another one, nor
  // send escape sequences to the terminal.
  for (size_t i = 0; i < used; ++i) {
    if (static_cast<unsigned char>(record[i]) < ' ' || record[i] == 0x7f) record[i] = '?';
  }
  record[used++] = '\n';  // where the NUL was
  if (adopted_) {
    deliver({record, used});
  } else if (used <= kEarlyCapacity - early_used_) {
    memcpy(early_ + early_used_, record, used);
    early_used_ += used;
  } else {
    ++early_lost_;
  }
}

void Console::replay() {
  std::string_view records{early_, early_used_};
  early_used_ = 0;
  while (!records.empty()) {
    size_t size = 0;
    while (records[size++] != '\n') {
    }
    deliver({records.data(), size});
    records.remove_prefix(size);
  }
  if (early_lost_ > 0) {
    say(Level::kWarning, "{} earlier messages did not fit and are lost",
        Decimal(early_lost_).text());
    early_lost_ = 0;
  }
}

/// A record of one line to the kernel's log, and without its level to the console.
void Console::deliver(std::string_view record) {
  if (kernel_log_ != nullptr) {
    // O_NONBLOCK: what an image has there may be a FIFO that nobody reads.
    const auto fd = sys::open(kernel_log_, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd.has_value()) {
      // One write is one record (dev-kmsg ABI).
      (void)sys::write(*fd, {record.data(), record.size() - 1});
      sys::close(*fd);
    }
  }
  if (fd_ < 0) return;
  record.remove_prefix(3);
  // A terminal with TOSTOP stops who writes to it from a background group, but for one that blocks
  // SIGTTOU (tini 88342ef).
  const uint64_t mask = sys::exchange_signal_mask(~uint64_t{0});
  write_patiently(record);
  (void)sys::exchange_signal_mask(mask);
}

void Console::write_patiently(std::string_view text) {
  while (!text.empty()) {
    const auto put = sys::write(fd_, text);
    if (put.has_value()) {
      text.remove_prefix(*put);
      is_stuck_ = false;
      continue;
    }
    if (put.error().code == EINTR) continue;
    // One that has been waited for in vain is not waited for again until it takes something.
    if (put.error().code != EAGAIN || is_stuck_) return;
    struct pollfd entry = {.fd = fd_, .events = POLLOUT, .revents = 0};
    is_stuck_ = sys::poll({&entry, 1}, kPatienceMs).value_or(0) == 0;
  }
}

void print(int fd, const char* pattern, const char* a, const char* b, const char* c) {
  char text[1024];
  const char* const parts[] = {a, b, c};
  const size_t size = fill(text, pattern, parts).value_or(sizeof(text) - 1);
  struct pollfd entry = {.fd = fd, .events = POLLOUT, .revents = 0};
  // Not O_NONBLOCK, which would be that of all who have the file open. A pipe that is ready takes a
  // page (pipe(7)), so this does not wait. POLLERR: nobody has the other end, and the SIGPIPE for
  // writing would be one more signal for an init to hand on.
  (void)sys::poll({&entry, 1}, kPatienceMs);
  if (entry.revents == POLLOUT) (void)sys::write(fd, {text, size});
}

}  // namespace pid1
