// SPDX-License-Identifier: Apache-2.0
#include "pid1/privilege.h"

#include <sys/prctl.h>

#include <cerrno>
#include <string>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

constexpr uint64_t kAll = (uint64_t{1} << 41) - 1;
constexpr uint64_t kBindAndBoot = uint64_t{1} << 10 | uint64_t{1} << 22;
constexpr gid_t kGroups[] = {5, 20};

class PrivilegeTest : public fake::KernelTest {
 protected:
  static Privileges privileges(uint64_t capabilities = 0) {
    return {.user = 1000, .group = 100, .groups = kGroups, .capabilities = capabilities};
  }

  /// The order of the calls that change something; verification left out.
  [[nodiscard]] std::vector<std::string> changes() const {
    std::vector<std::string> names;
    for (const fake::Call& call : kernel.calls) {
      const bool reads = call.name.starts_with("getres") || call.name == "capget" ||
                         call.detail == std::to_string(PR_CAPBSET_READ) ||
                         call.detail == std::to_string(PR_GET_NO_NEW_PRIVS);
      const std::string name = call.detail.empty() ? call.name : call.name + " " + call.detail;
      if (!reads && (names.empty() || names.back() != name)) names.push_back(name);
    }
    return names;
  }
};

TEST_F(PrivilegeTest, NothingIsLeft) {
  ASSERT_EQ(code_of(drop_privileges(privileges())), 0);
  EXPECT_EQ(kernel.group_ids, (std::vector<gid_t>{5, 20}));
  EXPECT_EQ(kernel.group_id, 100U);
  EXPECT_EQ(kernel.user_id, 1000U);
  EXPECT_EQ(kernel.bounding, 0U);
  EXPECT_EQ(kernel.capabilities.permitted, 0U);
  EXPECT_EQ(kernel.capabilities.effective, 0U);
  EXPECT_EQ(kernel.capabilities.inheritable, 0U);
  EXPECT_EQ(kernel.ambient, 0U);
  EXPECT_TRUE(kernel.no_new_privileges);
}

TEST_F(PrivilegeTest, WhatIsKeptIsInAllFiveSets) {
  ASSERT_EQ(code_of(drop_privileges(privileges(kBindAndBoot))), 0);
  EXPECT_EQ(kernel.bounding, kBindAndBoot);
  EXPECT_EQ(kernel.capabilities.permitted, kBindAndBoot);
  EXPECT_EQ(kernel.capabilities.effective, kBindAndBoot);
  EXPECT_EQ(kernel.capabilities.inheritable, kBindAndBoot);
  EXPECT_EQ(kernel.ambient, kBindAndBoot) << "without it execve(2) drops them";
  EXPECT_FALSE(kernel.keeps_capabilities) << "for the next change of the user";
}

// The erlinit of today changes the user and leaves root's supplementary groups.
TEST_F(PrivilegeTest, InheritedGroupsAreGoneToo) {
  kernel.group_ids = {0, 10};
  ASSERT_EQ(code_of(drop_privileges({.user = 1000, .group = 1000, .groups = {}})), 0);
  EXPECT_TRUE(kernel.group_ids.empty());
}

// Each step needs what a later one takes away.
TEST_F(PrivilegeTest, Order) {
  ASSERT_EQ(code_of(drop_privileges(privileges(kBindAndBoot))), 0);
  const auto option = [](int number) { return "prctl " + std::to_string(number); };
  EXPECT_EQ(changes(),
            (std::vector<std::string>{"setgroups", "setresgid", option(PR_CAPBSET_DROP),
                                      option(PR_SET_KEEPCAPS), "setresuid", option(PR_SET_KEEPCAPS),
                                      "capset", option(PR_CAP_AMBIENT), option(PR_SET_NO_NEW_PRIVS),
                                      option(PR_CAP_AMBIENT) /* read back */}));
}

// prctl(2): arguments that an option does not use must be 0 (tini 10094b7).
TEST_F(PrivilegeTest, UnusedArgumentsAreZero) {
  ASSERT_EQ(code_of(drop_privileges(privileges(kBindAndBoot))), 0);
  EXPECT_EQ(kernel.prctls.at(PR_SET_NO_NEW_PRIVS), (std::vector<unsigned long>{1, 0, 0, 0}));
  EXPECT_EQ(kernel.prctls.at(PR_GET_NO_NEW_PRIVS), (std::vector<unsigned long>{0, 0, 0, 0}));
  EXPECT_EQ(kernel.prctls.at(PR_CAP_AMBIENT)[2], 0U);
  EXPECT_EQ(kernel.prctls.at(PR_CAP_AMBIENT)[3], 0U);
}

TEST_F(PrivilegeTest, RootWithFewerCapabilities) {
  ASSERT_EQ(code_of(drop_privileges({.user = 0,
                                     .group = 0,
                                     .groups = {},
                                     .capabilities = kBindAndBoot,
                                     .no_new_privileges = false})),
            0);
  EXPECT_EQ(kernel.bounding, kBindAndBoot) << "what execve(2) gives root is limited by it";
  EXPECT_EQ(kernel.capabilities.permitted, kBindAndBoot);
  EXPECT_FALSE(kernel.no_new_privileges);
}

TEST_F(PrivilegeTest, CapabilitiesThatAreNotThereCannotBeKept) {
  kernel.capabilities.permitted &= ~kBindAndBoot;
  EXPECT_EQ(code_of(drop_privileges(privileges(kBindAndBoot))), EPERM);
}

