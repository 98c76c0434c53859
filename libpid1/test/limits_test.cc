// SPDX-License-Identifier: Apache-2.0
#include "pid1/limits.h"

#include <sys/resource.h>

#include <cerrno>
#include <string>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

/// "RESOURCE SOFT HARD", -1 for unlimited; or the errno.
std::string parsed(std::string text) {
  const auto limit = parse_limit(text.data());
  if (!limit.has_value()) return strerrorname_np(limit.error().code);
  const auto amount = [](uint64_t value) {
    return value == kUnlimited ? "-1" : std::to_string(value);
  };
  return std::to_string((*limit).resource) + " " + amount((*limit).soft) + " " +
         amount((*limit).hard);
}

TEST(ParseLimit, OneNumberOrTwo) {
  EXPECT_EQ(parsed("nofile=1024:4096"), "7 1024 4096");
  EXPECT_EQ(parsed("nofile=1024"), "7 1024 1024");
  EXPECT_EQ(parsed("core=0"), "4 0 0");
  EXPECT_EQ(parsed("core=0:unlimited"), "4 0 -1");
  EXPECT_EQ(parsed("memlock=unlimited"), "8 -1 -1");
  EXPECT_EQ(parsed("as=18446744073709551614"), "9 18446744073709551614 18446744073709551614");
}

TEST(ParseLimit, EveryNameOfSetrlimit) {
  const struct {
    const char* name;
    int resource;
  } cases[] = {{"as", RLIMIT_AS},           {"core", RLIMIT_CORE},
               {"cpu", RLIMIT_CPU},         {"data", RLIMIT_DATA},
               {"fsize", RLIMIT_FSIZE},     {"locks", RLIMIT_LOCKS},
               {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE},
               {"nice", RLIMIT_NICE},       {"nofile", RLIMIT_NOFILE},
               {"nproc", RLIMIT_NPROC},     {"rss", RLIMIT_RSS},
               {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},
               {"stack", RLIMIT_STACK},     {"sigpending", RLIMIT_SIGPENDING}};
  static_assert(std::size(cases) == RLIM_NLIMITS);
  for (const auto& entry : cases) {
    EXPECT_EQ(parsed(std::string(entry.name) + "=1"), std::to_string(entry.resource) + " 1 1");
  }
}

TEST(ParseLimit, Bad) {
  for (const char* bad :
       {"", "=", "=1", "nofile", "nofile=", "nofile=:", "nofile=1:", "nofile=:1", "nofile=-1",
        "nofile=1k", "nofile= 1", "nofile=1:2:3", "nofiles=1", "NOFILE=1", "nofile=2:1",
        "core=unlimited:0", "nofile=Unlimited", "prlimit nofile=1", "nofile=0x10"}) {
    EXPECT_EQ(parsed(bad), "EINVAL") << bad;
  }
  // The last number is what the kernel takes for no limit at all.
  for (const char* bad : {"as=18446744073709551615", "as=18446744073709551616",
                          "as=99999999999999999999999", "as=0:184467440737095516150"}) {
    EXPECT_EQ(parsed(bad), "ERANGE") << bad;
  }
}

class LimitsTest : public fake::KernelTest {
 protected:
  static void prepare() {
    fake::kernel().add_file("/proc/self/oom_score_adj", "");
    fake::kernel().add_file("/proc/sys/kernel/dmesg_restrict", "");
    fake::kernel().add_file("/proc/sys/net/ipv4/conf/eth0.100/forwarding", "");
  }

  LimitsTest() { prepare(); }
};

TEST_F(LimitsTest, ApplySetsEach) {
  const Limit limits[] = {{RLIMIT_NOFILE, 1024, 4096}, {RLIMIT_CORE, 0, kUnlimited}};
  ASSERT_EQ(code_of(apply(limits)), 0);
  EXPECT_EQ(kernel.limits.at(RLIMIT_NOFILE), (std::pair<uint64_t, uint64_t>{1024, 4096}));
  EXPECT_EQ(kernel.limits.at(RLIMIT_CORE), (std::pair<uint64_t, uint64_t>{0, kUnlimited}));
  EXPECT_EQ(code_of(apply({})), 0);
}

