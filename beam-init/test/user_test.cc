// SPDX-License-Identifier: Apache-2.0
// Whom the BEAM runs as, with what powers, and what is hidden from it.
#include "user.h"

#include <sys/resource.h>

#include <cerrno>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;
using Owner = std::pair<uid_t, gid_t>;

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "\n"
    "application:x:11:11::/:\n"
    "app:x:many:1::/:\n"  // broken: the next one of the name counts
    "app:x:1000:1001:The App,,,:/home/app:/bin/sh\n"
    "short\n"
    "negative:x:-1:1::/:\n"
    "large:x:4294967295:1::/:\n"
    "nogroup:x:12::::\n"
    "bare:x:13\n"
    ":x:14:14::/:\n"
    "last:x:15:16::/:";

class UserTest : public MachineTest {
 protected:
  UserTest() { kernel.add_file("/etc/passwd", kPasswd); }
};

// ---- the one that was meant

struct Named {
  const char* name;
  const char* setting;
  Owner owner;
};

class UserName : public UserTest, public testing::WithParamInterface<Named> {};

TEST_P(UserName, IsFound) {
  const Owner owner = GetParam().owner;
  ASSERT_EQ(boot(std::string("beam.user=") + GetParam().setting).how, Ending::How::kExecuted)
      << console();
  EXPECT_EQ(Owner(kernel.user_id, kernel.group_id), owner);
  if (owner.first == 0) return;
  EXPECT_TRUE(kernel.group_ids.empty());
  EXPECT_EQ(kernel.count("setgroups"), 1U) << "root's supplementary groups are given up";
  EXPECT_TRUE(kernel.no_new_privileges);
  EXPECT_EQ(environment()["HOME"], "/run/beam");
  EXPECT_EQ(kernel.owners.at("/run/beam"), owner);
  EXPECT_EQ(kernel.owners.at("/dev/console"), owner);
}

INSTANTIATE_TEST_SUITE_P(
    All, UserName,
    testing::Values(
        Named{"OfPasswd", "app", {1000, 1001}}, Named{"LastLineWithoutNewline", "last", {15, 16}},
        Named{"LineWithoutGroup", "nogroup", {12, 12}},
        Named{"LineOfThreeFields", "bare", {13, 13}}, Named{"Number", "1234", {1234, 1234}},
        Named{"NumberAndGroup", "1234:99", {1234, 99}},
        Named{"NumberAndNoGroup", "1234:", {1234, 1234}}, Named{"GroupOfRoot", "1234:0", {1234, 0}},
        Named{"LargestNumber", "134217726", {134217726, 134217726}}, Named{"Root", "root", {0, 0}},
        Named{"RootByNumber", "0", {0, 0}}, Named{"Empty", "", {0, 0}}),
    [](const auto& instance) { return instance.param.name; });

struct Refused {
  const char* name;
  const char* setting;
};

class NoUser : public UserTest, public testing::WithParamInterface<Refused> {};

TEST_P(NoUser, EndsTheBoot) {
  const std::string setting = GetParam().setting;
  expect_failure("user: beam.user: there is no user '" + setting +
                     "'; give one of /etc/passwd, or numbers UID[:GID]",
                 "beam.user=" + setting);
}

