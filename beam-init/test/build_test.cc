// SPDX-License-Identifier: Apache-2.0
#include "build.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace beam_init {
namespace {

class DraftTest : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> words() const {
    std::vector<std::string> all;
    all.reserve(vector.size());
    for (size_t i = 0; i < vector.size(); ++i)
      all.emplace_back(vector[i]);
    return all;
  }

  char bytes[128];
  char* variable_slots[4];
  char* word_slots[8];
  pid1::Arena arena{bytes};
  pid1::Environment environment{arena, variable_slots};
  pid1::StringVector vector{word_slots};
  Draft draft{arena, environment};
};

using Strings = std::vector<std::string>;

TEST_F(DraftTest, Texts) {
  EXPECT_STREQ(draft.text("{}/releases", "/app"), "/app/releases");
  EXPECT_FALSE(draft.outcome().is_failure());
}

TEST_F(DraftTest, Words) {
  draft.add(vector, "one word");
  draft.add_words(vector, "-root {} -x {}{}", "/a b", "c d", "e");
  EXPECT_EQ(words(), (Strings{"one word", "-root", "/a b", "-x", "c de"}));
}

TEST_F(DraftTest, Variables) {
  draft.set("A", "set");
  draft.set("B", "");
  draft.set_defaults("A=default B={} C={}", "/x y", "z");
  EXPECT_STREQ(draft.get("A"), "set");
  EXPECT_STREQ(draft.get("B"), "/x y");
  EXPECT_STREQ(draft.get("C"), "z");
  EXPECT_STREQ(draft.get("D"), "");
}

TEST_F(DraftTest, WhatDoesNotFitIsToldAtTheEnd) {
  const std::string longer(200, 'x');
  EXPECT_STREQ(draft.text("{}", longer.c_str()), "");
  draft.add(vector, "fits");
  const auto outcome = draft.outcome();
  ASSERT_TRUE(outcome.is_failure());
  EXPECT_NE(std::string(outcome.message()).find("too long"), std::string::npos)
      << outcome.message();
}

TEST_F(DraftTest, MoreVariablesThanSlots) {
  for (const char* name : {"A", "B", "C"})
    draft.set(name, "1");
  EXPECT_FALSE(draft.outcome().is_failure());
  draft.set("D", "1");
  EXPECT_TRUE(draft.outcome().is_failure());
}

TEST(Fail, MessageWithItsParts) {
  const auto failure = fail("{} has {} of {}", "a", "b", "c");
  EXPECT_STREQ(failure.message(), "a has b of c");
}

TEST(Fail, SystemError) {
  const auto failure = fail(pid1::Error{ENOENT, "open"}, "/x", "do y");
  EXPECT_STREQ(failure.message(), "open /x: No such file or directory; do y");
}

TEST(Fail, LongPartsAreCutAndTheNextMessageIsItsOwn) {
  const std::string longer(2000, 'x');
  const auto cut = fail("before {} after", longer.c_str());
  EXPECT_EQ(std::string(cut.message()).substr(0, 7), "before ");
  EXPECT_LT(std::string(cut.message()).size(), 900U);
  EXPECT_EQ(fail("{}", longer.c_str()).message(), std::string(899, 'x'));
  EXPECT_STREQ(fail("next").message(), "next");
}

}  // namespace
}  // namespace beam_init
