// SPDX-License-Identifier: Apache-2.0
#include "pid1/timeline.h"

#include <cerrno>
#include <limits>

#include "fixture.h"

namespace pid1 {
namespace {

using TimelineTest = fake::KernelTest;

TEST_F(TimelineTest, MarkTakesBothClocks) {
  kernel.now_ns = 5'000'000;
  kernel.cycles = 7'000'000;
  const Mark mark = mark_now("init");
  EXPECT_STREQ(mark.name, "init");
  EXPECT_EQ(mark.boottime_ns, kernel.now_ns);
  EXPECT_EQ(mark.cycles, kernel.cycles);
}

TEST_F(TimelineTest, MarkAsALine) {
  const Mark mark = {.name = "exec", .boottime_ns = 123456789, .cycles = 353018000};
  char out[160];
  ASSERT_EQ(code_of(format_mark(mark, 123456999, out)), 0);
  EXPECT_STREQ(out, "mark=exec boottime_ns=123456789 tsc=353018000 age_ns=210");
}

TEST_F(TimelineTest, AgeIsNeverNegative) {
  const Mark mark = {.name = "m", .boottime_ns = 10, .cycles = 1};
  char out[160];
  ASSERT_EQ(code_of(format_mark(mark, 9, out)), 0);
  EXPECT_STREQ(out, "mark=m boottime_ns=10 tsc=1 age_ns=0");
}

TEST_F(TimelineTest, GreatestNumbersFit) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  const Mark mark = {.name = "listening", .boottime_ns = kMost, .cycles = kMost};
  char out[160];
  ASSERT_EQ(code_of(format_mark(mark, kMost, out)), 0);
  EXPECT_STREQ(out,
               "mark=listening boottime_ns=18446744073709551615 tsc=18446744073709551615 age_ns=0");
  char small[20];
  EXPECT_EQ(code_of(format_mark(mark, kMost, small)), ENAMETOOLONG);
}

}  // namespace
}  // namespace pid1
