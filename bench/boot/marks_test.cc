// SPDX-License-Identifier: Apache-2.0
#include "marks.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

using std::string_literals::operator""s;

// No mark is one without a name.
Mark parse(const Line& line) {
  return parse_mark(line).value_or(Mark{});
}

Mark parse(const std::string& text) {
  return parse(Line{.text = text, .pieces = {{.offset = 0, .arrival = absl::Seconds(7)}}});
}

TEST(MarksTest, TakesInitsForm) {
  const Mark mark = parse("beam-init: mark=init boottime_ns=123456789 tsc=353018000");
  EXPECT_EQ(mark.name, "init");
  EXPECT_EQ(mark.boottime_ns, 123456789);
  EXPECT_EQ(mark.tsc, 353018000);
  EXPECT_EQ(mark.age_ns, 0);
  EXPECT_EQ(mark.event(), absl::Seconds(7));
}

TEST(MarksTest, TakesTheApplicationsFormAndItsAge) {
  const Mark mark = parse("hello: mark=beam boottime_ns=500 age_ns=2000000000");
  EXPECT_EQ(mark.name, "beam");
  EXPECT_FALSE(mark.tsc);
  EXPECT_EQ(mark.arrival, absl::Seconds(7));
  EXPECT_EQ(mark.event(), absl::Seconds(5));
}

TEST(MarksTest, TakesKernelTimestampsBinaryNoiseAndUnknownWordsAround) {
  EXPECT_EQ(parse("[    1.052025] x: mark=exec boottime_ns=1").name, "exec");
  EXPECT_EQ(parse("\0\xff\x1b[0m junk hello: mark=exec boottime_ns=1"s).name, "exec");
  EXPECT_EQ(parse("x: mark=exec cpu=0 boottime_ns=1 tsc=2 more").name, "exec");
}

TEST(MarksTest, ADamagedLineIsNoMark) {
  for (const char* text :
       {"", "mark=init boottime_ns=1", "x: mark=", "x: mark= boottime_ns=1", "x: mark=init",
        "x: mark=init boottime_ns=", "x: mark=init boottime_ns=-1", "x: mark=init boottime_ns=12z",
        "x: mark=init boottime_ns=99999999999999999999",
        "x: mark=init boottime_ns=1 tsc=", "x: mark=init boottime_ns=1 tsc=9223372036854775807",
        "x: mark=init boottime_ns=1 age_ns=x", "x: mark=init boottime_nshello: mark=beam"}) {
    EXPECT_EQ(parse(text).name, "") << text;
  }
}

// A line's first byte may be the leftover of another writer: the mark came when its own text came.
TEST(MarksTest, ArrivesWithTheFirstByteOfItsOwnText) {
  const Line line{.text = "loading... hello: mark=listening boottime_ns=9",
                  .pieces = {{.offset = 0, .arrival = absl::Seconds(1)},
                             {.offset = 11, .arrival = absl::Seconds(2)},
                             {.offset = 14, .arrival = absl::Seconds(3)}}};
  const Mark mark = parse(line);
  EXPECT_EQ(mark.arrival, absl::Seconds(2));
}

// Whatever the pieces in which the bytes come, the marks are the same.
TEST(MarksTest, SurvivesAnyCutting) {
  const std::string stream =
      "SeaBIOS\x1b[2J\r\nbeam-init: mark=init boottime_ns=10 tsc=11\r\n"
      "\x80\x00garbage\nbeam-init: mark=exec boottime_ns=20 tsc=21\r\nhello: mark=beam "
      "boottime_ns=30 age_ns=5\n"s;
  for (size_t size = 1; size <= stream.size(); ++size) {
    std::vector<Mark> marks;
    LineSplitter splitter([&marks](const Line& line) {
      if (std::optional<Mark> mark = parse_mark(line)) marks.push_back(*mark);
    });
    for (size_t at = 0; at < stream.size(); at += size) {
      splitter.feed(stream.substr(at, size), absl::Seconds(at));
    }
    ASSERT_EQ(marks.size(), 3U) << size;
    EXPECT_EQ(marks[0].tsc, 11);
    EXPECT_EQ(marks[1].boottime_ns, 20);
    EXPECT_EQ(marks[2].age_ns, 5);
  }
}

}  // namespace
}  // namespace microbeam
