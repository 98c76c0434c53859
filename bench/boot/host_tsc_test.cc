// SPDX-License-Identifier: Apache-2.0
#include "host_tsc.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

TEST(HostTscTest, MeasuresTheSameTwice) {
  const int64_t first = host_tsc_khz().value_or(0);
  const int64_t second = host_tsc_khz().value_or(0);
  if (first == 0 && second == 0) GTEST_SKIP() << "this host's counter does not run evenly";
  EXPECT_GT(first, 100'000);
  EXPECT_NEAR(static_cast<double>(second) / static_cast<double>(first), 1, 0.001);
}

}  // namespace
}  // namespace microbeam
