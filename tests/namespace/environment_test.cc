// SPDX-License-Identifier: Apache-2.0
// The environment of the program: this set and nothing else, and settings that change it.
#include <gmock/gmock.h>

#include "boot.h"

namespace microbeam {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

using Variables = std::map<std::string, std::string>;

class EnvironmentTest : public NamespaceTest {};

const Variables kOfARelease = {
    {"BINDIR", "/usr/lib/erlang/erts-15.2.7/bin"},
    {"EMU", "beam"},
    {"ERL_CRASH_DUMP_SECONDS", "0"},
    {"HOME", "/root"},
    {"LANG", "C.UTF-8"},
    {"PATH",
     "/usr/lib/erlang/erts-15.2.7/bin:/usr/lib/erlang/bin:"
     "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    {"PROGNAME", "erl"},
    {"RELEASE_BOOT_SCRIPT", "start"},
    {"RELEASE_BOOT_SCRIPT_CLEAN", "start_clean"},
    {"RELEASE_COMMAND", "start"},
    {"RELEASE_DISTRIBUTION", "none"},
    {"RELEASE_MODE", "embedded"},
    {"RELEASE_NAME", "hello"},
    {"RELEASE_NODE", "hello"},
    {"RELEASE_PROG", "hello"},
    {"RELEASE_REMOTE_VM_ARGS", "/app/releases/0.1.0/remote.vm.args"},
    {"RELEASE_ROOT", "/app"},
    {"RELEASE_SYS_CONFIG", "/app/releases/0.1.0/sys"},
    {"RELEASE_TMP", "/tmp"},
    {"RELEASE_VM_ARGS", "/app/releases/0.1.0/vm.args"},
    {"RELEASE_VSN", "0.1.0"},
    {"ROOTDIR", "/usr/lib/erlang"},
    {"TERM", "linux"},
};

/// What `pid1`, the part of beam-init inside the BEAM, is told, by name.
const Variables kOwnInExecMode = {{"BEAM_INIT", "/init"},
                                  {"BEAM_INIT_GRACE_MS", "10000"},
                                  {"BEAM_INIT_MODE", "exec"},
                                  {"BEAM_INIT_ON_CRASH", "reboot"},
                                  {"BEAM_INIT_ON_EXIT", "poweroff"}};

/// Without beam-init's own variables, of which BEAM_INIT_MARKS is never the same.
Variables without_own(Variables environment) {
  std::erase_if(environment,
                [](const auto& entry) { return entry.first.starts_with("BEAM_INIT"); });
  return environment;
}

Variables only_own(Variables environment) {
  std::erase_if(environment,
                [](const auto& entry) { return !entry.first.starts_with("BEAM_INIT"); });
  return environment;
}

TEST_F(EnvironmentTest, IsExactlyTheOneOfARelease) {
  EXPECT_EQ(without_own(boot_program().environment()), kOfARelease);
}

TEST_F(EnvironmentTest, TellsTheBeamHowThisMachineBeganAndIsToEnd) {
  Variables own = only_own(boot_program().environment());
  EXPECT_THAT(own["BEAM_INIT_MARKS"],
              testing::MatchesRegex("init:[0-9]+:[0-9]+,exec:[0-9]+:[0-9]+"));
  own.erase("BEAM_INIT_MARKS");
  EXPECT_EQ(own, kOwnInExecMode);
}

TEST_F(EnvironmentTest, TellsTheBeamOfSettings) {
  start.arguments = {"/sbin/beam-init"};
  start.cmdline = "beam.on_exit=halt beam.on_crash=panic beam.stop_grace=7";
  Variables own = only_own(boot_program().environment());
  EXPECT_EQ(own["BEAM_INIT"], "/sbin/beam-init");
  EXPECT_EQ(own["BEAM_INIT_ON_EXIT"], "halt");
  EXPECT_EQ(own["BEAM_INIT_ON_CRASH"], "panic");
  EXPECT_EQ(own["BEAM_INIT_GRACE_MS"], "7");
}

TEST_F(EnvironmentTest, BelowASupervisorThereIsNothingForTheBeamToEnd) {
  start.cmdline = "beam.mode=supervise";
  Variables own = only_own(boot_supervised().environment());
  EXPECT_EQ(own.erase("BEAM_INIT_MARKS"), 1U);
  EXPECT_EQ(own, (Variables{{"BEAM_INIT_MODE", "supervise"}}));
}

TEST_F(EnvironmentTest, NothingIsInheritedFromTheStarter) {
  // What the kernel gives every init (HOME, TERM), and what unknown words of its command line or a
  // container engine add.
  start.environment = {"HOME=/",
                       "TERM=weird",
                       "FOO=bar",
                       "PATH=/nowhere",
                       "ERL_FLAGS=+P 1024",
                       "RELEASE_NAME=other",
                       "LD_PRELOAD=/x.so",
                       "nokey"};
  EXPECT_EQ(without_own(boot_program().environment()), kOfARelease);
}

TEST_F(EnvironmentTest, NoEnvironmentAtAllMakesNoDifference) {
  start.environment = {};
  EXPECT_EQ(without_own(boot_program().environment()), kOfARelease);
}

TEST_F(EnvironmentTest, SettingsWinOverDefaults) {
  root.write("/etc/beam-init.conf",
             "# comment\n"
             "env.TERM=vt220\n"
             "env.HOME=/home/app\n"
             "env.ERL_CRASH_DUMP_SECONDS=10\n"
             "env.RELEASE_NODE=n1\n"
             "env.DATABASE_URL=ecto://u:p@db/app?ssl=true\n"
             "env.QUOTED=\"two words\"\n"
             "env.EMPTY=\n");
  const Variables environment = boot_program().environment();
  EXPECT_THAT(environment, Contains(Pair("TERM", "vt220")));
  EXPECT_THAT(environment, Contains(Pair("HOME", "/home/app")));
  EXPECT_THAT(environment, Contains(Pair("ERL_CRASH_DUMP_SECONDS", "10")));
  EXPECT_THAT(environment, Contains(Pair("RELEASE_NODE", "n1")));
  EXPECT_THAT(environment, Contains(Pair("DATABASE_URL", "ecto://u:p@db/app?ssl=true")));
  EXPECT_THAT(environment, Contains(Pair("QUOTED", "two words")));
  EXPECT_THAT(environment, Contains(Pair("EMPTY", "")));
  EXPECT_EQ(without_own(environment).size(), kOfARelease.size() + 3);
}

TEST_F(EnvironmentTest, FlagsOfTheReleaseSetVariablesToo) {
  root.write("/app/releases/0.1.0/vm.args", "-env FROM_VM_ARGS \"two words\"\n");
  EXPECT_THAT(boot_program().environment(), Contains(Pair("FROM_VM_ARGS", "two words")));
}

TEST_F(EnvironmentTest, LongKernelCommandLineIsReadToItsEnd) {
  start.cmdline = std::string(60'000, 'x') + " beam.env.LAST=1";
  EXPECT_THAT(boot_program().environment(), Contains(Pair("LAST", "1")));
}

TEST_F(EnvironmentTest, KernelCommandLineWinsOverTheFile) {
  root.write("/etc/beam-init.conf", "env.PORT=1\nenv.ONLY_IN_FILE=yes\n");
  start.cmdline = "quiet beam.env.PORT=2 beam.env.SPACED=\"a b\" PORT=3";
  const Variables environment = boot_program().environment();
  EXPECT_THAT(environment, Contains(Pair("PORT", "2")));
  EXPECT_THAT(environment, Contains(Pair("SPACED", "a b")));
  EXPECT_THAT(environment, Contains(Pair("ONLY_IN_FILE", "yes")));
}

class SecretsTest : public EnvironmentTest {
 protected:
  void TearDown() override {
    EXPECT_THAT(ended.console, Not(HasSubstr("hunter2")));
    EXPECT_THAT(ended.kernel_log, Not(HasSubstr("hunter2")));
    EnvironmentTest::TearDown();
  }
};

TEST_F(SecretsTest, OfTheEnvironmentAreNotOnTheConsole) {
  root.write("/etc/beam-init.conf", "env.SECRET=hunter2\n");
  start.cmdline = "beam.env.OTHER_SECRET=hunter2";
  EXPECT_THAT(boot_program().environment(), Contains(Pair("OTHER_SECRET", "hunter2")));
}

TEST_F(SecretsTest, OfAVariableWithoutANameAreNotOnTheConsole) {
  root.write("/etc/beam-init.conf", "env.=hunter2\n");
  EXPECT_THAT(boot_failure(), HasSubstr("/etc/beam-init.conf: beam.env."));
}

TEST_F(SecretsTest, OfAForgottenPrefixAreNotOnTheConsole) {
  root.write("/etc/beam-init.conf", "SECRET=hunter2\n");
  EXPECT_THAT(boot_failure(), HasSubstr("there is no setting beam.SECRET"));
}

TEST_F(SecretsTest, OfALineThatIsNoSettingAreNotOnTheConsole) {
  root.write("/etc/beam-init.conf", "root=ro\nhunter2\n");
  EXPECT_THAT(boot_failure(), HasSubstr("/etc/beam-init.conf line 2"));
}

TEST_F(SecretsTest, OfMoreVariablesThanFitAreNotOnTheConsole) {
  std::string config;
  for (int i = 0; i < 300; ++i)
    config += "env.SECRET_" + std::to_string(i) + "=hunter2\n";
  root.write("/etc/beam-init.conf", config);
  EXPECT_THAT(boot_failure(), HasSubstr("env.SECRET_"));
}

TEST_F(SecretsTest, OfMoreFlagsThanFitAreNotOnTheConsole) {
  std::string flags;
  for (int i = 0; i < 3000; ++i)
    flags += "hunter2 ";
  root.write("/etc/beam-init.conf", "env.ERL_FLAGS=" + flags + "\n");
  EXPECT_THAT(boot_failure(), HasSubstr("too many strings ERL_FLAGS: "));
}

TEST_F(SecretsTest, OfAVariableThatNeedsAnotherValueAreNotOnTheConsole) {
  root.write("/etc/beam-init.conf", "env.ERL_FLAGS=-setcookie hunter2 +P\n");
  EXPECT_THAT(boot_failure(), HasSubstr("+P needs a value after it"));
}

}  // namespace
}  // namespace microbeam
