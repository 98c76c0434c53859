// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

class LinesTest : public testing::Test {
 protected:
  std::vector<Line> lines;
  LineSplitter splitter{[this](const Line& line) { lines.push_back(line); }};
};

TEST_F(LinesTest, CutsAtNewlinesAndDropsCarriageReturns) {
  splitter.feed("one\r\ntwo\n\nthree\r\r\n", absl::Seconds(1));
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].text, "one");
  EXPECT_EQ(lines[1].text, "two");
  EXPECT_EQ(lines[2].text, "");
  EXPECT_EQ(lines[3].text, "three");
}

TEST_F(LinesTest, JoinsPiecesAndKnowsWhenEachByteCame) {
  splitter.feed("ab", absl::Seconds(1));
  splitter.feed("cd", absl::Seconds(2));
  splitter.feed("e\nf", absl::Seconds(3));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text, "abcde");
  EXPECT_EQ(lines[0].arrival(0), absl::Seconds(1));
  EXPECT_EQ(lines[0].arrival(1), absl::Seconds(1));
  EXPECT_EQ(lines[0].arrival(2), absl::Seconds(2));
  EXPECT_EQ(lines[0].arrival(4), absl::Seconds(3));
  splitter.feed("\n", absl::Seconds(4));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].arrival(0), absl::Seconds(3));
}

TEST_F(LinesTest, BoundsALineWithoutEnd) {
  const std::string piece(1000, 'x');
  for (int i = 0; i < 100; ++i)
    splitter.feed(piece, absl::Seconds(i));
  splitter.feed("\nnext\n", absl::Seconds(100));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].text.size(), LineSplitter::kMaxLength);
  EXPECT_LE(lines[0].pieces.size(), 5U);
  EXPECT_EQ(lines[1].text, "next");
}

TEST_F(LinesTest, HandsOnALastLineWithoutEndOnlyWhenFinished) {
  splitter.feed("half", absl::Seconds(1));
  EXPECT_TRUE(lines.empty());
  splitter.finish();
  splitter.finish();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text, "half");
}

}  // namespace
}  // namespace microbeam
