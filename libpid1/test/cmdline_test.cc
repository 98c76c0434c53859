// SPDX-License-Identifier: Apache-2.0
#include "pid1/cmdline.h"

#include <cerrno>
#include <string>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

using Words = std::vector<std::string>;

/// Each parameter as NAME, or NAME -> VALUE; an argument after ` -- ` with a + before it.
Words split(std::string line) {
  Words words;
  CmdlineReader reader(line.data());
  Parameter parameter;
  while (reader.next(parameter)) {
    std::string word = (parameter.is_argument ? "+" : "") + std::string(parameter.name);
    if (parameter.value != nullptr) word += " -> " + std::string(parameter.value);
    words.push_back(word);
  }
  EXPECT_FALSE(reader.next(parameter)) << "the end is the end";
  return words;
}

// What lib/cmdline.c's next_arg() and kernel/params.c's parse_args() of Linux 6.12 make of them:
// compiled on the host, they gave these, and the same as the reader on three million random lines.
TEST(Cmdline, SplitsAsTheKernelDoes) {
  const struct {
    std::string line;
    Words words;
  } cases[] = {
      // words
      {"", {}},
      {"   ", {}},
      {"quiet", {"quiet"}},
      {"quiet ro", {"quiet", "ro"}},
      {"  quiet \t ro\n", {"quiet", "ro"}},
      {"a\tb\nc\vd\fe\rf", {"a", "b", "c", "d", "e", "f"}},
      {"a\xa0"
       "b",
       {"a", "b"}},
      {"\xa0"
       "a",
       {"a"}},
      {"a\xc2\xa0"
       "b",
       {"a\xc2", "b"}},
      // values
      {"root=/dev/vda", {"root -> /dev/vda"}},
      {"a=", {"a -> "}},
      {"a= b", {"a -> ", "b"}},
      {"a=b=c", {"a -> b=c"}},
      {"a==", {"a -> ="}},
      {"=a", {"=a"}},
      {"=", {"="}},
      {"==a", {"= -> a"}},
      {"a =b", {"a", "=b"}},
      // names with dots never reach init's argv, but are here
      {"beam.env.NAME=x", {"beam.env.NAME -> x"}},
      {"net.ifnames=0 rcu.x", {"net.ifnames -> 0", "rcu.x"}},
      {".=.", {". -> ."}},
      // quotes around a value
      {"a=\"b c\"", {"a -> b c"}},
      {"a=\"b c\" d", {"a -> b c", "d"}},
      {"a=\"\"", {"a -> "}},
      {"a=\"", {"a -> "}},
      {"a=\" ", {"a ->  "}},
      {"a=\"b", {"a -> b"}},
      {"a=\"b c", {"a -> b c"}},
      {"a=\"b\"c", {"a -> b\"c"}},
      {"a=\"b\"\"c\"", {"a -> b\"\"c"}},
      {"a=\"b=c\"", {"a -> b=c"}},
      {"a=\"\"\"", {"a -> \""}},
      // quotes within a value stay, and keep blanks
      {"a=b\"c d\"", {"a -> b\"c d\""}},
      {"a=b\"c d\" e", {"a -> b\"c d\"", "e"}},
      {"a=b\"c", {"a -> b\"c"}},
      {"a=b\"c d", {"a -> b\"c d"}},
      // quotes around a whole word
      {"\"a b\"", {"a b"}},
      {"\"a b\" c", {"a b", "c"}},
      {"\"a=b c\" d", {"a -> b c", "d"}},
      {"\"a=b c", {"a -> b c"}},
      {"\"a\"b", {"a\"b"}},
      {"\"a\"b\"", {"a\"b"}},
      {"\"a\" \"b\"", {"a", "b"}},
      {"\"\"", {""}},
      {"\"", {""}},
      {"\" ", {" "}},
      {"\"\" a", {"", "a"}},
      // both
      {"\"a=\"b c\"", {"a -> b", "c\""}},
      {"\"a=\"b\"", {"a -> b"}},
      {"\"a=\"", {"a -> "}},
      {"\"a=\"\"", {"a -> "}},
      // quotes within a name
      {"a\"b", {"a\"b"}},
      {"a\"b c\"d", {"a\"b c\"d"}},
      {"a\"b c\"=d", {"a\"b c\" -> d"}},
      {"a\"=\"b", {"a\" -> b"}},
      // a backslash and a single quote are plain
      {"a=\\\"b c\\\"", {"a -> \\\"b c\\\""}},
      {"a='b c'", {"a -> 'b", "c'"}},
      {"a\\ b", {"a\\", "b"}},
      // arguments
      {"a -- b c=d", {"a", "+b", "+c=d"}},
      {"-- a", {"+a"}},
      {"a --", {"a"}},
      {"a -- ", {"a"}},
      {"a --b c", {"a", "--b", "c"}},
      {"a --=b c", {"a", "-- -> b", "c"}},
      {"a \"--\" b", {"a", "+b"}},
      {"a -- \"b c\" d=\"e f\"", {"a", "+b c", "+d=e f"}},
      {"a=-- b", {"a -> --", "b"}},
      {"a=\"x -- y\" b", {"a -> x -- y", "b"}},
      {"a --- b", {"a", "---", "b"}},
      {"a - b", {"a", "-", "b"}},
      // given twice: both are there, in order
      {"a=1 a=2 a", {"a -> 1", "a -> 2", "a"}},
      // bytes beyond ASCII
      {"name=\xc3\xa9t\xc3\xa9", {"name -> \xc3\xa9t\xc3\xa9"}},
  };
  for (const auto& entry : cases)
    EXPECT_EQ(split(entry.line), entry.words) << entry.line;
}

