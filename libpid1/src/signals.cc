// SPDX-License-Identifier: Apache-2.0
#include "pid1/signals.h"

#include <sys/reboot.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

#include "pid1/file.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

constexpr int kLastSignal = 64;  // _NSIG of the kernel

/// The decimal number at `text`, which is moved behind it; -1 when there is none up to kLastSignal.
int take_signal(const char*& text) {
  int number = -1;
  for (; *text >= '0' && *text <= '9'; ++text) {
    number = (number < 0 ? 0 : number) * 10 + (*text - '0');
    if (number > kLastSignal) return -1;
  }
  return number;
}

}  // namespace

Result<> reset_dispositions() {
  for (int signal = 1; signal <= kLastSignal; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    PID1_TRY(sys::set_disposition(signal, sys::Disposition::kDefault));
  }
  return {};
}

Result<> reset_signals() {
  PID1_TRY(reset_dispositions());
  return sys::set_signal_mask(0);
}

Result<> ignore_child_exits() {
  // What is dead already stays a zombie for all that: it is collected first.
  while (sys::reap().value_or({}).pid > 0) {
  }
  return sys::set_disposition(SIGCHLD, sys::Disposition::kIgnore);
}

Result<> disable_ctrl_alt_del() {
  return sys::reboot(RB_DISABLE_CAD);
}

Result<SignalSet> block_signals(SignalSet set) {
  PID1_TRY_ASSIGN(const SignalSet before, sys::signal_mask());
  PID1_TRY(sys::set_signal_mask(before | set));
  return before;
}

Result<int> open_signalfd(SignalSet set) {
  return above_standard(sys::signalfd(set));
}

Result<int> next_signal(int signal_fd) {
  struct signalfd_siginfo info = {};
  const auto got = sys::uninterrupted(
      [&] { return sys::read(signal_fd, {reinterpret_cast<char*>(&info), sizeof(info)}); });
  if (got.has_value()) return static_cast<int>(info.ssi_signo);
  if (got.error().code == EAGAIN) return 0;
  return got.error();
}

Result<int> wait_signal(SignalSet set) {
  return sys::uninterrupted([set] { return sys::wait_signal(set); });
}

Result<int> parse_signal(const char* text) {
  const char* place = text;
  const int number = take_signal(place);
  if (number >= 1 && *place == '\0') return number;
  if (const char* const bare = after(text, "SIG"); bare != nullptr) text = bare;
  // In the order of their numbers, which x86-64 and arm64 share (signal(7)).
  constexpr const char* kNames =
      "HUP,INT,QUIT,ILL,TRAP,ABRT,BUS,FPE,KILL,USR1,SEGV,USR2,PIPE,ALRM,TERM,STKFLT,CHLD,CONT,STOP,"
      "TSTP,TTIN,TTOU,URG,XCPU,XFSZ,VTALRM,PROF,WINCH,IO,PWR,SYS";
  const int index = index_of(kNames, text);
  if (index < 0) return Error{EINVAL, "signal"};
  return index + 1;
}

Result<SignalRewrite> parse_signal_rewrite(const char* text) {
  const int from = take_signal(text);
  if (from < 1 || *text++ != ':') return Error{EINVAL, "signal rewrite"};
  const int to = take_signal(text);
  if (to < 0 || *text != '\0') return Error{EINVAL, "signal rewrite"};
  return SignalRewrite{.from = from, .to = to};
}

Result<> forward_signal(pid_t target, int signal, std::span<const SignalRewrite> rewrites) {
  for (const SignalRewrite& rewrite : rewrites) {
    if (rewrite.from != signal) continue;
    if (rewrite.to == 0) return {};
    signal = rewrite.to;
    break;
  }
  const auto sent = sys::kill(target, signal);
  if (!sent.has_value() && sent.error().code != ESRCH) return sent.error();
  return {};
}

}  // namespace pid1
