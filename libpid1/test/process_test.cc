// SPDX-License-Identifier: Apache-2.0
// Processes, signals and privileges against the kernel that this runs on: the calls of sys.cc, and
// spawn with reaping above them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "in_child.h"
#include "pid1/file.h"
#include "pid1/reap.h"
#include "pid1/signals.h"
#include "pid1/spawn.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

char g_sh[] = "/bin/sh";
char g_flag[] = "-c";
char* const g_no_environment[] = {nullptr};

/// Collects children until `main` has died, which must come: its status as a shell gives it.
int await(pid_t main) {
  for (;;) {
    const auto reaped = reap_all(main);
    if (!reaped.has_value()) return 300;
    if ((*reaped).main_ended) return exit_code((*reaped).main_status);
    if ((*reaped).childless) return 301;
    ::sched_yield();
  }
}

/// What `script` writes to 1 in a child that is made with `options`; "-STATUS" when it fails.
std::string output_of(std::string script, SpawnOptions options = {}) {
  char* const argv[] = {g_sh, g_flag, script.data(), nullptr};
  const auto before = block_signals(kAllSignals);
  const auto pipe = sys::pipe();
  const int reader = *above_standard((*pipe).reader);  // 0 may have been closed
  options.program = g_sh;
  options.argv = argv;
  options.envp = g_no_environment;
  options.descriptors[1] = (*pipe).writer;
  const auto child = spawn(options);
  sys::close((*pipe).writer);
  std::string text;
  char buffer[4096];
  for (;;) {
    const auto got = sys::read(reader, buffer);
    if (!got.has_value() || *got == 0) break;
    text.append(buffer, *got);
  }
  sys::close(reader);
  (void)sys::set_signal_mask(*before);
  if (!child.has_value()) return child.error().operation;
  const int status = await(*child);
  return status == 0 ? text : "-" + std::to_string(status);
}

// ---- the calls --------------------------------------------------------------------------------

TEST(Process, ForkReapAndWaitForOneChild) {
  EXPECT_EQ(in_child([] {
              if (code_of(sys::reap()) != ECHILD || code_of(sys::wait_for(1)) != ECHILD) return 1;
              const auto pipe = sys::pipe();
              const auto first = sys::fork();
              if (first == 0) sys::exit(5);
              const auto second = sys::fork();
              if (second == 0) {
                char byte[1];
                sys::close((*pipe).writer);
                (void)sys::read((*pipe).reader, byte);  // until the parent closes its end
                sys::exit(6);
              }
              auto end = sys::reap();
              while (end.has_value() && (*end).pid == 0)
                end = sys::reap();
              if (!end.has_value() || (*end).pid != *first) return 2;
              if (exit_code((*end).status) != 5) return 3;
              end = sys::reap();
              if (!end.has_value() || (*end).pid != 0) return 4;  // the second lives
              const auto third = sys::fork();
              if (third == 0) sys::exit(7);
              sys::close((*pipe).writer);
              if (!sys::wait_for(*second).has_value()) return 5;
              return await(*third) == 7 ? 0 : 6;  // nobody has taken it
            }),
            0);
}

// kata: without __WALL such a child is invisible, and its zombie stays.
TEST(Process, AChildWithoutSigchldIsReaped) {
  EXPECT_EQ(in_child([] {
              constexpr long kNoSignal = 0;
              const long child = ::syscall(SYS_clone, kNoSignal, 0, 0, 0, 0);
              if (child == 0) sys::exit(9);
              if (::waitpid(-1, nullptr, 0) != -1 || errno != ECHILD) return 1;
              return await(static_cast<pid_t>(child)) == 9 ? 0 : 2;
            }),
            0);
}

