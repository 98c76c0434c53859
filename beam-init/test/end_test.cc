// SPDX-License-Identifier: Apache-2.0
// The end of a machine: `--end` when the BEAM has become this program again, boots that fail, and
// the process that unmounts for an ordinary user.
#include "end.h"

#include <sys/reboot.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;
using pid1::fake::Node;

constexpr int kPanic = -1;  // no reboot(2): PID 1 exits
constexpr int kHalt = static_cast<int>(RB_HALT_SYSTEM);

class MachineEnd : public MachineTest {
 protected:
  MachineEnd() {
    add_to("sysfs", "firmware/acpi/");
    kernel.file_systems["ext4"];
    kernel.file_systems["devtmpfs"]["vda"] = std::make_shared<Node>();
  }

  /// Boots, and has the BEAM end: --end and these words.
  Ending end(Strings words, const std::string& settings = "quiet") {
    EXPECT_EQ(boot(settings).how, Ending::How::kExecuted) << console();
    words.insert(words.begin(), {"/init", "--end"});
    return start(std::move(words), kernel.envp);
  }

  /// What its reboot(2) was told; kPanic.
  static int command_of(const Ending& ending) {
    return ending.how == Ending::How::kRestarted ? ending.status : kPanic;
  }

  static bool said(const std::string& line) {
    return console().find("\nbeam-init: " + line + "\n") != std::string::npos;
  }

  static std::string told_host() {
    const Node* port = pid1::fake::kernel().find("/dev/vport0p2");
    return port == nullptr ? "no port" : port->sink.text();
  }

  size_t position_of(const std::string& name, const std::string& detail) {
    const auto found = std::ranges::find_if(kernel.calls, [&](const pid1::fake::Call& call) {
      return call.name == name && call.detail.starts_with(detail);
    });
    return static_cast<size_t>(found - kernel.calls.begin());
  }
};

// ---- verbs, statuses and policies

struct Verb {
  const char* name;
  Strings words;
  const char* settings;
  int command;
  const char* line;  // VERB STATUS
};

class EndOfTheBeam : public MachineEnd, public testing::WithParamInterface<Verb> {};

