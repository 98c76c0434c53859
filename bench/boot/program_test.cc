// SPDX-License-Identifier: Apache-2.0
// microbeam-vm as a whole, with fake_qemu in the place of QEMU.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <csignal>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "child.h"
#include "clock.h"
#include "test_server.h"

namespace microbeam {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

struct Result {
  std::string out;
  std::string err;
  int status = -1;
};

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/kernel") << "kernel";
    setenv("FAKE_PIDFILE", (folder + "/pid").c_str(), 1);
    setenv("FAKE_STATE", (folder + "/state").c_str(), 1);
  }

  std::vector<std::string> command(const std::string& mode, const std::string& guest,
                                   const std::vector<std::string>& more = {}) {
    setenv("FAKE_GUEST", guest.c_str(), 1);
    const std::string kernel = folder + "/kernel";
    std::vector<std::string> all = {
        MICROBEAM_VM,         "--mode=" + mode,
        "--kernel=" + kernel, std::string("--qemu=") + FAKE_QEMU,
        "--image=hello",      "--console_log=" + folder + "/console.log"};
    if (mode != "trial") all.push_back("--initrd=" + kernel);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  // Image folders of these names, as --images has them.
  std::string make_images(const std::vector<std::string>& names) {
    std::string images;
    for (const std::string& name : names) {
      const std::string image = absl::StrCat(folder, "/", name);
      std::filesystem::create_directories(image);
      for (const char* file : {"/vmlinux", "/bzImage", "/root.cpio.zst"})
        std::ofstream(image + file) << "x";
      absl::StrAppend(&images, images.empty() ? "" : ",", image);
    }
    return images;
  }

  // The figures of one turn of an image "a", comma-separated.
  Result bench(const std::string& what, const std::string& guest,
               const std::vector<std::string>& more = {}) {
    std::vector<std::string> flags = {"--what=" + what, "--images=" + make_images({"a"}),
                                      "--rounds=1", "--format=csv"};
    flags.insert(flags.end(), more.begin(), more.end());
    return run(command("bench", guest, flags));
  }

  struct Step {
    std::string text;
    int signal;
  };

  // Runs to the end; sends `signal` once `text` was seen on stderr.
  Result run(const std::vector<std::string>& argv, const std::string& text = "", int signal = 0) {
    return run(argv, signal == 0 ? std::vector<Step>() : std::vector<Step>{{text, signal}});
  }

  // The same, for one step after the other.
  Result run(const std::vector<std::string>& argv, const std::vector<Step>& steps) {
    Result result;
    size_t next = 0;
    absl::StatusOr<Child> child = Child::spawn(argv);
    if (!child.ok()) {
      result.err = std::string(child.status().message());
      return result;
    }
    const absl::Duration deadline = monotonic_now() + absl::Seconds(20);
    while (result.status < 0 && monotonic_now() < deadline) {
      std::array<pollfd, 3> entries = {pollfd{child->out(), POLLIN, 0},
                                       pollfd{child->err(), POLLIN, 0},
                                       pollfd{child->handle(), POLLIN, 0}};
      poll(entries.data(), entries.size(), 100);
      read_into(child->out(), result.out);
      read_into(child->err(), result.err);
      if (next < steps.size() && absl::StrContains(result.err, steps[next].text)) {
        child->signal(steps[next++].signal);
      }
      if (const std::optional<int> status = child->try_reap()) result.status = *status;
    }
    read_into(child->out(), result.out);
    read_into(child->err(), result.err);
    return result;
  }

  // Whether the fake QEMU is gone, soon.
  bool qemu_is_gone() {
    std::ifstream file(folder + "/pid");
    std::string pid;
    file >> pid;
    for (int i = 0; i < 500; ++i) {
      std::ifstream stat("/proc/" + pid + "/stat");
      std::string word;
      for (int j = 0; j < 3; ++j)
        stat >> word;
      if (!stat || word == "Z" || word == "X") return !pid.empty();
      poll(nullptr, 0, 10);
    }
    return false;
  }

  static std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string console_log() { return contents(folder + "/console.log"); }

  // The JSON with every number of the timeline made an N.
  static std::string shape(const std::string& json) {
    return std::regex_replace(json, std::regex("-?[0-9]+\\.[0-9]{3}"), "N");
  }

  const std::string folder = testing::TempDir() + "/program_test." +
                             testing::UnitTest::GetInstance()->current_test_info()->name();

 private:
  static void read_into(int fd, std::string& text) {
    std::array<char, 4096> buffer;
    for (ssize_t got = 0; (got = read(fd, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<size_t>(got));
    }
  }
};

TEST_F(ProgramTest, HelpHasItsOwnFlagsAndNoOthers) {
  const Result result = run({MICROBEAM_VM, "--help"});
  EXPECT_THAT(result.out, HasSubstr("Flags from microbeam-vm:"));
  EXPECT_THAT(result.out, HasSubstr("--console_log"));
  EXPECT_THAT(result.out, Not(HasSubstr("--flagfile")));
}

TEST_F(ProgramTest, ProbePrintsOneObject) {
  const Result result = run(command("probe", "serves", {"--memory=48", "--vm=jit"}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(
      shape(result.out),
      R"({"image":"hello","accel":"tcg","memory_mib":48,"cpus":1,"vm":"jit","root":"initramfs",)"
      R"("http_status":200,"beam_os_pid":1,"timeline_ms":{"kernel":N,"init":N,"exec":N,"beam":N,)"
      R"("listening":N,"application":N,"first_byte":N},"timeline_insns":null,)"
      R"("end":{"orderly":true,"qemu_status":0}})"
      "\n");
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(console_log(), HasSubstr("\x80\xff\r\nbeam-init: mark=init"));
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(ProgramTest, ProbeUnderIcountCountsAndTakesNoGuestTimeForHostTime) {
  const Result result = run(command("probe", "serves", {"--icount"}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(
      shape(result.out),
      HasSubstr(
          R"("timeline_ms":{"kernel":null,"init":N,"exec":N,"beam":null,"listening":N,)"
          R"("application":N,"first_byte":N},"timeline_insns":{"kernel":7000000,"init":8000000,)"
          R"("exec":9000000,"beam":10000000,"listening":11000000,"application":12000000,"first_byte":null})"));
}

TEST_F(ProgramTest, ProbeOfAnApplicationWithoutMarks) {
  const Result result = run(command("probe", "silent-console"));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(shape(result.out), HasSubstr(R"("beam_os_pid":null,"timeline_ms":{"kernel":null,)"));
  EXPECT_THAT(shape(result.out),
              HasSubstr(R"("listening":null,"application":null,"first_byte":N)"));
}

TEST_F(ProgramTest, ProbeFailsOnAnythingBut200) {
  const Result result = run(command("probe", "unwell"));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr(R"("http_status":503,)"));
  EXPECT_THAT(result.err, HasSubstr("answered with HTTP status 503"));
}

TEST_F(ProgramTest, ProbeShowsWhatInitSaid) {
  const Result result = run(command("probe", "panics"));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(shape(result.out), HasSubstr(R"("http_status":null,"beam_os_pid":null,"timeline_ms":)"
                                           R"({"kernel":N,"init":N,"exec":null,)"));
  EXPECT_THAT(result.out, HasSubstr(R"("end":{"orderly":false,"qemu_status":5})"));
  EXPECT_THAT(result.err, StartsWith("microbeam-vm: QEMU ended with status 5 before the answer, "));
  EXPECT_THAT(result.err, HasSubstr("what beam-init said:\n  beam-init: no release in /app\n"));
  EXPECT_THAT(result.err, HasSubstr("  Kernel panic - not syncing: Attempted to kill init!\n"));
}

TEST_F(ProgramTest, ProbeShowsWhatQemuSaid) {
  const Result result = run(command("probe", "fails"));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr(R"("qemu_status":3})"));
  EXPECT_THAT(result.err, HasSubstr("QEMU ended with status 3 before the answer"));
  EXPECT_THAT(result.err, HasSubstr("nothing on its console"));
  EXPECT_THAT(result.err, HasSubstr("what QEMU said:\n  fake_qemu: could not load kernel\n"));
}

// QEMU does not end when KVM cannot go on, and the time limit need not be waited for.
TEST_F(ProgramTest, AGuestThatKvmGaveUpOnIsNotWaitedFor) {
  for (const char* mode : {"probe", "run"}) {
    const Result result = run(command(mode, "kvm-error"));
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("the guest cannot go on: KVM internal error. Suberror: 1"));
    EXPECT_THAT(result.err, HasSubstr("RAX=0"));
    EXPECT_TRUE(qemu_is_gone());
  }
}

TEST_F(ProgramTest, ProbeHasATimeLimit) {
  const Result result = run(command("probe", "silent", {"--timeout=0.3"}));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("within 0.3 s (--timeout); no mark was seen"));
  EXPECT_THAT(result.err, Not(HasSubstr("terminating on signal")));
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(ProgramTest, ProbeKillsAQemuThatDoesNotEnd) {
  const Result result = run(command("probe", "stubborn", {"--stop_timeout=0.3"}));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr(R"("http_status":200)"));
  EXPECT_THAT(result.out, HasSubstr(R"("end":{"orderly":false,"qemu_status":null})"));
  EXPECT_TRUE(qemu_is_gone());
}

// Each of these answered with 200, and none of them ended in order.
TEST_F(ProgramTest, ProbeCallsAnEndOrderlyOnlyIfAllAgree) {
  const struct {
    const char* guest;
    const char* qemu_status;
    const char* why;
  } endings[] = {
      {"stops-with-3", "5", "the BEAM ended with status 3 (poweroff), QEMU ended with status 5"},
      {"stops-without-a-word", "0", "QEMU ended with status 0 without a word of the guest"},
      {"panics-at-the-end", "5", "Kernel panic - not syncing: Fatal"},
      {"panics-but-status-0", "0", "Kernel panic - not syncing: Fatal"},
      {"says-0-but-fails", "5",
       "the BEAM ended with status 0 (poweroff), QEMU ended with status 5"},
      // SIGTERM ends QEMU with status 0 too.
      {"mute", "0", "nobody in the guest listens on the control port"},
      {"deaf", "0", "did not end within 0.3 s of being asked to stop"},
  };
  for (const auto& ending : endings) {
    const Result result = run(command("probe", ending.guest, {"--stop_timeout=0.3"}));
    EXPECT_EQ(result.status, 1) << ending.guest;
    EXPECT_THAT(result.out, HasSubstr(R"("http_status":200)"));
    EXPECT_THAT(result.out, HasSubstr(absl::StrCat(R"("end":{"orderly":false,"qemu_status":)",
                                                   ending.qemu_status, "}")));
    EXPECT_THAT(result.err, HasSubstr(absl::StrCat("microbeam-vm: no orderly end: ")));
    EXPECT_THAT(result.err, HasSubstr(ending.why));
    EXPECT_TRUE(qemu_is_gone());
  }
}

// A job that is done before anybody asked it anything has ended in order all the same.
TEST_F(ProgramTest, AMachineThatEndsInOrderBeforeAnAnswer) {
  const Result probe = run(command("probe", "batch"));
  EXPECT_EQ(probe.status, 1);
  EXPECT_THAT(probe.out, HasSubstr(R"("http_status":null)"));
  EXPECT_THAT(probe.out, HasSubstr(R"("end":{"orderly":true,"qemu_status":0})"));
  EXPECT_THAT(probe.err, HasSubstr("before the answer"));
  const Result job = run(command("run", "batch"));
  EXPECT_EQ(job.status, 0) << job.err;
  EXPECT_THAT(job.err, HasSubstr("hello ended in order: poweroff"));
}

TEST_F(ProgramTest, TheEnvironmentIsInTheRootAndNowhereElse) {
  std::ofstream(folder + "/env") << "PASSWORD=s3cret\n";
  const Result result = run(command("probe", "shows-root", {"--env_file=" + folder + "/env"}));
  EXPECT_EQ(result.status, 0) << result.err;
  // The fake's console is where the root's bytes are shown; arguments stand in lines of their own.
  const std::string console = console_log();
  EXPECT_THAT(console, HasSubstr("kernel"));
  EXPECT_THAT(console, HasSubstr("etc/beam-init.env"));
  EXPECT_THAT(console, HasSubstr("PASSWORD=s3cret\n"));
  EXPECT_FALSE(std::regex_search(console, std::regex("argument: [^\n]*s3cret")));
  EXPECT_THAT(result.err, Not(HasSubstr("s3cret")));
  EXPECT_THAT(result.out, Not(HasSubstr("s3cret")));
}

TEST_F(ProgramTest, AnEnvironmentThatIsTooLargeIsRefusedBeforeQemuStarts) {
  std::ofstream(folder + "/env") << "A=" << std::string(65536, 'x') << "\n";
  const Result result = run(command("probe", "serves", {"--env_file=" + folder + "/env"}));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("/env is larger than 65536 bytes"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/pid"));
}

TEST_F(ProgramTest, ProbeTakesAnotherPortWhenItsOwnWasTaken) {
  const Result result = run(command("probe", "loses-port"));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"("http_status":200)"));
}

TEST_F(ProgramTest, ARequestedPortInUseIsAnErrorBeforeQemuStarts) {
  const TestServer other;
  const Result result = run(command("probe", "serves", {absl::StrCat("--port=", other.port())}));
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr(absl::StrCat("cannot listen on 127.0.0.1:", other.port())));
  EXPECT_FALSE(std::filesystem::exists(folder + "/pid"));
}