TEST(Process, MaskAndSignalDescriptor) {
  EXPECT_EQ(in_child([] {
              (void)sys::set_signal_mask(signal_bit(SIGUSR1));
              if (!(block_signals(kAllSignals) == signal_bit(SIGUSR1))) return 1;
              const SignalSet all = ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
              if (!(sys::signal_mask() == all) || status_mask("SigBlk:") != all) return 2;
              const auto fd = open_signalfd(kAllSignals);
              if (!fd.has_value() || ::fcntl(*fd, F_GETFD) != FD_CLOEXEC) return 3;
              if (!forward_signal(sys::getpid(), 33).has_value()) return 9;
              if (!(wait_signal(kAllSignals) == 33)) return 10;
              if (!(next_signal(*fd) == 0)) return 4;  // does not block
              // Real-time ones, and those of the C library (32 to 34): they queue.
              for (const int signal : {1, 13, 32, 33, 34, 64, 64}) {
                if (!forward_signal(sys::getpid(), signal).has_value()) return 5;
              }
              struct pollfd entry = {.fd = *fd, .events = POLLIN, .revents = 0};
              if (!(sys::poll({&entry, 1}, -1) == 1)) return 6;
              SignalSet seen = 0;
              int count = 0;
              for (int signal = next_signal(*fd).value_or(0); signal != 0; ++count) {
                seen |= signal_bit(signal);
                signal = next_signal(*fd).value_or(0);
              }
              if (count != 7) return 7;
              return seen == (1U | signal_bit(13) | signal_bit(32) | signal_bit(33) |
                              signal_bit(34) | signal_bit(64))
                         ? 0
                         : 8;
            }),
            0);
}

TEST(Process, Kill) {
  EXPECT_EQ(code_of(sys::kill(::getpid(), 0)), 0);
  EXPECT_EQ(code_of(sys::kill(::getpid(), 65)), EINVAL);
  EXPECT_EQ(in_child([] {
              const auto child = sys::fork();
              if (child == 0) {
                for (;;)
                  ::pause();
              }
              if (!sys::kill(*child, SIGTERM).has_value() || await(*child) != 128 + SIGTERM)
                return 1;
              if (code_of(sys::kill(*child, SIGTERM)) != ESRCH) return 2;
              return code_of(forward_signal(*child, SIGTERM));
            }),
            0);
}

TEST(Process, DescriptorOfAProcess) {
  const auto child = sys::fork();
  if (child == 0) {
    for (;;)
      ::pause();
  }
  const auto process = open_process(*child);
  if (code_of(process) != ENOSYS) {
    ASSERT_EQ(code_of(process), 0);
    EXPECT_EQ(::fcntl(*process, F_GETFD), FD_CLOEXEC);
    struct pollfd entry = {.fd = *process, .events = POLLIN, .revents = 0};
    EXPECT_EQ(sys::poll({&entry, 1}, 0), 0);
    EXPECT_EQ(code_of(sys::kill(*child, SIGKILL)), 0);
    EXPECT_EQ(sys::poll({&entry, 1}, -1), 1);
    sys::close(*process);
  }
  (void)sys::kill(*child, SIGKILL);
  EXPECT_EQ(code_of(sys::wait_for(*child)), 0);
  if (code_of(process) == ENOSYS) GTEST_SKIP() << "a kernel before 5.3";
  EXPECT_EQ(code_of(open_process(*child)), ESRCH);
}

TEST(Process, Groups) {
  EXPECT_EQ(in_child([] {
              if (!sys::set_process_group(0, 0).has_value() || ::getpgrp() != ::getpid()) return 1;
              if (code_of(sys::set_process_group(1, 1)) != ESRCH) return 2;  // no child of ours
              if (code_of(sys::set_process_group(0, -1)) != EINVAL) return 3;
              // A session leader may not.
              const auto child = sys::fork();
              if (child == 0) {
                (void)sys::setsid();
                sys::exit(code_of(sys::set_process_group(0, 0)) == EPERM ? 0 : 1);
              }
              return await(*child);
            }),
            0);
}

// tini 10094b7: on without a word, or off without one.
TEST(Process, SubreaperGetsOrphans) {
  EXPECT_EQ(in_child([] {
              if (!become_subreaper().has_value()) return 1;
              int on = 0;
              ::prctl(PR_GET_CHILD_SUBREAPER, &on, 0, 0, 0);
              if (on != 1) return 2;
              const auto pipe = sys::pipe();
              const auto child = sys::fork();
              if (child == 0) {
                const auto grandchild = sys::fork();
                char byte[1];
                sys::close((*pipe).writer);
                if (grandchild == 0) (void)sys::read((*pipe).reader, byte);
                sys::exit(0);
              }
              if (await(*child) != 0) return 3;
              auto reaped = reap_all(0);
              if (!reaped.has_value() || (*reaped).childless) return 4;  // the orphan is ours
              sys::close((*pipe).writer);
              unsigned others = 0;
              for (; reaped.has_value() && !(*reaped).childless; reaped = reap_all(0))
                others += (*reaped).others;
              return reaped.has_value() && others + (*reaped).others == 1 ? 0 : 5;
            }),
            0);
}

