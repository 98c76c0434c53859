// SPDX-License-Identifier: Apache-2.0
#include "pid1/console.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

constexpr int kPatienceMs = 100;

}  // namespace

Result<> Console::adopt(const char* path) {
  adopted_ = true;
  // O_NONBLOCK: opening a serial line may wait for its carrier. O_NOCTTY: the session comes first.
  const auto console = sys::open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
  const auto standard = console.has_value() ? console : sys::open("/dev/null", O_RDWR);
  Result<> outcome;
  const auto note = [&](Result<> done) {
    if (outcome.has_value()) outcome = done;
  };
  if (!console.has_value()) note(console.error());
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
    const auto fd = sys::open(kernel_log_, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (fd.has_value()) {
      // One write is one record (dev-kmsg ABI).
      (void)sys::write(*fd, {record.data(), record.size() - 1});
      sys::close(*fd);
    }
  }
  record.remove_prefix(3);
  while (fd_ >= 0 && !record.empty()) {
    const auto put = sys::write(fd_, record);
    if (put.has_value()) {
      record.remove_prefix(*put);
      continue;
    }
    if (put.error().code == EINTR) continue;
    if (put.error().code != EAGAIN) return;
    if (!sys::poll_writable(fd_, kPatienceMs).value_or(false)) return;
  }
}

}  // namespace pid1
