// SPDX-License-Identifier: Apache-2.0
#include "pid1/environment.h"

#include <cerrno>
#include <string>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

using std::string_literals::operator""s;

std::vector<std::string> strings_of(const StringVector& vector) {
  std::vector<std::string> strings;
  for (char* const* entry = vector.data(); *entry != nullptr; ++entry)
    strings.emplace_back(*entry);
  EXPECT_EQ(strings.size(), vector.size());
  return strings;
}

using Strings = std::vector<std::string>;

/// A copy of `text` in the arena.
Result<char*> copy(Arena& arena, const char* text) {
  return arena.text("{}", &text);
}

TEST(Arena, HandsOutFrontToBack) {
  char bytes[8];
  Arena arena(bytes);
  const char* const parts[] = {"a", "b"};
  const auto first = arena.text("{}{}", parts);
  const auto second = copy(arena, "cd");
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_STREQ(*first, "ab");
  EXPECT_STREQ(*second, "cd");
  EXPECT_EQ(*first, bytes);
  EXPECT_EQ(*second, bytes + 3);
  EXPECT_EQ(arena.rest().size(), 2U);
}

TEST(Arena, FullArenaKeepsWhatItHas) {
  char bytes[6];
  Arena arena(bytes);
  const auto first = copy(arena, "ab");
  EXPECT_EQ(code_of(copy(arena, "cde")), E2BIG);
  EXPECT_EQ(arena.rest().size(), 3U);
  EXPECT_STREQ(*copy(arena, "cd"), "cd");
  EXPECT_EQ(code_of(copy(arena, "")), E2BIG);
  EXPECT_STREQ(*first, "ab");
}

TEST(Arena, RestIsFilledInPlace) {
  char bytes[8] = {};
  Arena arena(bytes);
  arena.rest()[0] = 'x';
  arena.keep(2);
  EXPECT_EQ(*copy(arena, "y"), bytes + 2);
  EXPECT_EQ(bytes[0], 'x');
}

TEST(StringVector, IsAlwaysTerminated) {
  char nothing[1] = {};
  char* slots[4] = {nothing, nothing, nothing, nothing};
  StringVector vector(slots);
  EXPECT_EQ(strings_of(vector), Strings{});
  ASSERT_EQ(code_of(vector.append("one")), 0);
  ASSERT_EQ(code_of(vector.append("two")), 0);
  ASSERT_EQ(code_of(vector.append("")), 0);
  EXPECT_EQ(strings_of(vector), (Strings{"one", "two", ""}));
  EXPECT_STREQ(vector[1], "two");
}

// libkrun b7ecf070, c58f00a0: silent cuts and overflows of argv; firecracker 53ad251b1: no NULL.
TEST(StringVector, SlotsRunOut) {
  char* slots[3];
  StringVector vector(slots);
  ASSERT_EQ(code_of(vector.append("a")), 0);
  ASSERT_EQ(code_of(vector.append("b")), 0);
  EXPECT_EQ(code_of(vector.append("c")), E2BIG);
  EXPECT_EQ(strings_of(vector), (Strings{"a", "b"}));
}

TEST(StringVector, OneSlotHoldsNothing) {
  char nothing[1] = {};
  char* slots[1] = {nothing};
  StringVector vector(slots);
  EXPECT_EQ(code_of(vector.append("a")), E2BIG);
  EXPECT_EQ(strings_of(vector), Strings{});
}

class EnvironmentTest : public testing::Test {
 protected:
  char bytes[256];
  char* slots[5];
  Arena arena{bytes};
  Environment environment{arena, slots};
};

TEST_F(EnvironmentTest, SetsAndGets) {
  ASSERT_EQ(code_of(environment.set("HOME", "/root")), 0);
  ASSERT_EQ(code_of(environment.set("EMPTY", "")), 0);
  EXPECT_STREQ(environment.get("HOME"), "/root");
  EXPECT_STREQ(environment.get("EMPTY"), "");
  EXPECT_STREQ(environment.get("HOM"), "");
  EXPECT_EQ(strings_of(environment), (Strings{"HOME=/root", "EMPTY="}));
}

TEST_F(EnvironmentTest, ReplacesInItsPlace) {
  ASSERT_EQ(code_of(environment.set("A", "1")), 0);
  ASSERT_EQ(code_of(environment.set("B", "2")), 0);
  ASSERT_EQ(code_of(environment.set("A", "a longer value=with signs")), 0);
  EXPECT_EQ(strings_of(environment), (Strings{"A=a longer value=with signs", "B=2"}));
  EXPECT_STREQ(environment.get("A"), "a longer value=with signs");
}

