// SPDX-License-Identifier: Apache-2.0
// Whom the program runs as, by the kernel's own account; and where secrets are, and are not.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>

#include "boot.h"
#include "own_mounts.h"

namespace microbeam {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t bit(int capability) {
  return uint64_t{1} << capability;
}

/// In both modes: the program is PID 1, or has it as its parent.
class UserTest : public NamespaceTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    // One user is all that there is, and is root already.
    if (!other_users_exist()) GTEST_SKIP() << "an ordinary user's namespace has no other users";
    // The probe's way back.
    check(chmod(root.path("/report").c_str(), 0666), "chmod /report");
  }

  static bool is_supervised() { return std::string(GetParam()) == "supervise"; }

  Report boot_with(const std::string& config) {
    // An earlier one has left it read-only.
    check(mount(nullptr, root.path("").c_str(), nullptr, MS_REMOUNT, nullptr), "remount");
    root.write("/etc/beam-init.conf", absl::StrCat("mode=", GetParam(), "\n", config));
    return is_supervised() ? boot_supervised() : boot_program();
  }

  static void expect_ids(const Report& report, int user, int group) {
    const auto four = [](int id) { return absl::StrCat(id, "\t", id, "\t", id, "\t", id); };
    EXPECT_EQ(report.status("Uid"), four(user));
    EXPECT_EQ(report.status("Gid"), four(group));
    EXPECT_THAT(report.status("Groups"), AnyOf("", " "));
  }

  static void expect_capabilities(const Report& report, uint64_t set) {
    for (const char* field : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
      EXPECT_EQ(report.signals(field), set) << field;
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, UserTest, testing::Values("exec", "supervise"),
                         [](const auto& mode) { return std::string(mode.param); });

TEST_P(UserTest, IsOnlyThatUserWithTheCapabilitiesThatAreUsual) {
  start.prepare = [] {
    const gid_t groups[] = {0, 5, 6};
    check(setgroups(3, groups), "setgroups");
  };
  const Report report = boot_with("user=1000:2000\n");
  expect_ids(report, 1000, 2000);
  expect_capabilities(report, bit(CAP_NET_BIND_SERVICE) | bit(CAP_SYS_BOOT));
  EXPECT_EQ(report.status("NoNewPrivs"), "1");
  EXPECT_EQ(report.one("pid") == "1", !is_supervised());
}

TEST_P(UserTest, GroupIsThatOfTheUserIfNotSaid) {
  expect_ids(boot_with("user=1000\n"), 1000, 1000);
}

TEST_P(UserTest, NameIsLookedUp) {
  root.write("/etc/passwd", "root:x:0:0::/:\nwebby:x:7:7::/:\nweb:x:1001:1002:W:/home/web:/bin/sh");
  expect_ids(boot_with("user=web\n"), 1001, 1002);
}

TEST_P(UserTest, NoCapabilityIsLeftIfSo) {
  expect_capabilities(boot_with("user=1000\ncaps=\n"), 0);
}

TEST_P(UserTest, CapabilitiesAreThoseThatAreSaid) {
  expect_capabilities(boot_with("user=1000\ncaps=CAP_KILL,net_raw\n"),
                      bit(CAP_KILL) | bit(CAP_NET_RAW));
}

TEST_P(UserTest, RootKeepsWhatItHas) {
  const Report report = boot_with("");
  expect_ids(report, 0, 0);
  EXPECT_EQ(report.status("NoNewPrivs"), "0");
  EXPECT_NE(report.signals("CapEff") & bit(CAP_SYS_ADMIN), 0U);
  EXPECT_THAT(report.mount("/proc").options, Not(Contains(testing::StartsWith("hidepid="))));
}

TEST_P(UserTest, OtherProcessesAreHidden) {
  const Report report = boot_with("user=1000\n");
  EXPECT_THAT(report.mount("/proc").options, Contains(AnyOf("hidepid=2", "hidepid=invisible")));
  EXPECT_EQ(report.has("file:/proc/1/cmdline"), !is_supervised());
  EXPECT_THAT(report.other_processes(), testing::IsEmpty());
}

TEST_P(UserTest, HomeIsItsOwnAndInMemory) {
  const Report report = boot_with("user=1000:2000\n");
  EXPECT_EQ(report.environment()["HOME"], "/run/beam");
  EXPECT_EQ(report.mode("/run/beam"), "700");
  EXPECT_EQ(report.owner("/run/beam"), "1000:2000");
}

TEST_P(UserTest, NoCoreIsDumpedWhoeverItIs) {
  for (const char* user : {"", "user=1000\n"}) {
    EXPECT_THAT(boot_with(user).file("/proc/self/limits"),
                ContainsRegex("Max core file size +0 +0 +bytes"));
  }
}

TEST_P(UserTest, ConfigurationThatItCompletesIsItsOwn) {
  root.write("/app/releases/0.1.0/sys.config", "%% RUNTIME_CONFIG=true\n[].\n");
  const Report report = boot_with("user=1000\n");
  EXPECT_EQ(report.mode("/tmp/hello-0.1.0.runtime.config"), "600");
  EXPECT_EQ(report.owner("/tmp/hello-0.1.0.runtime.config"), "1000:1000");
}

TEST_P(UserTest, ConfigurationThatIsFilledInForItIsItsOwn) {
  root.write("/app/releases/0.1.0/no_dot_erlang.boot", "");
  root.write("/app/releases/0.1.0/sys.config.src", "[{a, [{b, \"${LANG}\"}]}].\n");
  const Report report = boot_with("user=1000\n");
  EXPECT_EQ(report.mode("/tmp/sys.config"), "600");
  EXPECT_EQ(report.owner("/tmp/sys.config"), "1000:1000");
}

TEST_P(UserTest, HowTheHostRestartsIsNotForAContainerToGiveAway) {
  struct stat before = {};
  struct stat after = {};
  if (stat("/sys/kernel/reboot/type", &before) != 0) GTEST_SKIP() << "not in this kernel";
  (void)boot_with("user=1000\n");
  check(stat("/sys/kernel/reboot/type", &after), "stat");
  EXPECT_EQ(after.st_uid, before.st_uid);
}

// ---- secrets -----------------------------------------------------------------------------------

class SecretTest : public UserTest {
 protected:
  void expect_nowhere_but_in(const Report& report, const std::string& place) {
    EXPECT_THAT(ended.console, Not(HasSubstr("hunter2")));
    EXPECT_THAT(ended.kernel_log, Not(HasSubstr("hunter2")));
    EXPECT_THAT(absl::StrJoin(report.all("argv"), " "), Not(HasSubstr("hunter2")));
    for (const char* path : {"/proc/1/cmdline", "/proc/cmdline", "/etc/hosts"}) {
      if (report.has(absl::StrCat("file:", path))) {
        EXPECT_THAT(report.file(path), Not(HasSubstr("hunter2"))) << path;
      }
    }
    // The program's own environment, or that of a PID 1 that has nothing to do with it.
    if (report.has("file:/proc/1/environ") && is_supervised()) {
      EXPECT_THAT(report.file("/proc/1/environ"), Not(HasSubstr("hunter2")));
    }
    size_t variables = 0;
    for (const auto& [name, value] : report.environment()) {
      if (value.find("hunter2") == std::string::npos) continue;
      EXPECT_EQ(name, place);
      ++variables;
    }
    EXPECT_EQ(variables, place.empty() ? 0U : 1U);
  }

  /// Nothing else in the root has it either, not even where the host looks.
  void expect_in_no_file() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root.path("/etc")))
      EXPECT_NE(entry.path().filename(), "beam-init.env");
  }
};

