// SPDX-License-Identifier: Apache-2.0
// The program that the inits are given: static, and only what is measured. It writes stamps on its
// standard output: CLOCK_MONOTONIC in nanoseconds, eight bytes each.
//   return      the moment at which main begins; ends at once
//   orphans N   makes N orphans by double forks, each of which ends at once: when the first was
//               begun, and when the last was gone
//   backlog N   N corpses become orphans all at once: when, and when the last was gone
//   wait        that it waits; then the moment of each SIGUSR1, until it is killed
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

constexpr int kExitFailed = 3;

int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void report(int64_t stamp) {
  if (write(STDOUT_FILENO, &stamp, sizeof stamp) != sizeof stamp) _exit(kExitFailed);
}

template <typename T>
T* shared(size_t count) {
  void* const memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) _exit(kExitFailed);
  return static_cast<T*>(memory);
}

pid_t fork_or_fail() {
  const pid_t pid = fork();
  if (pid < 0) _exit(kExitFailed);
  return pid;
}

void wait_for(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || status != 0) _exit(kExitFailed);
}

// A corpse that nobody has collected can still be signalled. Sleeps in between, or the init would
// have no processor on a machine that has one.
void until_gone(const pid_t* pids, size_t count) {
  const timespec pause{.tv_sec = 0, .tv_nsec = 20'000};
  for (size_t i = 0; i < count; ++i) {
    while (kill(pids[i], 0) == 0)
      nanosleep(&pause, nullptr);
    if (errno != ESRCH) _exit(kExitFailed);
  }
}

void orphans(size_t count) {
  auto* const pids = shared<pid_t>(count);
  report(now_ns());
  for (size_t i = 0; i < count; ++i) {
    const pid_t middle = fork_or_fail();
    if (middle == 0) {
      const pid_t orphan = fork_or_fail();
      if (orphan != 0) pids[i] = orphan;
      _exit(0);
    }
    wait_for(middle);
  }
  until_gone(pids, count);
  report(now_ns());
}

void backlog(size_t count) {
  auto* const pids = shared<pid_t>(count);
  auto* const orphaned_ns = shared<int64_t>(1);
  const pid_t middle = fork_or_fail();
  if (middle == 0) {
    for (size_t i = 0; i < count; ++i) {
      const pid_t orphan = fork_or_fail();
      if (orphan == 0) _exit(0);
      pids[i] = orphan;
    }
    // Dead, all of them, and left uncollected.
    for (size_t i = 0; i < count; ++i) {
      siginfo_t info{};
      if (waitid(P_PID, static_cast<id_t>(pids[i]), &info, WEXITED | WNOWAIT) != 0) {
        _exit(kExitFailed);
      }
    }
    *orphaned_ns = now_ns();
    _exit(0);
  }
  wait_for(middle);
  until_gone(pids, count);
  report(*orphaned_ns);
  report(now_ns());
}

void stamp_signal(int /*signal*/) {
  report(now_ns());
}

[[noreturn]] void wait_for_signals() {
  struct sigaction action{};
  action.sa_handler = stamp_signal;
  action.sa_flags = SA_RESTART;
  if (sigaction(SIGUSR1, &action, nullptr) != 0) _exit(kExitFailed);
  report(now_ns());
  for (;;)
    pause();
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t begun_ns = now_ns();
  const char* const mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "return") == 0) {
    report(begun_ns);
    return 0;
  }
  // The default slack of timers would round the 20 microseconds of until_gone to 70.
  prctl(PR_SET_TIMERSLACK, 1);
  if (strcmp(mode, "wait") == 0) wait_for_signals();
  const size_t count = argc > 2 ? strtoul(argv[2], nullptr, 10) : 0;
  if (count == 0) return kExitFailed;
  if (strcmp(mode, "orphans") == 0) {
    orphans(count);
  } else if (strcmp(mode, "backlog") == 0) {
    backlog(count);
  } else {
    return kExitFailed;
  }
  return 0;
}
