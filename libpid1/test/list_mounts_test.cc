// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <string>
#include <vector>

#include "fixture.h"
#include "pid1/mount.h"

namespace pid1 {
namespace {

class ListMountsTest : public fake::KernelTest {
 protected:
  Result<> list() {
    targets.clear();
    return list_mounts([this](const MountEntry& entry) { targets.emplace_back(entry.target); },
                       "/table");
  }

  std::vector<std::string> targets;
};

TEST_F(ListMountsTest, EachIsVisitedInItsOrder) {
  kernel.add_file("/table",
                  "1 0 0:1 / / rw - rootfs none rw\n"
                  "2 1 0:2 / /a\\040b ro - tmpfs tmpfs ro\n");
  ASSERT_EQ(code_of(list()), 0);
  EXPECT_EQ(targets, (std::vector<std::string>{"/", "/a b"}));
}

TEST_F(ListMountsTest, TooLongALineIsLeftOut) {
  kernel.add_file("/table", "1 0 0:1 / /" + std::string(20'000, 'x') +
                                " rw - tmpfs none rw\n2 1 0:2 / /b ro - tmpfs tmpfs ro\n");
  ASSERT_EQ(code_of(list()), 0);
  EXPECT_EQ(targets, (std::vector<std::string>{"/b"}));
}

TEST_F(ListMountsTest, WhatIsNoTableIsTold) {
  EXPECT_EQ(code_of(list()), ENOENT);
  kernel.add_file("/table", "nonsense\n");
  EXPECT_EQ(code_of(list()), EINVAL);
}

TEST_F(ListMountsTest, FaultsAreTold) {
  expect_faults_told([] { fake::kernel().add_file("/table", "1 0 0:1 / / rw - rootfs none rw\n"); },
                     [this] { return list(); }, {{"read", EINTR}});
}

}  // namespace
}  // namespace pid1
