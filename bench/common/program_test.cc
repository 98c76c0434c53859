// SPDX-License-Identifier: Apache-2.0
#include "program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace microbeam {
namespace {

TEST(FindProgramTest, LooksInPathOrAtThePath) {
  EXPECT_EQ(find_program("/bin/sh"), "/bin/sh");
  EXPECT_THAT(find_program("sh"), testing::Optional(testing::EndsWith("/sh")));
  for (const char* missing : {"nosuch-qemu", "/nonexistent/qemu", "/proc/self/status", "/"}) {
    EXPECT_EQ(find_program(missing), std::nullopt) << missing;
  }
}

}  // namespace
}  // namespace microbeam
