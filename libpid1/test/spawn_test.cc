// SPDX-License-Identifier: Apache-2.0
#include "pid1/spawn.h"

#include <fcntl.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fixture.h"
#include "pid1/reap.h"

namespace pid1 {
namespace {

using How = fake::Ending::How;

char g_name[] = "program";
char g_variable[] = "A=b";
char* const g_argv[] = {g_name, nullptr};
char* const g_envp[] = {g_variable, nullptr};

void prepare_world() {
  fake::Kernel& kernel = fake::kernel();
  kernel.signal_mask = kAllSignals;
  kernel.add_file("/bin/program", "", 0755);
  kernel.add_directory("/work");
  kernel.add_device("/dev/null");
  kernel.add_device("/dev/tty").terminal = true;
}

SpawnOptions usual() {
  return {.program = "/bin/program", .argv = g_argv, .envp = g_envp};
}

/// `path` is open as `fd`.
void open_as(int fd, const std::string& path, bool close_on_exec = false) {
  fake::Kernel& kernel = fake::kernel();
  const auto file = std::make_shared<fake::OpenFile>();
  file->path = path;
  file->node = kernel.nodes.at(path);
  file->flags = O_RDWR;
  kernel.descriptors[fd] = {file, close_on_exec};
}

/// What the child left in its pipe, which it has not closed.
std::string reported() {
  for (const auto& [fd, open] : fake::kernel().descriptors) {
    if (open.file->node != nullptr && open.file->node->type == fake::Node::Type::kPipe) {
      return open.file->node->content;
    }
  }
  return "";
}

/// The child's side of spawn; the Error that it reports, code 0 when it has become the program.
Error run_child(const SpawnOptions& options) {
  fake::kernel().forks_as_child = true;
  Error unforked = {0, ""};
  const fake::Ending ending = fake::run([&] { unforked = spawn(options).error(); });
  if (fake::kernel().pid == 1) return unforked;
  EXPECT_NE(ending.how, How::kReturned) << "the child came back into its parent's code";
  Error error = {0, ""};
  if (ending.how == How::kExecuted) return error;
  EXPECT_EQ(ending.how, How::kExited);
  const std::string bytes = reported();
  EXPECT_EQ(bytes.size(), sizeof(error));
  memcpy(&error, bytes.data(), std::min(bytes.size(), sizeof(error)));
  EXPECT_EQ(ending.status, exec_exit_code(error));
  return error;
}

/// The next child puts that into its pipe, and exits.
void report_from_child(const std::string& bytes) {
  fake::kernel().on_fork = [bytes](pid_t child) {
    for (const auto& [fd, open] : fake::kernel().descriptors) {
      if (open.file->node != nullptr && open.file->node->type == fake::Node::Type::kPipe) {
        open.file->node->content = bytes;
      }
    }
    fake::kernel().die(child, 127 << 8);
  };
}

std::string bytes_of(const Error& error) {
  return {reinterpret_cast<const char*>(&error), sizeof(error)};
}

class SpawnTest : public fake::KernelTest {
 protected:
  SpawnTest() { prepare_world(); }

  /// The place of a call in the log.
  [[nodiscard]] size_t place(const std::string& name, const std::string& detail = "") const {
    for (size_t i = 0; i < kernel.calls.size(); ++i) {
      if (kernel.calls[i].name == name && (detail.empty() || kernel.calls[i].detail == detail)) {
        return i;
      }
    }
    ADD_FAILURE() << "no call " << name << " " << detail;
    return 0;
  }

  /// Number -> path of what the program has open.
  [[nodiscard]] std::map<int, std::string> open_files() const {
    std::map<int, std::string> files;
    for (const auto& [fd, open] : kernel.descriptors)
      files[fd] = open.file->path;
    return files;
  }
};

using Files = std::map<int, std::string>;

// ---- the parent -------------------------------------------------------------------------------

TEST_F(SpawnTest, ThePidOfAChildThatRuns) {
  const auto child = spawn(usual());
  EXPECT_EQ(child, 100);
  EXPECT_EQ(kernel.living, (std::vector<pid_t>{100}));
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2})) << "the pipe is closed";
  EXPECT_TRUE(kernel.kills.empty());
}

// android 01e6669c6: a signal to the group before the child had made it.
TEST_F(SpawnTest, TheParentSetsTheGroupToo) {
  ASSERT_EQ(spawn(usual()), 100);
  EXPECT_EQ(kernel.groups, (std::map<pid_t, pid_t>{{100, 100}}));
  EXPECT_LT(place("setpgid"), place("read"));
}

