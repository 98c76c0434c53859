// SPDX-License-Identifier: Apache-2.0
// --mode=run --background and --mode=stop; see modes.h.
#include <absl/status/statusor.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <string>

#include "clock.h"
#include "loop.h"
#include "modes.h"
#include "run.h"
#include "signals.h"
#include "state.h"

namespace microbeam {
namespace {

int complain(absl::string_view what) {
  std::cerr << "microbeam-vm: " << what << "\n";
  return kExitFailed;
}

std::string name_of(const std::string& state) {
  return state.substr(state.rfind('/') + 1);
}

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool send_signal(const UniqueFd& pidfd, int number) {
  return syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0) == 0;
}

// The two pipes between the command that returns and the runner that stays. `words` is the runner's
// stderr until the machine serves; one byte in `up` says that it does.
struct Pipes {
  UniqueFd words_read;
  UniqueFd words_write;
  UniqueFd up_read;
  UniqueFd up_write;

  bool open() {
    int words[2];
    int up[2];
    if (pipe2(words, O_CLOEXEC) != 0) return false;
    words_read = UniqueFd(words[0]);
    words_write = UniqueFd(words[1]);
    if (pipe2(up, O_CLOEXEC) != 0) return false;
    up_read = UniqueFd(up[0]);
    up_write = UniqueFd(up[1]);
    return true;
  }
};

// What whoever started the command had open is not for a process that stays: a pipe would never
// end. But for the pipe that the environment comes from.
void close_inherited(absl::string_view env_file) {
  unsigned kept = 0;
  if (!absl::ConsumePrefix(&env_file, "/dev/fd/") || !absl::SimpleAtoi(env_file, &kept)) kept = 0;
  constexpr unsigned kFirst = STDERR_FILENO + 1;
  if (kept < kFirst) {
    close_range(kFirst, ~0U, 0);
    return;
  }
  if (kept > kFirst) close_range(kFirst, kept - 1, 0);
  close_range(kept + 1, ~0U, 0);
}

// The runner, from the fork on: in a session of its own, away from the terminal and its signals.
int stay(const Options& options, Pipes& pipes) {
  setsid();
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  // What it has to say later, beside the file by which it is found.
  const UniqueFd log(open(absl::StrCat(options.state, ".log").c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!null.valid() || !log.valid()) return complain("cannot write beside --state");
  dup2(null.get(), STDIN_FILENO);
  dup2(null.get(), STDOUT_FILENO);
  dup2(pipes.words_write.get(), STDERR_FILENO);
  pipes.words_write.reset();
  pipes.words_read.reset();
  pipes.up_read.reset();

  const absl::StatusOr<MachineState> state = MachineState::claim(options.state);
  if (!state.ok()) return complain(state.status().message());
  state->note(absl::StrCat("pid ", getpid()));
  state->note(absl::StrCat("console ", options.console_log));
  return drive(options, {.served =
                             [&](const Boot& boot) {
                               state->note(absl::StrCat("url ", boot.url()));
                               dup2(log.get(), STDERR_FILENO);
                               // The command may be gone; the machine stays all the same.
                               if (write(pipes.up_write.get(), "1", 1) < 0) return;
                               pipes.up_write.reset();
                             },
                         .ended =
                             [&](int status, absl::string_view why) {
                               state->note(absl::StrCat("ended ", status, " ", why));
                             }});
}

// Passes on what is there; false at the end of it.
bool pass_on(int from) {
  std::array<char, 4096> buffer;
  const ssize_t got = read(from, buffer.data(), buffer.size());
  if (got > 0) std::cerr << absl::string_view(buffer.data(), static_cast<size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

// The command: shows the runner's words until the machine serves or the runner has ended.
int wait_for(pid_t runner, Pipes& pipes) {
  pipes.words_write.reset();
  pipes.up_write.reset();
  Loop loop;
  const Signals signals(loop);
  const UniqueFd pidfd = open_pidfd(runner);
  bool talking = true;
  int passed = 0;
  loop.watch(pipes.words_read.get(), {[&] { return static_cast<short>(talking ? POLLIN : 0); },
                                      [&] { talking = pass_on(pipes.words_read.get()); }});
  // The runner has limits for all that it does.
  while (talking) {
    loop.turn(absl::InfiniteDuration());
    if (signals.count() == passed) continue;
    passed = signals.count();
    send_signal(pidfd, SIGTERM);
  }
  char byte = 0;
  if (read(pipes.up_read.get(), &byte, 1) == 1) return 0;
  int status = 0;
  while (waitpid(runner, &status, 0) < 0 && errno == EINTR) {
  }
  if (signals.caught() != 0) return 128 + signals.caught();
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : kExitFailed;
  return code != 0 ? code : complain("the machine ended before it answered");
}

// Asks the runner to stop, and waits for its end.
int end_runner(RunnerOf& runner, const UniqueFd& pidfd, const std::string& name) {
  // What its runner may take for the guest's listening, the guest's end, and QEMU's
  // (Machine::stop).
  const Options defaults{.mode = "run"};
  const absl::Duration limit = 2 * (defaults.stop_limit() + Machine::kTermLimit);
  std::cerr << "microbeam-vm: asking " << name << " to stop\n";
  send_signal(pidfd, SIGTERM);
  pollfd ended{pidfd.get(), POLLIN, 0};
  const absl::Duration deadline = monotonic_now() + limit;
  while (poll(&ended, 1,
              static_cast<int>(absl::ToInt64Milliseconds(
                  std::max(deadline - monotonic_now(), absl::ZeroDuration())))) < 0 &&
         errno == EINTR) {
  }
  if ((ended.revents & POLLIN) == 0) {
    send_signal(pidfd, SIGKILL);  // QEMU dies with it
    return complain(absl::StrCat("the runner of ", name, " did not end: it was killed"));
  }
  const std::optional<Ended> how = runner.ended();
  if (!how) return complain(absl::StrCat("the runner of ", name, " died without a word"));
  std::cerr << "microbeam-vm: " << how->why << "\n";
  return how->status;
}

}  // namespace

int run_in_background(const Options& options) {
  close_inherited(options.env_file);
  Pipes pipes;
  if (!pipes.open()) return complain("cannot make a pipe");
  const pid_t runner = fork();
  if (runner < 0) return complain("cannot fork");
  if (runner == 0) return stay(options, pipes);
  return wait_for(runner, pipes);
}

int stop(const Options& options) {
  const std::string name = name_of(options.state);
  absl::StatusOr<RunnerOf> runner = RunnerOf::open(options.state);
  if (!runner.ok()) return complain(absl::StrCat("no machine ", name, " runs in the background"));
  const std::optional<pid_t> pid = runner->pid();
  if (!pid) {
    runner->remove_stale();
    return complain(absl::StrCat("the machine ", name,
                                 " does not run any more: its runner was killed, and the "
                                 "machine with it"));
  }
  const UniqueFd pidfd = open_pidfd(*pid);
  // It was that process when the lock was looked at; it still is, or another one has its number.
  if (!pidfd.valid() || runner->pid() != pid) {
    return complain(absl::StrCat("the machine ", name, " ended by itself just now"));
  }
  return end_runner(*runner, pidfd, name);
}

}  // namespace microbeam
