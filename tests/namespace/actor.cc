// SPDX-License-Identifier: Apache-2.0
// The program that an init under test runs: does one of the things that inits have tripped over.
//
//   actor DEED [NUMBER]     the exit code tells, and what went wrong goes to standard error
//
// Under another name (/bin/sh, say) it reads these words from the file /deed. It shows that it is
// ready for the test by making the file /ready.
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int kWrong = 90;    // what the test is about went wrong
constexpr int kTimeOut = 91;  // and this took too long
constexpr int kAnotherParent = 92;
constexpr auto kMillisecond = 1000U;

void say(const std::string& text) {
  const std::string line = "actor: " + text + "\n";
  (void)!write(2, line.data(), line.size());
}

[[noreturn]] void end(int code, const std::string& why) {
  say(why);
  _exit(code);
}

long check(long returned, const char* what) {
  if (returned < 0) end(kWrong, std::string(what) + ": " + strerror(errno));
  return returned;
}

void wait_until(const char* what, const std::function<bool()>& happened) {
  for (int i = 0; i < 20'000; ++i) {
    if (happened()) return;
    usleep(kMillisecond);
  }
  end(kTimeOut, std::string("waited in vain for ") + what);
}

/// What there is: the process of a file in /proc may end before that is read (ESRCH), for which an
/// istreambuf_iterator throws.
std::string read_all(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void ready() {
  close(static_cast<int>(check(open("/ready", O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "/ready")));
}

struct Process {
  pid_t pid;
  pid_t parent;
  char state;
};

/// All of the namespace.
std::vector<Process> processes() {
  std::vector<Process> all;
  DIR* const proc = opendir("/proc");
  while (const dirent* const entry = readdir(proc)) {
    const pid_t pid = static_cast<pid_t>(strtol(entry->d_name, nullptr, 10));
    const std::string stat = read_all("/proc/" + std::to_string(pid) + "/stat");
    const size_t name_end = stat.rfind(") ");
    if (pid <= 0 || name_end == std::string::npos) continue;
    all.push_back({.pid = pid,
                   .parent = static_cast<pid_t>(strtol(&stat[name_end + 4], nullptr, 10)),
                   .state = stat[name_end + 2]});
  }
  closedir(proc);
  return all;
}

/// Zombies that are not of this process: somebody else has to collect them.
long zombies() {
  long count = 0;
  for (const Process& process : processes())
    count += process.state == 'Z' && process.parent != getpid() ? 1 : 0;
  return count;
}

/// A child that leaves `count` children behind, which die at once, some before it and some after.
void make_orphans(int count) {
  const pid_t parent = static_cast<pid_t>(check(fork(), "fork"));
  if (parent == 0) {
    for (int i = 0; i < count; ++i) {
      if (check(fork(), "fork") == 0) _exit(i % 256);
    }
    _exit(0);
  }
  int status = 0;
  check(waitpid(parent, &status, 0), "waitpid");
  if (status != 0) end(kWrong, "a parent of orphans failed");
}

/// Straight to the kernel: the C library keeps the first real-time signals to itself.
void block_all_signals() {
  const uint64_t all = ~uint64_t{0};
  check(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof(all)), "rt_sigprocmask");
}

/// The next signal; 0 when none came within the time.
int next_signal(time_t seconds, long nanoseconds = 0) {
  const uint64_t all = ~uint64_t{0};
  const timespec limit = {.tv_sec = seconds, .tv_nsec = nanoseconds};
  const long signal = syscall(SYS_rt_sigtimedwait, &all, nullptr, &limit, sizeof(all));
  return signal < 0 ? 0 : static_cast<int>(signal);
}

// ---- the deeds ----------------------------------------------------------------------------------

int exit_with(int code) {
  return code;
}

int die_of(int signal) {
  check(syscall(SYS_kill, getpid(), signal), "kill");
  for (;;)
    pause();
}

int pause_for_ever(int) {
  ready();
  for (;;)
    pause();
}

/// Its number of orphans, a hundred at a time, and then not one zombie may be left.
int orphans(int count) {
  for (int made = 0; made < count; made += 100)
    make_orphans(100);
  wait_until("the last zombie to be reaped", [] { return zombies() == 0; });
  return 0;
}

/// A clone(2) child without SIGCHLD is invisible to a waitpid without __WALL.
int silent_orphan(int) {
  const long parent = check(fork(), "fork");
  if (parent == 0) {
    if (check(syscall(SYS_clone, 0, 0, 0, 0, 0), "clone") == 0) _exit(0);
    _exit(0);
  }
  check(waitpid(static_cast<pid_t>(parent), nullptr, 0), "waitpid");
  wait_until("the orphan without SIGCHLD to be reaped", [] { return zombies() == 0; });
  return 0;
}

/// Ignores SIGTERM, which a child of it does not; ends when that has ended of it.
int wait_for_group(int code) {
  (void)signal(SIGTERM, SIG_IGN);
  const long child = check(fork(), "fork");
  if (child == 0) {
    (void)signal(SIGTERM, SIG_DFL);
    return pause_for_ever(0);
  }
  int status = 0;
  wait_until("the child to end",
             [&] { return waitpid(static_cast<pid_t>(child), &status, WNOHANG) == child; });
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? code : kWrong;
}

/// An orphan's new parent is this process's own.
int adopted_by_parent(int) {
  int answer[2];
  check(pipe2(answer, O_CLOEXEC), "pipe2");
  const long parent = check(fork(), "fork");
  if (parent == 0) {
    const pid_t before = getpid();
    if (check(fork(), "fork") != 0) _exit(0);
    wait_until("a new parent", [before] { return getppid() != before; });
    const pid_t adopter = getppid();
    _exit(write(answer[1], &adopter, sizeof(adopter)) == sizeof(adopter) ? 0 : 1);
  }
  check(waitpid(static_cast<pid_t>(parent), nullptr, 0), "waitpid");
  pid_t adopter = 0;
  check(read(answer[0], &adopter, sizeof(adopter)), "read");
  return adopter == getppid() ? 0 : kAnotherParent;
}

/// Stops its parent, so that its own death and that of its children are one SIGCHLD; half of them
/// are dead before it, half die of its death. The test makes the parent go on.
int die_together(int count) {
  const pid_t parent = getppid();
  check(kill(parent, SIGSTOP), "kill");
  wait_until("the parent to stop", [parent] {
    return read_all("/proc/" + std::to_string(parent) + "/stat").find(") T ") != std::string::npos;
  });
  int alive[2];
  check(pipe2(alive, O_CLOEXEC), "pipe2");
  for (int i = 0; i < count; ++i) {
    if (check(fork(), "fork") != 0) continue;
    close(alive[1]);
    char nothing = 0;
    if (i % 2 == 0) (void)!read(alive[0], &nothing, 1);
    _exit(0);
  }
  wait_until("half of them to die", [count] {
    long dead = 0;
    for (const Process& process : processes())
      dead += process.state == 'Z' ? 1 : 0;
    return dead >= count / 2;
  });
  ready();
  return 43;
}

/// A byte in /seen for each signal, its number, until there were `count`.
int collect_signals(int count) {
  const int seen =
      static_cast<int>(check(open("/seen", O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "/seen"));
  block_all_signals();
  ready();
  for (int i = 0; i < count; ++i) {
    const char signal = static_cast<char>(next_signal(20));
    if (signal == 0) end(kTimeOut, "only " + std::to_string(i) + " signals came");
    check(write(seen, &signal, 1), "write");
  }
  return 0;
}

/// Takes its time to end after the first request to stop.
int stop_slowly(int code) {
  block_all_signals();
  ready();
  while (next_signal(20) != SIGTERM) {
  }
  say("stopping");
  while (next_signal(0, 100'000'000) != 0) {
  }
  return code;
}

/// Signals to process 1 from four sides while orphans die; the program ignores what is handed on.
int storm(int count) {
  for (int signal = 1; signal <= SIGSYS; ++signal)
    if (signal != SIGCHLD) (void)::signal(signal, SIG_IGN);
  pid_t storming[4];
  for (pid_t& process : storming) {
    process = static_cast<pid_t>(check(fork(), "fork"));
    while (process == 0) {
      for (const int signal : {SIGUSR1, SIGWINCH, SIGURG, SIGCONT, SIGHUP})
        (void)kill(1, signal);
    }
  }
  for (int made = 0; made < count; made += 100)
    make_orphans(100);
  wait_until("the last zombie to be reaped", [] { return zombies() == 0; });
  for (const pid_t process : storming) {
    check(kill(process, SIGKILL), "kill");
    check(waitpid(process, nullptr, 0), "waitpid");
  }
  return 42;
}

/// In front of the terminal, which lets nobody else write.
int own_terminal(int code) {
  const pid_t foreground = static_cast<pid_t>(check(tcgetpgrp(0), "tcgetpgrp"));
  if (foreground != getpgrp()) end(kWrong, "not in the terminal's foreground");
  say("in front");
  return code;
}

/// Nothing but this process may keep the file system of its directory in use.
int leave_and_unmount(int) {
  char directory[256] = {};
  if (getcwd(directory, sizeof(directory)) == nullptr) end(kWrong, "getcwd");
  check(chdir("/"), "chdir");
  // The init may not yet have left itself.
  wait_until("the init to leave", [&] {
    if (umount(directory) == 0) return true;
    if (errno != EBUSY) end(kWrong, std::string("unmount: ") + strerror(errno));
    return false;
  });
  return 0;
}

/// Process 1 has nothing open beyond 0, 1 and 2.
int open_files_of_init(int) {
  const auto has_others = [] {
    bool found = false;
    DIR* const directory = opendir("/proc/1/fd");
    while (const dirent* const entry = readdir(directory))
      found = found || strtol(entry->d_name, nullptr, 10) > 2;
    closedir(directory);
    return found;
  };
  // It may not yet have closed the pipe over which it learnt that this program runs.
  wait_until("what is not needed to be closed", [&] { return !has_others(); });
  return 0;
}

/// An init with nothing to do does nothing: twice in 50 ms it has not run.
int idle_init(int) {
  const auto runs = [] {
    const std::string status = read_all("/proc/1/status");
    return status.substr(status.find("voluntary_ctxt_switches")) + read_all("/proc/1/schedstat");
  };
  wait_until("process 1 to sleep", [&] {
    const std::string before = runs();
    usleep(50 * kMillisecond);
    return runs() == before && read_all("/proc/1/stat").find(") S ") != std::string::npos;
  });
  return 0;
}

/// Requests to stop from `count` processes: while the init waits, and while it stops them.
int ask_to_stop(int count) {
  for (int i = 0; i < count; ++i) {
    if (check(fork(), "fork") != 0) continue;
    block_all_signals();
    do {
      for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGPWR, SIGHUP})
        (void)kill(1, signal);
    } while (next_signal(0, 1'000'000) != SIGTERM);
    for (const int signal : {SIGTERM, SIGINT, SIGPWR})
      (void)kill(1, signal);
    _exit(0);
  }
  return pause_for_ever(0);
}

