// SPDX-License-Identifier: Apache-2.0
// The end of a machine: processes stopped, data on disk, the kernel told what comes next.
//
// An init that was asked to stop reads no further requests: it calls these one after the other and
// does not return to its loop. None of them reads, unblocks or waits for signals; with all of them
// blocked, a hundred requests during the end are as many pending bits, and there is one reboot(2).
#ifndef PID1_POWER_H
#define PID1_POWER_H

#include "pid1/function_ref.h"
#include "pid1/mount.h"
#include "pid1/result.h"

namespace pid1 {

struct StopOptions {
  /// From SIGTERM to SIGKILL.
  unsigned grace_ms = 10'000;
  /// From SIGKILL to the return. A process that waits for a device cannot be killed.
  unsigned kill_ms = 1'000;
  /// The caller is not PID 1 but acts for it, with root's rights, where PID 1 has none. Both stay;
  /// who else is there is looked up in /proc, since nobody is this process's child. Kernel threads
  /// and the dead, which have no command line there, do not count.
  bool for_pid1 = false;
};

struct Stopped {
  /// Processes that ended and were collected; those of PID 1 are not seen with `for_pid1`.
  unsigned ended;
  /// Nobody is left. False: some outlived SIGKILL.
  bool all;
};

/// SIGTERM to every process, and SIGCONT, since a stopped one does not handle it; SIGKILL to those
/// that are left after the grace. Returns as soon as the last child is collected: every process of
/// a PID 1's namespace is its child in the end, but for those that were put in from outside
/// (setns(2), `docker exec`), which get the signals, too, and are not waited for.
///
/// For PID 1 alone, of a machine or of a namespace, or in its place (`for_pid1`): EPERM for others,
/// whose kill(-1) would reach all that belongs to the user (kill(2)). EPERM of kill(2), where PID 1
/// may signal nobody.
[[nodiscard]] Result<Stopped> stop_processes(const StopOptions& options);

/// sync(2), in a child: with a device or a server that does not answer it never returns. False when
/// it has not after `limit_ms`: the child is left behind, still at it. Children other than that are
/// not collected. Errors of fork(2).
[[nodiscard]] Result<bool> sync_within(unsigned limit_ms);

/// What end_in_order takes for each of its steps.
struct EndOptions {
  StopOptions stop = {};
  unsigned sync_ms = 10'000;
  UnmountOptions unmount = {};
  /// The host is to take this end for a failure (prepare_restart).
  bool failed = false;
};

/// All of an end but the last call: working directory /, stop_processes, sync_within, unmount_all
/// (only with all data on disk: umount(2) would wait for it, too), prepare_restart. Goes on
/// whatever happens; `complain` is told what did not work: "processes", "sync", a mount point, a
/// file. About 20 KB of stack. Afterwards there is still the console for last words, and
/// end_machine.
void end_in_order(const EndOptions& options,
                  FunctionRef<void(const char* what, Error why)> complain);

/// How the machine will be reset, at a restart that nobody else has prepared, is how its host tells
/// a failure: `reboot=pci` on the kernel's command line makes that a write to I/O port 0xcf9, where
/// a virtual machine can have a device that ends it with an error. A panic's restart is one, too.
/// This prepares the other end: where kRestartType says "pci", it says "triple" afterwards.
/// Nothing to do with `failed`, with another type, or where the kernel has no such file.
[[nodiscard]] Result<> prepare_restart(bool failed);

/// Documentation/ABI/testing/sysfs-kernel-reboot; Linux 5.11.
constexpr const char* kRestartType = "/sys/kernel/reboot/type";

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
