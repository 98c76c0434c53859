// SPDX-License-Identifier: Apache-2.0
#include "least.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace microbeam {
namespace {

using testing::ElementsAre;

TEST(LeastTest, IsSeenToWorkAgainAndTheOneBelowToFail) {
  for (int edge = 9; edge < 100; ++edge) {
    std::map<int, int> asked;
    const auto found = least(8, 100, [&](int n) -> absl::StatusOr<bool> {
      ++asked[n];
      return n >= edge;
    });
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, edge);
    EXPECT_EQ(asked[edge], 3) << edge;
    if (edge > 9) {
      EXPECT_EQ(asked[edge - 1], 1) << edge;
    }
  }
}

TEST(LeastTest, WhatIsEnoughIsNotAskedAgain) {
  std::vector<int> asked;
  const auto found = least(8, 11, [&](int n) -> absl::StatusOr<bool> {
    asked.push_back(n);
    return false;
  });
  EXPECT_EQ(*found, 11);
  EXPECT_THAT(asked, ElementsAre(9, 10));
}

TEST(LeastTest, WhatWorksNowAndThenIsNoAnswer) {
  std::map<int, int> asked;
  const auto found = least(8, 100, [&](int n) -> absl::StatusOr<bool> {
    return n >= 52 || (n >= 50 && ++asked[n] % 2 == 1);
  });
  EXPECT_EQ(*found, 52);
}

TEST(LeastTest, ErrorsAreHandedOn) {
  EXPECT_EQ(least(8, 100, [](int) { return absl::StatusOr<bool>(absl::AbortedError("^C")); })
                .status()
                .message(),
            "^C");
}

}  // namespace
}  // namespace microbeam
