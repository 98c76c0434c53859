// SPDX-License-Identifier: Apache-2.0
#include "supervise.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "pid1/file.h"
#include "pid1/power.h"
#include "pid1/reap.h"
#include "pid1/signals.h"
#include "pid1/spawn.h"
#include "pid1/sys.h"
#include "pid1/text.h"
#include "start.h"

namespace beam_init {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSteady = 60'000 * kMillisecond;  // who lives so long has not failed to start
constexpr unsigned kLongestPauseMs = 30'000;
constexpr uint64_t kAbsence = 1000 * kMillisecond;  // between two looks at a port without a host

uint64_t now_ns() {
  return pid1::sys::clock_ns(CLOCK_BOOTTIME);
}

class Supervisor {
 public:
  Supervisor(const Charge& charge, pid1::Console& console)
      : charge_(charge),
        console_(console),
        grace_ms_(static_cast<unsigned>(
            pid1::parse_number(charge.settings->stop_grace, 0x7fffffe).value_or(0))) {}

  Outcome run() {
    BEAM_INIT_TRY(pid1::block_signals(pid1::kAllSignals), "", "this is a defect of the kernel");
    // With SIGCHLD ignored the kernel would throw the BEAM's exit status away (wait(2), NOTES).
    BEAM_INIT_TRY(pid1::reset_dispositions(), "", "this is a defect of the kernel");
    const auto signals = pid1::open_signalfd(pid1::kAllSignals);
    BEAM_INIT_TRY(signals, "", "the kernel needs CONFIG_SIGNALFD");
    signals_ = *signals;
    if (*charge_.control != '\0') {
      control_ = pid1::sys::open(charge_.control, O_RDWR | O_NONBLOCK | O_CLOEXEC).value_or(-1);
      // Requests are heard from now on, whatever the BEAM is doing.
      if (control_ >= 0) (void)pid1::sys::write(control_, "ready\n");
    }
    for (unsigned pause_ms = 1000;;) {
      BEAM_INIT_PASS(start());
      while (child_ != 0)
        look_after(deadline_);
      const uint64_t lived = now_ns() - started_;
      // Who was asked to end before it had a handler for that has ended as it was asked to.
      const int code = asked_ && status_ == SIGTERM ? 0 : pid1::exit_code(status_);
      report(code, lived);
      const End end = next(code);
      if (end != End::kRestart) end_machine(console_, ending(end, code));
      if (lived >= kSteady) pause_ms = 1000;
      console_.say(pid1::Level::kNotice, "the BEAM is started again in {} ms",
                   pid1::Decimal(pause_ms).text());
      const uint64_t until = now_ns() + pause_ms * kMillisecond;
      while (!asked_ && now_ns() < until)
        look_after(until);
      if (asked_) end_machine(console_, ending(wanted_, 0));
      pause_ms = 2 * pause_ms < kLongestPauseMs ? 2 * pause_ms : kLongestPauseMs;
    }
  }

  /// The port takes one that has it open: who tells the host of the end opens it again.
  void leave_control() {
    if (control_ >= 0) pid1::sys::close(control_);
    control_ = -1;
  }

 private:
  Ending ending(End end, int status) {
    leave_control();
    return {.end = end, .status = status, .grace_ms = grace_ms_, .control = charge_.control};
  }

  Outcome start() {
    const auto prepare = [](void* user) { return become_user(*static_cast<const User*>(user)); };
    const auto child = pid1::spawn({.program = charge_.argv[0],
                                    .argv = charge_.argv,
                                    .envp = charge_.envp,
                                    .terminal = 0,
                                    // Where PID 1 is.
                                    .directory = nullptr,
                                    .prepare = prepare,
                                    .prepare_argument = const_cast<User*>(charge_.user)});
    BEAM_INIT_TRY(child, charge_.argv[0], advice_on_exec(step_result.error()));
    child_ = *child;
    started_ = now_ns();
    return {};
  }

  /// Waits for something to happen, or for `deadline` (0: none), and sees to it.
  void look_after(uint64_t deadline) {
    const uint64_t now = now_ns();
    const bool listens = now >= control_from_;
    if (!listens && (deadline == 0 || control_from_ < deadline)) deadline = control_from_;
    struct pollfd entries[] = {{.fd = signals_, .events = POLLIN, .revents = 0},
                               {.fd = listens ? control_ : -1, .events = POLLIN, .revents = 0}};
    int wait_ms = -1;
    if (deadline != 0) {
      wait_ms = now < deadline ? static_cast<int>((deadline - now) / kMillisecond + 1) : 0;
    }
    (void)pid1::sys::poll(entries, wait_ms);
    if ((entries[1].revents & POLLIN) != 0) {
      take_request();
    } else if (entries[1].revents != 0) {
      leave_control();  // it is unplugged: poll(2) would say so for ever
    }
    for (;;) {
      const int signal = pid1::next_signal(signals_).value_or(0);
      if (signal == 0) break;
      take_signal(signal);
    }
    const auto reaped = pid1::reap_all(child_);
    if (child_ != 0 && reaped.has_value() && ((*reaped).main_ended || (*reaped).childless)) {
      // Without any child there is nobody to wait for, whoever has taken the status.
      constexpr int kUnknown = 255 << 8;
      status_ = (*reaped).main_ended ? (*reaped).main_status : kUnknown;
      child_ = 0;
    }
    if (child_ != 0 && deadline_ != 0 && now_ns() >= deadline_) {
      console_.say(pid1::Level::kWarning, "the BEAM did not end within {} ms and is killed",
                   charge_.settings->stop_grace);
      (void)pid1::sys::kill(child_, SIGKILL);
      deadline_ = 0;
    }
  }

