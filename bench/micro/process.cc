// SPDX-License-Identifier: Apache-2.0
// Micro-benchmarks: children and signals.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "pid1/reap.h"
#include "pid1/signals.h"
#include "pid1/spawn.h"
#include "repeat.h"
#include "unique_fd.h"

namespace microbeam {
namespace {

char program[] = INIT_PROBE;
char mode[] = "return";
char* const arguments[] = {program, mode, nullptr};
char* const environment[] = {nullptr};

// An init has all signals blocked all the time.
class Blocked {
 public:
  Blocked() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before_);
  }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;
  ~Blocked() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Until the program that returns at once has ended.
void spawn_and_wait(benchmark::State& state) {
  const Blocked blocked;
  for ([[maybe_unused]] auto _ : state) {
    const pid1::Result<pid_t> pid = pid1::spawn(
        {.program = program, .argv = arguments, .envp = environment, .descriptors = {-1, -1, 2}});
    int status = -1;
    if (!pid.has_value() || waitpid(*pid, &status, 0) != *pid || status != 0) {
      state.SkipWithError("the program did not run");
      break;
    }
  }
}
BENCHMARK(spawn_and_wait)->UseRealTime()->Apply(repeat);

// The same by the C library, which shares memory with the child until exec.
void posix_spawn_and_wait(benchmark::State& state) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  for ([[maybe_unused]] auto _ : state) {
    pid_t pid = 0;
    int status = -1;
    if (posix_spawn(&pid, program, &actions, nullptr, arguments, environment) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
      state.SkipWithError("the program did not run");
      break;
    }
  }
  posix_spawn_file_actions_destroy(&actions);
}
BENCHMARK(posix_spawn_and_wait)->UseRealTime()->Apply(repeat);

void reap_all_with_a_living_child(benchmark::State& state) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    pause();
    _exit(0);
  }
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(pid1::reap_all(child));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}
BENCHMARK(reap_all_with_a_living_child)->Apply(repeat);

// One that this process sends to itself, and the sending.
void next_signal(benchmark::State& state) {
  const Blocked blocked;
  const pid1::Result<int> opened = pid1::open_signalfd(pid1::kAllSignals);
  if (!opened.has_value()) {
    state.SkipWithError("no signalfd");
    return;
  }
  const UniqueFd fd(*opened);
  for ([[maybe_unused]] auto _ : state) {
    kill(getpid(), SIGUSR1);
    if (!(pid1::next_signal(fd.get()) == SIGUSR1)) {
      state.SkipWithError("another signal");
      break;
    }
  }
}
BENCHMARK(next_signal)->Apply(repeat);

void next_signal_with_none(benchmark::State& state) {
  const Blocked blocked;
  const pid1::Result<int> opened = pid1::open_signalfd(pid1::signal_bit(SIGUSR2));
  if (!opened.has_value()) {
    state.SkipWithError("no signalfd");
    return;
  }
  const UniqueFd fd(*opened);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(pid1::next_signal(fd.get()));
}
BENCHMARK(next_signal_with_none)->Apply(repeat);

}  // namespace
}  // namespace microbeam
