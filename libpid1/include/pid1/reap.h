// SPDX-License-Identifier: Apache-2.0
// Children that died. PID 1, and a subreaper, gets every orphan below it and has to collect them
// all, or their process table entries stay until the table is full.
#ifndef PID1_REAP_H
#define PID1_REAP_H

#include <sys/types.h>

#include "pid1/result.h"

namespace pid1 {

/// wait(2)'s status as a shell gives it: 0 to 255, or 128 and the number of the signal that ended
/// the process.
[[nodiscard]] int exit_code(int status);

/// What reap_all collected.
struct Reaped {
  bool main_ended;
  int main_status;  // wait(2)'s status, once it has ended
  unsigned others;  // how many orphans
  bool childless;   // no child is left, dead or alive
};

/// Collects children until none is dead. One SIGCHLD may stand for any number of them (signal(7)),
/// so the signal only says when to call this; it is also called once before the first signal is
/// waited for, since what died before the init was there has sent its own already. Children without
/// SIGCHLD at their end are seen too (wait(2), __WALL). EINTR is retried. `main` 0: there is none.
///
/// With SIGCHLD ignored the kernel collects children itself, and their status is lost (wait(2),
/// NOTES): an init resets its dispositions first (reset_dispositions()).
[[nodiscard]] Result<Reaped> reap_all(pid_t main);

/// Orphans below this process come to it rather than to PID 1 (PR_SET_CHILD_SUBREAPER(2const)). It
/// is not inherited by children.
[[nodiscard]] Result<> become_subreaper();

/// `signal` is sent to this process when its parent dies (PR_SET_PDEATHSIG(2const)); 0: none. Lost
/// at a later change of user, group or capabilities. A parent that was dead before is not noticed,
/// and cannot be in general (getppid(2) tells 0 across pid namespaces): for children of one's own
/// there is SpawnOptions::death_signal. EINVAL for a number that is no signal.
[[nodiscard]] Result<> die_with_parent(int signal);

/// A descriptor above 2, close-on-exec, that poll(2) finds readable once `pid`, a child, has died;
/// it stays that process, also when its number is used again (pidfd_open(2)). ENOSYS before
/// Linux 5.3, ESRCH.
[[nodiscard]] Result<int> open_process(pid_t pid);

}  // namespace pid1

#endif  // PID1_REAP_H
