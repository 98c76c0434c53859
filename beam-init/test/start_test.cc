// SPDX-License-Identifier: Apache-2.0
// The words of `erl` and the environment, as the start script of a release makes them. The expected
// ones are those of the script that `mix release` (Elixir 1.18.3) wrote, run with an `erl` that
// only prints; without its -setcookie.
#include "start.h"

#include <algorithm>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;

class StartTest : public MachineTest {
 protected:
  StartTest() {
    // Without a terminal, for `-elixir ansi_enabled true` has a test of its own.
    kernel.file_systems["devtmpfs"].at("console")->sink.terminal = false;
  }
};

TEST_F(StartTest, ElixirRelease) {
  boot();
  // The separators are erlexec's: for -extra, and for the end of the command line.
  EXPECT_EQ(arguments(),
            (Strings{"-noshell", "-s", "elixir", "start_cli", "-mode", "embedded", "-config",
                     "/app/releases/0.1.0/sys", "-boot", "/app/releases/0.1.0/start", "-boot_var",
                     "RELEASE_LIB", "/app/lib", "--", "--", "-extra", "--no-halt"}));
  auto variables = environment();
  EXPECT_TRUE(variables["BEAM_INIT_MARKS"].starts_with("init:"));
  variables["BEAM_INIT_MARKS"] = "~";  // clocks
  EXPECT_EQ(variables, (std::map<std::string, std::string>{
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
                           // what is not the script's
                           {"BEAM_INIT", "/init"},
                           {"BEAM_INIT_GRACE_MS", "10000"},
                           {"BEAM_INIT_MARKS", "~"},
                           {"BEAM_INIT_MODE", "exec"},
                           {"BEAM_INIT_ON_CRASH", "reboot"},
                           {"BEAM_INIT_ON_EXIT", "poweroff"},
                           {"BINDIR", "/usr/lib/erlang/erts-15.2.7/bin"},
                           {"EMU", "beam"},
                           {"ERL_CRASH_DUMP_SECONDS", "0"},
                           {"HOME", "/root"},
                           {"LANG", "C.UTF-8"},
                           {"PATH",
                            "/usr/lib/erlang/erts-15.2.7/bin:/usr/lib/erlang/bin:"
                            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                           {"PROGNAME", "erl"},
                           {"ROOTDIR", "/usr/lib/erlang"},
                           {"TERM", "linux"},
                       }));
}

TEST_F(StartTest, WholeCommandLineOfTheBeam) {
  kernel.add_file("/app/releases/0.1.0/vm.args", "+P 65536\n-kernel inetrc '\"/etc/inetrc\"'\n");
  boot();
  EXPECT_EQ(kernel.argv, (Strings{"/usr/lib/erlang/erts-15.2.7/bin/beam.smp",
                                  "-P",
                                  "65536",
                                  "--",
                                  "-root",
                                  "/usr/lib/erlang",
                                  "-bindir",
                                  "/usr/lib/erlang/erts-15.2.7/bin",
                                  "-progname",
                                  "erl",
                                  "--",
                                  "-home",
                                  "/root",
                                  "--",
                                  "-noshell",
                                  "-s",
                                  "elixir",
                                  "start_cli",
                                  "-mode",
                                  "embedded",
                                  "-config",
                                  "/app/releases/0.1.0/sys",
                                  "-boot",
                                  "/app/releases/0.1.0/start",
                                  "-boot_var",
                                  "RELEASE_LIB",
                                  "/app/lib",
                                  "-kernel",
                                  "inetrc",
                                  "\"/etc/inetrc\"",
                                  "--",
                                  "--",
                                  "--",
                                  "-extra",
                                  "--no-halt"}));
}

TEST_F(StartTest, ElixirReleaseOnATerminal) {
  kernel.file_systems["devtmpfs"].at("console")->sink.terminal = true;
  boot("beam.env.ELIXIR_ERL_OPTIONS=\"+Q 1024 -x\"");
  const Strings words = arguments();
  EXPECT_EQ(Strings(words.begin(), words.begin() + 9),
            (Strings{"-noshell", "-x", "-elixir", "ansi_enabled", "true", "-s", "elixir",
                     "start_cli", "-mode"}));
  EXPECT_EQ(emulator_flags(), (Strings{"-Q", "1024"}));
}

TEST_F(StartTest, NoColor) {
  kernel.file_systems["devtmpfs"].at("console")->sink.terminal = true;
  boot("beam.env.NO_COLOR=1");
  const Strings words = arguments();
  EXPECT_EQ(std::ranges::find(words, "ansi_enabled"), words.end());
}

TEST_F(StartTest, SystoolsReleaseWithoutVmArgs) {
  std::erase_if(kernel.nodes, [](const auto& entry) {
    return entry.first.starts_with("/app/lib/elixir") || entry.first.ends_with("vm.args") ||
           entry.first.ends_with("sys.config");
  });
  boot();
  EXPECT_EQ(arguments(),
            (Strings{"-noshell", "-mode", "embedded", "-boot", "/app/releases/0.1.0/start",
                     "-boot_var", "RELEASE_LIB", "/app/lib", "--"}));
}

TEST_F(StartTest, InteractiveMode) {
  boot("beam.env.RELEASE_MODE=interactive");
  const Strings words = arguments();
  const auto mode = std::ranges::find(words, "-mode");
  ASSERT_NE(mode, words.end());
  EXPECT_EQ(*(mode + 1), "interactive");
}

TEST_F(StartTest, RuntimeConfigIsCopiedToWhereItCanBeWritten) {
  const std::string config = "%% coding: utf-8\n%% RUNTIME_CONFIG=true\n[{kernel,[]}].\n";
  kernel.add_file("/app/releases/0.1.0/sys.config", config);
  boot("beam.env.RELEASE_MODE=interactive");
  EXPECT_EQ(kernel.content("/tmp/hello-0.1.0.runtime.config"), config);
  EXPECT_EQ(kernel.find("/tmp/hello-0.1.0.runtime.config")->mode, 0600U);
  EXPECT_EQ(environment()["RELEASE_SYS_CONFIG"], "/tmp/hello-0.1.0.runtime");
  const Strings words = arguments();
  const Strings expected = {"-elixir", "config_provider_reboot_mode", "interactive", "-config",
                            "/tmp/hello-0.1.0.runtime"};
  EXPECT_NE(std::ranges::search(words, expected).begin(), words.end());
  EXPECT_EQ(std::ranges::find(words, "-mode"), words.end());
}

// The BEAM reads it, and Elixir's config providers write to it.
TEST_F(StartTest, CopiesForAReleaseAreItsUsers) {
  kernel.add_file("/app/releases/0.1.0/sys.config", "%% RUNTIME_CONFIG=true\n[].\n");
  ASSERT_EQ(boot("beam.user=1000:1001").how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.owners["/tmp/hello-0.1.0.runtime.config"], std::make_pair(1000U, 1001U));
}

TEST_F(StartTest, CopiesForAReleaseOfRelxAreItsUsers) {
  kernel.add_file("/app/releases/0.1.0/hello.boot", "");
  kernel.add_file("/app/releases/0.1.0/sys.config.src", "[{hello,[{port,${PORT:-80}}]}].\n");
  kernel.nodes.erase("/app/releases/0.1.0/start.boot");
  kernel.nodes.erase("/app/releases/0.1.0/sys.config");
  ASSERT_EQ(boot("beam.user=1000").how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.content("/tmp/sys.config"), "[{hello,[{port,80}]}].\n");
  EXPECT_EQ(kernel.owners["/tmp/sys.config"], std::make_pair(1000U, 1000U));
}

TEST_F(StartTest, RuntimeConfigOfManyKilobytes) {
  const std::string config = "%% RUNTIME_CONFIG=true\n" + std::string(100'000, '%') + "\n[].\n";
  kernel.add_file("/app/releases/0.1.0/sys.config", config);
  EXPECT_EQ(boot().how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.content("/tmp/hello-0.1.0.runtime.config"), config);
}

TEST_F(StartTest, RuntimeConfigWithoutAWritablePlace) {
  kernel.add_file("/app/releases/0.1.0/sys.config", "%% RUNTIME_CONFIG=true\n[].\n");
  expect_failure(
      "release: open /nowhere/hello-0.1.0.runtime.config: No such file or directory; RELEASE_TMP "
      "must be a writable directory (default /tmp)",
      "beam.env.RELEASE_TMP=/nowhere");
}

TEST_F(StartTest, SysConfigOfASetting) {
  kernel.add_file("/etc/other.config", "[].\n");
  boot("beam.env.RELEASE_SYS_CONFIG=/etc/other");
  const Strings words = arguments();
  const auto config = std::ranges::find(words, "-config");
  ASSERT_NE(config, words.end());
  EXPECT_EQ(*(config + 1), "/etc/other");
}

TEST_F(StartTest, SysConfigOfASettingMustBeThere) {
  expect_failure("release: open /etc/nosuch.config: No such file or directory; ~",
                 "beam.env.RELEASE_SYS_CONFIG=/etc/nosuch");
}

TEST_F(StartTest, VmArgsOfASetting) {
  kernel.add_file("/etc/vm.args", "+P 9\n");
  boot("beam.env.RELEASE_VM_ARGS=/etc/vm.args");
  EXPECT_EQ(emulator_flags(), (Strings{"-P", "9"}));
}

TEST_F(StartTest, VmArgsOfASettingMustBeThere) {
  expect_failure("release: open /etc/vm.args: No such file or directory; ~",
                 "beam.env.RELEASE_VM_ARGS=/etc/vm.args");
}

TEST_F(StartTest, BootScriptOfASetting) {
  boot("beam.env.RELEASE_BOOT_SCRIPT=start_clean");
  const Strings words = arguments();
  const auto script = std::ranges::find(words, "-boot");
  ASSERT_NE(script, words.end());
  EXPECT_EQ(*(script + 1), "/app/releases/0.1.0/start_clean");
}

TEST_F(StartTest, BootScriptMustBeThere) {
  expect_failure(
      "release: the release has no /app/releases/0.1.0/fast.boot; build it again, or name another "
      "boot script with beam.env.RELEASE_BOOT_SCRIPT=NAME",
      "beam.env.RELEASE_BOOT_SCRIPT=fast");
}

TEST_F(StartTest, DistributionThatIsNone) {
  expect_failure("release: RELEASE_DISTRIBUTION=yes: it is none, sname or name; ~",
                 "beam.env.RELEASE_DISTRIBUTION=yes");
}

/// The words that follow `flag`, as many as `count`.
Strings behind(const Strings& words, const char* flag, int count) {
  const auto found = std::ranges::find(words, flag);
  if (words.end() - found <= count) return {};
  return {found + 1, found + 1 + count};
}

TEST_F(StartTest, DistributionNeedsNeitherEpmdNorCookieInArgv) {
  kernel.add_file("/app/releases/COOKIE", "monster\n");
  boot("beam.dist=short beam.user=1000");
  const Strings words = arguments();
  EXPECT_EQ(behind(words, "-sname", 1), Strings{"hello"});
  EXPECT_EQ(behind(words, "-start_epmd", 3), (Strings{"false", "-erl_epmd_port", "4370"}));
  EXPECT_EQ(std::ranges::count(words, "monster"), 0);
  EXPECT_EQ(environment()["RELEASE_DISTRIBUTION"], "sname");
  EXPECT_EQ(environment()["HOME"], "/run/beam");
  EXPECT_EQ(kernel.content("/run/beam/.erlang.cookie"), "monster");
  EXPECT_EQ(kernel.find("/run/beam/.erlang.cookie")->mode, 0400U);
  EXPECT_EQ(kernel.owners.at("/run/beam/.erlang.cookie"), (std::pair<uid_t, gid_t>{1000, 1000}));
}

TEST_F(StartTest, LongNameGetsTheAddress) {
  kernel.add_file("/app/releases/COOKIE", "monster\n");
  boot("beam.dist=long beam.node=me beam.dist_port=5000 ip=10.0.2.15::::::off");
  const Strings words = arguments();
  EXPECT_EQ(behind(words, "-name", 1), Strings{"me@10.0.2.15"});
  EXPECT_EQ(behind(words, "-erl_epmd_port", 1), Strings{"5000"});
}

TEST_F(StartTest, LongNameWithoutAnAddress) {
  expect_failure("release: beam.node=hello: a long name needs a host; ~", "beam.dist=long");
}

TEST_F(StartTest, DistributionWithoutACookie) {
  expect_failure("release: distribution needs a cookie: ~", "beam.dist=short");
}

TEST_F(StartTest, CookieOfTheSettingGoesFirst) {
  kernel.add_file("/app/releases/COOKIE", "monster\n");
  kernel.add_file("/app/cookie", "  better \nsecond line\n");
  boot("beam.dist=short beam.cookie=/app/cookie beam.env.HOME=/tmp beam.env.RELEASE_COOKIE=third");
  EXPECT_EQ(kernel.content("/tmp/.erlang.cookie"), "better");
}

TEST_F(StartTest, CookieFileThatIsNotThere) {
  expect_failure("release: open /app/cookie: No such file or directory; ~",
                 "beam.dist=short beam.cookie=/app/cookie");
}

TEST_F(StartTest, EmptySettingsAreReplacedAsTheScriptDoes) {
  boot("beam.env.RELEASE_MODE= beam.env.RELEASE_DISTRIBUTION=");
  auto variables = environment();
  EXPECT_EQ(variables["RELEASE_MODE"], "embedded");
  EXPECT_EQ(variables["RELEASE_DISTRIBUTION"], "none");
}

TEST_F(StartTest, NodeFollowsTheNameAndTheProgramDoesNot) {
  boot("beam.env.RELEASE_NAME=other");
  auto variables = environment();
  EXPECT_EQ(variables["RELEASE_NODE"], "other");
  EXPECT_EQ(variables["RELEASE_PROG"], "hello");
}

TEST_F(StartTest, UserArgumentsComeBeforeExtra) {
  boot("quiet -- -first \"second word\" -third");
  const Strings words = arguments();
  EXPECT_EQ(Strings(words.end() - 7, words.end()),
            (Strings{"-first", "second word", "-third", "--", "--", "-extra", "--no-halt"}));
}

TEST_F(StartTest, UserExtraComesBeforeTheReleases) {
  boot("quiet -- -x -extra a b");
  const Strings words = arguments();
  EXPECT_EQ(words.back(), "--no-halt");
  EXPECT_NE(std::ranges::find(words, "-extra"), words.end());
}

TEST_F(StartTest, NamesInVmArgsAreLeftOutWithoutDistribution) {
  kernel.add_file("/app/releases/0.1.0/vm.args", "-sname hello\n-setcookie monster\n");
  boot();
  const Strings words = arguments();
  EXPECT_EQ(std::ranges::count(words, "-sname"), 0);
  EXPECT_EQ(std::ranges::count(words, "-setcookie"), 0);
  EXPECT_EQ(std::ranges::count(words, "monster"), 0);
  EXPECT_NE(console().find("-name and -sname of the release are left out"), std::string::npos);
}

TEST_F(StartTest, CookieInVmArgsGoesToTheFile) {
  kernel.add_file("/app/releases/0.1.0/vm.args", "-sname hi\n-setcookie monster\n");
  boot("beam.dist=short beam.env.HOME=/tmp");
  const Strings words = arguments();
  EXPECT_EQ(behind(words, "-sname", 1), Strings{"hello"}) << "Mix's script puts it before vm.args";
  EXPECT_EQ(std::ranges::count(words, "monster"), 0);
  EXPECT_EQ(kernel.content("/tmp/.erlang.cookie"), "monster");
}

TEST_F(StartTest, NoReleaseIsAnErtsWithArguments) {
  for (auto node = kernel.nodes.begin(); node != kernel.nodes.end();)
    node = node->first.starts_with("/app") ? kernel.nodes.erase(node) : std::next(node);
  boot("quiet -- -noshell -s mine");
  EXPECT_EQ(arguments(), (Strings{"-noshell", "-s", "mine", "--"}));
  EXPECT_FALSE(environment().contains("RELEASE_ROOT"));
}

TEST_F(StartTest, RelxRelease) {
  const std::string version = "/app/releases/0.1.0/";
  kernel.add_file(version + "hello.boot", "");
  kernel.add_file(version + "vm.args.src",
                  "-sname ${NODE:-hello}\n-setcookie ${COOKIE}\n+P ${P}\n");
  kernel.nodes.erase(version + "start.boot");
  kernel.nodes.erase(version + "vm.args");
  boot("beam.env.P=5000 beam.env.COOKIE=monster");
  EXPECT_EQ(kernel.content("/tmp/vm.args"), "-sname hello\n-setcookie monster\n+P 5000\n");
  EXPECT_EQ(emulator_flags(), (Strings{"-Bd", "-P", "5000"}));
  EXPECT_EQ(arguments(),
            (Strings{"-noshell", "-noinput", "-boot", version + "hello", "-mode", "embedded",
                     "-boot_var", "SYSTEM_LIB_DIR", "/usr/lib/erlang/lib", "-config",
                     version + "sys.config", "--", "--", "foreground", "--"}));
  EXPECT_EQ(environment()["ROOTDIR"], "/app");
  EXPECT_EQ(environment()["PROGNAME"], "app/bin/hello");
  EXPECT_EQ(kernel.working_directory, "/app");
}

TEST_F(StartTest, DefaultsCanBeSet) {
  boot(
      "beam.env.HOME=/data beam.env.TERM=vt100 beam.env.LANG=C beam.env.PATH=/bin "
      "beam.env.ERL_CRASH_DUMP_SECONDS=5");
  auto variables = environment();
  EXPECT_EQ(variables["HOME"], "/data");
  EXPECT_EQ(variables["TERM"], "vt100");
  EXPECT_EQ(variables["LANG"], "C");
  EXPECT_EQ(variables["PATH"], "/usr/lib/erlang/erts-15.2.7/bin:/usr/lib/erlang/bin:/bin");
  EXPECT_EQ(variables["ERL_CRASH_DUMP_SECONDS"], "5");
}

}  // namespace
}  // namespace beam_init