TEST(Process, PrctlRefuses) {
  EXPECT_EQ(code_of(die_with_parent(65)), EINVAL);
  EXPECT_EQ(code_of(sys::prctl(-1)), EINVAL);
}

TEST(Process, Limits) {
  EXPECT_EQ(in_child([] {
              struct rlimit before = {};
              ::getrlimit(RLIMIT_NOFILE, &before);
              if (!sys::set_limit(RLIMIT_NOFILE, 20, before.rlim_max).has_value()) return 1;
              struct rlimit now = {};
              ::getrlimit(RLIMIT_NOFILE, &now);
              if (now.rlim_cur != 20 || now.rlim_max != before.rlim_max) return 2;
              if (code_of(sys::duplicate(1, 20)) != EINVAL) return 3;
              if (code_of(sys::set_limit(RLIMIT_NOFILE, 21, 20)) != EINVAL) return 4;
              if (!sys::set_limit(RLIMIT_CORE, 0, 0).has_value()) return 5;
              if (::geteuid() == 0 && ::setuid(65534) != 0) return 6;
              return code_of(sys::set_limit(RLIMIT_CORE, 0, 1)) == EPERM ? 0 : 7;
            }),
            0);
}

TEST(Process, Capabilities) {
  EXPECT_EQ(in_child([] {
              sys::CapabilitySets sets = {};
              if (!sys::get_capabilities(sets).has_value()) return 1;
              if (sets.effective != status_mask("CapEff:")) return 2;
              if (sets.permitted != status_mask("CapPrm:")) return 3;
              if (sets.inheritable != status_mask("CapInh:")) return 4;
              // One of the lower word and one of the upper.
              constexpr uint64_t kLost = uint64_t{1} << CAP_SYS_BOOT | uint64_t{1} << CAP_SYSLOG;
              sets.effective &= ~kLost;
              sets.permitted &= ~kLost;
              if (!sys::set_capabilities(sets).has_value()) return 5;
              if (status_mask("CapEff:") != sets.effective) return 6;
              if (status_mask("CapPrm:") != sets.permitted) return 7;
              sets.permitted |= kLost;
              return code_of(sys::set_capabilities(sets)) == EPERM ? 0 : 8;
            }),
            0);
}

TEST(Process, UserAndGroups) {
  if (::geteuid() != 0) {
    EXPECT_EQ(code_of(sys::set_user_id(0)), EPERM);
    EXPECT_EQ(code_of(sys::set_group_id(0)), EPERM);
    EXPECT_EQ(code_of(sys::set_groups({})), EPERM);
    return;
  }
  EXPECT_EQ(in_child([] {
              const gid_t groups[] = {12, 13};
              if (!sys::set_groups(groups).has_value()) return 1;
              gid_t got[3] = {};
              if (::getgroups(3, got) != 2 || got[0] != 12 || got[1] != 13) return 2;
              if (!sys::set_groups({}).has_value() || ::getgroups(0, nullptr) != 0) return 3;
              gid_t real_group = 0;
              gid_t effective_group = 0;
              gid_t saved_group = 0;
              if (!sys::set_group_id(100).has_value()) return 4;
              ::getresgid(&real_group, &effective_group, &saved_group);
              if (real_group != 100 || effective_group != 100 || saved_group != 100) return 5;
              uid_t real = 0;
              uid_t effective = 0;
              uid_t saved = 0;
              if (!sys::set_user_id(65534).has_value()) return 6;
              ::getresuid(&real, &effective, &saved);
              if (real != 65534 || effective != 65534 || saved != 65534) return 7;
              if (code_of(sys::set_user_id(0)) != EPERM) return 8;
              if (code_of(sys::set_group_id(0)) != EPERM) return 9;
              return code_of(sys::set_groups(groups)) == EPERM ? 0 : 10;
            }),
            0);
}

// ---- spawn ------------------------------------------------------------------------------------

// erlinit 99173dc, android fd470e87c: what stood here must not stand there.
TEST(Spawn, SignalsOfTheProgramAreAsAsked) {
  EXPECT_EQ(in_child([] {
              for (const int signal : {SIGPIPE, SIGTTOU, SIGTERM, 32, 64})
                (void)sys::set_disposition(signal, sys::Disposition::kIgnore);
              const std::string none = "0000000000000000\n";
              // read by the shell itself, which catches none before it runs a program
              const std::string script =
                  "while read -r name value; do "
                  "case $name in SigBlk:|SigIgn:) echo $name$value;; esac; "
                  "done < /proc/self/status";
              if (output_of(script) != "SigBlk:" + none + "SigIgn:" + none) return 1;
              SpawnOptions options = {};
              options.signal_mask = signal_bit(SIGUSR1) | signal_bit(64);
              return output_of(script, options) == "SigBlk:8000000000000200\nSigIgn:" + none ? 0
                                                                                             : 2;
            }),
            0);
}