TEST_F(SpawnTest, NoGroupWhenNoneIsAskedFor) {
  for (const Grouping grouping : {Grouping::kInherit, Grouping::kOwnSession}) {
    SpawnOptions options = usual();
    options.grouping = grouping;
    ASSERT_EQ(code_of(spawn(options)), 0);
  }
  EXPECT_TRUE(kernel.groups.empty());
}

TEST_F(SpawnTest, AChildThatIsAheadIsNoFailureOfTheParent) {
  for (const int code : {EACCES, ESRCH, EPERM}) {
    fake::reset();
    prepare_world();
    kernel.faults = {{.name = "setpgid", .code = code}};
    EXPECT_EQ(spawn(usual()), 100) << code;
  }
}

// dinit: {stage, errno} over a close-on-exec pipe. dumb-init d17ab8a: a child that failed at once
// was never reaped.
TEST_F(SpawnTest, TheChildsOwnErrorAndNoZombie) {
  report_from_child(bytes_of({ELOOP, "spawn: directory"}));
  const auto child = spawn(usual());
  EXPECT_EQ(code_of(child), ELOOP);
  EXPECT_STREQ(child.error().operation, "spawn: directory");
  EXPECT_TRUE(kernel.living.empty());
  EXPECT_TRUE(kernel.dead.empty()) << "a zombie is left";
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(SpawnTest, OnlyTheFailedChildIsCollected) {
  kernel.dead = {{55, 0}};
  report_from_child(bytes_of({ENOENT, "spawn: exec"}));
  EXPECT_EQ(code_of(spawn(usual())), ENOENT);
  ASSERT_EQ(kernel.dead.size(), 1U) << "another child's status is lost";
  EXPECT_EQ(kernel.dead[0].pid, 55);
}

TEST_F(SpawnTest, EveryWaitOfTheParentGoesOnAfterEintr) {
  report_from_child(bytes_of({ENOENT, "spawn: exec"}));
  kernel.faults = {{.name = "read", .nth = 1, .code = EINTR},
                   {.name = "read", .nth = 2, .code = EINTR},
                   {.name = "wait4", .nth = 1, .code = EINTR},
                   {.name = "wait4", .nth = 2, .code = EINTR}};
  EXPECT_EQ(code_of(spawn(usual())), ENOENT);
  EXPECT_TRUE(kernel.dead.empty());
}

// android b1d92c650: with SIGCHLD ignored there is nothing to collect.
TEST_F(SpawnTest, AFailedChildThatTheKernelCollected) {
  report_from_child(bytes_of({ENOENT, "spawn: exec"}));
  kernel.faults = {{.name = "wait4", .code = ECHILD}};
  EXPECT_EQ(code_of(spawn(usual())), ENOENT);
}

TEST_F(SpawnTest, AChildThatNobodyHearsOfIsEnded) {
  kernel.faults = {{.name = "read", .code = EIO}};
  const auto child = spawn(usual());
  EXPECT_EQ(code_of(child), EIO);
  EXPECT_STREQ(child.error().operation, "spawn: report");
  EXPECT_EQ(kernel.kills, (std::vector<std::pair<pid_t, int>>{{100, SIGKILL}}));
  EXPECT_TRUE(kernel.living.empty() && kernel.dead.empty());
}

TEST_F(SpawnTest, FaultsOfTheParent) {
  const auto forget_the_child = [](const Result<pid_t>& child) -> Result<> {
    if (!child.has_value()) return child.error();
    std::erase(fake::kernel().living, *child);
    return {};
  };
  expect_faults_told(prepare_world, [&] { return forget_the_child(spawn(usual())); },
                     {{"setpgid", 0}, {"read", EINTR}});
}

TEST_F(SpawnTest, FaultsOfTheParentOfAChildThatFails) {
  Result<pid_t> child = 0;
  fake::for_each_fault(
      [] {
        prepare_world();
        report_from_child(bytes_of({ENOTDIR, "spawn: exec"}));
      },
      [&] { child = spawn(usual()); },
      [&](const fake::Injection& injection) {
        const std::string& name = injection.call.name;
        const bool first =
            name == "pipe" || name == "fork" || (name == "read" && injection.code != EINTR);
        EXPECT_EQ(code_of(child), first ? injection.code : ENOTDIR);
        EXPECT_EQ(fake::kernel().open_descriptors(), (std::vector<int>{0, 1, 2}));
        // A wait that fails for good: SIGCHLD is ignored, and the kernel has collected it.
        if (name != "wait4") {
          EXPECT_TRUE(fake::kernel().dead.empty()) << "a zombie is left";
        }
        EXPECT_TRUE(fake::kernel().living.empty());
      });
}

// ---- the child --------------------------------------------------------------------------------

TEST_F(SpawnTest, TheChildBecomesTheProgram) {
  EXPECT_EQ(run_child(usual()).code, 0);
  EXPECT_EQ(kernel.executed, "/bin/program");
  EXPECT_EQ(kernel.argv, (std::vector<std::string>{"program"}));
  EXPECT_EQ(kernel.envp, (std::vector<std::string>{"A=b"}));
}

// android 0335dac70, libkrun a584f280: the child fell through into the parent's code. run_child()
// sees that in every test here.
TEST_F(SpawnTest, FaultsOfTheChildAreToldAndItExits) {
  const int keep[] = {7};
  SpawnOptions options = usual();
  options.terminal = 0;
  options.descriptors[0] = 5;
  options.descriptors[2] = -1;
  options.keep = keep;
  options.directory = "/work";
  options.death_signal = SIGTERM;
  options.prepare = [](void*) { return sys::set_user_id(1000); };
  Error error = {0, ""};
  fake::for_each_fault(
      [] {
        prepare_world();
        open_as(0, "/dev/tty");
        open_as(5, "/dev/tty");
        open_as(7, "/work");
      },
      [&] { error = run_child(options); },
      [&](const fake::Injection& injection) {
        const std::string& name = injection.call.name;
        const bool tolerated = name == "TIOCSPGRP" && injection.code == ENOTTY;
        const bool closed = name == "F_SETFD" && injection.call.detail == "inherited";
        EXPECT_EQ(error.code, tolerated || closed ? 0 : injection.code);
        if (error.code == 0) return;
        const std::string operation = error.operation;
        EXPECT_TRUE(operation.starts_with("spawn: ") || operation == "setresuid") << operation;
      });
}

// erlinit 99173dc, android fd470e87c, kata #1887, dinit L6, openrc L8: what a child inherited.
TEST_F(SpawnTest, ExactMaskAndEveryDispositionDefault) {
  for (int& disposition : kernel.dispositions)
    disposition = 1;
  SpawnOptions options = usual();
  options.signal_mask = signal_bit(SIGUSR1);
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_EQ(kernel.signal_mask, signal_bit(SIGUSR1));
  for (int signal = 1; signal <= 64; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    EXPECT_EQ(kernel.dispositions[signal], 0) << signal;
  }
}

TEST_F(SpawnTest, SignalsStayBlockedUntilAllIsSet) {
  open_as(0, "/dev/tty");
  static SignalSet masked_in_prepare;
  SpawnOptions options = usual();
  options.terminal = 0;
  options.directory = "/work";
  options.death_signal = SIGKILL;
  options.prepare = [](void*) -> Result<> {
    masked_in_prepare = fake::kernel().signal_mask;
    return {};
  };
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_EQ(masked_in_prepare, kAllSignals);
  EXPECT_EQ(place("rt_sigprocmask") + 1, place("execve"));
  // tini 88342ef: SIGTTOU would stop the child at TIOCSPGRP.
  EXPECT_LT(place("TIOCSPGRP"), place("rt_sigprocmask"));
}

TEST_F(SpawnTest, GroupOfItsOwn) {
  ASSERT_EQ(run_child(usual()).code, 0);
  EXPECT_EQ(kernel.groups, (std::map<pid_t, pid_t>{{100, 100}}));
  EXPECT_FALSE(kernel.session_leader);
}

TEST_F(SpawnTest, SessionOfItsOwnWithItsTerminal) {
  open_as(0, "/dev/tty");
  SpawnOptions options = usual();
  options.grouping = Grouping::kOwnSession;
  options.terminal = 0;
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_TRUE(kernel.session_leader);
  EXPECT_EQ(kernel.controlling_terminal, "/dev/tty");
  EXPECT_EQ(kernel.count("setpgid"), 0U) << "a session leader may not (EPERM)";
}

TEST_F(SpawnTest, TheParentsGroup) {
  SpawnOptions options = usual();
  options.grouping = Grouping::kInherit;
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_TRUE(kernel.groups.empty());
  EXPECT_FALSE(kernel.session_leader);
}

// tini 88342ef: tcsetpgrp belongs into the child, which otherwise reads as a background group.
TEST_F(SpawnTest, TheTerminalIsTheChildsBeforeItRuns) {
  open_as(5, "/dev/tty");  // by the caller's number, and not one that the program gets
  SpawnOptions options = usual();
  options.terminal = 5;
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_EQ(kernel.foreground_group, 100);
  EXPECT_LT(place("setpgid"), place("TIOCSPGRP"));
}

TEST_F(SpawnTest, WhatIsNoTerminalIsLeftAlone) {
  for (const Grouping grouping : {Grouping::kOwnGroup, Grouping::kOwnSession}) {
    fake::reset();
    prepare_world();
    SpawnOptions options = usual();
    options.grouping = grouping;
    options.terminal = 0;
    EXPECT_EQ(run_child(options).code, 0);
  }
}

TEST_F(SpawnTest, ATerminalForAGroupThatIsNotTheChilds) {
  open_as(0, "/dev/tty");
  SpawnOptions options = usual();
  options.grouping = Grouping::kInherit;
  options.terminal = 0;
  const Error error = run_child(options);
  EXPECT_EQ(error.code, EINVAL);
  EXPECT_STREQ(error.operation, "spawn: terminal");
}

// catatonit 9c60e7d, 62b5f2a: descriptors from 3 on stayed open.
TEST_F(SpawnTest, NoDescriptorButThoseAskedFor) {
  for (const int fd : {3, 4, 9, 1000})
    open_as(fd, "/work");
  ASSERT_EQ(run_child(usual()).code, 0);
  EXPECT_EQ(open_files(), (Files{{0, "inherited"}, {1, "inherited"}, {2, "inherited"}}));
}

TEST_F(SpawnTest, KeptDescriptorsStayAlsoThoseThatExecWouldClose) {
  for (const int fd : {3, 4, 6, 9, 10, 11, 1000})
    open_as(fd, fd == 10 ? "/dev/tty" : "/work", fd != 4);
  const int keep[] = {1000, 10, 4, 11, 10};  // in any order, one twice
  SpawnOptions options = usual();
  options.keep = keep;
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_EQ(open_files(), (Files{{0, "inherited"},
                                 {1, "inherited"},
                                 {2, "inherited"},
                                 {4, "/work"},
                                 {10, "/dev/tty"},
                                 {11, "/work"},
                                 {1000, "/work"}}));
}

TEST_F(SpawnTest, DescriptorsAreSwappedAndShared) {
  const char* const paths[] = {"/a", "/b", "/c", "/d"};
  const int assignments[][3] = {{1, 0, 2}, {1, 2, 0}, {2, 2, 2}, {3, 1, 0}, {0, 0, 3}, {3, 3, 3}};
  for (const auto& wanted : assignments) {
    fake::reset();
    prepare_world();
    SpawnOptions options = usual();
    Files expected;
    for (int fd = 0; fd < 4; ++fd) {
      kernel.add_file(paths[fd], "");
      open_as(fd, paths[fd], true);
    }
    for (int fd = 0; fd < 3; ++fd) {
      options.descriptors[fd] = wanted[fd];
      expected[fd] = paths[wanted[fd]];
    }
    ASSERT_EQ(run_child(options).code, 0);
    EXPECT_EQ(open_files(), expected);
  }
}

TEST_F(SpawnTest, DevNullWhereNothingIsAskedFor) {
  SpawnOptions options = usual();
  options.descriptors[0] = options.descriptors[2] = -1;
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_EQ(open_files(), (Files{{0, "/dev/null"}, {1, "inherited"}, {2, "/dev/null"}}));
  EXPECT_EQ(kernel.descriptors.at(0).file->flags & O_ACCMODE, O_RDWR);
}

// erlinit daaf0fc: 0 to 2 closed at the start. The pipe gets their numbers then, in either order.
TEST_F(SpawnTest, StandardDescriptorsClosedAtTheStart) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    for (const bool fails : {false, true}) {
      SCOPED_TRACE("closed: " + std::to_string(closed) + (fails ? ", exec fails" : ""));
      fake::reset();
      prepare_world();
      Files expected;
      for (int fd = 0; fd < 3; ++fd) {
        const bool is_closed = (closed >> fd & 1U) != 0;
        if (is_closed) kernel.descriptors.erase(fd);
        expected[fd] = is_closed ? "/dev/null" : "inherited";
      }
      SpawnOptions options = usual();
      if (fails) options.program = "/bin/missing";
      const Error error = run_child(options);
      EXPECT_EQ(error.code, fails ? ENOENT : 0) << "the report must survive";
      if (!fails) {
        EXPECT_EQ(open_files(), expected);
      }
    }
  }
}