TEST(Cmdline, SecondSeparatorIsAnArgument) {
  // Here the kernel would stop: what follows reaches no init. A program may want its own `--`.
  EXPECT_EQ(split("a -- b -- c"), (Words{"a", "+b", "+--", "+c"}));
}

TEST(Cmdline, LinesLongerThanTheKernelOfX86Keeps) {
  std::string line;
  Words words;
  for (int i = 0; i < 5000; ++i) {
    line += "key." + std::to_string(i) + "=\"value " + std::to_string(i) + "\" ";
    words.push_back("key." + std::to_string(i) + " -> value " + std::to_string(i));
  }
  EXPECT_GT(line.size(), 100'000U);
  EXPECT_EQ(split(line), words);
  EXPECT_EQ(split("a=" + std::string(10'000, 'x')), Words{"a -> " + std::string(10'000, 'x')});
}

/// The value, or "none".
std::string found(std::string line, const char* name) {
  const char* const value = find_parameter(line.data(), name);
  return value == nullptr ? "none" : value;
}

TEST(FindParameter, OfOneGivenTwiceTheLastCounts) {
  EXPECT_EQ(found("root=/dev/vda ro root=/dev/vdb", "root"), "/dev/vdb");
  EXPECT_EQ(found("root=/dev/vda root", "root"), "");
  EXPECT_EQ(found("root root=\"a b\"", "root"), "a b");
}

TEST(FindParameter, NoneAndEmpty) {
  EXPECT_EQ(found("", "root"), "none");
  EXPECT_EQ(found("roots=1 roo=2 boot=3 x=root", "root"), "none");
  EXPECT_EQ(found("quiet", "quiet"), "");
  EXPECT_EQ(found("quiet=", "quiet"), "");
}

TEST(FindParameter, ArgumentsAreNone) {
  EXPECT_EQ(found("a=1 -- a=2", "a"), "1");
  EXPECT_EQ(found("-- a=2", "a"), "none");
}

TEST(FindParameter, DashAndUnderscoreAreTheSame) {
  EXPECT_EQ(found("log-buf_len=1M", "log_buf_len"), "1M");
  EXPECT_EQ(found("log_buf_len=1M", "log-buf-len"), "1M");
  EXPECT_EQ(found("log_buf_len=1-2", "log_buf_len"), "1-2");
}

TEST(FindParameter, BehindTwoKilobytes) {
  std::string line;
  for (int i = 0; i < 500; ++i)
    line += "filler" + std::to_string(i) + "=x ";
  ASSERT_GT(line.size(), 4096U);
  EXPECT_EQ(found(line + "last=here", "last"), "here");
}

using ReadCmdlineTest = fake::KernelTest;

TEST_F(ReadCmdlineTest, WithoutItsNewline) {
  kernel.add_file("/proc/cmdline", "quiet panic=-1\n");
  char buffer[64];
  const auto text = read_cmdline(buffer);
  ASSERT_TRUE(text.has_value());
  EXPECT_STREQ(buffer, "quiet panic=-1");
}

TEST_F(ReadCmdlineTest, OnlyTheLastNewlineIsDropped) {
  kernel.add_file("/cmdline", "a\n\n");
  char buffer[64];
  const auto text = read_cmdline(buffer, "/cmdline");
  ASSERT_TRUE(text.has_value());
  EXPECT_STREQ(buffer, "a\n");
}

TEST_F(ReadCmdlineTest, Empty) {
  char buffer[64];
  for (const char* content : {"", "\n"}) {
    kernel.add_file("/proc/cmdline", content);
    const auto text = read_cmdline(buffer);
    ASSERT_TRUE(text.has_value());
    EXPECT_STREQ(buffer, "");
  }
}

TEST_F(ReadCmdlineTest, TwoKilobytesAndMoreInPieces) {
  // Files of /proc come in pieces; a line with a boot configuration is longer than the kernel's
  // own.
  for (const size_t size : {2047U, 2048U, 2049U, 4096U, 40'000U}) {
    kernel.max_transfer = 1024;
    const std::string line = "a=" + std::string(size - 2, 'x');
    kernel.add_file("/proc/cmdline", line + "\n");
    std::vector<char> buffer(size + 2);
    ASSERT_EQ(code_of(read_cmdline(buffer)), 0) << size;
    EXPECT_EQ(buffer.data(), line);
    buffer.resize(size + 1);
    EXPECT_EQ(code_of(read_cmdline(buffer)), EFBIG) << "there is no room for the newline";
  }
}

TEST_F(ReadCmdlineTest, EveryFaultIsTold) {
  static char buffer[64];
  expect_faults_told([] { fake::kernel().add_file("/proc/cmdline", "quiet\n"); },
                     [] { return read_cmdline(buffer); }, {{"read", EINTR}});
}

TEST_F(ReadCmdlineTest, TooLongOrMissing) {
  char buffer[64];
  EXPECT_EQ(code_of(read_cmdline(buffer)), ENOENT);
  kernel.add_file("/proc/cmdline", std::string(64, 'x') + "\n");
  EXPECT_EQ(code_of(read_cmdline(buffer)), EFBIG);
}

}  // namespace
}  // namespace pid1