// catatonit 9c60e7d, erlinit daaf0fc, for each way to have 0 to 2 closed.
TEST(Spawn, DescriptorsOfTheProgramAreExactlyThoseAskedFor) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    SCOPED_TRACE(closed);
    EXPECT_EQ(in_child([closed] {
                const int extra = ::memfd_create("extra", 0);
                if (::dup2(extra, 40) != 40 || ::dup2(extra, 41) != 41) return 1;
                if (::fcntl(41, F_SETFD, FD_CLOEXEC) != 0) return 2;
                std::string expected = "0 1 2 41\n";
                for (int fd = 0; fd < 3; ++fd) {
                  if ((closed >> fd & 1U) != 0) ::close(fd);
                }
                const int keep[] = {41};
                SpawnOptions options = {};
                options.keep = keep;
                // The shell has its script, and no file, open: what is there was handed to it.
                const std::string script =
                    "for fd in 0 1 2 3 4 5 6 7 8 9 40 41 42; do "
                    "[ -e /proc/self/fd/$fd ] && list=\"$list$fd \"; done; echo ${list% }";
                if (output_of(script, options) != expected) return 3;
                if ((closed & 1U) == 0) return 0;
                return output_of("readlink /proc/$$/fd/0", options) == "/dev/null\n" ? 0 : 4;
              }),
              0);
  }
}

TEST(Spawn, FailuresSayTheStepAndLeaveNoChild) {
  EXPECT_EQ(in_child([] {
              (void)block_signals(kAllSignals);
              char* const argv[] = {g_sh, nullptr};
              const SpawnOptions usual = {.program = g_sh, .argv = argv, .envp = g_no_environment};
              const auto fails = [](const SpawnOptions& options, const char* step, int code) {
                const auto child = spawn(options);
                return code_of(child) == code && equals(child.error().operation, step) &&
                       code_of(sys::reap()) == ECHILD;
              };
              SpawnOptions options = usual;
              for (const auto& [program, code] : {std::pair{"/nonexistent", ENOENT},
                                                  {"", ENOENT},
                                                  {"/etc/passwd/x", ENOTDIR},
                                                  {"/etc/passwd", EACCES},
                                                  {"/", EACCES}}) {
                options.program = program;
                if (!fails(options, "spawn: exec", code)) return 1;
              }
              options.program = "passwd";
              options.search_path = "/etc:/nonexistent";
              if (!fails(options, "spawn: exec", EACCES)) return 2;
              options = usual;
              options.directory = "/nonexistent";
              if (!fails(options, "spawn: directory", ENOENT)) return 3;
              options = usual;
              options.descriptors[1] = 99;
              if (!fails(options, "spawn: descriptors", EBADF)) return 4;
              options = usual;
              options.death_signal = 65;
              return fails(options, "spawn: death signal", EINVAL) ? 0 : 5;
            }),
            0);
}

// dumb-init d17ab8a: children that fail fast, one after the other.
TEST(Spawn, ManyFastFailures) {
  EXPECT_EQ(in_child([] {
              (void)block_signals(kAllSignals);
              char* const argv[] = {g_sh, nullptr};
              for (int i = 0; i < 200; ++i) {
                const auto child =
                    spawn({.program = "/nonexistent", .argv = argv, .envp = g_no_environment});
                if (code_of(child) != ENOENT || code_of(sys::reap()) != ECHILD) return 1;
              }
              return 0;
            }),
            0);
}

TEST(Spawn, PathIsSearched) {
  char script[] = "exit 7";
  char* const argv[] = {g_sh, g_flag, script, nullptr};
  const auto child = spawn({.program = "sh",
                            .argv = argv,
                            .envp = g_no_environment,
                            .search_path = "/nonexistent:/etc/passwd:/bin"});
  ASSERT_EQ(code_of(child), 0);
  EXPECT_EQ(await(*child), 7);
}

