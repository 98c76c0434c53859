// SPDX-License-Identifier: Apache-2.0
#include "pid1/spawn.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

#include "pid1/reap.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

/// The child on its way. The pipe's writer is close-on-exec: its end without a word is the success.
struct Child {
  const SpawnOptions& options;
  sys::Pipe report;
};

/// 0, 1 and 2 are targets; what must last until exec stays above.
constexpr int kFirstOther = 3;

bool has(std::span<const int> numbers, int number) {
  for (const int entry : numbers) {
    if (entry == number) return true;
  }
  return false;
}

/// `fd`, if its number is a free one. One that the caller names was not open, or it would not have
/// been given away here.
Result<int> unless_named(const SpawnOptions& options, int fd) {
  if (has(options.descriptors, fd) || has(options.keep, fd)) return Error{EBADF, "dup"};
  return fd;
}

Result<int> duplicate_above(const SpawnOptions& options, int fd) {
  PID1_TRY_ASSIGN(const int copy, sys::duplicate(fd, kFirstOther));
  return unless_named(options, copy);
}

// ---- the child's steps ------------------------------------------------------------------------

Result<> default_signals(Child&) {
  return reset_dispositions();
}

Result<> form_group(Child& child) {
  switch (child.options.grouping) {
    case Grouping::kInherit:
      return {};
    case Grouping::kOwnGroup:
      return sys::set_process_group(0, 0);
    case Grouping::kOwnSession:
      return sys::setsid();
  }
  return {};
}

Result<> take_terminal(Child& child) {
  const int terminal = child.options.terminal;
  if (terminal < 0) return {};
  if (child.options.grouping == Grouping::kInherit) return Error{EINVAL, "terminal"};
  // From a background group this is answered by SIGTTOU, unless that is blocked (tcsetpgrp(3)).
  const auto taken = child.options.grouping == Grouping::kOwnSession
                         ? sys::set_controlling_terminal(terminal)
                         : sys::set_foreground_group(terminal, sys::getpid());
  if (!taken.has_value() && taken.error().code != ENOTTY) return taken.error();
  return {};
}

/// The pipe out of the way of 0, 1 and 2: it has their numbers when they were closed at the start.
Result<> move_report(Child& child) {
  int& writer = child.report.writer;
  sys::close(child.report.reader);
  if (writer < kFirstOther) {
    PID1_TRY_ASSIGN(const int copy, sys::duplicate(writer, kFirstOther));
    sys::close(writer);
    writer = copy;
  }
  PID1_TRY(unless_named(child.options, writer));
  return {};
}

