// SPDX-License-Identifier: Apache-2.0
// container-init and its processes: orphans, exit codes, descriptors, terminal. Each suite is named
// after a bug that another init has had.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include <csignal>
#include <set>

#include "container.h"

namespace microbeam {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// ---- reaping ------------------------------------------------------------------------------------

using CoalescedDeaths = ContainerTest;

TEST_F(CoalescedDeaths, FiftyOrphansAndTheProgramDieWhileTheInitCannotSee) {
  const int code = run_below([] {
    const pid_t init = start_init({"-s", "-w", "/actor", "die-together", "50"});
    wait_until(actor_is_ready);
    // All of them zombies: 25 orphans that were dead before the program, 25 that died of its death.
    wait_until([init] { return zombies_of(init) == 51; });
    check(kill(init, SIGCONT), "kill");
    return exit_code_of(init);
  });
  EXPECT_EQ(code, 43);
  EXPECT_THAT(console(), HasSubstr("reaped 50\n"));
}

TEST_F(CoalescedDeaths, ChildrenThatWereDeadBeforeTheInitCame) {
  const int code = run({"-w", "/actor", "orphans", "0"}, [] {
    for (int i = 0; i < 50; ++i) {
      if (check(fork(), "fork") == 0) _exit(0);
    }
    wait_until([] { return zombies_of(getpid()) == 50; });
  });
  EXPECT_EQ(code, 0);
  EXPECT_THAT(console(), HasSubstr("reaped 50\n"));
}

using OneWaitForEachSigchld = ContainerTest;

TEST_F(OneWaitForEachSigchld, TenThousandOrphansLeaveNoZombie) {
  EXPECT_EQ(run({"/actor", "orphans", "10000"}), 0);
}

TEST_F(OneWaitForEachSigchld, OrphansOfAProgramThatReportsThemAreGone) {
  EXPECT_THAT(run_probe().other_processes(), IsEmpty());
}

TEST_F(OneWaitForEachSigchld, OrphanWithoutSigchldIsReapedToo) {
  EXPECT_EQ(run({"/actor", "silent-orphan"}), 0);
}

using SignalStormDuringWaitpid = ContainerTest;

TEST_F(SignalStormDuringWaitpid, NeitherOrphansNorTheExitCodeAreLost) {
  EXPECT_EQ(run({"/actor", "storm", "1000"}), 42);
}

using SubreaperIsSilentlyOff = ContainerTest;

TEST_F(SubreaperIsSilentlyOff, OrphansComeToAnInitThatIsNotPid1) {
  EXPECT_EQ(
      run_below([] { return exit_code_of(start_init({"-s", "/actor", "adopted-by-parent"})); }), 0);
}

TEST_F(SubreaperIsSilentlyOff, WithoutTheOptionTheyDoNot) {
  constexpr int kAnother = 92;  // of the actor
  EXPECT_EQ(run_below([] { return exit_code_of(start_init({"/actor", "adopted-by-parent"})); }),
            kAnother);
  EXPECT_THAT(console(), HasSubstr("neither PID 1 nor -s"));
}

using InitSpins = ContainerTest;

TEST_F(InitSpins, WithNothingToDoItDoesNotRun) {
  EXPECT_EQ(run({"/actor", "idle-init"}), 0);
}

// ---- exit codes ---------------------------------------------------------------------------------

using ExitCodes = ContainerTest;

TEST_F(ExitCodes, AreThoseOfTheProgram) {
  const int code = run_below([] {
    for (int expected = 0; expected < 256; ++expected) {
      const int got = exit_code_of(start_init({"/actor", "exit", std::to_string(expected)}));
      if (got != expected) return 1;
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(ExitCodes, AllThatTheCallerExpectsAre0) {
  for (const char* expected : {"3", "143", "255"}) {
    EXPECT_EQ(run({"-e3", "-e", "143", "-ve", "255", "/actor", "exit", expected}), 0);
  }
  EXPECT_EQ(run({"-e3", "-e", "143", "/actor", "exit", "4"}), 4);
}

using WrongStatusForDeathBySignal = ContainerTest;

TEST_F(WrongStatusForDeathBySignal, EverySignalThatEndsAProcessIs128AndItsNumber) {
  const int code = run_below([] {
    const std::set<int> harmless = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH,
                                    SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
    for (int signal = 1; signal <= 64; ++signal) {
      if (harmless.contains(signal)) continue;
      if (exit_code_of(start_init({"/actor", "die", std::to_string(signal)})) != 128 + signal) {
        return signal;
      }
    }
    return 0;
  });
  EXPECT_EQ(code, 0) << "the first signal with another code";
}

struct Unusable {
  const char* program;
  int code;
  const char* why;
};

class ExecFailureCodes : public ContainerTest, public testing::WithParamInterface<Unusable> {};

TEST_P(ExecFailureCodes, AreThoseOfAShell) {
  root.write("/text", "no program\n", 0755);
  root.write("/locked", "no program\n", 0644);
  root.write("/script", "#!/missing\n", 0755);
  root.symlink("/loop", "/loop");
  root.directory("/directory");
  EXPECT_EQ(run({"-v", GetParam().program}), GetParam().code);
  // Once: the child did not go on as a second init (RULE of libpid1: the child's path never
  // returns).
  EXPECT_EQ(times("container-init: "), 1U);
  EXPECT_THAT(console(), HasSubstr(GetParam().why));
}

INSTANTIATE_TEST_SUITE_P(Errors, ExecFailureCodes,
                         testing::Values(Unusable{"/missing", 127, "No such file or directory"},
                                         Unusable{"missing", 127, "No such file or directory"},
                                         Unusable{"/script", 127, "No such file or directory"},
                                         Unusable{"/text/program", 127, "Not a directory"},
                                         Unusable{"/locked", 126, "Permission denied"},
                                         Unusable{"/directory", 126, "Permission denied"},
                                         Unusable{"/text", 126, "Exec format error"},
                                         Unusable{"/loop", 126,
                                                  "Too many levels of symbolic links"}));

using ChildThatCouldNotExecIsNeverReaped = ContainerTest;

TEST_F(ChildThatCouldNotExecIsNeverReaped, TwoThousandTimesTheInitEnds) {
  const int code = run_below([] {
    for (int i = 0; i < 2000; ++i) {
      if (exit_code_of(start_init({"/missing"})) != 127) return 1;
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
}

using ArgumentsCutShort = ContainerTest;

TEST_F(ArgumentsCutShort, TenThousandReachTheProgram) {
  Words arguments = {"--", "/probe"};
  for (int i = 1; i < 10'000; ++i)
    arguments.push_back(std::to_string(i));
  ASSERT_EQ(run(arguments), 0);
  const Words argv = Report(ended.report.value()).all("argv");
  ASSERT_EQ(argv.size(), 10'000U);
  EXPECT_EQ(argv.front(), "/probe");
  EXPECT_EQ(argv.back(), "9999");
}

TEST_F(ArgumentsCutShort, EnvironmentIsThatOfTheStarter) {
  start.environment = {"A=1", "PATH=/nowhere", "B="};
  EXPECT_EQ(run_probe().all("env"), start.environment);
}

TEST_F(ArgumentsCutShort, PathIsSearched) {
  start.environment = {"PATH=/nowhere:/"};
  EXPECT_EQ(run({"actor", "exit", "5"}), 5);
}

// ---- descriptors, directory, terminal -----------------------------------------------------------

using DescriptorsOfTheInitAreInherited = ContainerTest;

void expect_open_0_1_2(const Report& report) {
  std::vector<int> numbers;
  for (const OpenFile& file : report.open_files())
    numbers.push_back(file.number);
  EXPECT_THAT(numbers, testing::ElementsAre(0, 1, 2));
}

TEST_F(DescriptorsOfTheInitAreInherited, ProgramHas0And1And2) {
  expect_open_0_1_2(run_probe());
}

TEST_F(DescriptorsOfTheInitAreInherited, NorThoseThatTheStarterLeftOpen) {
  const auto leave_open = [] {
    for (int fd = 3; fd <= 20; ++fd)
      check(dup2(0, fd), "dup2");
    check(dup2(0, 500), "dup2");
  };
  expect_open_0_1_2(run_probe({}, leave_open));
  EXPECT_EQ(run({"/actor", "open-files-of-init"}, leave_open), 0);
}

/// Bit n: descriptor n is closed when the init starts.
class ClosedStandardDescriptors : public ContainerTest, public testing::WithParamInterface<int> {};

TEST_P(ClosedStandardDescriptors, NextFileOpenedDoesNotTakeTheirNumber) {
  const int closed = GetParam();
  const Report report = run_probe({}, [closed] {
    for (int fd = 0; fd <= 2; ++fd) {
      if ((closed & 1 << fd) != 0) close(fd);
    }
  });
  expect_open_0_1_2(report);
  for (const OpenFile& file : report.open_files()) {
    EXPECT_EQ(file.target, (closed & 1 << file.number) != 0 ? "/dev/null" : "/dev/console");
  }
}

INSTANTIATE_TEST_SUITE_P(Closed, ClosedStandardDescriptors, testing::Range(1, 8));

using WorkingDirectoryPinsAMount = ContainerTest;

TEST_F(WorkingDirectoryPinsAMount, ItCanBeUnmountedWhenTheProgramHasLeftIt) {
  root.directory("/data");
  EXPECT_EQ(run({"/actor", "leave-and-unmount"},
                [] {
                  mount_at("tmpfs", "/data");
                  check(chdir("/data"), "chdir");
                }),
            0);
}

TEST_F(WorkingDirectoryPinsAMount, ProgramBeginsInIt) {
  EXPECT_EQ(run_probe({}, [] { check(chdir("/etc"), "chdir"); }).one("cwd"), "/etc");
}

using OutputThatNobodyReads = ContainerTest;

TEST_F(OutputThatNobodyReads, DoesNotStopTheInit) {
  root.console_is_full_pipe();
  EXPECT_EQ(run({"-vw", "/actor", "exit", "3"}), 3);
}

TEST_F(OutputThatNobodyReads, SigpipeOfTheInitIsNotForwarded) {
  EXPECT_EQ(run({"-vw", "/actor", "orphans", "1000"},
                [] {
                  int ends[2];
                  check(pipe2(ends, O_CLOEXEC), "pipe2");
                  check(dup2(ends[1], 2), "dup2");
                }),
            0);
}

/// The console is the controlling terminal of a session that the init's starter leads.
class TerminalTest : public ContainerTest {
 protected:
  TerminalTest() {
    root.console_is_terminal();
    termios settings = {};
    check(tcgetattr(root.terminal_slave(), &settings), "tcgetattr");
    settings.c_lflag |= TOSTOP;
    check(tcsetattr(root.terminal_slave(), TCSANOW, &settings), "tcsetattr");
  }

  static void lead_session() {
    check(setsid(), "setsid");
    const long console = check(open("/dev/console", O_RDWR), "/dev/console");
    for (int fd = 0; fd <= 2; ++fd)
      check(dup2(static_cast<int>(console), fd), "dup2");
  }
};

using TerminalThatStopsBackgroundWriters = TerminalTest;

TEST_F(TerminalThatStopsBackgroundWriters, InitsInABackgroundGroupSayAndEndAllTheSame) {
  EXPECT_EQ(run({"-v", "/init", "-v", "/actor", "own-terminal", "9"}, lead_session), 9);
}

using HangupOfTheTerminalIsForwarded = TerminalTest;

TEST_F(HangupOfTheTerminalIsForwarded, TwoHundredProgramsEndByThemselves) {
  const int code = run_below([] {
    for (int i = 0; i < 200; ++i) {
      const long starter = check(fork(), "fork");
      if (starter == 0) {
        lead_session();
        execl("/init", "/init", "/actor", "own-terminal", "0", nullptr);
        _exit(127);
      }
      const int got = exit_code_of(static_cast<pid_t>(starter));
      if (got != 0) return got;
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
}

// ---- usage --------------------------------------------------------------------------------------

using Usage = ContainerTest;

TEST_F(Usage, MistakesAreNamedAndEndWithStatus2) {
  for (const Words& mistake : {Words{"-e", "256"}, Words{"-e"}, Words{"-p", "SIGNOSUCH"},
                               Words{"-gx"}, Words{"--nosuch"}}) {
    Words arguments = mistake;
    arguments.emplace_back("/actor");
    if (mistake.size() == 1 && mistake[0] == "-e") arguments.pop_back();
    EXPECT_EQ(run(arguments), 2);
    EXPECT_THAT(console(), HasSubstr("makes no sense: " + mistake[0]));
    EXPECT_THAT(console(), HasSubstr("usage: "));
  }
  EXPECT_EQ(run({}), 2);
}

TEST_F(Usage, HelpIsNoMistake) {
  for (const char* option : {"-h", "--help", "--version"}) {
    EXPECT_EQ(run({option}), 0);
    EXPECT_THAT(console(), HasSubstr("usage: container-init"));
  }
}

TEST_F(Usage, OptionsOfTheProgramAreItsOwn) {
  EXPECT_EQ(run({"-g", "--", "/probe", "-g", "--"}), 0);
  EXPECT_EQ(Report(ended.report.value()).all("argv"), (Words{"/probe", "-g", "--"}));
}

}  // namespace
}  // namespace microbeam