TEST_F(ProgramTest, ProbeInterrupted) {
  // The signal goes out at once: the tool may not even have started QEMU.
  const Result result = run(command("probe", "silent"), "", SIGINT);
  EXPECT_EQ(result.status, 128 + SIGINT);
}

TEST_F(ProgramTest, RunRelaysTheConsoleAndSaysWhenItServes) {
  const Result result = run(command("run", "serves"), "Ctrl-C ends", SIGINT);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, console_log());
  EXPECT_THAT(result.out, HasSubstr("hello: mark=listening"));
  EXPECT_THAT(result.err, HasSubstr("hello answers on http://127.0.0.1:"));
  EXPECT_THAT(result.err, HasSubstr("/ (HTTP 200)\n  mark  "));
  EXPECT_THAT(result.err, HasSubstr("first_byte"));
  EXPECT_THAT(result.err, HasSubstr("asking the machine to stop, for at most 20 s"));
  EXPECT_THAT(result.err, HasSubstr("hello ended in order: poweroff"));
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(ProgramTest, RunTellsWhenAMachineDidNotEndInOrder) {
  const Result mute = run(command("run", "mute", {"--stop_timeout=0.3"}), "Ctrl-C ends", SIGINT);
  EXPECT_EQ(mute.status, 1);
  EXPECT_THAT(mute.err, HasSubstr("nobody in the guest listens on the control port"));
  const Result deaf = run(command("run", "deaf", {"--stop_timeout=0.3"}), "Ctrl-C ends", SIGINT);
  EXPECT_EQ(deaf.status, 1);
  EXPECT_THAT(deaf.err, HasSubstr("did not end within 0.3 s of being asked to stop"));
  EXPECT_TRUE(qemu_is_gone());
  EXPECT_EQ(run(command("run", "stops-with-3"), "Ctrl-C ends", SIGINT).status, 3);
  EXPECT_EQ(run(command("run", "panics-at-the-end"), "Ctrl-C ends", SIGINT).status, 1);
}

