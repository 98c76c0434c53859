// SPDX-License-Identifier: Apache-2.0
#include "pid1/text.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "fixture.h"

namespace pid1 {
namespace {

TEST(Decimal, WritesEveryLengthOfNumber) {
  EXPECT_EQ(std::string_view(Decimal(0).text()), "0");
  EXPECT_EQ(std::string_view(Decimal(9).text()), "9");
  EXPECT_EQ(std::string_view(Decimal(10).text()), "10");
  EXPECT_EQ(std::string_view(Decimal(1234567890).text()), "1234567890");
  EXPECT_EQ(std::string_view(Decimal(std::numeric_limits<uint64_t>::max()).text()),
            "18446744073709551615");
}

/// The filled pattern; "?" when it does not fit.
std::string filled(std::span<char> out, const char* pattern, const char* const* parts,
                   char blank = ' ') {
  const auto size = fill(out, pattern, parts, blank);
  return size.has_value() ? std::string(out.data(), *size) : "?";
}

TEST(Fill, ReplacesEachHole) {
  char out[32];
  const char* const parts[] = {"b", "", "d e"};
  EXPECT_EQ(filled(out, "a {} c{}{}.", parts), "a b cd e.");
  EXPECT_EQ(std::string(out), "a b cd e.");
  EXPECT_EQ(filled(out, "{}", parts), "b");
  EXPECT_EQ(filled(out, "plain", nullptr), "plain");
  const char* const tricky[] = {"{}", "%s"};
  EXPECT_EQ(filled(out, "{}/{}", tricky), "{}/%s") << "a part is not a pattern";
}

TEST(Fill, EndsWithNulOrSaysThatItDoesNotFit) {
  char out[4] = {'x', 'x', 'x', 'x'};
  const char* const parts[] = {"abc"};
  EXPECT_EQ(filled(out, "{}", parts), "abc");
  EXPECT_EQ(code_of(fill(out, "{}d", parts)), ENAMETOOLONG);
  EXPECT_EQ(filled(out, "", nullptr), "");
  EXPECT_EQ(out[0], '\0');
}

TEST(Fill, KeepsWhatFits) {
  char out[4];
  const char* const parts[] = {"bcd"};
  EXPECT_EQ(code_of(fill(out, "a{}", parts)), ENAMETOOLONG);
  EXPECT_STREQ(out, "abc");
  EXPECT_EQ(code_of(fill({}, "", nullptr)), ENAMETOOLONG);
}

TEST(Fill, BlanksOfThePatternOnly) {
  char out[16];
  const char* const parts[] = {"b c", ""};
  EXPECT_EQ(filled(out, "a {} {} d", parts, '\0'), std::string("a\0b c\0\0d", 8));
}

TEST(Split, EndsTheTextAtTheSeparator) {
  char text[] = "a:bc::d";
  char* rest = split(text, ':');
  EXPECT_STREQ(text, "a");
  EXPECT_STREQ(rest, "bc::d");
  char* const last = split(rest, ':');
  EXPECT_STREQ(rest, "bc");
  EXPECT_STREQ(last, ":d");
  char plain[] = "d";
  EXPECT_STREQ(split(plain, ':'), "");
  EXPECT_STREQ(plain, "d");
  char final[] = "a:";
  EXPECT_STREQ(split(final, ':'), "");
  EXPECT_STREQ(final, "a");
}

TEST(After, WhatFollowsAPrefix) {
  EXPECT_STREQ(after("abc", "ab"), "c");
  EXPECT_STREQ(after("abc", "abc"), "");
  EXPECT_STREQ(after("abc", ""), "abc");
  EXPECT_EQ(after("ab", "abc"), nullptr);
  EXPECT_EQ(after("abc", "b"), nullptr);
}

TEST(Equals, WholeTexts) {
  EXPECT_TRUE(equals("", ""));
  EXPECT_TRUE(equals("a", "a"));
  EXPECT_FALSE(equals("ab", "a"));
  EXPECT_FALSE(equals("a", "ab"));
}

std::string trimmed(std::string text) {
  return trim(text.data());
}

TEST(Trim, DropsWhiteSpaceOnBothSides) {
  EXPECT_EQ(trimmed(" \t\n\v\f\ra b \t\n\v\f\r"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed("  "), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("\xa0x\xa0"), "\xa0x\xa0") << "a no-break space is part of a word";
}

TEST(Contains, PartsOfText) {
  EXPECT_TRUE(contains("abc", "abc"));
  EXPECT_TRUE(contains("abc", "bc"));
  EXPECT_TRUE(contains("abc", ""));
  EXPECT_TRUE(contains("", ""));
  EXPECT_TRUE(contains("aab", "ab"));
  EXPECT_FALSE(contains("abc", "ac"));
  EXPECT_FALSE(contains("ab", "abc"));
  EXPECT_FALSE(contains("", "a"));
}

TEST(IsListed, WordsBetweenCommas) {
  EXPECT_TRUE(is_listed("a,bc,d", "a"));
  EXPECT_TRUE(is_listed("a,bc,d", "bc"));
  EXPECT_TRUE(is_listed("a,bc,d", "d"));
  EXPECT_FALSE(is_listed("a,bc,d", "b"));
  EXPECT_FALSE(is_listed("a,bc,d", "a,bc"));
  EXPECT_FALSE(is_listed("a,bc,d", ""));
  EXPECT_TRUE(is_listed(",a", ""));
  EXPECT_TRUE(is_listed("a,,b", ""));
  EXPECT_TRUE(is_listed("", ""));
  EXPECT_FALSE(is_listed("", "a"));
}

TEST(ParseNumber, TakesDigitsUpToTheLimit) {
  EXPECT_TRUE(parse_number("0", 255) == 0);
  EXPECT_TRUE(parse_number("255", 255) == 255);
  EXPECT_TRUE(parse_number("007", 255) == 7);
  EXPECT_EQ(code_of(parse_number("256", 255)), ERANGE);
  EXPECT_EQ(code_of(parse_number("99999999999999999999", 255)), ERANGE);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "a"}) {
    EXPECT_EQ(code_of(parse_number(bad, 255)), EINVAL) << bad;
  }
}

}  // namespace
}  // namespace pid1
