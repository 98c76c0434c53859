// SPDX-License-Identifier: Apache-2.0
// The BEAM as a child: how it ends and what follows, who may ask for the end, what is left of it.
#include "supervise.h"

#include <sys/reboot.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <deque>
#include <functional>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;
using pid1::fake::Node;

constexpr int kPanic = -1;  // no reboot(2): PID 1 exits
constexpr int kHalt = static_cast<int>(RB_HALT_SYSTEM);

/// A status of wait(2).
constexpr int exited(int status) {
  return status << 8;
}

class SuperviseTest : public MachineTest {
 protected:
  /// One life of the BEAM. Without an end it lives until a signal ends it.
  struct Life {
    uint64_t ms = 0;
    int status = 0;
    bool has_end = true;
  };

  SuperviseTest() { attach(); }

  /// To the kernel that there is now.
  void attach() {
    add_to("sysfs", "firmware/acpi/");
    // A spawn makes a pipe first. The end's forks are as in furnish().
    kernel.on_fork = [this](pid_t child) {
      if (kernel.calls[kernel.calls.size() - 2].name == "pipe") return begin_life(child);
      kernel.die(child, 0);
      kernel.forks_as_child = true;
    };
    kernel.on_tick = [this] { tick(); };
    kernel.on_kill = [this](pid_t target, int signal) {
      if (target != beam || kernel.living.empty()) return;
      if (signal == SIGTERM && obeys) end_life(exited(0));
      if (signal == SIGKILL) end_life(SIGKILL);
    };
  }

  Ending supervise(const std::string& settings = "") {
    return boot("beam.mode=supervise " + settings);
  }

  void begin_life(pid_t child) {
    beam = child;
    started_ms.push_back(now_ms());
    life = {.has_end = false};
    if (lives.empty()) return;
    life = lives.front();
    lives.pop_front();
    if (life.has_end && life.ms == 0) end_life(life.status);
  }

  void end_life(int status) {
    life.has_end = false;
    kernel.die(beam, status);
  }

  void tick() {
    if (started_ms.empty()) return;
    if (life.has_end && now_ms() >= started_ms.back() + life.ms) end_life(life.status);
    while (!events.empty() && now_ms() >= started_ms.front() + events.front().first) {
      const auto happens = events.front().second;
      events.pop_front();
      happens();
    }
  }

  /// A signal to PID 1, this long after the first start.
  void signal_at(uint64_t ms, int signal) {
    events.emplace_back(ms, [this, signal] { kernel.pending_signals.push_back(signal); });
  }

  /// What the host writes to the control port then.
  void host_writes_at(uint64_t ms, const std::string& text) {
    events.emplace_back(ms, [text] { port().content += text; });
  }

  static Node& port() { return *pid1::fake::kernel().find("/dev/vport0p2"); }

  [[nodiscard]] uint64_t now_ms() const { return kernel.now_ns / 1'000'000; }

  static int command_of(const Ending& ending) {
    return ending.how == Ending::How::kRestarted ? ending.status : kPanic;
  }

  static bool said(const std::string& line) {
    return console().find("\nbeam-init: " + line + "\n") != std::string::npos;
  }

  /// The signals that the BEAM got.
  [[nodiscard]] std::vector<int> signals_of_the_beam() const {
    std::vector<int> signals;
    for (const auto& [target, signal] : kernel.kills) {
      if (target == beam) signals.push_back(signal);
    }
    return signals;
  }

  std::deque<Life> lives;
  std::deque<std::pair<uint64_t, std::function<void()>>> events;  // ms since the first start
  std::vector<uint64_t> started_ms;
  Life life;
  pid_t beam = 0;
  bool obeys = true;
};

// ---- how it ends

struct End_ {
  const char* name;
  int status;
  const char* settings;
  const char* evidence;
  const char* line;
  int command;
};

class LastLife : public SuperviseTest, public testing::WithParamInterface<End_> {};

