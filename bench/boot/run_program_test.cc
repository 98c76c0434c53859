// SPDX-License-Identifier: Apache-2.0
#include "run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace microbeam {
namespace {

using testing::HasSubstr;

class RunProgramTest : public testing::Test {
 protected:
  absl::StatusOr<std::string> shell(const std::string& script,
                                    absl::Duration limit = absl::Seconds(20)) {
    return run_program(loop, {"/bin/sh", "-c", script}, limit);
  }

  Loop loop;
};

TEST_F(RunProgramTest, GivesAllOfTheOutput) {
  const auto said = shell("head -c 300000 /dev/zero | tr '\\0' x; echo end; echo err >&2");
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(said->size(), 300'004U);
  EXPECT_EQ(said->substr(300'000), "end\n");
}

TEST_F(RunProgramTest, FailsWithWhatItSaid) {
  EXPECT_EQ(shell("echo no such thing >&2; exit 3").status().message(),
            "/bin/sh ended with status 3: no such thing");
  EXPECT_THAT(std::string(run_program(loop, {"/nonexistent"}, absl::Seconds(1)).status().message()),
              HasSubstr("cannot execute /nonexistent"));
}

TEST_F(RunProgramTest, IsEndedWhenItsTimeIsOverOrNobodyWaits) {
  EXPECT_EQ(shell("echo so far; exec sleep 60", absl::Milliseconds(200)).status().message(),
            "/bin/sh did not end: so far");
  EXPECT_EQ(
      run_program(loop, {"/bin/sh", "-c", "exec sleep 60"}, absl::Seconds(20), [] { return true; })
          .status()
          .message(),
      "/bin/sh did not end: ");
}

}  // namespace
}  // namespace microbeam