TEST_F(SpawnTest, TheInitsOwnDescriptorInAPlaceThatWasClosedAtTheStart) {
  kernel.descriptors.erase(0);
  EXPECT_EQ(open_signalfd(kAllSignals), 3);
  EXPECT_EQ(open_process(50), 4);
  ASSERT_EQ(run_child(usual()).code, 0);
  EXPECT_EQ(open_files(), (Files{{0, "/dev/null"}, {1, "inherited"}, {2, "inherited"}}));
}

TEST_F(SpawnTest, ClosedAtTheStartAndDevNullAskedFor) {
  kernel.descriptors.clear();
  SpawnOptions options = usual();
  options.descriptors[0] = options.descriptors[1] = options.descriptors[2] = -1;
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_EQ(open_files(), (Files{{0, "/dev/null"}, {1, "/dev/null"}, {2, "/dev/null"}}));
}

// The numbers that a pipe, or a copy, gets are the lowest free ones: those that the caller names by
// mistake. The program must not get the pipe, or its end would never be seen.
TEST_F(SpawnTest, NamedDescriptorsThatAreNotOpen) {
  for (int closed = 0; closed < 12; ++closed) {
    SCOPED_TRACE(closed);
    for (const bool kept : {false, true}) {
      fake::reset();
      prepare_world();
      open_as(7, "/work");
      if (closed == 7) continue;
      kernel.descriptors.erase(closed);
      const int keep[] = {closed};
      SpawnOptions options = usual();
      options.descriptors[0] = 7;
      if (kept) options.keep = keep;
      if (!kept) options.descriptors[closed == 2 ? 1 : 2] = closed;
      const Error error = run_child(options);
      EXPECT_EQ(error.code, EBADF);
      EXPECT_STREQ(error.operation, "spawn: descriptors");
    }
  }
}

