// SPDX-License-Identifier: Apache-2.0
#include "pid1/reap.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>

#include "pid1/file.h"
#include "pid1/sys.h"

namespace pid1 {

int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<Reaped> reap_all(pid_t main) {
  Reaped reaped = {};
  for (;;) {
    const auto end = sys::uninterrupted([] { return sys::reap(); });
    if (!end.has_value()) {
      reaped.childless = end.error().code == ECHILD;
      // What is collected cannot be collected again: it is told, and the error the next time.
      if (reaped.childless || reaped.main_ended || reaped.others > 0) return reaped;
      return end.error();
    }
    const auto [pid, status] = *end;
    if (pid == 0) return reaped;
    // Once only: its number may come again, as that of an orphan.
    if (pid == main && !reaped.main_ended) {
      reaped.main_ended = true;
      reaped.main_status = status;
    } else {
      ++reaped.others;
    }
  }
}

Result<> become_subreaper() {
  PID1_TRY(sys::prctl(PR_SET_CHILD_SUBREAPER, 1));
  return {};
}

Result<> die_with_parent(int signal) {
  PID1_TRY(sys::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(signal)));
  return {};
}

Result<int> open_process(pid_t pid) {
  return above_standard(sys::pidfd_open(pid));
}

}  // namespace pid1