/// A process that is in the way of unmounting /data, and stays.
int live_in_data(int) {
  if (check(fork(), "fork") != 0) return 0;
  check(chdir("/data"), "chdir");
  return pause_for_ever(0);
}

struct Deed {
  const char* name;
  int (*act)(int number);
};

constexpr Deed kDeeds[] = {
    {"exit", exit_with},
    {"die", die_of},
    {"pause", pause_for_ever},
    {"wait-for-group", wait_for_group},
    {"orphans", orphans},
    {"silent-orphan", silent_orphan},
    {"adopted-by-parent", adopted_by_parent},
    {"die-together", die_together},
    {"collect", collect_signals},
    {"stop-slowly", stop_slowly},
    {"storm", storm},
    {"own-terminal", own_terminal},
    {"leave-and-unmount", leave_and_unmount},
    {"open-files-of-init", open_files_of_init},
    {"idle-init", idle_init},
    {"ask-to-stop", ask_to_stop},
    {"live-in-data", live_in_data},
};

}  // namespace

int main(int argc, char** argv) {
  std::string name = argc > 1 ? argv[1] : "";
  int number = argc > 2 ? atoi(argv[2]) : 0;
  if (!std::string(argv[0]).ends_with("actor")) std::ifstream("/deed") >> name >> number;
  for (const Deed& deed : kDeeds) {
    if (name == deed.name) return deed.act(number);
  }
  end(kWrong, "no such deed: " + name);
}
