// SPDX-License-Identifier: Apache-2.0
// The argv of the program, for every kind of release and source of arguments. What erlexec of OTP
// 27 makes of the same command lines was recorded from erlexec itself.
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "boot.h"

namespace microbeam {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kEmulator = "/usr/lib/erlang/erts-15.2.7/bin/beam.smp";
constexpr const char* kIdentity =
    " -- -root /usr/lib/erlang -bindir /usr/lib/erlang/erts-15.2.7/bin -progname erl"
    " -- -home /root -- ";
constexpr const char* kBoot = " -boot /app/releases/0.1.0/start -boot_var RELEASE_LIB /app/lib";

class CommandLineTest : public NamespaceTest {
 protected:
  static std::string joined(const Report& report) { return absl::StrJoin(report.all("argv"), " "); }
};

TEST_F(CommandLineTest, ElixirReleaseOnATerminal) {
  EXPECT_EQ(joined(boot_program()),
            std::string(kEmulator) + " -P 4096 -SDio 1" + kIdentity +
                "-noshell -elixir ansi_enabled true -s elixir start_cli -mode embedded"
                " -config /app/releases/0.1.0/sys" +
                kBoot + " -kernel foo bar -- -- -- -extra --no-halt");
}

TEST_F(CommandLineTest, ColoursAreForTerminals) {
  root.console_is_pipe();
  EXPECT_EQ(joined(boot_program()), std::string(kEmulator) + " -P 4096 -SDio 1" + kIdentity +
                                        "-noshell -s elixir start_cli -mode embedded"
                                        " -config /app/releases/0.1.0/sys" +
                                        kBoot + " -kernel foo bar -- -- -- -extra --no-halt");
}

TEST_F(CommandLineTest, ColoursCanBeRefused) {
  root.write("/etc/beam-init.conf", "env.NO_COLOR=1\n");
  EXPECT_THAT(joined(boot_program()), Not(HasSubstr("ansi_enabled")));
}

TEST_F(CommandLineTest, ReleaseOfSystoolsHasNoElixir) {
  root.make_systools_release();
  EXPECT_EQ(joined(boot_program()),
            std::string(kEmulator) + kIdentity + "-noshell -mode embedded" + kBoot + " --");
}

TEST_F(CommandLineTest, ArgumentsOfTheKernelCommandLineComeLastBeforeExtra) {
  start.cmdline = "quiet beam.env.NO_COLOR=1 -- -app port 8081 \"two words\" +A 7";
  const std::vector<std::string> argv = boot_program().all("argv");
  EXPECT_THAT(argv, testing::Contains("two words"));
  const std::string words = absl::StrJoin(argv, " ");
  EXPECT_THAT(words, StartsWith(std::string(kEmulator) + " -P 4096 -SDio 1 -A 7 -- "));
  EXPECT_THAT(words,
              EndsWith(" -kernel foo bar -- -app port 8081 two words -- -- -extra --no-halt"));
}

TEST_F(CommandLineTest, FlagsOfTheEnvironmentAreMergedAsErlexecDoes) {
  root.make_systools_release();
  root.write("/etc/beam-init.conf",
             "env.ERL_AFLAGS=+P 65536\n"
             "env.ERL_FLAGS=-a b\n"
             "env.ERL_ZFLAGS=-z 'q r'\n");
  EXPECT_EQ(joined(boot_program()), std::string(kEmulator) + " -P 65536" + kIdentity +
                                        "-- -noshell -mode embedded" + kBoot +
                                        " -- -a b -- -z q r --");
}

TEST_F(CommandLineTest, ReleaseWithItsOwnErtsIsItsOwnRoot) {
  root.install(NAMESPACE_PROBE, "/app/erts-15.2.7/bin/beam.smp");
  const Report report = boot_program();
  EXPECT_THAT(joined(report), StartsWith("/app/erts-15.2.7/bin/beam.smp "));
  EXPECT_THAT(joined(report), HasSubstr(" -root /app -bindir /app/erts-15.2.7/bin "));
  EXPECT_EQ(report.environment()["ROOTDIR"], "/app");
}

TEST_F(CommandLineTest, OnlyReleaseIsFoundWithoutStartErlData) {
  root.remove("/app/releases/start_erl.data");
  EXPECT_THAT(joined(boot_program()), HasSubstr(kBoot));
}

TEST_F(CommandLineTest, ReleaseElsewhere) {
  check(rename(root.path("/app").c_str(), root.path("/srv").c_str()), "rename");
  root.write("/etc/beam-init.conf", "release=/srv\n");
  EXPECT_THAT(joined(boot_program()),
              HasSubstr(" -boot /srv/releases/0.1.0/start -boot_var RELEASE_LIB /srv/lib "));
}

TEST_F(CommandLineTest, InteractiveMode) {
  root.write("/etc/beam-init.conf", "env.RELEASE_MODE=interactive\n");
  EXPECT_THAT(joined(boot_program()), HasSubstr(" -mode interactive "));
}

TEST_F(CommandLineTest, LongCommentInVmArgsIsNoHindrance) {
  root.write("/app/releases/0.1.0/vm.args", "#" + std::string(100'000, 'x') + "\n+P 4096\n");
  EXPECT_THAT(joined(boot_program()), HasSubstr(" -P 4096 "));
}

class RuntimeConfigTest : public CommandLineTest {
 protected:
  RuntimeConfigTest() { root.write("/app/releases/0.1.0/sys.config", kText, 0644); }

  static void expect_copied(const Report& report) {
    EXPECT_EQ(report.file("/tmp/hello-0.1.0.runtime.config"), kText);
    EXPECT_EQ(report.mode("/tmp/hello-0.1.0.runtime.config"), "600");
    EXPECT_EQ(report.environment()["RELEASE_SYS_CONFIG"], "/tmp/hello-0.1.0.runtime");
  }

  static constexpr const char* kText = "%% RUNTIME_CONFIG=true\n[{kernel,[]}].\n";
};

TEST_F(RuntimeConfigTest, IsCopiedWhereTheReleaseCanWriteIt) {
  const Report report = boot_program();
  expect_copied(report);
  EXPECT_THAT(joined(report), HasSubstr(" -elixir config_provider_reboot_mode embedded"
                                        " -config /tmp/hello-0.1.0.runtime -boot "));
  EXPECT_THAT(joined(report), Not(HasSubstr(" -mode ")));
}

TEST_F(RuntimeConfigTest, CopyOfAnEarlierBootThatOthersCanReadIsMadePrivate) {
  start.prepare = [] {
    mount_at("tmpfs", "/tmp");
    const long fd = check(
        open("/tmp/hello-0.1.0.runtime.config", O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "open");
    check(write(static_cast<int>(fd), "older and longer than the new one, secrets and all\n", 51),
          "write");
    close(static_cast<int>(fd));
  };
  expect_copied(boot_program());
}

}  // namespace
}  // namespace microbeam
