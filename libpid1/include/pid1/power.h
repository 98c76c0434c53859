// SPDX-License-Identifier: Apache-2.0
// The end of a machine: processes stopped, data on disk, the kernel told what comes next.
//
// An init that was asked to stop reads no further requests: it calls these one after the other and
// does not return to its loop. None of them reads, unblocks or waits for signals; with all of them
// blocked, a hundred requests during the end are as many pending bits, and there is one reboot(2).
#ifndef PID1_POWER_H
#define PID1_POWER_H

#include "pid1/result.h"

namespace pid1 {

struct StopOptions {
  /// From SIGTERM to SIGKILL.
  unsigned grace_ms = 10'000;
  /// From SIGKILL to the return. A process that waits for a device cannot be killed.
  unsigned kill_ms = 1'000;
};

struct Stopped {
  /// Processes that ended and were collected.
  unsigned ended;
  /// Nobody is left. False: some outlived SIGKILL.
  bool all;
};

/// SIGTERM to every process, and SIGCONT, since a stopped one does not handle it; SIGKILL to those
/// that are left after the grace. Returns as soon as the last child is collected: every process of
/// a PID 1's namespace is its child in the end, but for those that were put in from outside
/// (setns(2), `docker exec`), which get the signals, too, and are not waited for.
///
/// For PID 1 alone, of a machine or of a namespace: EPERM for others, whose kill(-1) would reach
/// all that belongs to the user (kill(2)). EPERM of kill(2), where PID 1 may signal nobody.
[[nodiscard]] Result<Stopped> stop_processes(const StopOptions& options);

/// sync(2), in a child: with a device or a server that does not answer it never returns. False when
/// it has not after `limit_ms`: the child is left behind, still at it. Children other than that are
/// not collected. Errors of fork(2).
[[nodiscard]] Result<bool> sync_within(unsigned limit_ms);

enum class Verb { kReboot, kPowerOff, kHalt, kKexec };

/// "reboot", "poweroff", "halt", "kexec". EINVAL for others.
[[nodiscard]] Result<Verb> parse_verb(const char* text);

/// How long end_machine waits: a disk may take its time to spin down.
constexpr unsigned kEndLimitMs = 60'000;

/// reboot(2), from a child. `argument`, for kReboot alone, is handed to the firmware or boot loader
/// (LINUX_REBOOT_CMD_RESTART2; 255 bytes). kKexec starts the kernel that was loaded with
/// kexec_load(2). In a pid namespace the kernel kills PID 1 instead, and its starter sees SIGHUP
/// (kReboot) or SIGINT (kPowerOff, kHalt) as the cause. Does not sync or unmount.
///
/// Returns only when the machine goes on, as in most containers. A PID 1 must not end then by
/// returning from main on a real machine: that is a panic. EPERM: CAP_SYS_BOOT is missing. EINVAL:
/// no kernel is loaded or kexec is not built in; kKexec in a pid namespace; an argument with
/// another verb. ETIMEDOUT: the kernel took the order and nothing happened within kEndLimitMs. EIO:
/// the child was killed. ECHILD: refused, but with SIGCHLD ignored the kernel itself has collected
/// the child, and the reason with it. Errors of fork(2), for kPowerOff and kHalt; the other two
/// need no child.
[[nodiscard]] Error end_machine(Verb verb, const char* argument = nullptr);

}  // namespace pid1

#endif  // PID1_POWER_H
