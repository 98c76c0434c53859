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

  // Runs to the end; sends `signal` once `text` was seen on stderr.
  Result run(const std::vector<std::string>& argv, const std::string& text = "", int signal = 0) {
    Result result;
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
      if (signal != 0 && absl::StrContains(result.err, text)) {
        child->signal(signal);
        signal = 0;
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

  std::string console_log() {
    std::ifstream file(folder + "/console.log", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

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
      R"("listening":N,"first_byte":N},"timeline_insns":null,)"
      R"("end":{"orderly":null,"qemu_status":0}})"
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
      HasSubstr(R"("timeline_ms":{"kernel":null,"init":N,"exec":N,"beam":null,"listening":N,)"
                R"("first_byte":N},"timeline_insns":{"kernel":7000000,"init":8000000,)"
                R"("exec":9000000,"beam":10000000,"listening":11000000,"first_byte":null})"));
}

TEST_F(ProgramTest, ProbeOfAnApplicationWithoutMarks) {
  const Result result = run(command("probe", "silent-console"));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(shape(result.out), HasSubstr(R"("beam_os_pid":null,"timeline_ms":{"kernel":null,)"));
  EXPECT_THAT(shape(result.out), HasSubstr(R"("listening":null,"first_byte":N)"));
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
  EXPECT_THAT(result.out, HasSubstr(R"("end":{"orderly":null,"qemu_status":0})"));
  EXPECT_THAT(result.err, StartsWith("microbeam-vm: QEMU ended with status 0 before the answer, "));
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
  const Result result = run(command("probe", "stubborn"));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr(R"("end":{"orderly":null,"qemu_status":null})"));
  EXPECT_TRUE(qemu_is_gone());
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
      "QEMU ended with status 0 without the panic for want of a root; the console's last line: "
      "Kernel panic - not syncing: Attempted to kill init!\n");
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