TEST_F(SpawnTest, DirectoryThenPrivilegesThenTheDeathSignal) {
  SpawnOptions options = usual();
  options.directory = "/work";
  options.death_signal = SIGTERM;
  options.prepare = [](void* argument) {
    *static_cast<std::string*>(argument) += "prepared";
    return sys::set_user_id(1000);
  };
  std::string told;
  options.prepare_argument = &told;
  ASSERT_EQ(run_child(options).code, 0);
  EXPECT_EQ(told, "prepared");
  EXPECT_EQ(kernel.working_directory, "/work");
  EXPECT_EQ(kernel.prctls.at(PR_SET_PDEATHSIG), (std::vector<unsigned long>{SIGTERM, 0, 0, 0}));
  EXPECT_LT(place("chdir"), place("setresuid"));
  EXPECT_LT(place("setresuid"), place("prctl")) << "a change of user clears it";
}

TEST_F(SpawnTest, AParentThatDiedBeforeTheDeathSignalWasSet) {
  kernel.parent_lives = false;
  SpawnOptions options = usual();
  ASSERT_EQ(run_child(options).code, 0) << "only where it is asked for";
  fake::reset();
  prepare_world();
  kernel.parent_lives = false;
  options.death_signal = SIGTERM;
  EXPECT_EQ(run_child(options).code, ESRCH);
  EXPECT_EQ(kernel.executed, "");
}

