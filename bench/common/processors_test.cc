// SPDX-License-Identifier: Apache-2.0
#include "processors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace microbeam {
namespace {

using testing::ElementsAre;

TEST(ProcessorsTest, AThreadKeepsToWhatItIsTold) {
  const std::vector<int> all = processors();
  ASSERT_FALSE(all.empty());
  std::thread([&] {
    ASSERT_TRUE(keep_to({all.back()}));
    EXPECT_THAT(processors(), ElementsAre(all.back()));
    EXPECT_EQ(sched_getcpu(), all.back());
    std::thread([&] { EXPECT_THAT(processors(), ElementsAre(all.back())); }).join();
    EXPECT_FALSE(keep_to({})) << "some processor it must be";
    ASSERT_TRUE(keep_to(all));
    EXPECT_EQ(processors(), all);
  }).join();
  EXPECT_EQ(processors(), all) << "the others go where they like";
}

}  // namespace
}  // namespace microbeam
