// SPDX-License-Identifier: Apache-2.0
// The signal state that a program is to inherit. execve(2) hands ignored signals and the mask on,
// so whatever stood when PID 1 started would reach every process of the system.
#ifndef PID1_SIGNALS_H
#define PID1_SIGNALS_H

#include "pid1/result.h"

namespace pid1 {

/// Every signal (1 to 64) at its default disposition and none blocked.
[[nodiscard]] Result<> reset_signals();

/// Dead children collected and SIGCHLD ignored: the kernel then reaps children at once (wait(2),
/// NOTES), also those that die before an exec'ed program has set up its own handling.
[[nodiscard]] Result<> ignore_child_exits();

/// Ctrl-Alt-Del sends SIGINT to PID 1 instead of restarting the machine at once (reboot(2),
/// RB_DISABLE_CAD). EINVAL outside the initial pid namespace.
[[nodiscard]] Result<> disable_ctrl_alt_del();

}  // namespace pid1

#endif  // PID1_SIGNALS_H