TEST_F(EnvironmentTest, NamesThatAreNone) {
  for (const std::string& name : {""s, "="s, "A="s, "=A"s, "A=B"s}) {
    EXPECT_EQ(code_of(environment.set(name.c_str(), "x")), EINVAL) << name;
  }
  EXPECT_EQ(environment.size(), 0U);
}

TEST_F(EnvironmentTest, EntriesAreNotCopied) {
  char first[] = "A=1";
  char second[] = "A=2";
  char none[] = "=1";
  ASSERT_EQ(code_of(environment.put(first)), 0);
  ASSERT_EQ(code_of(environment.put(second)), 0);
  EXPECT_EQ(code_of(environment.put(none)), EINVAL);
  EXPECT_EQ(environment.data()[0], second);
  EXPECT_STREQ(environment.get("A=what"), "2") << "a name ends at its =";
  EXPECT_EQ(environment.size(), 1U);
}

TEST_F(EnvironmentTest, FullEnvironmentStillReplaces) {
  for (const char* name : {"A", "B", "C", "D"}) {
    ASSERT_EQ(code_of(environment.set(name, "1")), 0);
  }
  EXPECT_EQ(code_of(environment.set("E", "1")), E2BIG);
  EXPECT_EQ(code_of(environment.set("B", "2")), 0);
  EXPECT_EQ(strings_of(environment), (Strings{"A=1", "B=2", "C=1", "D=1"}));
}

TEST_F(EnvironmentTest, ValueThatDoesNotFitLeavesTheOldOne) {
  ASSERT_EQ(code_of(environment.set("A", "old")), 0);
  EXPECT_EQ(code_of(environment.set("A", std::string(300, 'x').c_str())), E2BIG);
  EXPECT_STREQ(environment.get("A"), "old");
}

// ---- files of NAME=VALUE

struct Walk {
  Strings seen;  // "LINE NAME|VALUE"
  unsigned line = 0;
  int code = 0;
};

Walk walk(std::string text) {
  Walk result;
  AssignmentReader reader(text.data());
  Assignment assignment;
  for (;;) {
    const auto read = reader.next(assignment);
    result.code = code_of(read);
    result.line = reader.line();
    if (!read.has_value() || !*read) return result;
    result.seen.push_back(std::to_string(result.line) + " " + std::string(assignment.name) + "|" +
                          std::string(assignment.value));
  }
}

TEST(AssignmentReader, Lines) {
  const struct {
    const char* text;
    Strings seen;
    int code = 0;
  } cases[] = {
      {"", {}},
      {"\n\n", {}},
      {"A=1", {"1 A|1"}},
      {"A=1\nB=2\n", {"1 A|1", "2 B|2"}},
      {"# comment\n\n  # more\nA=1\n", {"4 A|1"}},
      {"  A = 1 \r\n\tB=\t2\r\n", {"1 A|1", "2 B|2"}},
      {"A=", {"1 A|"}},
      {"A= ", {"1 A|"}},
      {"A=b=c", {"1 A|b=c"}},
      {"A=1 # no comment", {"1 A|1 # no comment"}},
      {"A=\"1\"", {"1 A|1"}},
      {"A=\"  1  \"  ", {"1 A|  1  "}},
      {"A=\"\"", {"1 A|"}},
      {"A=\"", {"1 A|\""}},
      {"A=\"1", {"1 A|\"1"}},
      {"A=1\"", {"1 A|1\""}},
      {"A=\"a\"b\"", {"1 A|a\"b"}},
      {"A='1'", {"1 A|'1'"}},
      {"A=\\n", {"1 A|\\n"}},
      {"env.A.B=1", {"1 env.A.B|1"}},
      {"A B=1", {"1 A B|1"}},
      {"A=1\nnonsense\nB=2", {"1 A|1"}, EINVAL},
      {"=1", {}, EINVAL},
      {" = ", {}, EINVAL},
      {"A", {}, EINVAL},
      {"A=1\nA=2", {"1 A|1", "2 A|2"}},
      {"A=\xc3\xa9\xa0", {"1 A|\xc3\xa9\xa0"}},
  };
  for (const auto& entry : cases) {
    const Walk result = walk(entry.text);
    EXPECT_EQ(result.seen, entry.seen) << entry.text;
    EXPECT_EQ(result.code, entry.code) << entry.text;
  }
}

TEST(AssignmentReader, LineOfTheErrorIsTold) {
  EXPECT_EQ(walk("# one\n\nA=1\nnonsense\nB=2").line, 4U);
}

TEST(AssignmentReader, LongLinesAndManyOfThem) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "N" + std::to_string(i) + "=" + std::string(500, 'v') + "\n";
  const Walk result = walk(text);
  ASSERT_EQ(result.seen.size(), 1000U);
  EXPECT_EQ(result.seen.back(), "1000 N999|" + std::string(500, 'v'));
}

}  // namespace
}  // namespace pid1