// android 01e6669c6: ESRCH from a group that was not there yet.
TEST(Spawn, TheGroupCanBeSignalledAtOnce) {
  EXPECT_EQ(
      in_child([] {
        (void)block_signals(kAllSignals);
        char script[] = "sleep 100";
        char* const argv[] = {g_sh, g_flag, script, nullptr};
        for (const Grouping grouping : {Grouping::kOwnGroup, Grouping::kOwnSession}) {
          for (int i = 0; i < 20; ++i) {
            const auto child = spawn(
                {.program = g_sh, .argv = argv, .envp = g_no_environment, .grouping = grouping});
            if (!child.has_value()) return 1;
            if (!sys::kill(-*child, SIGTERM).has_value()) return 2;
            if (await(*child) != 128 + SIGTERM) return 3;
          }
        }
        return 0;
      }),
      0);
}

/// A session with a terminal of its own, as its 0; the other end, or -1.
int take_pseudo_terminal() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return -1;
  (void)sys::setsid();
  const auto terminal = sys::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (!terminal.has_value() || !sys::dup2(*terminal, 0).has_value()) return -1;
  return sys::set_controlling_terminal(0).has_value() ? master : -1;
}

// tini 88342ef: from a background group, and with SIGTTOU at its default, this stops the caller.
TEST(Spawn, TheTerminalIsHandedOverAndBack) {
  const int status = in_child([] {
    const int master = take_pseudo_terminal();
    if (master < 0) return 77;
    (void)block_signals(kAllSignals);
    SpawnOptions options = {};
    options.terminal = 0;
    // Fields 5 and 8 of /proc/self/stat: its group, and the foreground group of its terminal.
    const std::string script =
        "read -r a b c d group e f foreground g < /proc/self/stat; "
        "[ $group = $foreground ] && echo yes";
    for (int i = 0; i < 3; ++i) {  // the second time from the background
      if (output_of(script, options) != "yes\n") return 1;
    }
    if (!sys::set_foreground_group(0, ::getpgrp()).has_value()) return 2;
    return ::tcgetpgrp(0) == ::getpgrp() ? 0 : 3;
  });
  if (status == 77) GTEST_SKIP() << "no pseudo terminals here";
  EXPECT_EQ(status, 0);
}

TEST(Spawn, TheDeathSignalComesWhenTheParentDies) {
  EXPECT_EQ(
      in_child([] {
        (void)block_signals(kAllSignals);
        if (!become_subreaper().has_value()) return 1;
        const auto parent = sys::fork();
        if (parent == 0) {
          char script[] = "exec sleep 50";
          char* const argv[] = {g_sh, g_flag, script, nullptr};
          const auto child = spawn(
              {.program = g_sh, .argv = argv, .envp = g_no_environment, .death_signal = SIGKILL});
          sys::exit(child.has_value() ? 0 : 1);
        }
        int status = 0;
        if (::waitpid(*parent, &status, 0) < 0 || exit_code(status) != 0) return 2;
        if (::waitpid(-1, &status, 0) < 0) return 3;
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 4;
      }),
      0);
}

// The race of PR_SET_PDEATHSIG, made certain: the parent dies just before.
TEST(Spawn, WithoutAParentNoProgramIsStarted) {
  EXPECT_EQ(in_child([] {
              (void)block_signals(kAllSignals);
              if (!become_subreaper().has_value()) return 1;
              const auto parent = sys::fork();
              if (parent == 0) {
                char script[] = "exit 0";
                char* const argv[] = {g_sh, g_flag, script, nullptr};
                (void)spawn({.program = g_sh,
                             .argv = argv,
                             .envp = g_no_environment,
                             .prepare = [](void*) -> Result<> {
                               const pid_t dying = ::getppid();
                               (void)sys::kill(dying, SIGKILL);
                               while (::getppid() == dying)
                                 ::sched_yield();
                               return {};
                             },
                             .death_signal = SIGKILL});
                sys::exit(0);
              }
              int status = 0;
              if (::waitpid(*parent, &status, 0) < 0) return 2;
              if (::waitpid(-1, &status, 0) < 0) return 3;
              return exit_code(status) == 126 ? 0 : 4;
            }),
            0);
}

TEST(Spawn, PrepareRunsAsTheChild) {
  SpawnOptions options = {};
  options.directory = "/proc";
  options.prepare = [](void*) {
    (void)sys::umask(027);
    return sys::set_limit(RLIMIT_CORE, 0, 0);
  };
  EXPECT_EQ(output_of("pwd; umask; ulimit -H -c", options), "/proc\n0027\n0\n");
}

}  // namespace
}  // namespace pid1