TEST_F(SpawnTest, WhatPrepareSaysIsToldInItsOwnWords) {
  SpawnOptions options = usual();
  options.prepare = [](void*) -> Result<> { return Error{EPERM, "capset"}; };
  const Error error = run_child(options);
  EXPECT_EQ(error.code, EPERM);
  EXPECT_STREQ(error.operation, "capset");
}

TEST_F(SpawnTest, AReportGoesOnAfterEintr) {
  kernel.faults = {{.name = "write", .nth = 1, .code = EINTR},
                   {.name = "write", .nth = 2, .code = EINTR}};
  SpawnOptions options = usual();
  options.program = "/bin/missing";
  EXPECT_EQ(run_child(options).code, ENOENT);
}

// ---- what is run ------------------------------------------------------------------------------

// tini 51df7df, dumb-init a78ac8f, libkrun a137a2f5: what a failed exec exits with.
TEST_F(SpawnTest, ExitCodesOfAFailedExecAreThoseOfAShell) {
  for (const auto& [code, status] : {std::pair{ENOENT, 127},
                                     {ENOTDIR, 127},
                                     {EACCES, 126},
                                     {ENOEXEC, 126},
                                     {ELOOP, 126},
                                     {E2BIG, 126},
                                     {EISDIR, 126}}) {
    EXPECT_EQ(exec_exit_code({code, "spawn: exec"}), status) << code;
    fake::reset();
    prepare_world();
    kernel.faults = {{.name = "execve", .code = code}};
    const Error error = run_child(usual());  // which compares the status of the child's exit
    EXPECT_EQ(error.code, code);
    EXPECT_STREQ(error.operation, "spawn: exec");
  }
}