TEST_F(ProgramTest, ASecondSignalKills) {
  const Result result =
      run(command("run", "deaf"), {{"Ctrl-C ends", SIGINT}, {"a second Ctrl-C kills", SIGINT}});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("the machine was killed at a second signal"));
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(ProgramTest, RunIsEndedByTermAndHangupToo) {
  EXPECT_EQ(run(command("run", "serves"), "Ctrl-C ends", SIGTERM).status, 0);
  EXPECT_EQ(run(command("run", "serves"), "Ctrl-C ends", SIGHUP).status, 0);
}

TEST_F(ProgramTest, RunGoesOnAfterItsTimeLimit) {
  const Result result =
      run(command("run", "silent", {"--timeout=0.2"}), "the machine goes on", SIGINT);
  EXPECT_EQ(result.status, 128 + SIGINT);
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(ProgramTest, RunOfAMachineThatEndsByItself) {
  const Result early = run(command("run", "panics"));
  EXPECT_EQ(early.status, 1);
  EXPECT_THAT(early.err, HasSubstr("before the answer"));
  EXPECT_THAT(early.err, HasSubstr("beam-init: no release in /app"));

  const Result late = run(command("run", "ends-later"));
  EXPECT_EQ(late.status, 7);
  EXPECT_THAT(late.out, HasSubstr("mark=listening"));
  EXPECT_THAT(late.err, HasSubstr("QEMU ended with status 7, "));

  const Result in_order = run(command("run", "ends-in-order"));
  EXPECT_EQ(in_order.status, 0) << in_order.err;
  EXPECT_THAT(in_order.err, HasSubstr("hello ended in order: poweroff"));
  // The status of the BEAM, not the one that QEMU made of it.
  const Result failed = run(command("run", "ends-with-3"));
  EXPECT_EQ(failed.status, 3);
  EXPECT_THAT(failed.err, HasSubstr("the BEAM's status was 3"));
  EXPECT_EQ(run(command("run", "panics-later")).status, 1);
}

class BackgroundTest : public ProgramTest {
 protected:
  // Whatever a test did: nothing of it stays.
  ~BackgroundTest() override { run(stop()); }

  std::vector<std::string> stop() { return {MICROBEAM_VM, "--mode=stop", "--state=" + state}; }
  std::vector<std::string> start(const std::string& guest) {
    return command("run", guest,
                   {"--background", "--state=" + state, "--stop_timeout=0.5", "--timeout=10"});
  }
  // What the runner noted behind `word`.
  std::string noted(const std::string& word) {
    std::ifstream file(state);
    for (std::string key; file >> key;) {
      std::string value;
      std::getline(file >> std::ws, value);
      if (key == word) return value;
    }
    return "";
  }

  const std::string state = folder + "/hello";
};

TEST_F(BackgroundTest, ReturnsWhenTheMachineAnswersAndStopEndsItInOrder) {
  const Result started = run(start("serves"));
  EXPECT_EQ(started.status, 0) << started.err;
  EXPECT_EQ(started.out, "");
  EXPECT_THAT(started.err, HasSubstr("hello answers on http://127.0.0.1:"));
  EXPECT_THAT(started.err, HasSubstr(noted("url")));
  EXPECT_EQ(noted("console"), folder + "/console.log");
  EXPECT_THAT(console_log(), HasSubstr("hello: mark=listening"));

  const Result again = run(start("serves"));
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, HasSubstr("a machine runs in the background already"));

  const Result stopped = run(stop());
  EXPECT_EQ(stopped.status, 0) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("asking hello to stop\n"));
  EXPECT_THAT(stopped.err, HasSubstr("hello ended in order: poweroff"));
  EXPECT_FALSE(std::filesystem::exists(state));
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(BackgroundTest, AMachineThatFailsIsShownAndNotLeft) {
  const Result panicked = run(start("panics"));
  EXPECT_EQ(panicked.status, 1);
  EXPECT_THAT(panicked.err, HasSubstr("beam-init: no release in /app"));
  EXPECT_FALSE(std::filesystem::exists(state));

  std::vector<std::string> silent = start("silent");
  silent.back() = "--timeout=0.3";
  const Result late = run(silent);
  EXPECT_EQ(late.status, 1);
  EXPECT_THAT(late.err, HasSubstr("within 0.3 s (--timeout)"));
  EXPECT_FALSE(std::filesystem::exists(state));
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(BackgroundTest, AnInterruptedStartLeavesNothing) {
  const Result result = run(start("silent"), "", SIGINT);
  EXPECT_NE(result.status, 0);
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(BackgroundTest, StopHasTheStatusOfTheMachine) {
  EXPECT_EQ(run(start("stops-with-3")).status, 0);
  const Result failed = run(stop());
  EXPECT_EQ(failed.status, 3);
  EXPECT_THAT(failed.err, HasSubstr("the BEAM ended with status 3 (poweroff)"));
  EXPECT_EQ(run(start("deaf")).status, 0);
  const Result deaf = run(stop());
  EXPECT_EQ(deaf.status, 1);
  EXPECT_THAT(deaf.err, HasSubstr("did not end within 0.5 s of being asked to stop"));
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(BackgroundTest, StopOfAMachineThatThereIsNot) {
  const Result none = run(stop());
  EXPECT_EQ(none.status, 1);
  EXPECT_EQ(none.err, "microbeam-vm: no machine hello runs in the background\n");
}

// The process of a number in an old file is somebody else's by now: this test, for one.
TEST_F(BackgroundTest, AStaleFileEndsNobody) {
  std::ofstream(state) << "pid " << getpid() << "\n";
  const Result stale = run(stop());
  EXPECT_EQ(stale.status, 1);
  EXPECT_THAT(stale.err, HasSubstr("hello does not run any more"));
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(BackgroundTest, AKilledRunnerTakesItsMachineAlong) {
  EXPECT_EQ(run(start("serves")).status, 0);
  const pid_t runner = std::atoi(noted("pid").c_str());
  ASSERT_GT(runner, 1);
  kill(runner, SIGKILL);
  EXPECT_TRUE(qemu_is_gone());
  EXPECT_TRUE(std::filesystem::exists(state));
  const Result started = run(start("serves"));
  EXPECT_EQ(started.status, 0) << started.err;
  EXPECT_EQ(run(stop()).status, 0);
}

TEST_F(ProgramTest, QemuDiesWithAToolThatIsKilled) {
  const Result result = run(command("run", "serves"), "Ctrl-C ends", SIGKILL);
  EXPECT_EQ(result.status, 128 + SIGKILL);
  EXPECT_TRUE(qemu_is_gone());
}

TEST_F(ProgramTest, TrialOfAGuestThatRuns) {
  const Result result = run(command("trial", "rootless"));
  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_THAT(result.out, MatchesRegex("a guest ran under tcg \\([0-9.]+ s\\)\n"));
}

TEST_F(ProgramTest, TrialSaysInOneLineWhyNot) {
  const Result silent = run(command("trial", "silent", {"--timeout=0.3"}));
  EXPECT_EQ(silent.status, 1);
  EXPECT_EQ(silent.out, "nothing on the console within 0.3 s\n");
  EXPECT_EQ(silent.err, "");
  EXPECT_TRUE(qemu_is_gone());

  const Result kvm = run(command("trial", "kvm-error"));
  EXPECT_EQ(kvm.status, 1);
  EXPECT_EQ(kvm.out, "KVM internal error. Suberror: 1 (emulation failure)\n");
  EXPECT_TRUE(qemu_is_gone());

  EXPECT_EQ(run(command("trial", "fails")).out, "fake_qemu: could not load kernel\n");
  EXPECT_EQ(
      run(command("trial", "panics")).out,
      "QEMU ended with status 5 without the panic for want of a root; the console's last line: "
      "Kernel panic - not syncing: Attempted to kill init!\n");
}

TEST_F(ProgramTest, BenchBootsInTurnsAndComparesWithTheFirst) {
  const std::string images = make_images({"a", "b"});
  const Result result = run(command(
      "bench", "serves",
      {"--images=" + images, "--rounds=2", "--format=csv", "--save=" + folder + "/boot.json"}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\nfirst_byte,ms,a,2,"));
  EXPECT_THAT(result.out, HasSubstr("\nfirst_byte,ms,b,2,"));
  // In turns, the first of which counts for nothing.
  EXPECT_THAT(result.err, MatchesRegex("warm-up, a: .*\nwarm-up, b: .*\nround 1 of 2, a: .*\n"
                                       "round 1 of 2, b: .*\nround 2 of 2, a: .*\n"
                                       "round 2 of 2, b: [^\n]*\n"));
  EXPECT_TRUE(qemu_is_gone());
  const std::string saved = contents(folder + "/boot.json");
  EXPECT_THAT(saved, StartsWith(R"({"what":"boot","machine":")"));
  EXPECT_THAT(saved, HasSubstr(R"("guest":{"qemu":"9.9","accel":"tcg","memory_mib":64,"cpus":1})"));
  EXPECT_THAT(saved, ContainsRegex(R"("name":"first_byte".*"values":\[[0-9.]+,[0-9.]+\])"));

  const Result failed = run(command("bench", "panics", {"--images=" + images}));
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.out, "") << "half a comparison is none";
  EXPECT_THAT(failed.err, HasSubstr("a: microbeam-vm: QEMU ended with status 5"));
}

TEST_F(ProgramTest, BenchFindsTheLeastMemory) {
  const Result result =
      bench("memory", "needs-40-mib", {"--memory=64", "--save=" + folder + "/memory.json"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\nleast,MiB,a,1,40.000,"));
  EXPECT_THAT(result.out, HasSubstr("\navailable,KiB,a,1,2.000,"));
  EXPECT_THAT(result.out, HasSubstr("\npss,KiB,a,1,"));
  EXPECT_THAT(result.err, HasSubstr("a: 36 MiB: microbeam-vm: [ 1.0] Out of memory: Killed"));
  EXPECT_THAT(contents(folder + "/memory.json"), StartsWith(R"({"what":"memory",)"));
  EXPECT_TRUE(qemu_is_gone());

  const Result untold = bench("memory", "tells-nothing", {"--memory=9"});
  EXPECT_EQ(untold.status, 0) << untold.err;
  EXPECT_THAT(untold.out, HasSubstr("\nleast,MiB,a,1,9.000,"));
  EXPECT_THAT(untold.out, Not(HasSubstr("\navailable,KiB,a,1")));

  const Result failed = bench("memory", "needs-40-mib", {"--memory=32"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.err, HasSubstr("a: microbeam-vm: [ 1.0] Out of memory: Killed"));
}

TEST_F(ProgramTest, BenchAsksWithWrkAndBelievesGoodAnswersOnly) {
  const std::string saved = std::getenv("PATH");
  setenv("PATH", folder.c_str(), 1);
  const Result missing = bench("load", "serves");
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err, HasSubstr("apt-get install wrk"));

  const auto wrk_says = [this](const std::string& text) {
    std::ofstream(folder + "/wrk")
        << "#!/bin/sh\necho \"$*\" >>" << folder << "/asked\nprintf '" << text << "'\n";
    std::filesystem::permissions(folder + "/wrk", std::filesystem::perms::owner_all);
    return bench("load", "serves", {"--seconds=7"});
  };
  const Result result = wrk_says("Requests/sec:  2313.80\\n");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\nkeep_alive,1/s,a,1,2313.800,"));
  EXPECT_THAT(result.out, HasSubstr("\nconnections,1/s,a,1,2313.800,"));
  const std::string asked = contents(folder + "/asked");
  EXPECT_THAT(asked, ContainsRegex("--duration=7s http://127.0.0.1:[0-9]+/\n"));
  EXPECT_THAT(asked, ContainsRegex("--duration=7s --header=Connection: close http://"));
  EXPECT_TRUE(qemu_is_gone());

  const Result failed = wrk_says("  Non-2xx or 3xx responses: 7\\nRequests/sec:  9999\\n");
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.err, HasSubstr("wrk: Non-2xx or 3xx responses: 7"));
  setenv("PATH", saved.c_str(), 1);
}

TEST_F(ProgramTest, BenchWatchesAMachineThatIsAskedNothing) {
  const Result result = bench("idle", "serves", {"--seconds=1"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\ncpu,ms/s,a,1,"));
  EXPECT_THAT(result.out, HasSubstr("\nwakeups,1/s,a,1,"));

  const Result failed = bench("idle", "ends-later", {"--seconds=5"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.err, HasSubstr("a: microbeam-vm: the machine did not go on"));
}

TEST_F(ProgramTest, BadFlagsAreRefusedBeforeAnythingStarts) {
  const Result stray = run(command("probe", "serves", {"stray"}));
  EXPECT_EQ(stray.status, 2);
  EXPECT_THAT(stray.err, HasSubstr("unexpected argument stray"));
  EXPECT_THAT(run(command("probe", "serves", {"--nosuch"})).err, HasSubstr("nosuch"));
  const Result kernel = run(command("probe", "serves", {"--kernel=/nonexistent"}));
  EXPECT_EQ(kernel.status, 2);
  EXPECT_THAT(kernel.err, HasSubstr("cannot read --kernel=/nonexistent"));
  const Result qemu = run(command("probe", "serves", {"--qemu=/nonexistent"}));
  EXPECT_EQ(qemu.status, 2);
  EXPECT_THAT(qemu.err, HasSubstr("`scripts/microbeam doctor`"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/pid"));
}

}  // namespace
}  // namespace microbeam