// An emptied bounding set needs no CAP_SETPCAP; a container engine has done that part.
TEST_F(PrivilegeTest, NothingToDropNeedsNoPrivilege) {
  kernel.bounding = 0;
  kernel.capabilities.effective = uint64_t{1} << 6;
  ASSERT_EQ(code_of(drop_privileges(privileges())), 0);
}

TEST_F(PrivilegeTest, UserThatMeansNoChangeIsRefused) {
  Privileges nobody = privileges();
  nobody.user = static_cast<uid_t>(-1);
  EXPECT_EQ(code_of(drop_privileges(nobody)), EINVAL);
  nobody = privileges();
  nobody.group = static_cast<gid_t>(-1);
  EXPECT_EQ(code_of(drop_privileges(nobody)), EINVAL);
  EXPECT_TRUE(kernel.calls.empty());
}

TEST_F(PrivilegeTest, OlderAndNewerKernels) {
  for (const int last : {36, 63}) {
    fake::Kernel& fresh = fake::reset();
    fresh.last_capability = last;
    fresh.bounding = ~uint64_t{0} >> (63 - last);
    fresh.capabilities.permitted = fresh.bounding;
    fresh.capabilities.effective = fresh.bounding;
    EXPECT_EQ(last_capability(), last);
    ASSERT_EQ(code_of(drop_privileges(privileges(kBindAndBoot))), 0);
    EXPECT_EQ(fresh.bounding, kBindAndBoot) << "those without a name here too";
  }
  fake::reset().last_capability = -1;
  EXPECT_EQ(last_capability(), -1);
}

TEST_F(PrivilegeTest, CapabilityThatTheKernelDoesNotKnow) {
  EXPECT_EQ(code_of(drop_privileges(privileges(uint64_t{1} << 50))), EPERM);
}

// seccomp(2) can make a call succeed that was never made: only what is read back counts.
TEST_F(PrivilegeTest, SuccessThatIsNone) {
  const struct {
    const char* operation;
    void (*undo)();
  } cases[] = {
      {"verify user", [] { fake::kernel().user_id = 0; }},
      {"verify group", [] { fake::kernel().group_id = 0; }},
      {"verify capabilities", [] { fake::kernel().capabilities.permitted = kAll; }},
      {"verify capabilities", [] { fake::kernel().capabilities.effective = 0; }},
      {"verify capabilities", [] { fake::kernel().capabilities.inheritable = kAll; }},
      {"verify bounding set", [] { fake::kernel().bounding = kAll; }},
      {"verify ambient set", [] { fake::kernel().ambient = 0; }},
      {"verify no_new_privs", [] { fake::kernel().no_new_privileges = false; }},
  };
  for (const auto& entry : cases) {
    fake::reset().before_verification = entry.undo;
    const auto done = drop_privileges(privileges(kBindAndBoot));
    EXPECT_EQ(code_of(done), EPERM);
    EXPECT_STREQ(done.has_value() ? "" : done.error().operation, entry.operation);
  }
}

// Whatever fails: it is said, or what was asked is so all the same.
TEST_F(PrivilegeTest, EveryFaultIsToldOrHarmless) {
  Result<> result = {};
  unsigned told = 0;
  fake::for_each_fault([] {}, [&] { result = drop_privileges(privileges(kBindAndBoot)); },
                       [&](const fake::Injection& injection) {
                         if (!result.has_value()) {
                           ++told;
                           const bool verification =
                               std::string_view(result.error().operation).starts_with("verify");
                           EXPECT_EQ(code_of(result), verification ? EPERM : injection.code);
                           return;
                         }
                         // EINVAL of a read is what the kernel says of a capability that it does
                         // not know.
                         EXPECT_EQ(injection.call.name, "prctl");
                         EXPECT_EQ(injection.code, EINVAL);
                         const fake::Kernel& after = fake::kernel();
                         EXPECT_EQ(after.user_id, 1000U);
                         EXPECT_EQ(after.group_id, 100U);
                         EXPECT_EQ(after.group_ids.size(), 2U);
                         EXPECT_EQ(after.bounding, kBindAndBoot);
                         EXPECT_EQ(after.capabilities.permitted, kBindAndBoot);
                         EXPECT_EQ(after.capabilities.inheritable, kBindAndBoot);
                         EXPECT_EQ(after.ambient, kBindAndBoot);
                         EXPECT_TRUE(after.no_new_privileges);
                       });
  EXPECT_GT(told, 100U);
}

TEST(ParseCapability, Names) {
  EXPECT_EQ(parse_capability("chown"), 0);
  EXPECT_EQ(parse_capability("net_bind_service"), 10);
  EXPECT_EQ(parse_capability("CAP_SYS_BOOT"), 22);
  EXPECT_EQ(parse_capability("cap_Sys_Boot"), 22);
  EXPECT_EQ(parse_capability("SETFCAP"), 31);
  EXPECT_EQ(parse_capability("audit_read"), 37);
  EXPECT_EQ(parse_capability("CAP_CHECKPOINT_RESTORE"), 40);
  for (const char* bad : {"", "cap_", "CAP_NOSUCH", "sys_boo", "sys_boots", "sys_boot ",
                          "cap_cap_sys_boot", "22", "CAP SYS_BOOT", "all"}) {
    EXPECT_EQ(code_of(parse_capability(bad)), EINVAL) << bad;
  }
}

}  // namespace
}  // namespace pid1
