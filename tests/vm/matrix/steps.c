// SPDX-License-Identifier: Apache-2.0
// steps COMMAND...   runs it and whatever it starts, and prints how many instructions of its own
// the first /init among them executes, from its entry up to its execve(2), step by step. The
// kernel's are not counted.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_init(pid_t pid) {
  char link[64], path[4096] = "";
  snprintf(link, sizeof link, "/proc/%d/exe", pid);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  return size >= 5 && strcmp(path + size - 5, "/init") == 0;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status;
  waitpid(child, &status, 0);
  // Nobody is left when this program has its number.
  ptrace(PTRACE_SETOPTIONS, child, 0,
         PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
             PTRACE_O_EXITKILL);
  ptrace(PTRACE_CONT, child, 0, 0);
  pid_t init = 0;
  long steps = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) continue;
    int signal = WSTOPSIG(status);
    if (status >> 16 == PTRACE_EVENT_EXEC && pid == init) {
      printf("steps: %ld\n", steps);
      return 0;
    }
    if (status >> 16 == PTRACE_EVENT_EXEC && is_init(pid)) init = pid;
    if (status >> 16 == 0 && signal == SIGTRAP && pid == init) ++steps;
    // Stops of ours are no signals of theirs.
    if (status >> 16 != 0 || signal == SIGTRAP || signal == SIGSTOP) signal = 0;
    ptrace(pid == init ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, 0, signal);
  }
  printf("no /init has executed anything\n");
  return 1;
}