INSTANTIATE_TEST_SUITE_P(Modes, SecretTest, testing::Values("exec", "supervise"),
                         [](const auto& mode) { return std::string(mode.param); });

TEST_P(SecretTest, OfTheHostsFileIsInTheEnvironmentAndNowhereElse) {
  for (const char* user : {"", "user=1000\n"}) {
    check(mount(nullptr, root.path("").c_str(), nullptr, MS_REMOUNT, nullptr), "remount");
    root.write("/etc/beam-init.env", "# the host's\nDATABASE_URL=ecto://u:hunter2@db/app\n", 0600);
    const Report report = boot_with(user);
    expect_nowhere_but_in(report, "DATABASE_URL");
    expect_in_no_file();
  }
}

TEST_P(SecretTest, CookieIsInAFileThatOnlyTheUserReads) {
  root.write("/app/releases/COOKIE", "hunter2\nmore\n");
  const Report report = boot_with("user=1000:2000\ndist=short\n");
  expect_nowhere_but_in(report, "");
  EXPECT_EQ(report.file("/run/beam/.erlang.cookie"), "hunter2");
  EXPECT_EQ(report.mode("/run/beam/.erlang.cookie"), "400");
  EXPECT_EQ(report.owner("/run/beam/.erlang.cookie"), "1000:2000");
}

TEST_P(SecretTest, CookieOfTheFlagsIsTakenOutOfThem) {
  root.write("/app/releases/0.1.0/vm.args", "-setcookie hunter2\n");
  const Report report = boot_with("dist=short\n");
  expect_nowhere_but_in(report, "");
  EXPECT_EQ(report.file("/run/beam/.erlang.cookie"), "hunter2");
  EXPECT_EQ(report.mode("/run/beam/.erlang.cookie"), "400");
}

TEST_P(SecretTest, CookieOfTheHostsFileIsInItsVariableAndItsFile) {
  root.write("/etc/beam-init.env", "RELEASE_COOKIE=hunter2\n", 0600);
  const Report report = boot_with("user=1000\ndist=short\n");
  expect_nowhere_but_in(report, "RELEASE_COOKIE");
  EXPECT_EQ(report.file("/run/beam/.erlang.cookie"), "hunter2");
  expect_in_no_file();
}

TEST_P(SecretTest, LinkThatTheUserLeftInItsHomeIsNotFollowed) {
  root.directory("/home");
  root.symlink("/etc/target", "/home/.erlang.cookie");
  root.write("/etc/target", "");
  root.write("/app/releases/COOKIE", "hunter2");
  const Report report = boot_with("user=1000\ndist=short\nenv.HOME=/home\n");
  expect_nowhere_but_in(report, "");
  EXPECT_EQ(report.file("/home/.erlang.cookie"), "hunter2");
  struct stat info = {};
  check(stat(root.path("/etc/target").c_str(), &info), "stat");
  EXPECT_EQ(info.st_uid, 0U);
  EXPECT_EQ(info.st_size, 0);
}

}  // namespace
}  // namespace microbeam
