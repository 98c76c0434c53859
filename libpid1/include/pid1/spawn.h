// SPDX-License-Identifier: Apache-2.0
// fork and exec of a program that gets exactly what is asked for, and an honest answer on whether
// it runs.
#ifndef PID1_SPAWN_H
#define PID1_SPAWN_H

#include <sys/types.h>

#include <span>

#include "pid1/result.h"
#include "pid1/signals.h"

namespace pid1 {

/// The process group of a child.
enum class Grouping {
  kInherit,
  kOwnGroup,    // of its own: -PID signals it and its children
  kOwnSession,  // of its own, and a session
};

/// What to run, and as what. The steps of the child are taken in the order of the members below
/// `search_path`, but for signal_mask: it stands last.
struct SpawnOptions {
  const char* program;  // a path, or with search_path a name
  char* const* argv;    // both end with a nullptr
  char* const* envp;
  /// The value of PATH: a program without '/' is looked for there by the rules of execvp(3), but a
  /// file without a known format (ENOEXEC) is not handed to a shell: there may be none. Relative
  /// paths, and the empty element, are below `directory`. nullptr: `program` is a path.
  const char* search_path = nullptr;
  /// The child's, exactly: what block_signals() returned, or 0. Its dispositions are all default.
  SignalSet signal_mask = 0;
  Grouping grouping = Grouping::kOwnGroup;
  /// A terminal whose foreground process group becomes the child's; with kOwnSession it becomes the
  /// controlling terminal of the session (EPERM when it is that of another). Done in the child, so
  /// that the program does not read or write before. What is no terminal, or not the caller's
  /// controlling one (ENOTTY), is left alone. EINVAL with kInherit. -1: none.
  int terminal = -1;
  /// What become its 0, 1, 2, close-on-exec or not; -1: /dev/null. Likewise one that would stay in
  /// its place and is not open: a program that starts without it takes the next file that it opens
  /// for its standard output.
  int descriptors[3] = {0, 1, 2};
  /// Others that stay open, with their numbers. Every other is closed (close_range(2), Linux 5.9).
  std::span<const int> keep = {};
  const char* directory = nullptr;
  /// Called in the child: for privileges, limits and the like. It must not return into what only
  /// the parent should do, and gets nothing that other threads hold.
  Result<> (*prepare)(void*) = nullptr;
  void* prepare_argument = nullptr;
  /// Sent to the child when its parent dies, as die_with_parent(). After `prepare`, since a change
  /// of user would clear it. A child whose parent is dead already does not start the program.
  int death_signal = 0;
};

/// Runs a program in a child: its process id, once execve(2) has succeeded. The caller has all
/// signals blocked (block_signals()), or one could reach the child before it is what it shall be.
///
/// An Error is the child's own errno, over a close-on-exec pipe, and the step that failed: "spawn:
/// pipe", "fork", "report", "signals", "process group", "terminal", "descriptors", "directory",
/// "death signal", "exec"; for `prepare` it is what that returned. EBADF, "spawn: descriptors": one
/// of `descriptors` or `keep` is not open. No child is left then, no zombie either, and what it did
/// not close is as before. SIGCHLD may be pending all the same.
[[nodiscard]] Result<pid_t> spawn(const SpawnOptions& options);

/// What a shell exits with when it could not run a program: 127 when there is none (ENOENT,
/// ENOTDIR), 126 otherwise (POSIX, Shell Command Language, 2.8.2).
[[nodiscard]] int exec_exit_code(const Error& error);

}  // namespace pid1

#endif  // PID1_SPAWN_H
