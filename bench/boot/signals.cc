// SPDX-License-Identifier: Apache-2.0
// See signals.h.
#include "signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <csignal>

namespace microbeam {
namespace {

int next_signal(int fd) {
  signalfd_siginfo info{};
  const ssize_t got = read(fd, &info, sizeof info);
  return got == ssize_t{sizeof info} ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace

Signals::Signals(Loop& loop) : loop_(loop) {
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignored, nullptr);

  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  struct sigaction hangup{};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  fd_ = UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  loop_.watch(fd_.get(), {[] { return static_cast<short>(POLLIN); }, [this] { read_one(); }});
}

Signals::~Signals() {
  loop_.forget(fd_.get());
}

void Signals::read_one() {
  const int number = next_signal(fd_.get());
  if (number == 0) return;
  if (caught_ == 0) caught_ = number;
  ++count_;
}

}  // namespace microbeam