TEST_F(LimitsTest, ErrorNamesTheLimit) {
  kernel.faults = {{.name = "prlimit", .nth = 2, .code = EPERM}};
  const Limit limits[] = {{RLIMIT_CORE, 0, 0}, {RLIMIT_NOFILE, 1, 1}, {RLIMIT_CPU, 1, 1}};
  const auto done = apply(limits);
  EXPECT_EQ(code_of(done), EPERM);
  EXPECT_STREQ(done.error().operation, "prlimit nofile");
  EXPECT_EQ(kernel.limits.size(), 1U) << "the first error ends it";
  const Limit unknown[] = {{99, 2, 1}};
  EXPECT_STREQ(apply(unknown).error().operation, "prlimit");
}

TEST_F(LimitsTest, OomScoreIsWrittenAtOnceAndSigned) {
  for (const int score : {-1000, -1, 0, 1, 1000}) {
    prepare();
    ASSERT_EQ(code_of(set_oom_score_adj(score)), 0);
    EXPECT_EQ(kernel.content("/proc/self/oom_score_adj"), std::to_string(score));
  }
  EXPECT_EQ(kernel.count("write"), 5U);
  EXPECT_EQ(kernel.count("fchmod"), 0U) << "proc_setattr() gives EPERM for a mode";
  EXPECT_EQ(code_of(set_oom_score_adj(1001)), EINVAL);
  EXPECT_EQ(code_of(set_oom_score_adj(-1001)), EINVAL);
  EXPECT_EQ(kernel.count("write"), 5U);
}

// sysctl(8): the separator that comes first tells what both mean.
TEST_F(LimitsTest, SysctlNamesWithDotsAndSlashes) {
  const struct {
    const char* name;
    const char* path;
  } cases[] = {
      {"kernel.dmesg_restrict", "/proc/sys/kernel/dmesg_restrict"},
      {"kernel/dmesg_restrict", "/proc/sys/kernel/dmesg_restrict"},
      {"net.ipv4.conf.eth0/100.forwarding", "/proc/sys/net/ipv4/conf/eth0.100/forwarding"},
      {"net/ipv4/conf/eth0.100/forwarding", "/proc/sys/net/ipv4/conf/eth0.100/forwarding"},
  };
  for (const auto& entry : cases) {
    prepare();
    ASSERT_EQ(code_of(set_sysctl(entry.name, "1")), 0) << entry.name;
    EXPECT_EQ(kernel.content(entry.path), "1") << entry.name;
  }
}

TEST_F(LimitsTest, SysctlNamesStayBelowProcSys) {
  kernel.add_file("/etc/passwd", "root");
  for (const char* bad : {"", ".", "..", "/", "a..b", "a//b", "../../etc/passwd", "a/../b",
                          "net/./ipv4", ".kernel", "kernel.", "/kernel", "kernel/", "a.//.b"}) {
    EXPECT_EQ(code_of(set_sysctl(bad, "x")), EINVAL) << bad;
  }
  EXPECT_TRUE(kernel.calls.empty());
  EXPECT_EQ(code_of(set_sysctl("net.nosuch", "x")), ENOENT);
  EXPECT_EQ(code_of(set_sysctl(std::string(300, 'a').c_str(), "x")), ENAMETOOLONG);
}

// kernel.sysctl_writes_strict: a second write(2) at another offset is not looked at.
TEST_F(LimitsTest, SysctlThatTakesAPartIsAnError) {
  kernel.max_transfer = 2;
  EXPECT_EQ(code_of(set_sysctl("kernel.dmesg_restrict", "123")), EIO);
  EXPECT_EQ(kernel.count("write"), 1U);
}

TEST_F(LimitsTest, EveryFaultIsTold) {
  const Tolerance interrupted = {"write", EINTR};
  expect_faults_told(prepare, [] {
    const Limit limits[] = {{RLIMIT_NOFILE, 1, 2}, {RLIMIT_CORE, 0, 0}};
    return apply(limits);
  });
  expect_faults_told(prepare, [] { return set_oom_score_adj(-500); }, {interrupted});
  expect_faults_told(prepare, [] { return set_sysctl("kernel.dmesg_restrict", "1"); },
                     {interrupted});
}

}  // namespace
}  // namespace pid1