TEST_P(LastLife, DecidesAboutTheMachine) {
  lives = {{.ms = 2500, .status = GetParam().status}};
  EXPECT_EQ(command_of(supervise(GetParam().settings)), GetParam().command);
  EXPECT_TRUE(said(GetParam().evidence)) << console();
  EXPECT_TRUE(said(std::string("the end: ") + GetParam().line)) << console();
  EXPECT_EQ(started_ms.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, LastLife,
    testing::Values(
        End_{"Success", exited(0), "", "the BEAM ended with status 0 after 2 s", "poweroff 0",
             RB_POWER_OFF},
        End_{"Failure", exited(3), "", "the BEAM ended with status 3 after 2 s", "reboot 3",
             RB_AUTOBOOT},
        End_{"OnExit", exited(0), "beam.on_exit=halt", "the BEAM ended with status 0 after 2 s",
             "halt 0", kHalt},
        End_{"OnCrash", exited(1), "beam.on_crash=poweroff",
             "the BEAM ended with status 1 after 2 s", "poweroff 1", RB_POWER_OFF},
        End_{"OnCrashPanic", exited(1), "beam.on_crash=panic",
             "the BEAM ended with status 1 after 2 s", "panic 1", kPanic},
        End_{"KilledForMemory", SIGKILL, "",
             "the BEAM was killed by signal 9 after 2 s; the kernel kills so when memory runs out",
             "reboot 137", RB_AUTOBOOT},
        End_{"Segv", SIGSEGV, "", "the BEAM was killed by signal 11 after 2 s", "reboot 139",
             RB_AUTOBOOT},
        End_{"AbortWithACore", SIGABRT | 0x80, "", "the BEAM was killed by signal 6 after 2 s",
             "reboot 134", RB_AUTOBOOT},
        End_{"OwnTerm", SIGTERM, "beam.on_crash=halt", "the BEAM was killed by signal 15 after 2 s",
             "halt 143", kHalt},
        // erlang:halt(137) is no signal, and says nothing of memory.
        End_{"StatusAbove128IsNoSignal", exited(137), "",
             "the BEAM ended with status 137 after 2 s", "reboot 137", RB_AUTOBOOT},
        End_{"LargestStatus", exited(255), "", "the BEAM ended with status 255 after 2 s",
             "reboot 255", RB_AUTOBOOT}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(SuperviseTest, OthersThatDieAreCollected) {
  lives = {{.ms = 100, .status = exited(0)}};
  for (pid_t orphan = 50; orphan < 60; ++orphan)
    kernel.living.push_back(orphan);
  events.emplace_back(20, [this] {
    for (pid_t orphan = 50; orphan < 60; ++orphan)
      kernel.die(orphan, exited(1));
    std::erase(kernel.pending_signals, SIGCHLD);
    kernel.pending_signals.push_back(SIGCHLD);  // one for all: standard signals do not queue
  });
  bool collected = false;
  events.emplace_back(21, [&] { collected = kernel.dead.empty(); });
  EXPECT_EQ(command_of(supervise()), RB_POWER_OFF);
  EXPECT_TRUE(collected);
  EXPECT_TRUE(said("the BEAM ended with status 0 after 0 s")) << console();
}

TEST_F(SuperviseTest, BeamThatSomebodyElseCollected) {
  lives = {{.has_end = false}};
  events.emplace_back(10, [this] {
    kernel.living.clear();
    kernel.pending_signals.push_back(SIGCHLD);
  });
  EXPECT_EQ(command_of(supervise()), RB_AUTOBOOT) << "there is nobody to wait for";
  EXPECT_TRUE(said("the BEAM ended with status 255 after 0 s")) << console();
}

TEST_F(SuperviseTest, StatusIsKeptThoughSigchldWasIgnored) {
  kernel.dispositions[SIGCHLD] = 1;  // inherited, and set for what the BEAM's drivers start
  lives = {{.ms = 5, .status = exited(7)}};
  supervise();
  EXPECT_TRUE(said("the BEAM ended with status 7 after 0 s")) << console();
}

// ---- what it is started with

TEST_F(SuperviseTest, WhatTheBeamInherits) {
  kernel.add_directory("/srv");
  kernel.forks_as_child = true;
  EXPECT_EQ(supervise("beam.user=7:8 beam.directory=/srv").how, Ending::How::kExecuted);
  EXPECT_EQ(kernel.executed, "/usr/lib/erlang/erts-15.2.7/bin/beam.smp");
  EXPECT_EQ(kernel.user_id, 7U);
  EXPECT_EQ(kernel.group_id, 8U);
  EXPECT_EQ(kernel.signal_mask, 0U);
  EXPECT_EQ(kernel.dispositions[SIGCHLD], 0);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(kernel.working_directory, "/srv");
  EXPECT_EQ(kernel.groups.at(kernel.pid), kernel.pid);
  EXPECT_EQ(kernel.foreground_group, kernel.pid);
  auto variables = environment();
  EXPECT_EQ(variables["BEAM_INIT_MODE"], "supervise");
  EXPECT_EQ(variables["ERL_CRASH_DUMP"], "/run/beam/erl_crash.dump");
  EXPECT_EQ(variables["ERL_CRASH_DUMP_BYTES"], "65536");
  EXPECT_EQ(variables["ERL_CRASH_DUMP_SECONDS"], "10");
  EXPECT_FALSE(variables.contains("BEAM_INIT")) << "it is not the BEAM that ends the machine";
}

TEST_F(SuperviseTest, DumpThatIsSetIsLeftAsItIs) {
  kernel.forks_as_child = true;
  supervise("beam.env.ERL_CRASH_DUMP=/data/dump");
  auto variables = environment();
  EXPECT_EQ(variables["ERL_CRASH_DUMP"], "/data/dump");
  EXPECT_EQ(variables["ERL_CRASH_DUMP_SECONDS"], "0");
  EXPECT_FALSE(variables.contains("ERL_CRASH_DUMP_BYTES"));
}

/// What the child says through the pipe of its spawn.
std::string failure_of_spawn(int code) {
  const pid1::Error failure = {code, "spawn: exec"};
  return {reinterpret_cast<const char*>(&failure), sizeof(failure)};
}

TEST_F(SuperviseTest, BeamThatCannotBeStarted) {
  add_control_port();
  kernel.pipe_contents = {failure_of_spawn(EACCES)};
  EXPECT_EQ(command_of(supervise()), RB_AUTOBOOT);
  EXPECT_TRUE(
      said("error: exec: spawn: exec /usr/lib/erlang/erts-15.2.7/bin/beam.smp: Permission "
           "denied; the file, or the dynamic linker that it names, is missing or for "
           "another machine"))
      << console();
  EXPECT_TRUE(kernel.living.empty());
  // The port takes one opener at a time.
  EXPECT_EQ(port().sink.text(), "ready\nend reboot 1\n");
}

// ---- who asks for the end

struct Request {
  const char* name;
  int signal;             // 0: none
  const char* from_host;  // "": nothing
  const char* settings;
  const char* line;
};

class Stop : public SuperviseTest, public testing::WithParamInterface<Request> {};

TEST_P(Stop, EndsTheBeamAndThenTheMachine) {
  add_control_port();
  if (GetParam().signal != 0) signal_at(100, GetParam().signal);
  if (*GetParam().from_host != '\0') host_writes_at(100, GetParam().from_host);
  supervise(GetParam().settings);
  EXPECT_EQ(signals_of_the_beam(), std::vector<int>{SIGTERM});
  EXPECT_TRUE(said("the BEAM ended with status 0 after 0 s")) << console();
  const std::string line = GetParam().line;
  EXPECT_TRUE(said("the end: " + line)) << console();
  EXPECT_EQ(port().sink.text(), "ready\nend " + line + "\n");
  EXPECT_EQ(started_ms.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, Stop,
    testing::Values(Request{"Term", SIGTERM, "", "", "poweroff 0"},
                    Request{"TermIsOnExit", SIGTERM, "", "beam.on_exit=halt", "halt 0"},
                    Request{"CtrlAltDel", SIGINT, "", "", "reboot 0"},
                    Request{"Power", SIGPWR, "", "beam.on_exit=halt", "poweroff 0"},
                    Request{"HostStop", 0, "stop\n", "", "poweroff 0"},
                    Request{"HostStopIsOnExit", 0, "stop\n", "beam.on_exit=reboot", "reboot 0"},
                    Request{"HostPowerOff", 0, "poweroff\n", "beam.on_exit=halt", "poweroff 0"},
                    Request{"HostReboot", 0, "reboot\n", "", "reboot 0"},
                    Request{"HostSaysOtherThingsFirst", 0, "hello\n\nhalt\nstop \nSTOP\nreboot\n",
                            "", "reboot 0"},
                    Request{"FirstOfTwo", 0, "reboot\npoweroff\n", "", "reboot 0"},
                    // Who asks for the end does not ask for another start.
                    Request{"TermWithRestart", SIGTERM, "", "beam.on_exit=restart", "poweroff 0"},
                    Request{"HostStopWithRestart", 0, "stop\n",
                            "beam.on_exit=restart beam.on_crash=restart", "poweroff 0"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(SuperviseTest, FirstRequestIsTheOne) {
  obeys = false;
  lives = {{.ms = 500, .status = exited(0)}};
  signal_at(100, SIGINT);
  signal_at(200, SIGPWR);
  signal_at(200, SIGTERM);
  EXPECT_EQ(command_of(supervise()), RB_AUTOBOOT);
  EXPECT_EQ(signals_of_the_beam(), std::vector<int>{SIGTERM});
}

TEST_F(SuperviseTest, StatusOfABeamThatWasAskedToEnd) {
  obeys = false;
  lives = {{.ms = 500, .status = exited(5)}};
  signal_at(100, SIGTERM);
  EXPECT_EQ(command_of(supervise("beam.on_crash=restart")), RB_POWER_OFF);
  EXPECT_TRUE(said("the end: poweroff 5")) << console();
}

TEST_F(SuperviseTest, BeamThatDoesNotEndIsKilled) {
  obeys = false;
  signal_at(100, SIGTERM);
  uint64_t ended_ms = 0;
  const auto on_kill = kernel.on_kill;
  kernel.on_kill = [&](pid_t target, int signal) {
    if (target == beam && signal == SIGKILL && ended_ms == 0) ended_ms = now_ms();
    on_kill(target, signal);
  };
  EXPECT_EQ(command_of(supervise("beam.stop_grace=700")), RB_POWER_OFF);
  EXPECT_EQ(signals_of_the_beam(), (std::vector<int>{SIGTERM, SIGKILL}));
  EXPECT_NEAR(static_cast<double>(ended_ms - started_ms[0]), 800, 2);
  EXPECT_TRUE(said("the BEAM did not end within 700 ms and is killed")) << console();
  EXPECT_TRUE(said("the BEAM was killed by signal 9 after 0 s")) << "nothing of memory";
  EXPECT_TRUE(said("the end: poweroff 137")) << console();
}

TEST_F(SuperviseTest, BeamThatEndsInTimeIsNotKilled) {
  obeys = false;
  lives = {{.ms = 790, .status = exited(0)}};
  signal_at(100, SIGTERM);
  supervise("beam.stop_grace=700");
  EXPECT_EQ(signals_of_the_beam(), std::vector<int>{SIGTERM});
}

TEST_F(SuperviseTest, OtherSignalsAreHandedOn) {
  std::vector<int> others;
  for (int signal = 1; signal <= 64; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP || signal == SIGCHLD || signal == SIGTERM ||
        signal == SIGINT || signal == SIGPWR) {
      continue;
    }
    others.push_back(signal);
    signal_at(10, signal);
  }
  lives = {{.ms = 100, .status = exited(0)}};
  supervise();
  EXPECT_EQ(signals_of_the_beam(), others);
}

TEST_F(SuperviseTest, SignalForABeamThatIsNotThere) {
  lives = {{.ms = 0, .status = exited(1)}};
  signal_at(500, SIGHUP);  // in the pause
  signal_at(3000, SIGTERM);
  supervise("beam.on_crash=restart");
  for (const auto& [target, signal] : kernel.kills)
    EXPECT_NE(signal, SIGHUP) << "to " << target;
}

// ---- again

TEST_F(SuperviseTest, PausesGetLonger) {
  for (int i = 0; i < 8; ++i)
    lives.push_back({.ms = 0, .status = exited(1)});
  signal_at(200'000, SIGTERM);
  supervise("beam.on_crash=restart");
  std::vector<uint64_t> pauses;
  for (size_t i = 1; i < started_ms.size(); ++i)
    pauses.push_back((started_ms[i] - started_ms[i - 1] + 500) / 1000);
  EXPECT_EQ(pauses, (std::vector<uint64_t>{1, 2, 4, 8, 16, 30, 30, 30}));
  for (const char* pause : {"1000", "2000", "4000", "8000", "16000", "30000"}) {
    EXPECT_TRUE(said(std::string("the BEAM is started again in ") + pause + " ms")) << console();
  }
  EXPECT_TRUE(said("the BEAM ended with status 1 after 0 s")) << console();
}

struct Steady {
  const char* name;
  uint64_t lived_ms;
  uint64_t pause_s;
};

class Steadiness : public SuperviseTest, public testing::WithParamInterface<Steady> {};

TEST_P(Steadiness, OfAMinuteMakesThePauseShortAgain) {
  lives = {{.status = exited(1)},
           {.status = exited(1)},
           {.ms = GetParam().lived_ms, .status = exited(1)}};
  signal_at(100'000, SIGTERM);
  supervise("beam.on_crash=restart");
  ASSERT_EQ(started_ms.size(), 4U);
  EXPECT_EQ((started_ms[3] - started_ms[2] - GetParam().lived_ms + 500) / 1000, GetParam().pause_s);
}

INSTANTIATE_TEST_SUITE_P(All, Steadiness,
                         testing::Values(Steady{"Almost", 59'900, 4}, Steady{"Just", 60'001, 1}),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(SuperviseTest, RestartAfterSuccessOnly) {
  lives = {{.status = exited(0)}, {.status = exited(2)}};
  EXPECT_EQ(command_of(supervise("beam.on_exit=restart")), RB_AUTOBOOT);
  EXPECT_EQ(started_ms.size(), 2U);
  EXPECT_TRUE(said("the end: reboot 2")) << console();
}

TEST_F(SuperviseTest, StopInThePause) {
  add_control_port();
  lives = {{.status = exited(1)}, {.status = exited(1)}};
  signal_at(1500, SIGTERM);  // in the second pause, of two seconds
  EXPECT_EQ(command_of(supervise("beam.on_crash=restart")), RB_POWER_OFF);
  EXPECT_EQ(started_ms.size(), 2U) << "not started again";
  EXPECT_TRUE(said("the end: poweroff 0")) << console();
  EXPECT_NEAR(static_cast<double>(now_ms() - started_ms[0]), 1500, 5) << "at once";
  EXPECT_EQ(port().sink.text(), "ready\nend poweroff 0\n");
}

TEST_F(SuperviseTest, OrphansInThePauseAreCollected) {
  lives = {{.status = exited(1)}};
  kernel.living.push_back(50);
  events.emplace_back(100, [this] { kernel.die(50, exited(0)); });
  bool collected = false;
  events.emplace_back(110, [&] { collected = kernel.dead.empty(); });
  signal_at(200, SIGTERM);
  supervise("beam.on_crash=restart");
  EXPECT_TRUE(collected);
}

// Whatever call fails: the machine ends, and it is said why.
TEST_F(SuperviseTest, EveryCallFailing) {
  Ending ending;
  pid1::fake::for_each_fault(
      [&] {
        furnish();
        attach();
        add_control_port();
        lives = {{.ms = 50, .status = exited(0)}};
        events.clear();
        started_ms.clear();
        beam = 0;
      },
      [&] { ending = supervise(); },
      [&](const pid1::fake::Injection&) {
        EXPECT_TRUE(ending.how == Ending::How::kRestarted || ending.how == Ending::How::kExited);
        const std::string told = console() + kernel_log();
        EXPECT_TRUE(told.find("beam-init: error: ") != std::string::npos ||
                    told.find("beam-init: the BEAM ended with status ") != std::string::npos)
            << told;
        EXPECT_NE(told.find("beam-init: the end: "), std::string::npos) << told;
        EXPECT_LE(started_ms.size(), 1U);
      });
}

// ---- what it leaves

struct Dump {
  const char* name;
  std::string content;
  std::vector<std::string> said;
};

class CrashDump : public SuperviseTest, public testing::WithParamInterface<Dump> {
 protected:
  static constexpr const char* kPath = "/run/erl_crash.dump";

  /// The lines about a dump, without what stands before them.
  static std::vector<std::string> dump_lines() {
    std::vector<std::string> lines;
    const std::string text = console();
    const std::string mark = "beam-init: crash dump: ";
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      const size_t start = at + mark.size();
      lines.push_back(text.substr(start, text.find('\n', start) - start));
    }
    return lines;
  }
};

TEST_P(CrashDump, SaysWhy) {
  lives = {{.ms = 10, .status = exited(1)}};
  events.emplace_back(5, [this] { kernel.add_file(kPath, GetParam().content); });
  EXPECT_EQ(command_of(supervise()), RB_AUTOBOOT);
  EXPECT_EQ(dump_lines(), GetParam().said);
  EXPECT_EQ(kernel.find(kPath), nullptr) << "it fills memory, and is not the next one's";
  EXPECT_TRUE(said("the end: reboot 1")) << console();
}

INSTANTIATE_TEST_SUITE_P(
    All, CrashDump,
    testing::Values(
        Dump{"Usual",
             "=erl_crash_dump:0.5\nSat Nov 28 14:00:00 2026\nSlogan: eheap_alloc: Cannot allocate "
             "1 bytes\nSystem version: 27\n",
             {"Slogan: eheap_alloc: Cannot allocate 1 bytes"}},
        Dump{"Long",
             "=erl\nSlogan: init terminating\n" + std::string(100'000, 'x'),
             {"Slogan: init terminating"}},
        Dump{"SloganWithoutAnEnd", "Slogan: cut", {"Slogan: cut"}},
        Dump{"SloganFarBehind", std::string(2000, '\n') + "Slogan: late\n", {}},
        Dump{"NoSlogan", "=erl_crash_dump:0.5\nThe Slogan: no\n", {}}, Dump{"Empty", "", {}},
        Dump{"Binary", std::string("\0Slogan: hidden\n", 16), {}},
        Dump{"NulInTheSlogan", std::string("Slogan: a\0b\n", 12), {"Slogan: a"}},
        Dump{"EscapesDoNotReachTheTerminal",
             "Slogan: \x1b[2J\x07\rforged\n",
             {"Slogan: ?[2J??forged"}},
        Dump{"Pattern", "Slogan: {}{}%s\n", {"Slogan: {}{}%s"}}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(CrashDump, OfAnEarlierLifeIsNotToldTwice) {
  lives = {{.ms = 10, .status = exited(1)}, {.ms = 10, .status = exited(1)}};
  events.emplace_back(5, [this] { kernel.add_file(kPath, "Slogan: first\n"); });
  signal_at(1500, SIGTERM);
  supervise("beam.on_crash=restart");
  EXPECT_EQ(started_ms.size(), 2U);
  EXPECT_EQ(dump_lines(), std::vector<std::string>{"Slogan: first"});
}

TEST_F(CrashDump, LinkOfTheUserLeadsNowhere) {
  kernel.add_file("/etc/shadow", "Slogan: secret\n");
  lives = {{.ms = 10, .status = exited(1)}};
  events.emplace_back(
      5, [this] { kernel.add_node("/run/beam/erl_crash.dump", Node::Type::kLink, "/etc/shadow"); });
  EXPECT_EQ(command_of(supervise("beam.user=7")), RB_AUTOBOOT);
  EXPECT_TRUE(dump_lines().empty());
  EXPECT_EQ(kernel.content("/etc/shadow"), "Slogan: secret\n");
}

TEST_F(CrashDump, FifoOfTheUserIsNotWaitedFor) {
  lives = {{.ms = 10, .status = exited(1)}};
  events.emplace_back(5,
                      [this] { kernel.add_node("/run/beam/erl_crash.dump", Node::Type::kPipe); });
  EXPECT_EQ(command_of(supervise("beam.user=7")), RB_AUTOBOOT);
  EXPECT_TRUE(dump_lines().empty());
}

TEST_F(CrashDump, DirectoryOfTheUser) {
  lives = {{.ms = 10, .status = exited(1)}};
  events.emplace_back(5, [this] { kernel.add_directory("/run/beam/erl_crash.dump"); });
  EXPECT_EQ(command_of(supervise("beam.user=7")), RB_AUTOBOOT);
  EXPECT_TRUE(dump_lines().empty());
}

TEST_F(CrashDump, ThatIsTheUsersOwnIsLeftAlone) {
  kernel.add_file("/data/dump", "Slogan: mine\n");
  lives = {{.ms = 10, .status = exited(1)}};
  supervise("beam.env.ERL_CRASH_DUMP=/data/dump");
  EXPECT_TRUE(dump_lines().empty());
  EXPECT_EQ(kernel.content("/data/dump"), "Slogan: mine\n");
}

// ---- the host's port

TEST_F(SuperviseTest, PortWithoutAHostIsNoSpin) {
  add_control_port().host_connected = false;
  lives = {{.ms = 20'000, .status = exited(0)}};
  EXPECT_EQ(command_of(supervise()), RB_POWER_OFF);
  EXPECT_LT(kernel.count("poll"), 100U);
}

TEST_F(SuperviseTest, HostThatGoesIsNoSpin) {
  add_control_port();
  events.emplace_back(100, [] { port().host_connected = false; });
  lives = {{.ms = 20'000, .status = exited(0)}};
  EXPECT_EQ(command_of(supervise()), RB_POWER_OFF);
  EXPECT_LT(kernel.count("poll"), 100U);
}

TEST_F(SuperviseTest, HostThatComesLateIsHeard) {
  add_control_port().host_connected = false;
  events.emplace_back(5000, [] { port().host_connected = true; });
  host_writes_at(5001, "reboot\n");
  EXPECT_EQ(command_of(supervise()), RB_AUTOBOOT);
  EXPECT_LE(now_ms() - started_ms[0], 7000U);
  EXPECT_EQ(signals_of_the_beam(), std::vector<int>{SIGTERM});
}

TEST_F(SuperviseTest, ARequestMayComeInPieces) {
  add_control_port();
  host_writes_at(100, "power");
  host_writes_at(200, "off\nreb");
  EXPECT_EQ(command_of(supervise("beam.on_exit=reboot")), RB_POWER_OFF);
  EXPECT_EQ(signals_of_the_beam(), std::vector<int>{SIGTERM});
}

TEST_F(SuperviseTest, WhatIsLongerThanAnyRequestIsThrownAway) {
  add_control_port();
  host_writes_at(100, std::string(5000, 'x') + "\nreboot\n");
  EXPECT_EQ(command_of(supervise()), RB_AUTOBOOT);
}

// The emulator has no handler yet: SIGTERM kills it, as was asked.
TEST_F(SuperviseTest, KilledByTheSignalThatAskedItToEndIsNoFailure) {
  add_control_port();
  lives = {{.ms = 100, .status = SIGTERM}};
  signal_at(99, SIGTERM);
  EXPECT_EQ(command_of(supervise()), RB_POWER_OFF);
  EXPECT_TRUE(said("the end: poweroff 0")) << console();
}

TEST_F(SuperviseTest, PortThatCannotBeOpenedIsNone) {
  add_control_port().open_error = ENXIO;
  lives = {{.ms = 10, .status = exited(0)}};
  EXPECT_EQ(command_of(supervise()), RB_POWER_OFF);
}

}  // namespace
}  // namespace beam_init
