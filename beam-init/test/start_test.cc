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
  EXPECT_EQ(environment(), (std::map<std::string, std::string>{
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

TEST_F(StartTest, DistributionIsRefused) {
  for (const char* kind : {"sname", "name", "yes"}) {
    pid1::fake::reset();
    furnish();
    expect_failure(std::string("release: RELEASE_DISTRIBUTION=") + kind +
                       ": there is no epmd for it to start; set "
                       "beam.env.RELEASE_DISTRIBUTION=none",
                   std::string("beam.env.RELEASE_DISTRIBUTION=") + kind);
  }
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

TEST_F(StartTest, NamesInVmArgsAreRefused) {
  kernel.add_file("/app/releases/0.1.0/vm.args", "-sname hello\n");
  expect_failure("release: -sname and -name make erl start epmd ~");
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
