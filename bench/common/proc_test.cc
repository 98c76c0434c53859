// SPDX-License-Identifier: Apache-2.0
#include "proc.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace microbeam {
namespace {

// Linux 6.1; shortened.
constexpr absl::string_view kRollup =
    "55d0c1a00000-7ffd0b9f2000 ---p 00000000 00:00 0                          [rollup]\n"
    "Rss:                1480 kB\n"
    "Pss:                 117 kB\n"
    "Pss_Dirty:            96 kB\n"
    "Shared_Clean:       1384 kB\n"
    "Shared_Dirty:          0 kB\n"
    "Private_Clean:         8 kB\n"
    "Private_Dirty:        88 kB\n";

TEST(ProcTest, MemoryOfARollup) {
  const absl::StatusOr<Memory> memory = parse_memory(kRollup);
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(memory->rss_kib, 1480);
  EXPECT_EQ(memory->pss_kib, 117);
  EXPECT_EQ(memory->private_kib, 96);
}

TEST(ProcTest, NothingIsGuessedOfWhatIsMissing) {
  EXPECT_FALSE(parse_memory("").ok());
  EXPECT_FALSE(parse_memory("Rss: 1480 kB\nPss: 117 kB\n").ok());
  EXPECT_EQ(proc_kib(kRollup, "Private"), std::nullopt);
  EXPECT_EQ(proc_kib("Rss: many kB\n", "Rss"), std::nullopt);
}

TEST(ProcTest, FieldsOfCpuinfo) {
  EXPECT_EQ(proc_field("vendor_id\t: A\nmodel name\t: Some CPU @ 2.0GHz\n", "model name"),
            "Some CPU @ 2.0GHz");
  EXPECT_EQ(proc_field("model name extra: no\n", "model name"), std::nullopt);
}

TEST(ProcTest, ThisProcessHasMemoryAndAProcessThatIsNotThereHasNone) {
  const absl::StatusOr<Memory> memory = memory_of(getpid());
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_GT(memory->private_kib, 0);
  EXPECT_GE(memory->rss_kib, memory->pss_kib);
  EXPECT_FALSE(memory_of(0).ok());
}

TEST(ProcTest, WhoSleepsWakesUp) {
  const absl::StatusOr<Wakeups> before = wakeups_of(getpid());
  ASSERT_TRUE(before.ok()) << before.status();
  for (int i = 0; i < 5; ++i)
    usleep(1000);
  EXPECT_GE(wakeups_since(*before, *wakeups_of(getpid())), 5);
  EXPECT_FALSE(wakeups_of(0).ok());
}

TEST(ProcTest, ThreadsThatComeCountAndThoseThatGoDoNot) {
  EXPECT_EQ(wakeups_since({{"1", 100}, {"2", 7}}, {{"1", 103}, {"3", 4}}), 7);
}

}  // namespace
}  // namespace microbeam
