// SPDX-License-Identifier: Apache-2.0
// See child.h.
#include "child.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <cerrno>
#include <utility>

#include "clock.h"

namespace microbeam {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

absl::StatusOr<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Only async-signal-safe calls from here to exec, but for options.prepare. Reports errno through
// `failure`, which exec closes.
[[noreturn]] void become(char* const* argv, const SpawnOptions& options, pid_t owner, int in,
                         int out, int err, int failure) {
  const auto fail = [failure] {
    const int error = errno;
    // Should even this fail, the exit status is left.
    if (write(failure, &error, sizeof error) < 0) _exit(126);
    _exit(127);
  };
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail();
  // An owner who died before that line sends no signal any more. From another pid namespace it
  // cannot be seen.
  if ((options.namespaces & CLONE_NEWPID) == 0 && getppid() != owner) _exit(127);
  if (options.own_group && setpgid(0, 0) != 0) fail();
  if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) {
    fail();
  }
  for (const int fd : options.inherited) {
    if (fcntl(fd, F_SETFD, 0) != 0) fail();
  }
  // Both outlive exec: our blocked signals would make the child deaf to SIGTERM.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  sigaction(SIGPIPE, &standard, nullptr);
  if (!options.root.empty() && (chroot(options.root.c_str()) != 0 || chdir("/") != 0)) fail();
  if (options.prepare && !options.prepare()) fail();
  if (options.executed_ns != nullptr) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    *options.executed_ns = now.tv_sec * 1'000'000'000 + now.tv_nsec;
  }
  execv(argv[0], argv);
  fail();
  _exit(127);
}

}  // namespace

absl::StatusOr<Child> Child::spawn(const std::vector<std::string>& argv,
                                   const SpawnOptions& options) {
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  absl::StatusOr<Pipe> out = make_pipe();
  absl::StatusOr<Pipe> err = make_pipe();
  absl::StatusOr<Pipe> failure = make_pipe();
  for (const auto* pipe : {&out, &err, &failure}) {
    if (!pipe->ok()) return pipe->status();
  }
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null.valid()) return absl::ErrnoToStatus(errno, "cannot open /dev/null");

  Child child;
  const pid_t owner = getpid();
  child.spawned_ = monotonic_now();
  // Not fork(3), which makes no namespaces. The owner has one thread: no lock is held by another.
  child.pid_ =
      static_cast<pid_t>(syscall(SYS_clone, options.namespaces | SIGCHLD, nullptr, 0, 0, 0));
  if (child.pid_ < 0) return absl::ErrnoToStatus(errno, "cannot fork");
  if (child.pid_ == 0) {
    become(arguments.data(), options, owner, null.get(), out->write.get(), err->write.get(),
           failure->write.get());
  }
  // Not <sys/pidfd.h>: glibc 2.36 declares pidfd_open() in it without extern "C".
  child.pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0)));
  if (!child.pidfd_.valid())
    return absl::ErrnoToStatus(errno, "cannot watch the child (pidfd_open)");
  failure->write.reset();
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(failure->read.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got > 0) return absl::ErrnoToStatus(error, absl::StrCat("cannot execute ", argv[0]));

  // Our ends only: the child's ends are open file descriptions of their own and stay as they are.
  fcntl(out->read.get(), F_SETFL, O_NONBLOCK);
  fcntl(err->read.get(), F_SETFL, O_NONBLOCK);
  child.out_ = std::move(out->read);
  child.err_ = std::move(err->read);
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      spawned_(other.spawned_),
      cpu_time_(other.cpu_time_) {}

Child::~Child() {
  if (pid_ <= 0) return;
  signal(SIGKILL);
  // Bounded: a process in an uninterruptible sleep does not even die of SIGKILL.
  pollfd ended{pidfd_.get(), POLLIN, 0};
  poll(&ended, 1, 5000);
  waitpid(pid_, nullptr, WNOHANG);
}

void Child::signal(int number) const {
  if (pid_ <= 0) return;
  // The group does not exist yet if the child was not scheduled since fork.
  if (kill(-pid_, number) != 0) kill(pid_, number);
}

std::optional<int> Child::try_reap() {
  if (pid_ <= 0) return {};
  // Looks first and reaps last: until it is reaped nobody else can get the number of the group.
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0) {
    return {};
  }
  kill(-pid_, SIGKILL);
  int status = 0;
  rusage used{};
  if (wait4(pid_, &status, 0, &used) != pid_) return {};
  pid_ = -1;
  cpu_time_ = absl::DurationFromTimeval(used.ru_utime) + absl::DurationFromTimeval(used.ru_stime);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace microbeam
