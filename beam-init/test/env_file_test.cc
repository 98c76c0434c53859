// SPDX-License-Identifier: Apache-2.0
// The environment that the host hands over: read once, and never repeated.
#include <cerrno>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;
using pid1::fake::Node;

constexpr const char* kDefault = "/etc/beam-init.env";
constexpr const char* kSecret = "hunter2";

class EnvFileTest : public MachineTest {
 protected:
  /// A disk as the kernel will have it, with this at its beginning.
  void add_disk(const std::string& text, size_t size = 4096) {
    const auto disk = std::make_shared<Node>();
    disk->type = Node::Type::kDevice;
    disk->content = text;
    disk->content.resize(size);
    kernel.file_systems["devtmpfs"]["vdb"] = disk;
  }

  static void expect_no_secret() {
    for (const auto& [path, node] : pid1::fake::kernel().nodes)
      EXPECT_EQ(node->sink.text().find(kSecret), std::string::npos) << path << node->sink.text();
  }
};

TEST_F(EnvFileTest, DefaultIsReadAndGone) {
  kernel.add_file(kDefault, "# of the host\nTOKEN=hunter2\nB = \"with blanks \"\n\nC=\nD=x=y");
  EXPECT_EQ(boot().how, Ending::How::kExecuted) << console();
  auto variables = environment();
  EXPECT_EQ(variables["TOKEN"], kSecret);
  EXPECT_EQ(variables["B"], "with blanks ");
  EXPECT_TRUE(variables.contains("C"));
  EXPECT_EQ(variables["D"], "x=y");
  EXPECT_EQ(kernel.find(kDefault), nullptr) << "nothing of it is to be found any more";
  expect_no_secret();
}

TEST_F(EnvFileTest, DefaultIsGoneEvenIfItIsBad) {
  kernel.add_file(kDefault, "TOKEN hunter2\n");
  EXPECT_EQ(boot().how, Ending::How::kRestarted);
  EXPECT_EQ(kernel.find(kDefault), nullptr);
  expect_no_secret();
}

TEST_F(EnvFileTest, NoDefaultIsNoError) {
  EXPECT_EQ(boot().how, Ending::How::kExecuted) << console();
}

TEST_F(EnvFileTest, ReadOnlyRootKeepsIt) {
  kernel.root_read_only = true;
  kernel.add_file(kDefault, "A=1\n");
  kernel.add_file("/etc/hosts", "");
  EXPECT_EQ(boot().how, Ending::How::kExecuted) << console();
  EXPECT_EQ(environment()["A"], "1");
}

TEST_F(EnvFileTest, GivenOneStaysAndTheDefaultIsNotRead) {
  kernel.add_file(kDefault, "A=default\nB=default\n");
  kernel.add_file("/config/env", "A=given\n");
  boot("beam.env_file=/config/env");
  auto variables = environment();
  EXPECT_EQ(variables["A"], "given");
  EXPECT_FALSE(variables.contains("B"));
  EXPECT_EQ(kernel.content("/config/env"), "A=given\n");
}

TEST_F(EnvFileTest, GoesBeforeTheCommandLineAndTheConfig) {
  kernel.add_file(kDefault, "A=host\n");
  boot("beam.env.A=line beam.env.B=line", "env.A=config\n");
  EXPECT_EQ(environment()["A"], "host");
  EXPECT_EQ(environment()["B"], "line");
}

TEST_F(EnvFileTest, Disk) {
  add_disk("A=1\nTOKEN=hunter2\n");
  EXPECT_EQ(boot("beam.env_file=/dev/vdb").how, Ending::How::kExecuted) << console();
  EXPECT_EQ(environment()["A"], "1");
  EXPECT_EQ(environment()["TOKEN"], kSecret) << "and none of the NULs";
}

TEST_F(EnvFileTest, DiskThatComesLate) {
  kernel.on_tick = [ticks = 0]() mutable {
    if (++ticks == 200) pid1::fake::kernel().add_file("/dev/vdc", "A=late\n");
  };
  EXPECT_EQ(boot("beam.env_file=/dev/vdc").how, Ending::How::kExecuted) << console();
  EXPECT_EQ(environment()["A"], "late");
}

TEST_F(EnvFileTest, FileThatIsMissingIsNotWaitedFor) {
  expect_failure(
      "settings: open /config/env: No such file or directory; it holds NAME=VALUE lines, at most "
      "half a megabyte",
      "beam.env_file=/config/env");
  EXPECT_LT(kernel.now_ns, 2'000'000'000U);
}

TEST_F(EnvFileTest, DiskThatNeverComes) {
  expect_failure("settings: open /dev/vdz: No such file or directory; ~",
                 "beam.env_file=/dev/vdz beam.device_wait=300");
}

TEST_F(EnvFileTest, DiskThatIsTooLarge) {
  add_disk("A=1\n", 2 << 20);
  expect_failure("settings: read /dev/vdb: File too large; ~", "beam.env_file=/dev/vdb");
}

TEST_F(EnvFileTest, HalfAMegabyteFits) {
  add_disk("A=1\n", 1 << 19);
  EXPECT_EQ(boot("beam.env_file=/dev/vdb").how, Ending::How::kExecuted) << console();
}

TEST_F(EnvFileTest, TerminalIsNotWaitedFor) {
  expect_failure("settings: read /dev/console: ~", "beam.env_file=/dev/console");
}

TEST_F(EnvFileTest, VariablesThatActAsInTheStartScript) {
  kernel.add_file(kDefault, "ERL_AFLAGS=+P 9\nRELEASE_MODE=interactive\n");
  boot();
  EXPECT_EQ(emulator_flags(), (Strings{"-P", "9"}));
  EXPECT_EQ(environment()["RELEASE_MODE"], "interactive");
}

// ---- bad lines

struct Bad {
  const char* name;
  std::string content;
  const char* message;
};

class BadEnvLine : public EnvFileTest, public testing::WithParamInterface<Bad> {};

TEST_P(BadEnvLine, IsNamedByItsNumberAndNotRepeated) {
  kernel.add_file(kDefault, GetParam().content);
  expect_failure(std::string("settings: ") + GetParam().message);
  expect_no_secret();
}

INSTANTIATE_TEST_SUITE_P(
    All, BadEnvLine,
    testing::Values(
        Bad{"NoAssignment", "A=1\n\nTOKEN hunter2\n",
            "/etc/beam-init.env line 3: line that is not NAME=VALUE; it takes KEY=VALUE lines, "
            "comments begin with #"},
        Bad{"Colon", "TOKEN: hunter2\n", "/etc/beam-init.env line 1: ~"},
        Bad{"NoName", "=hunter2\n", "/etc/beam-init.env line 1: ~"},
        Bad{"Secret", "hunter2", "/etc/beam-init.env line 1: ~"},
        Bad{"SecondLineOfAValue", "KEY=\"begin\nhunter2\nend\"\n", "/etc/beam-init.env line 2: ~"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(EnvFileTest, MoreVariablesThanFit) {
  std::string content;
  for (int i = 0; i < 400; ++i)
    content += "N" + std::to_string(i) + "=hunter2\n";
  kernel.add_file(kDefault, content);
  expect_failure(
      "settings: too many strings /etc/beam-init.env: Argument list too long; use fewer or shorter "
      "variables");
  expect_no_secret();
}

}  // namespace
}  // namespace beam_init
