// SPDX-License-Identifier: Apache-2.0
#include "timeline.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

constexpr size_t kKernel = 0;
constexpr size_t kInit = 1;
constexpr size_t kExec = 2;
constexpr size_t kBeam = 3;
constexpr size_t kListening = 4;
constexpr size_t kApplication = 5;
constexpr size_t kFirstByte = 6;

// Spawned at 100 s; the kernel's clock began at 100.2 s, init at 100.5, exec at 100.6, the BEAM at
// 100.7 (told of at 101.0).
const std::vector<Mark> boot = {
    {.name = "init",
     .boottime_ns = 300'000'000,
     .tsc = 307'000'000,
     .arrival = absl::Milliseconds(100'500)},
    {.name = "exec",
     .boottime_ns = 400'000'000,
     .tsc = 407'000'000,
     .arrival = absl::Milliseconds(100'600)},
    {.name = "beam",
     .boottime_ns = 500'000'000,
     .age_ns = 300'000'000,
     .arrival = absl::Milliseconds(101'000)},
    {.name = "listening", .boottime_ns = 800'000'000, .arrival = absl::Milliseconds(101'000)},
    {.name = "application", .boottime_ns = 900'000'000, .arrival = absl::Milliseconds(101'100)}};

TEST(TimelineTest, MillisecondsSinceSpawn) {
  const Timeline<double> ms =
      timeline_ms(boot, absl::Seconds(100), absl::Milliseconds(101'250), GuestClock::kReal);
  EXPECT_DOUBLE_EQ(ms[kKernel].value_or(-1), 200);
  EXPECT_DOUBLE_EQ(ms[kInit].value_or(-1), 500);
  EXPECT_DOUBLE_EQ(ms[kExec].value_or(-1), 600);
  EXPECT_DOUBLE_EQ(ms[kBeam].value_or(-1), 700);
  EXPECT_DOUBLE_EQ(ms[kListening].value_or(-1), 1000);
  EXPECT_DOUBLE_EQ(ms[kApplication].value_or(-1), 1100);
  EXPECT_DOUBLE_EQ(ms[kFirstByte].value_or(-1), 1250);
}

TEST(TimelineTest, WhatWasNotSeenStaysEmpty) {
  const Timeline<double> none = timeline_ms({}, absl::Seconds(100), {}, GuestClock::kReal);
  for (const auto& event : none)
    EXPECT_FALSE(event);
  for (const auto& event : timeline_insns({}))
    EXPECT_FALSE(event);

  const Timeline<double> late = timeline_ms({boot[3]}, absl::Seconds(100), {}, GuestClock::kReal);
  EXPECT_FALSE(late[kKernel]);
  EXPECT_FALSE(late[kInit]);
  EXPECT_TRUE(late[kListening]);
  EXPECT_FALSE(late[kFirstByte]);
}

// A guest nanosecond under --icount is no host nanosecond.
TEST(TimelineTest, UnderIcountNoGuestTimeIsTakenForHostTime) {
  const Timeline<double> ms =
      timeline_ms(boot, absl::Seconds(100), absl::Milliseconds(101'250), GuestClock::kIcount);
  EXPECT_FALSE(ms[kKernel]);
  EXPECT_FALSE(ms[kBeam]);
  EXPECT_DOUBLE_EQ(ms[kInit].value_or(-1), 500);
  EXPECT_DOUBLE_EQ(ms[kListening].value_or(-1), 1000);
  EXPECT_DOUBLE_EQ(ms[kFirstByte].value_or(-1), 1250);
}

TEST(TimelineTest, Instructions) {
  const Timeline<int64_t> insns = timeline_insns(boot);
  EXPECT_EQ(insns[kKernel], 7'000'000);
  EXPECT_EQ(insns[kInit], 307'000'000);
  EXPECT_EQ(insns[kExec], 407'000'000);
  EXPECT_EQ(insns[kBeam], 507'000'000);
  EXPECT_EQ(insns[kListening], 807'000'000);
  EXPECT_EQ(insns[kApplication], 907'000'000);
  EXPECT_FALSE(insns[kFirstByte]);
}

TEST(TimelineTest, NoInstructionsWithoutAnAnchor) {
  const Timeline<int64_t> no_exec = timeline_insns({boot[0], boot[2], boot[3]});
  EXPECT_TRUE(no_exec[kInit]);
  EXPECT_FALSE(no_exec[kBeam]);
  EXPECT_FALSE(no_exec[kListening]);

  Mark blind = boot[1];
  blind.tsc.reset();
  const Timeline<int64_t> no_tsc = timeline_insns({blind, boot[2]});
  EXPECT_FALSE(no_tsc[kExec]);
  EXPECT_FALSE(no_tsc[kBeam]);
}

TEST(TimelineTest, TheFirstMarkOfANameCounts) {
  std::vector<Mark> twice = boot;
  twice.push_back({.name = "listening", .boottime_ns = 1, .arrival = absl::Seconds(200)});
  EXPECT_EQ(find_mark(twice, "listening")->boottime_ns, 800'000'000);
  EXPECT_EQ(find_mark(twice, "nosuch"), nullptr);
}

}  // namespace
}  // namespace microbeam
