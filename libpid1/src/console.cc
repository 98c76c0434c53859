// SPDX-License-Identifier: Apache-2.0
#include "pid1/console.h"

#include <errno.h>
#include <fcntl.h>

#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

constexpr int kPatienceMs = 100;

/// Makes `fd` 0, 1 and 2, which block as the system's programs expect, and closes it if it is none
/// of them. An error does not keep it from the rest.
Result<> become_standard(int fd) {
  Result<> first = sys::set_status_flags(fd, 0);
  for (int target = 0; target <= 2; ++target) {
    const auto done = sys::dup2(fd, target);
    if (first.has_value()) first = done;
  }
  if (fd > 2) sys::close(fd);
  return first;
}

}  // namespace

Result<> Console::adopt(const char* path) {
  adopted_ = true;
  // O_NONBLOCK: opening a serial line may wait for its carrier. O_NOCTTY: the session comes first.
  const auto console = sys::open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
  const auto standard = console.has_value() ? console : sys::open("/dev/null", O_RDWR);
  Result<> outcome = standard.has_value() ? become_standard(*standard)
                                          : Result<>(std::unexpected(standard.error()));
  if (console.has_value()) {
    // Neither is owed to anybody: PID 1 may lead a session already (EPERM), and a console that is no
    // terminal (ENOTTY) still takes messages.
    (void)sys::setsid();
    (void)sys::set_controlling_terminal(0);
    // A second open file, for O_NONBLOCK belongs to the open file and not to the descriptor. After
    // 0, 1 and 2 are taken it cannot become one of them.
    if (fd_ >= 0) sys::close(fd_);
    fd_ = sys::open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC).value_or(-1);
  } else if (outcome.has_value()) {
    outcome = std::unexpected(console.error());
  }
  replay();
  return outcome;
}

void Console::use_kernel_log(const char* path) { kernel_log_ = path; }

void Console::drain(unsigned limit_ms) {
  for (unsigned waited = 0; fd_ >= 0 && waited < limit_ms; ++waited) {
    const auto queued = sys::output_queued(fd_);
    if (!queued.has_value() || *queued == 0) return;
    sys::sleep_ms(1);
  }
}

void Console::say(Level level, std::initializer_list<std::string_view> parts) {
  char line[kLineCapacity];
  size_t used = 0;
  for (const std::string_view part : parts) {
    const size_t room = sizeof(line) - used;
    const size_t size = part.size() < room ? part.size() : room;
    part.copy(line + used, size);
    used += size;
    if (size < part.size()) {
      std::string_view("...").copy(line + sizeof(line) - 3, 3);
      break;
    }
  }
  // A message is a line: what came from a file or the command line must not forge another one, nor
  // send escape sequences to the terminal.
  for (size_t i = 0; i < used; ++i) {
    if (static_cast<unsigned char>(line[i]) < ' ' || line[i] == 0x7f) line[i] = '?';
  }
  emit(level, {line, used});
}

void Console::emit(Level level, std::string_view line) {
  if (adopted_) {
    char framed[kLineCapacity + 64];
    const auto whole = join(framed, {name_, ": ", line, "\n"});
    if (whole.has_value()) write_console(*whole);
    write_kernel_log(level, line);
    return;
  }
  if (line.size() + 2 > kEarlyCapacity - early_used_) {
    ++early_lost_;
    return;
  }
  early_[early_used_++] = static_cast<char>(level);
  line.copy(early_ + early_used_, line.size());
  early_used_ += line.size();
  early_[early_used_++] = '\n';
}

void Console::replay() {
  std::string_view records{early_, early_used_};
  while (!records.empty()) {
    const std::string_view record = take_until(records, '\n');
    emit(static_cast<Level>(record.front()), {record.data() + 1, record.size() - 1});
  }
  early_used_ = 0;
  if (early_lost_ > 0) {
    say(Level::kWarning, {Decimal(early_lost_), " earlier messages did not fit and are lost"});
    early_lost_ = 0;
  }
}

void Console::write_console(std::string_view bytes) {
  if (fd_ < 0) return;
  while (!bytes.empty()) {
    const auto put = sys::write(fd_, bytes);
    if (put.has_value()) {
      bytes.remove_prefix(*put);
      continue;
    }
    if (put.error().code == EINTR) continue;
    if (put.error().code != EAGAIN) return;
    const auto ready = sys::poll_writable(fd_, kPatienceMs);
    if (!ready.has_value() || !*ready) return;
  }
}

void Console::write_kernel_log(Level level, std::string_view line) {
  if (kernel_log_ == nullptr) return;
  const auto fd = sys::open(kernel_log_, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (!fd.has_value()) return;
  char record[kLineCapacity + 64];
  const char priority = static_cast<char>(level);
  // One write is one record (dev-kmsg ABI); a record over PRINTKRB_RECORD_MAX (1024) gets EINVAL.
  const auto whole = join(record, {"<", {&priority, 1}, ">", name_, ": ", line.substr(0, 960)});
  if (whole.has_value()) (void)sys::write(*fd, *whole);
  sys::close(*fd);
}

}  // namespace pid1