/// An open descriptor above 2 for what shall be `target`, or `target` itself when it stays.
Result<int> source_of(const SpawnOptions& options, int target) {
  int source = options.descriptors[target];
  if (source == target) {
    const auto open = sys::set_close_on_exec(source, false);
    if (open.has_value()) return target;
    if (open.error().code != EBADF) return open.error();
    source = -1;
  }
  if (source >= 0) return duplicate_above(options, source);
  PID1_TRY_ASSIGN(const int null, sys::open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto copy = duplicate_above(options, null);
  sys::close(null);
  return copy;
}

/// The lowest number from `first` on that stays open; ~0 when there is none.
unsigned next_kept(const Child& child, unsigned first) {
  auto lowest = ~0U;
  const auto consider = [&](int fd) {
    const auto number = static_cast<unsigned>(fd);
    if (number >= first && number < lowest) lowest = number;
  };
  consider(child.report.writer);
  for (const int fd : child.options.keep)
    consider(fd);
  return lowest;
}

Result<> place_descriptors(Child& child) {
  const SpawnOptions& options = child.options;
  PID1_TRY(move_report(child));
  for (const int fd : options.keep)
    PID1_TRY(sys::set_close_on_exec(fd, false));
  // All of them out of the way before the first is put in its place: {1, 0, 2} is a swap.
  int sources[kFirstOther];
  for (int target = 0; target < kFirstOther; ++target) {
    PID1_TRY_ASSIGN(sources[target], source_of(options, target));
  }
  for (int target = 0; target < kFirstOther; ++target) {
    if (sources[target] != target) PID1_TRY(sys::dup2(sources[target], target));
  }
  for (unsigned first = kFirstOther;;) {
    const unsigned kept = next_kept(child, first);
    if (kept > first) PID1_TRY(sys::close_from(first, kept - 1));
    if (kept == ~0U) return {};
    first = kept + 1;
  }
}

Result<> enter_directory(Child& child) {
  const char* const directory = child.options.directory;
  return directory == nullptr ? Result<>() : sys::chdir(directory);
}

Result<> prepare(Child& child) {
  const SpawnOptions& options = child.options;
  return options.prepare == nullptr ? Result<>() : options.prepare(options.prepare_argument);
}

Result<> tie_to_parent(Child& child) {
  if (child.options.death_signal == 0) return {};
  PID1_TRY(die_with_parent(child.options.death_signal));
  // A parent that died before that sends no signal. But then its end of the pipe is closed: a
  // process that ends closes its files before it signals its children (do_exit, kernel/exit.c).
  // Unlike getppid(2) this is right across pid namespaces.
  struct pollfd entry = {.fd = child.report.writer, .events = 0, .revents = 0};
  PID1_TRY_ASSIGN(const int hung_up, sys::poll({&entry, 1}, 0));
  if (hung_up > 0) return Error{ESRCH, "parent"};
  return {};
}

Result<> open_mask(Child& child) {
  return sys::set_signal_mask(child.options.signal_mask);
}

/// execvp(3) without its shell. Returns only with an error.
Result<> execute(Child& child) {
  const SpawnOptions& options = child.options;
  const char* const program = options.program;
  const auto* element = options.search_path;
  if (element == nullptr || *program == '\0' || *find(program, '/') != '\0') {
    return sys::execve(program, options.argv, options.envp);
  }
  constexpr size_t kPathCapacity = 4096;  // PATH_MAX, with the NUL
  char path[kPathCapacity];
  const size_t size = strlen(program) + 1;
  int answer = ENOENT;
  for (;; ++element) {
    const char* const end = find(element, ':');
    auto used = static_cast<size_t>(end - element);
    if (used + 1 + size <= sizeof(path)) {  // no file has a longer name
      memcpy(path, element, used);
      if (used > 0) path[used++] = '/';
      memcpy(path + used, program, size);
      const Error error = sys::execve(path, options.argv, options.envp);
      if (error.code == EACCES) {
        answer = EACCES;  // another directory may have one that is allowed
      } else if (error.code != ENOENT && error.code != ENOTDIR) {
        return error;
      }
    }
    if (*end == '\0') return Error{answer, "execve"};
    element = end;
  }
}

struct Step {
  const char* name;  // nullptr: the error has its own
  Result<> (*take)(Child&);
};

constexpr Step kSteps[] = {
    {"spawn: signals", default_signals},
    {"spawn: process group", form_group},
    {"spawn: terminal", take_terminal},
    {"spawn: descriptors", place_descriptors},
    {"spawn: directory", enter_directory},
    {nullptr, prepare},
    {"spawn: death signal", tie_to_parent},
    // Last, so that a signal that came on the way meets a process that is all set.
    {"spawn: signals", open_mask},
    {"spawn: exec", execute},
};

/// The child's whole life in this program: it leaves by execve or exit, never into the code of its
/// parent.
[[noreturn]] void become_program(const SpawnOptions& options, sys::Pipe report) {
  Child child = {options, report};
  Error failure = {0, nullptr};
  for (const Step& step : kSteps) {
    const auto taken = step.take(child);
    if (taken.has_value()) continue;
    failure = taken.error();
    if (step.name != nullptr) failure.operation = step.name;
    break;
  }
  // The literal is at the same place in the parent, of which this process is a copy. Up to PIPE_BUF
  // bytes are written whole (pipe(7)).
  const std::string_view bytes(reinterpret_cast<const char*>(&failure), sizeof(failure));
  (void)sys::uninterrupted([&] { return sys::write(child.report.writer, bytes); });
  sys::exit(exec_exit_code(failure));
}

}  // namespace

Result<pid_t> spawn(const SpawnOptions& options) {
  const auto made = sys::pipe();
  if (!made.has_value()) return Error{made.error().code, "spawn: pipe"};
  const sys::Pipe report = *made;
  const auto child = sys::fork();
  if (child == 0) become_program(options, report);
  sys::close(report.writer);
  if (!child.has_value()) {
    sys::close(report.reader);
    return Error{child.error().code, "spawn: fork"};
  }
  // Here too: whichever comes first. It fails when the child was first and has gone on: EACCES
  // after its exec, ESRCH after its death, EPERM when `prepare` made a session of it.
  if (options.grouping == Grouping::kOwnGroup) (void)sys::set_process_group(*child, *child);
  Error failure = {0, nullptr};
  const auto got = sys::uninterrupted([&] {
    return sys::read(report.reader, {reinterpret_cast<char*>(&failure), sizeof(failure)});
  });
  sys::close(report.reader);
  if (got == 0U) return child;
  // It is about to exit, or (should the pipe fail) nobody knows where it is.
  (void)sys::kill(*child, SIGKILL);
  (void)sys::uninterrupted([&] { return sys::wait_for(*child); });
  if (!got.has_value()) return Error{got.error().code, "spawn: report"};
  return failure;
}

int exec_exit_code(const Error& error) {
  return error.code == ENOENT || error.code == ENOTDIR ? 127 : 126;
}

}  // namespace pid1
