// SPDX-License-Identifier: Apache-2.0
// Signals of an init: the state that a program is to inherit, signals as something to read, and
// their way on to a child. execve(2) hands ignored signals and the mask on, so whatever stood when
// PID 1 started would reach every process of the system.
#ifndef PID1_SIGNALS_H
#define PID1_SIGNALS_H

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "pid1/result.h"

namespace pid1 {

/// Bit n-1 is signal n, 1 to 64, as in the kernel's sigset_t.
using SignalSet = uint64_t;

/// Real-time signals included, and those that a C library keeps for itself. Of SIGKILL and SIGSTOP
/// the kernel takes no notice.
constexpr SignalSet kAllSignals = ~SignalSet{0};

[[nodiscard]] constexpr SignalSet signal_bit(int signal) {
  return SignalSet{1} << (signal - 1);
}

/// Every signal (1 to 64) at its default disposition and none blocked.
[[nodiscard]] Result<> reset_signals();

/// Every signal at its default disposition; the mask stays.
[[nodiscard]] Result<> reset_dispositions();

/// Dead children collected and SIGCHLD ignored: the kernel then reaps children at once (wait(2),
/// NOTES), also those that die before an exec'ed program has set up its own handling.
[[nodiscard]] Result<> ignore_child_exits();

/// Ctrl-Alt-Del sends SIGINT to PID 1 instead of restarting the machine at once (reboot(2),
/// RB_DISABLE_CAD). EINVAL outside the initial pid namespace.
[[nodiscard]] Result<> disable_ctrl_alt_del();

/// Blocks the signals of `set` besides those that are blocked already. Returns the mask that stood
/// before: what a child is to get (SpawnOptions::signal_mask). An init does this first of all, for
/// the kernel drops signals that PID 1 has neither blocked nor a handler for (pid_namespaces(7)).
[[nodiscard]] Result<SignalSet> block_signals(SignalSet set);

/// A close-on-exec, nonblocking descriptor above 2 that poll(2) finds readable when a signal of
/// `set` is pending (signalfd(2)). The caller has blocked them. SIGCHLD is pending only if it is
/// not ignored: where a parent may have left it so, reset_dispositions() comes first. EMFILE,
/// ENFILE, ENOMEM.
[[nodiscard]] Result<int> open_signalfd(SignalSet set);

/// Takes the next pending signal: its number, or 0 when none is. Signals below 32 that came more
/// than once since are one (signal(7)): SIGCHLD says "at least one child".
[[nodiscard]] Result<int> next_signal(int signal_fd);

/// Takes the next pending signal of `set`, all of it blocked, and waits until there is one: for a
/// loop that waits for nothing else. One system call, where a signalfd takes two or three.
[[nodiscard]] Result<int> wait_signal(SignalSet set);

/// "SIGTERM", "TERM" or "15": a name of signal(7), or a number of 1 to 64. EINVAL for all else.
[[nodiscard]] Result<int> parse_signal(const char* text);

/// A signal that is to arrive as another one. `to` 0: not at all.
struct SignalRewrite {
  int from;
  int to;
};

/// "15:3", as dumb-init's --rewrite: `from` 1 to 64, `to` 0 to 64. EINVAL for all else.
[[nodiscard]] Result<SignalRewrite> parse_signal_rewrite(const char* text);

/// Sends `signal`, or what the first of `rewrites` that names it says, to `target` as kill(2) takes
/// it: a process, or -GROUP. A target that has just died (ESRCH) is no error. EPERM when it belongs
/// to another user, EINVAL for a number that is no signal.
[[nodiscard]] Result<> forward_signal(pid_t target, int signal,
                                      std::span<const SignalRewrite> rewrites = {});

}  // namespace pid1

#endif  // PID1_SIGNALS_H
