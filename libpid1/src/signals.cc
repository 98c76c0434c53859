// SPDX-License-Identifier: Apache-2.0
#include "pid1/signals.h"

#include <sys/reboot.h>

#include <cerrno>
#include <csignal>

#include "pid1/sys.h"

namespace pid1 {

Result<> reset_signals() {
  constexpr int kLastSignal = 64;  // _NSIG of the kernel
  for (int signal = 1; signal <= kLastSignal; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    PID1_TRY(sys::set_disposition(signal, sys::Disposition::kDefault));
  }
  return sys::set_signal_mask(0);
}

Result<> ignore_child_exits() {
  // What is dead already stays a zombie for all that: it is collected first.
  while (sys::reap().value_or(0) > 0) {
  }
  return sys::set_disposition(SIGCHLD, sys::Disposition::kIgnore);
}

Result<> disable_ctrl_alt_del() {
  return sys::reboot(RB_DISABLE_CAD);
}

}  // namespace pid1