class SearchTest : public SpawnTest {
 protected:
  /// Runs `program` with that PATH: what was tried, and what came of it.
  Error search(const char* program, const char* path) {
    SpawnOptions options = usual();
    options.program = program;
    options.search_path = path;
    const Error error = run_child(options);
    for (const fake::Call& call : kernel.calls) {
      if (call.name == "execve") tried.push_back(call.detail);
    }
    return error;
  }

  std::vector<std::string> tried;
};

using Tried = std::vector<std::string>;

TEST_F(SearchTest, InOrderUntilOneIsThere) {
  kernel.add_file("/usr/bin/program", "", 0755);
  EXPECT_EQ(search("program", "/sbin:/usr/bin:/bin").code, 0);
  EXPECT_EQ(tried, (Tried{"/sbin/program", "/usr/bin/program"}));
  EXPECT_EQ(kernel.executed, "/usr/bin/program");
}

TEST_F(SearchTest, AnEmptyElementIsTheWorkingDirectory) {
  EXPECT_EQ(search("missing", ":/bin::/sbin:").code, ENOENT);
  EXPECT_EQ(tried, (Tried{"missing", "/bin/missing", "missing", "/sbin/missing", "missing"}));
}

TEST_F(SearchTest, AnEmptyPathIsTheWorkingDirectory) {
  EXPECT_EQ(search("missing", "").code, ENOENT);
  EXPECT_EQ(tried, (Tried{"missing"}));
}

TEST_F(SearchTest, WithASlashOrWithoutPathItIsAPath) {
  for (const auto& [program, path] : {std::pair<const char*, const char*>{"bin/missing", "/"},
                                      {"missing", nullptr},
                                      {"", "/bin"}}) {
    fake::reset();
    prepare_world();
    tried.clear();
    EXPECT_EQ(search(program, path).code, ENOENT);
    EXPECT_EQ(tried, (Tried{program}));
  }
}

TEST_F(SearchTest, OneThatIsDeniedIsRememberedAndPassed) {
  kernel.add_file("/sbin/program", "", 0644);
  EXPECT_EQ(search("program", "/sbin:/bin").code, 0);
  EXPECT_EQ(kernel.executed, "/bin/program");
  fake::reset();
  kernel.add_file("/sbin/program", "", 0644);
  EXPECT_EQ(search("program", "/sbin:/bin").code, EACCES) << "not the ENOENT of the last";
}

TEST_F(SearchTest, AFileInPlaceOfADirectoryIsPassed) {
  kernel.faults = {{.name = "execve", .nth = 1, .code = ENOTDIR}};
  EXPECT_EQ(search("program", "/etc/passwd:/bin").code, 0);
}

TEST_F(SearchTest, AnyOtherFailureEndsTheSearch) {
  for (const int code : {ENOEXEC, E2BIG, ELOOP, ETXTBSY, ENOMEM}) {
    fake::reset();
    prepare_world();
    tried.clear();
    kernel.faults = {{.name = "execve", .nth = 1, .code = code}};
    EXPECT_EQ(search("program", "/sbin:/bin").code, code) << "no shell is tried";
    EXPECT_EQ(tried.size(), 1U);
  }
}

// libkrun b7ecf070: names that were cut, and ran something else.
TEST_F(SearchTest, AnElementOfAnyLengthIsTriedWholeOrNotAtAll) {
  for (const size_t length : {4087U, 4088U, 4089U, 10'000U}) {
    fake::reset();
    prepare_world();
    tried.clear();
    const std::string element = "/" + std::string(length - 1, 'x');
    EXPECT_EQ(search("program", (element + ":/bin").c_str()).code, 0);
    // With '/', the name and its NUL: PATH_MAX is 4096.
    if (length + 9 <= 4096) {
      EXPECT_EQ(tried, (Tried{element + "/program", "/bin/program"}));
    } else {
      EXPECT_EQ(tried, (Tried{"/bin/program"}));
    }
  }
}

}  // namespace
}  // namespace pid1
