// SPDX-License-Identifier: Apache-2.0
#include "statistics.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

TEST(StatisticsTest, OfNothingThereIsNoSummary) {
  EXPECT_FALSE(summarize({}).has_value());
}

TEST(StatisticsTest, OneValueIsAllOfThem) {
  const Summary summary = *summarize({7});
  EXPECT_EQ(summary.n, 1U);
  EXPECT_EQ(summary.median, 7);
  EXPECT_EQ(summary.p95, 7);
  EXPECT_EQ(summary.min, 7);
  EXPECT_EQ(summary.max, 7);
}

TEST(StatisticsTest, MedianOfAnOddAndOfAnEvenNumberInAnyOrder) {
  EXPECT_EQ(summarize({9, 1, 5})->median, 5);
  EXPECT_EQ(summarize({9, 1, 5, 7})->median, 6);
  EXPECT_EQ(summarize({9, 1, 5, 7})->min, 1);
  EXPECT_EQ(summarize({9, 1, 5, 7})->max, 9);
}

TEST(StatisticsTest, P95IsTheNearestRank) {
  std::vector<double> values;
  for (int i = 1; i <= 100; ++i)
    values.push_back(i);
  EXPECT_EQ(summarize(values)->p95, 95);
  values.resize(20);
  EXPECT_EQ(summarize(values)->p95, 19);
  values.resize(19);  // 18.05 up to the next
  EXPECT_EQ(summarize(values)->p95, 19);
}

}  // namespace
}  // namespace microbeam