TEST_P(EndOfTheBeam, IsTheMachines) {
  add_control_port();
  const Ending ending = end(GetParam().words, GetParam().settings);
  EXPECT_EQ(command_of(ending), GetParam().command);
  const std::string line = GetParam().line;
  EXPECT_TRUE(said("the end: " + line)) << console();
  EXPECT_EQ(told_host(), "end " + line + "\n");
  if (GetParam().command == kPanic) {
    EXPECT_EQ(std::to_string(ending.status), line.substr(line.find(' ') + 1));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Policy, EndOfTheBeam,
    testing::Values(
        Verb{"Success", {"exit", "0"}, "quiet", RB_POWER_OFF, "poweroff 0"},
        Verb{"Failure", {"exit", "3"}, "quiet", RB_AUTOBOOT, "reboot 3"},
        Verb{"LargestStatus", {"exit", "255"}, "quiet", RB_AUTOBOOT, "reboot 255"},
        Verb{"OnExit", {"exit", "0"}, "beam.on_exit=reboot", RB_AUTOBOOT, "reboot 0"},
        Verb{"OnExitIsNotForFailures", {"exit", "3"}, "beam.on_exit=halt", RB_AUTOBOOT, "reboot 3"},
        Verb{"OnCrash", {"exit", "3"}, "beam.on_crash=halt", kHalt, "halt 3"},
        Verb{
            "OnCrashPoweroff", {"exit", "1"}, "beam.on_crash=poweroff", RB_POWER_OFF, "poweroff 1"},
        Verb{"OnCrashPanic", {"exit", "4"}, "beam.on_crash=panic", kPanic, "panic 4"},
        Verb{"OnCrashIsNotForSuccess",
             {"exit", "0"},
             "beam.on_crash=panic",
             RB_POWER_OFF,
             "poweroff 0"}),
    [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Said, EndOfTheBeam,
    testing::Values(
        Verb{"PowerOff", {"poweroff", "0"}, "beam.on_exit=halt", RB_POWER_OFF, "poweroff 0"},
        Verb{"PowerOffWithAStatus", {"poweroff", "7"}, "quiet", RB_POWER_OFF, "poweroff 7"},
        Verb{"Reboot", {"reboot", "0"}, "quiet", RB_AUTOBOOT, "reboot 0"},
        Verb{"Halt", {"halt", "0"}, "quiet", kHalt, "halt 0"},
        Verb{"Panic", {"panic", "9"}, "quiet", kPanic, "panic 9"}),
    [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Malformed, EndOfTheBeam,
    testing::Values(
        Verb{"NoWords", {}, "quiet", RB_AUTOBOOT, "reboot 1"},
        Verb{"NoStatus", {"poweroff"}, "quiet", RB_POWER_OFF, "poweroff 1"},
        Verb{"ExitWithoutStatusIsACrash", {"exit"}, "beam.on_crash=halt", kHalt, "halt 1"},
        Verb{"UnknownVerb", {"explode", "0"}, "quiet", RB_AUTOBOOT, "reboot 0"},
        Verb{"PartOfAVerb", {"power", "0"}, "quiet", RB_AUTOBOOT, "reboot 0"},
        Verb{"TwoVerbs", {"poweroff|halt", "0"}, "quiet", RB_AUTOBOOT, "reboot 0"},
        Verb{"EmptyWords", {"", ""}, "quiet", RB_AUTOBOOT, "reboot 1"},
        Verb{"EmptyStatus", {"poweroff", ""}, "quiet", RB_POWER_OFF, "poweroff 1"},
        Verb{"StatusThatIsNone", {"exit", "zero"}, "quiet", RB_AUTOBOOT, "reboot 1"},
        Verb{"StatusTooLarge", {"poweroff", "256"}, "quiet", RB_POWER_OFF, "poweroff 1"},
        Verb{"StatusOfAnyLength",
             {"poweroff", "99999999999999999999"},
             "quiet",
             RB_POWER_OFF,
             "poweroff 1"},
        Verb{"NegativeStatus", {"poweroff", "-1"}, "quiet", RB_POWER_OFF, "poweroff 1"},
        Verb{"MoreWords", {"halt", "0", "poweroff", "1"}, "quiet", kHalt, "halt 0"},
        // There is no parent left to restart; PID 1 must not just exit.
        Verb{"RestartIsNoPanic", {"restart", "0"}, "quiet", RB_AUTOBOOT, "reboot 0"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(MachineEnd, WithoutItsEnvironmentIsAReboot) {
  boot();
  EXPECT_EQ(command_of(start({"/init", "--end", "exit", "0"})), RB_AUTOBOOT);
  EXPECT_TRUE(said("the end: reboot 0")) << console();
}

TEST_F(MachineEnd, OptionOfSomebodyElseThanPid1) {
  kernel.pid = 1234;
  const Ending ending = start({"beam-init", "--end", "poweroff", "0"});
  EXPECT_EQ(ending.how, Ending::How::kReturned);
  EXPECT_EQ(ending.status, 2);
  EXPECT_TRUE(kernel.reboots.empty());
  EXPECT_TRUE(kernel.kills.empty());
}

TEST_F(MachineEnd, WhatTheBeamHadOpenIsClosed) {
  boot();
  for (const int fd : {3, 9, 700})
    kernel.descriptors[fd] = kernel.descriptors[0];
  start({"/init", "--end", "exit", "0"}, kernel.envp);
  for (const int fd : {9, 700}) {
    EXPECT_FALSE(kernel.descriptors.contains(fd)) << fd;
  }
}

// ---- the machine's own ways

TEST_F(MachineEnd, WithoutAcpiAPowerOffIsARestart) {
  kernel.file_systems["sysfs"].erase("firmware/acpi");
#if defined(__x86_64__)
  EXPECT_EQ(command_of(end({"poweroff", "0"})), RB_AUTOBOOT);
#else
  EXPECT_EQ(command_of(end({"poweroff", "0"})), RB_POWER_OFF);
#endif
  EXPECT_TRUE(said("the end: poweroff 0")) << "what was asked for";
}

TEST_F(MachineEnd, InAContainerAPowerOffNeedsNoAcpi) {
  kernel.file_systems["sysfs"].erase("firmware/acpi");
  kernel.in_pid_namespace = true;
  EXPECT_EQ(command_of(end({"poweroff", "0"})), RB_POWER_OFF);
}

struct Type {
  const char* name;
  const char* status;
  const char* before;
  const char* after;
};

class RestartType : public MachineEnd, public testing::WithParamInterface<Type> {};

TEST_P(RestartType, TellsTheHostSuccessFromFailure) {
  add_to("sysfs", "kernel/reboot/type", GetParam().before);
  EXPECT_EQ(command_of(end({"reboot", GetParam().status})), RB_AUTOBOOT);
  EXPECT_EQ(kernel.content("/sys/kernel/reboot/type"), GetParam().after);
}

INSTANTIATE_TEST_SUITE_P(All, RestartType,
                         testing::Values(Type{"Success", "0", "pci\n", "triple"},
                                         Type{"Failure", "1", "pci\n", "pci\n"},
                                         Type{"Another", "0", "acpi\n", "acpi\n"}),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(MachineEnd, ContainerThatMustNotEndTheMachineExits) {
  kernel.on_fork = [first = true](pid_t child) mutable {
    pid1::fake::kernel().die(child, first ? 0 : EPERM << 8);  // the one that calls reboot(2)
    first = false;
  };
  const Ending ending = end({"exit", "3"});
  EXPECT_EQ(ending.how, Ending::How::kExited);
  EXPECT_EQ(ending.status, 3);
  // With SIGCHLD still ignored, as it was for the BEAM, nobody would know why.
  EXPECT_TRUE(said("reboot: Operation not permitted; exiting")) << console();
}

TEST_F(MachineEnd, NoSignalDisturbsIt) {
  end({"exit", "0"});
  EXPECT_EQ(kernel.signal_mask, ~uint64_t{0});
}

TEST_F(MachineEnd, WaitsForWhatTheTerminalHolds) {
  kernel.file_systems["devtmpfs"].at("console")->sink.sent_per_ms = 10;
  end({"exit", "0"});
  EXPECT_EQ(kernel.find("/dev/console")->sink.queued, 0U);
}

// ---- in order

TEST_F(MachineEnd, ProcessesGetTheGraceThatIsSet) {
  boot("beam.stop_grace=300");
  kernel.living.push_back(77);
  uint64_t asked_ns = 0;
  uint64_t killed_ns = 0;
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGTERM) asked_ns = kernel.now_ns;
    if (signal != SIGKILL || killed_ns != 0) return;
    killed_ns = kernel.now_ns;
    kernel.die(77, SIGKILL);
  };
  EXPECT_EQ(command_of(start({"/init", "--end", "exit", "0"}, kernel.envp)), RB_POWER_OFF);
  ASSERT_NE(killed_ns, 0U);
  EXPECT_EQ((killed_ns - asked_ns) / 1'000'000, 300U);
}

TEST_F(MachineEnd, VolumesAreUnmountedAndThenTheHostIsTold) {
  add_control_port();
  EXPECT_EQ(command_of(end({"exit", "0"}, "beam.mount=/dev/vda:/data:ext4")), RB_POWER_OFF);
  EXPECT_EQ(kernel.mount_lines().find("/data"), std::string::npos) << kernel.mount_lines();
  const size_t stop = position_of("kill", "-1 15");
  const size_t unmount = position_of("unmount", "/data");
  const size_t tell = position_of("write", "/dev/vport0p2");
  EXPECT_LT(stop, unmount);
  EXPECT_LT(unmount, tell);
  EXPECT_LT(tell, position_of("reboot", std::to_string(RB_POWER_OFF)));
}

TEST_F(MachineEnd, VolumeThatIsBusyBecomesReadOnly) {
  kernel.unmount_errors["/data"] = EBUSY;
  end({"exit", "0"}, "beam.mount=/dev/vda:/data:ext4");
  EXPECT_NE(kernel.mount_lines().find("/dev/vda /data ext4 ro,"), std::string::npos)
      << kernel.mount_lines();
}

TEST_F(MachineEnd, VolumeThatStaysWritableIsSaid) {
  kernel.unmount_errors["/data"] = EBUSY;
  kernel.remount_errors["/data"] = EBUSY;
  EXPECT_EQ(command_of(end({"exit", "0"}, "beam.mount=/dev/vda:/data:ext4")), RB_POWER_OFF);
  EXPECT_TRUE(said("/data: mount: Device or resource busy")) << console();
}

TEST_F(MachineEnd, HostThatIsNotThereIsNotWaitedFor) {
  add_control_port().host_connected = false;
  EXPECT_EQ(command_of(end({"exit", "0"})), RB_POWER_OFF);
  EXPECT_EQ(told_host(), "");
}

TEST_F(MachineEnd, BootThatFailsTellsTheHost) {
  add_control_port();
  EXPECT_EQ(command_of(boot("beam.release=/nowhere beam.on_crash=halt")), kHalt);
  EXPECT_EQ(told_host(), "end halt 1\n");
}

TEST_F(MachineEnd, BootThatFailsIsNotStartedAgainForEver) {
  EXPECT_EQ(command_of(boot("beam.mode=supervise beam.on_crash=restart beam.release=/nowhere")),
            RB_AUTOBOOT);
  EXPECT_TRUE(said("the end: reboot 1")) << console();
}

struct Policy {
  const char* name;
  const char* cmdline;
  const char* config;
  const char* line;
};

class PolicyOfAFailure : public MachineEnd, public testing::WithParamInterface<Policy> {};

TEST_P(PolicyOfAFailure, HoldsWhereverItStands) {
  boot(GetParam().cmdline, GetParam().config);
  EXPECT_NE(console().find("beam-init: error: settings: "), std::string::npos) << console();
  EXPECT_TRUE(said(std::string("the end: ") + GetParam().line)) << console();
}

INSTANTIATE_TEST_SUITE_P(
    All, PolicyOfAFailure,
    testing::Values(
        Policy{"BeforeTheError", "beam.on_crash=halt beam.nosuch=1", "", "halt 1"},
        Policy{"BehindTheError", "beam.nosuch=1 beam.on_crash=halt", "", "halt 1"},
        Policy{"ErrorInTheConfig", "beam.on_crash=halt", "nosuch=1\n", "halt 1"},
        Policy{"OfTheConfig", "beam.nosuch=1", "on_crash=halt\n", "halt 1"},
        Policy{"GoesBeforeTheConfig", "beam.nosuch=1 beam.on_crash=panic", "on_crash=halt\n",
               "panic 1"},
        Policy{"LastOne", "beam.nosuch=1 beam.on_crash=halt beam.on_crash=panic", "", "panic 1"},
        Policy{"BadOneIsNone", "beam.on_crash=halt beam.on_crash=explode", "", "halt 1"},
        Policy{"ArgumentOfErlIsNone", "beam.nosuch=1 -- beam.on_crash=halt", "", "reboot 1"},
        Policy{"OnExitIsAnother", "beam.nosuch=1 beam.on_exit=halt", "", "reboot 1"},
        Policy{"RestartCannotBe", "beam.nosuch=1 beam.on_crash=restart", "", "reboot 1"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(MachineEnd, ProgramThatTheBeamBecomesAgain) {
  add_to("proc", "cmdline", "quiet\n");
  EXPECT_EQ(start({"/sbin/beam-init"}).how, Ending::How::kExecuted) << console();
  EXPECT_EQ(environment()["BEAM_INIT"], "/sbin/beam-init");
}

TEST_F(MachineEnd, RestartNeedsAParent) {
  expect_failure(
      "settings: on_exit=restart and on_crash=restart need a parent that restarts; give "
      "beam.mode=supervise",
      "beam.on_exit=restart");
}

// Whatever call fails: the machine ends, or PID 1 does where there is no other way.
TEST_F(MachineEnd, EveryCallFailing) {
  const Strings words = {"/init", "--end", "reboot", "3"};
  Ending ending;
  pid1::fake::for_each_fault(
      [] {
        furnish();
        add_to("sysfs", "firmware/acpi/");
        pid1::fake::kernel().descriptors.at(2).file->path = "/dev/console";
        pid1::fake::kernel().mounts = {{"/dev/vda", "/data", "ext4", 0, ""}};
      },
      [&] { ending = start(words); },
      [&](const pid1::fake::Injection& injection) {
        if (ending.how == Ending::How::kRestarted) {
          EXPECT_EQ(ending.status, RB_AUTOBOOT);
          return;
        }
        EXPECT_EQ(ending.how, Ending::How::kExited);
        const std::string& call = injection.call.name;
        EXPECT_TRUE(call == "fork" || call == "reboot" || call == "wait4") << call;
      });
}

// ---- for an ordinary user

class EnderTest : public MachineEnd {
 protected:
  static constexpr const char* kUser = "beam.user=7 beam.mount=/dev/vda:/data:ext4";

  /// The first child is the ender, which takes no signal but SIGKILL; then as in furnish().
  EnderTest() {
    kernel.on_fork = [this](pid_t child) {
      if (std::exchange(ender_, child) == 0) return;
      kernel.die(child, 0);
      kernel.forks_as_child = true;
    };
    kernel.on_kill = [this](pid_t, int signal) {
      if (signal == SIGKILL && !kernel.living.empty()) kernel.die(kernel.living.front(), SIGKILL);
    };
  }

  /// The life of the one that is started, above what PID 1 writes to it.
  Ending live(const std::string& request) {
    kernel.user_id = 0;
    kernel.pipe_contents = {request};
    kernel.fork_sides = {true, false, true};  // itself, the one that syncs, the one that ends
    kernel.on_fork = [](pid_t child) { pid1::fake::kernel().die(child, 0); };
    return pid1::fake::run([] {
      static pid1::Console console("beam-init");
      console = pid1::Console("beam-init");
      (void)console.adopt("/dev/console");
      (void)start_ender(console, 50, "/dev/vport0p2");
    });
  }

  pid_t ender_ = 0;
};

TEST_F(EnderTest, IsAskedByPid1) {
  boot(kUser);
  ASSERT_EQ(kernel.user_id, 7U);
  const int pipe = std::stoi(environment()["BEAM_INIT_ENDER"]);
  kernel.descriptors[pipe + 1] = kernel.descriptors[0];
  const uint64_t before = kernel.now_ns;
  const Ending ending = start({"/init", "--end", "exit", "0"}, kernel.envp);
  ASSERT_TRUE(kernel.descriptors.contains(pipe));
  EXPECT_EQ(kernel.descriptors.at(pipe).file->node->content, "poweroff 0");
  // It had its minute; then PID 1 does what it can.
  EXPECT_GE(kernel.now_ns - before, 60'000'000'000U);
  EXPECT_EQ(command_of(ending), RB_POWER_OFF);
  EXPECT_NE(kernel.mount_lines().find("/data"), std::string::npos);
  EXPECT_EQ(console().find("Operation not permitted"), std::string::npos)
      << "of a user nobody expects it";
}

TEST_F(EnderTest, ThatIsGoneIsNotWaitedFor) {
  boot(kUser);
  const auto writes = static_cast<unsigned>(kernel.count("write"));
  kernel.living.clear();
  kernel.faults = {{.name = "write", .nth = writes + 2, .code = EPIPE}};  // behind the last line
  const uint64_t before = kernel.now_ns;
  EXPECT_EQ(command_of(start({"/init", "--end", "exit", "0"}, kernel.envp)), RB_POWER_OFF);
  EXPECT_TRUE(kernel.faults[0].fired);
  EXPECT_LT(kernel.now_ns - before, 20'000'000'000U);
}

struct Pipe {
  const char* name;
  const char* value;
};

class EnderVariable : public MachineEnd, public testing::WithParamInterface<Pipe> {};

TEST_P(EnderVariable, ThatIsNoneIsNoPipe) {
  boot();
  kernel.envp.push_back(std::string("BEAM_INIT_ENDER=") + GetParam().value);
  const uint64_t before = kernel.now_ns;
  EXPECT_EQ(command_of(start({"/init", "--end", "exit", "0"}, kernel.envp)), RB_POWER_OFF);
  EXPECT_TRUE(said("the end: poweroff 0")) << console();
  EXPECT_LT(kernel.now_ns - before, 20'000'000'000U);
}

INSTANTIATE_TEST_SUITE_P(All, EnderVariable,
                         testing::Values(Pipe{"Empty", ""}, Pipe{"Word", "pipe"},
                                         Pipe{"Negative", "-1"}, Pipe{"Standard", "1"},
                                         Pipe{"Closed", "5"}, Pipe{"Huge", "99999999999"}),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(EnderTest, TheKernelShortOfMemoryTakesAnother) {
  kernel.add_file("/proc/self/oom_score_adj", "0");
  (void)live("poweroff 0");
  EXPECT_EQ(kernel.content("/proc/self/oom_score_adj"), "-1000");
}

TEST_F(EnderTest, DoesWhatPid1Cannot) {
  add_control_port();
  boot("beam.mount=/dev/vda:/data:ext4");
  EXPECT_EQ(command_of(live("poweroff 0")), RB_POWER_OFF);
  EXPECT_EQ(kernel.mount_lines().find("/data"), std::string::npos) << kernel.mount_lines();
  EXPECT_EQ(told_host(), "end poweroff 0\n");
  EXPECT_EQ(kernel.kills, (std::vector<std::pair<pid_t, int>>{{-1, SIGTERM}, {-1, SIGCONT}}));
}

TEST_F(EnderTest, SeesWhoIsLeftInProc) {
  boot("quiet");
  kernel.add_file("/proc/123/cmdline", "stray");
  kernel.on_kill = [&](pid_t, int signal) {
    if (signal == SIGKILL) kernel.nodes.erase("/proc/123/cmdline");
  };
  EXPECT_EQ(command_of(live("reboot 3")), RB_AUTOBOOT);
  EXPECT_EQ(kernel.kills.back(), (std::pair<pid_t, int>{-1, SIGKILL}));
}

struct Request {
  const char* name;
  const char* text;
};

class EnderRequest : public EnderTest, public testing::WithParamInterface<Request> {};

TEST_P(EnderRequest, ThatIsNoneEndsNothing) {
  boot("beam.mount=/dev/vda:/data:ext4");
  const Ending ending = live(GetParam().text);
  EXPECT_EQ(ending.how, Ending::How::kExited);
  EXPECT_EQ(ending.status, 1);
  EXPECT_TRUE(kernel.kills.empty());
  EXPECT_NE(kernel.mount_lines().find("/data"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, EnderRequest,
                         testing::Values(Request{"Pid1IsGone", ""}, Request{"Nonsense", "now 0"},
                                         Request{"Blank", " 0"}, Request{"PartOfAVerb", "power 0"}),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(EnderTest, StatusThatIsNoneIsAFailure) {
  add_control_port();
  boot();
  EXPECT_EQ(command_of(live("poweroff 1000")), RB_POWER_OFF);
  EXPECT_EQ(told_host(), "end poweroff 1\n");
}

}  // namespace
}  // namespace beam_init