  void take_signal(int signal) {
    switch (signal) {
      case SIGCHLD:
        break;
      case SIGTERM:
        ask(charge_.settings->on_exit);
        break;
      case SIGINT:
        ask(End::kReboot);
        break;
      case SIGPWR:
        ask(End::kPowerOff);
        break;
      default:
        if (child_ != 0) (void)pid1::forward_signal(child_, signal);
    }
  }

  /// A line may come in pieces. One that is longer than any request is thrown away.
  void take_request() {
    char* const end = request_ + sizeof(request_) - 1;
    if (request_end_ == end) request_end_ = request_;
    const auto got =
        pid1::sys::read(control_, {request_end_, static_cast<size_t>(end - request_end_)});
    // While nobody has the other side the port is ready, and reads as empty (port_fops_poll() of
    // drivers/char/virtio_console.c). Somebody may come.
    if (got == 0U) control_from_ = now_ns() + kAbsence;
    request_end_ += got.value_or(0);
    *request_end_ = '\0';
    char* line = request_;
    while (*pid1::find(line, '\n') != '\0') {
      char* const rest = pid1::split(line, '\n');
      const int verb = pid1::index_of(kEnds, line, '|');
      if (pid1::equals(line, "stop")) ask(charge_.settings->on_exit);
      if (verb == static_cast<int>(End::kPowerOff) || verb == static_cast<int>(End::kReboot)) {
        ask(static_cast<End>(verb));
      }
      line = rest;
    }
    request_end_ = request_;
    while (*line != '\0')
      *request_end_++ = *line++;
  }

  /// The first who asks for the end is heard.
  void ask(End end) {
    if (asked_) return;
    asked_ = true;
    // Who asks for the end does not ask for a restart.
    wanted_ = end == End::kRestart ? End::kPowerOff : end;
    if (child_ == 0) return;
    (void)pid1::forward_signal(child_, SIGTERM);
    deadline_ = now_ns() + grace_ms_ * kMillisecond;
  }

  End next(int code) const {
    if (asked_) return wanted_;
    return code == 0 ? charge_.settings->on_exit : charge_.settings->on_crash;
  }

  /// One line of evidence, and what a crash dump has to say.
  void report(int code, uint64_t lived) {
    const bool killed = (status_ & 0x7f) != 0;  // wait(2): 0 there after an exit, with any status
    char how[96];
    const pid1::Decimal number(static_cast<unsigned>(killed ? status_ & 0x7f : code));
    const pid1::Decimal seconds(lived / 1'000'000'000);
    const char* const parts[] = {number.text(), seconds.text()};
    (void)pid1::fill(
        how, killed ? "was killed by signal {} after {} s" : "ended with status {} after {} s",
        parts);
    console_.say(code == 0 ? pid1::Level::kNotice : pid1::Level::kError, "the BEAM {}{}", how,
                 status_ == SIGKILL && !asked_ ? "; the kernel kills so when memory runs out" : "");
    char dump[1024];
    if (*charge_.crash_dump == '\0') return;
    // Of a dump only the beginning is wanted; what is longer is no error.
    // The user may have put anything there: what leads elsewhere, or a FIFO that nobody writes to.
    const auto fd =
        pid1::sys::open(charge_.crash_dump, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (!fd.has_value()) return;
    const size_t size = pid1::sys::read(*fd, {dump, sizeof(dump) - 1}).value_or(0);
    pid1::sys::close(*fd);
    dump[size] = '\0';
    for (char* line = dump; *line != '\0';) {
      char* const rest = pid1::split(line, '\n');
      if (pid1::after(line, "Slogan: ") != nullptr) {
        console_.say(pid1::Level::kError, "crash dump: {}", line);
      }
      line = rest;
    }
    (void)pid1::sys::unlink_at(AT_FDCWD, charge_.crash_dump, 0);
  }

  const Charge& charge_;
  pid1::Console& console_;
  unsigned grace_ms_;
  int signals_ = -1;
  int control_ = -1;
  char request_[64] = {};
  char* request_end_ = request_;  // of what has come of a line
  uint64_t control_from_ = 0;     // when the port is listened to again
  pid_t child_ = 0;
  int status_ = 0;
  uint64_t started_ = 0;
  uint64_t deadline_ = 0;
  bool asked_ = false;
  End wanted_ = End::kPowerOff;
};

}  // namespace

Outcome supervise(const Charge& charge, pid1::Console& console) {
  Supervisor supervisor(charge, console);
  const Outcome outcome = supervisor.run();
  supervisor.leave_control();
  return outcome;
}

}  // namespace beam_init