INSTANTIATE_TEST_SUITE_P(
    All, NoUser,
    testing::Values(Refused{"Unknown", "nobody"}, Refused{"PartOfAName", "ap"},
                    Refused{"NameAndMore", "app:1"}, Refused{"LineWithoutIds", "short"},
                    Refused{"NegativeLine", "negative"}, Refused{"LineWithMinusOne", "large"},
                    Refused{"Negative", "-1"}, Refused{"MinusOne", "4294967295"},
                    Refused{"Wraps", "4294967296"}, Refused{"Hexadecimal", "0x10"},
                    Refused{"BadGroup", "1000:wheel"}, Refused{"Colon", ":"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(UserTest, NameWithoutPasswd) {
  kernel.nodes.erase("/etc/passwd");
  expect_failure("user: beam.user: there is no user 'app'; ~", "beam.user=app");
}

TEST_F(UserTest, NumbersNeedNoPasswd) {
  kernel.nodes.erase("/etc/passwd");
  boot("beam.user=7:8");
  EXPECT_EQ(Owner(kernel.user_id, kernel.group_id), Owner(7, 8));
}

TEST_F(UserTest, PasswdThatCannotBeRead) {
  kernel.add_directory("/etc/passwd");
  expect_failure("user: read /etc/passwd: Is a directory; it must be as passwd(5) says",
                 "beam.user=app");
}

TEST_F(UserTest, PasswdWithANulIsNotReadInPart) {
  kernel.add_file("/etc/passwd", std::string("app:x:1:1\0app:x:2:2\n", 20));
  expect_failure("user: /etc/passwd: it has a NUL byte; ~", "beam.user=app");
}

// ---- its powers

constexpr uint64_t bit(int capability) {
  return uint64_t{1} << capability;
}

struct Caps {
  const char* name;
  const char* setting;
  uint64_t kept;
};

class Capabilities : public UserTest, public testing::WithParamInterface<Caps> {};

TEST_P(Capabilities, AreKeptAndNoOthers) {
  const uint64_t kept = GetParam().kept;
  ASSERT_EQ(boot(std::string("beam.user=app ") + GetParam().setting).how, Ending::How::kExecuted)
      << console();
  EXPECT_EQ(kernel.capabilities.effective, kept);
  EXPECT_EQ(kernel.capabilities.permitted, kept);
  EXPECT_EQ(kernel.capabilities.inheritable, kept);
  EXPECT_EQ(kernel.ambient, kept) << "execve(2) leaves an ordinary user these alone";
  EXPECT_EQ(kernel.bounding, kept);
}

INSTANTIATE_TEST_SUITE_P(
    All, Capabilities,
    testing::Values(Caps{"Default", "", bit(10) | bit(22)},  // net_bind_service, sys_boot
                    Caps{"None", "beam.caps=", 0}, Caps{"NoneInQuotes", "beam.caps=\"\"", 0},
                    Caps{"One", "beam.caps=net_raw", bit(13)},
                    Caps{"AsInTheManual", "beam.caps=CAP_NET_RAW", bit(13)},
                    Caps{"Several", "beam.caps=chown,sys_time,chown", bit(0) | bit(25)},
                    Caps{"CommaAtTheEnd", "beam.caps=net_raw,", bit(13)},
                    Caps{"LastOfAll", "beam.caps=checkpoint_restore", bit(40)}),
    [](const auto& instance) { return instance.param.name; });

struct NoCaps {
  const char* name;
  const char* setting;
  const char* word;
};

class NoCapability : public UserTest, public testing::WithParamInterface<NoCaps> {};

TEST_P(NoCapability, EndsTheBoot) {
  expect_failure(std::string("user: beam.caps: '") + GetParam().word +
                     "' is no capability; they have the names of capabilities(7)",
                 std::string("beam.caps=") + GetParam().setting);
}

INSTANTIATE_TEST_SUITE_P(All, NoCapability,
                         testing::Values(NoCaps{"Unknown", "fly", "fly"},
                                         NoCaps{"All", "all", "all"}, NoCaps{"Number", "13", "13"},
                                         NoCaps{"BehindAGoodOne", "net_raw,fly", "fly"},
                                         NoCaps{"Blank", "\"net_raw, chown\"", " chown"},
                                         NoCaps{"EmptyWordDoesNotEndTheList", "net_raw,,chown", ""},
                                         NoCaps{"CommaAtTheBeginning", ",chown", ""}),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(UserTest, RootGivesNothingUp) {
  const uint64_t all = kernel.capabilities.effective;
  boot("beam.caps=net_raw");
  EXPECT_EQ(kernel.capabilities.effective, all);
  EXPECT_EQ(kernel.bounding, all);
  EXPECT_FALSE(kernel.no_new_privileges);
  EXPECT_TRUE(kernel.owners.empty());
}

TEST_F(UserTest, PowersThatCannotBeGivenUpEndTheBoot) {
  kernel.faults = {{.name = "setresuid", .code = EAGAIN}};
  expect_failure("exec: setresuid app: ~; check beam.user= and beam.caps=", "beam.user=app");
  EXPECT_EQ(kernel.executed, "");
}

TEST_F(UserTest, PowersThatAreStillThereEndTheBoot) {
  // A filter of seccomp(2) that only says it has done it. The end asks whose it is, too.
  kernel.before_verification = [] { pid1::fake::kernel().user_id = 0; };
  expect_failure("exec: verify user app: Operation not permitted; ~", "beam.user=app");
  EXPECT_EQ(kernel.executed, "");
}

// Whatever call fails, and however: what is executed is the user, with what is kept and no more.
TEST_F(UserTest, NoFailingCallLeavesItMore) {
  Ending ending;
  int executed = 0;
  pid1::fake::for_each_fault(
      [] {
        furnish();
        pid1::fake::kernel().add_file("/etc/passwd", kPasswd);
      },
      [&] { ending = boot("beam.user=app beam.caps=net_raw"); },
      [&](const pid1::fake::Injection&) {
        EXPECT_NE(ending.how, Ending::How::kReturned);
        if (ending.how != Ending::How::kExecuted) return;
        ++executed;
        const auto& now = pid1::fake::kernel();
        EXPECT_EQ(Owner(now.user_id, now.group_id), Owner(1000, 1001));
        EXPECT_TRUE(now.group_ids.empty());
        EXPECT_EQ(now.capabilities.permitted, bit(13));
        EXPECT_EQ(now.bounding, bit(13));
        EXPECT_TRUE(now.no_new_privileges);
      });
  EXPECT_GT(executed, 0);
}

// ---- where it lives

TEST_F(UserTest, HomeIsItsOwn) {
  kernel.file_mask = 0;
  boot("beam.user=app");
  ASSERT_NE(kernel.find("/run/beam"), nullptr);
  EXPECT_EQ(kernel.find("/run/beam")->mode, 0700U);
}

TEST_F(UserTest, HomeThatIsThereAlready) {
  kernel.file_systems["tmpfs"]["beam"] = std::make_shared<pid1::fake::Node>();
  kernel.file_systems["tmpfs"]["beam"]->type = pid1::fake::Node::Type::kDirectory;
  EXPECT_EQ(boot("beam.user=app").how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.owners.at("/run/beam"), Owner(1000, 1001));
}

TEST_F(UserTest, HomeThatCannotBeMade) {
  kernel.faults = {{.name = "mkdir", .nth = 9, .code = ENOSPC}};  // behind those of the mounts
  expect_failure("user: mkdir /run/beam: No space left on device; /run must be writable",
                 "beam.user=app");
}

TEST_F(UserTest, RootLivesInRoot) {
  boot();
  EXPECT_EQ(environment()["HOME"], "/root");
  EXPECT_EQ(kernel.find("/run/beam"), nullptr);
}

TEST_F(UserTest, RootWithACookieLivesInMemory) {
  kernel.add_file("/app/releases/COOKIE", "monster");
  boot("beam.dist=short");
  EXPECT_EQ(environment()["HOME"], "/run/beam");
  EXPECT_EQ(kernel.find("/run/beam")->mode, 0700U);
}

TEST_F(UserTest, DistributionOfTheEnvironmentNeedsAHomeToo) {
  kernel.add_file("/app/releases/COOKIE", "monster");
  boot("beam.env.RELEASE_DISTRIBUTION=name beam.env.RELEASE_NODE=a@b.c");
  EXPECT_EQ(kernel.content("/run/beam/.erlang.cookie"), "monster");
}

TEST_F(UserTest, FilesThatTheEndNeedsAreTheUsers) {
  add_control_port();
  add_to("sysfs", "kernel/reboot/type", "pci\n");
  kernel.file_systems["devtmpfs"]["ttyS1"] = kernel.file_systems["devtmpfs"]["console"];
  boot("beam.user=app beam.console=/dev/ttyS1");
  for (const char* path :
       {"/dev/console", "/dev/ttyS1", "/dev/vport0p2", "/sys/kernel/reboot/type"}) {
    EXPECT_EQ(kernel.owners[path], Owner(1000, 1001)) << path;
  }
}

// ---- what is hidden

struct Hiding {
  const char* name;
  const char* setting;
  bool in_container;
  const char* proc;
  const char* kptr_restrict;
  const char* dmesg_restrict;
};

class Hidden : public UserTest, public testing::WithParamInterface<Hiding> {};

TEST_P(Hidden, FromAnOrdinaryUser) {
  add_to("proc", "sys/kernel/kptr_restrict", "-");
  add_to("proc", "sys/kernel/dmesg_restrict", "-");
  kernel.in_pid_namespace = GetParam().in_container;
  ASSERT_EQ(boot(GetParam().setting).how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.mounts.at(0).line(),
            std::string("proc /proc proc nosuid,nodev,noexec ") + GetParam().proc);
  EXPECT_EQ(kernel.content("/proc/sys/kernel/kptr_restrict"), GetParam().kptr_restrict);
  EXPECT_EQ(kernel.content("/proc/sys/kernel/dmesg_restrict"), GetParam().dmesg_restrict);
}

INSTANTIATE_TEST_SUITE_P(
    All, Hidden,
    testing::Values(Hiding{"User", "beam.user=app", false, "hidepid=2", "2", "1"},
                    Hiding{"UserInAContainer", "beam.user=app", true, "hidepid=2", "-", "-"},
                    Hiding{"Root", "quiet", false, "-", "-", "-"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(UserTest, KernelThatHidesNothingIsNoReasonToStop) {
  kernel.remount_errors["/proc"] = EINVAL;
  EXPECT_EQ(boot("beam.user=app beam.root=rw").how, Ending::How::kExecuted) << console();
}

// ---- limits

TEST_F(UserTest, NoCoreHasTheSecrets) {
  boot();
  EXPECT_EQ(kernel.limits.at(RLIMIT_CORE), (std::pair<uint64_t, uint64_t>{0, 0}));
}

TEST_F(UserTest, CoreThatIsAskedFor) {
  boot("beam.limit.core=unlimited beam.limit.nofile=1024:4096");
  EXPECT_EQ(kernel.limits.at(RLIMIT_CORE), (std::pair{~uint64_t{0}, ~uint64_t{0}}));
  EXPECT_EQ(kernel.limits.at(RLIMIT_NOFILE), (std::pair<uint64_t, uint64_t>{1024, 4096}));
}

struct BadLimit {
  const char* name;
  const char* setting;
  const char* message;
};

class Limits : public UserTest, public testing::WithParamInterface<BadLimit> {};

TEST_P(Limits, BadOneEndsTheBoot) {
  expect_failure(std::string("limits: ") + GetParam().message, GetParam().setting);
}

INSTANTIATE_TEST_SUITE_P(
    All, Limits,
    testing::Values(BadLimit{"Unknown", "beam.limit.wings=2",
                             "name of a limit wings: Invalid argument; it takes a limit of ~"},
                    BadLimit{"NoNumber", "beam.limit.nofile=many",
                             "limit nofile: Invalid argument; ~"},
                    BadLimit{"Empty", "beam.limit.nofile=", "limit nofile: Invalid argument; ~"},
                    BadLimit{"SoftAboveHard", "beam.limit.nofile=9:8",
                             "soft limit above the hard one nofile: Invalid argument; ~"},
                    BadLimit{"NoSysctl", "beam.sysctl.kernel.nosuch=1",
                             "~ kernel.nosuch: No such file or directory; it takes a setting of ~"},
                    BadLimit{"SysctlOutside", "beam.sysctl.../../etc/passwd=1", "~; it takes ~"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(UserTest, SysctlIsWritten) {
  add_to("proc", "sys/vm/overcommit_memory", "-");
  boot("beam.sysctl.vm.overcommit_memory=1");
  EXPECT_EQ(kernel.content("/proc/sys/vm/overcommit_memory"), "1");
}

TEST_F(UserTest, SysctlThatIsRefused) {
  add_to("proc", "sys/vm/swappiness", "-");
  kernel.faults = {{.name = "write", .nth = 3, .code = EINVAL}};  // behind the mark, and its log
  expect_failure("limits: write vm.swappiness: Invalid argument; ~",
                 "beam.sysctl.vm.swappiness=-1");
}

}  // namespace
}  // namespace beam_init
