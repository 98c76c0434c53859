// SPDX-License-Identifier: Apache-2.0
#include "first_answer.h"

#include <gtest/gtest.h>

#include "clock.h"
#include "test_server.h"

namespace microbeam {
namespace {

constexpr absl::Duration kAMoment = absl::Milliseconds(5);

// The time that look() is told is made up; only the sockets live in real time.
class FirstAnswerTest : public testing::Test {
 protected:
  FirstAnswer make(bool icount = false) {
    return {loop,
            {.port = server.port(),
             .spawned = spawned,
             .icount = icount,
             .time_limit = absl::Seconds(60)}};
  }
  void mark(const char* name, absl::Duration arrival) {
    marks.push_back({.name = name, .arrival = arrival});
  }
  // Lets the sockets catch up.
  void settle() {
    for (int i = 0; i < 5; ++i)
      loop.turn(monotonic_now() + absl::Milliseconds(2));
  }
  void refuse() {
    settle();
    ASSERT_TRUE(server.asked());
    server.take();
    server.read_some();
    server.refuse();
    settle();
  }
  void answer() {
    settle();
    ASSERT_TRUE(server.asked());
    server.take();
    server.read_some();
    server.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    settle();
  }

  const absl::Duration spawned = absl::Seconds(1000);
  Loop loop;
  TestServer server;
  std::vector<Mark> marks;
};

TEST_F(FirstAnswerTest, AsksAtTheMomentOfListening) {
  FirstAnswer first = make();
  first.look(marks, spawned);
  EXPECT_FALSE(server.asked());
  EXPECT_EQ(first.next_look(), spawned + FirstAnswer::kPatience);
  mark("listening", spawned + kAMoment);
  first.look(marks, spawned + kAMoment);
  answer();
  first.look(marks, spawned + 2 * kAMoment);
  ASSERT_NE(first.answer(), nullptr);
  EXPECT_EQ(first.answer()->response().status(), 200);
  EXPECT_EQ(first.next_look(), absl::InfiniteDuration());
}

TEST_F(FirstAnswerTest, TriesFromExecOnWhenNothingIsSaid) {
  FirstAnswer first = make();
  mark("exec", spawned + absl::Milliseconds(300));
  absl::Duration now = spawned + absl::Milliseconds(300);
  for (int i = 0; i < 3; ++i) {
    first.look(marks, now);
    refuse();
    first.look(marks, now + kAMoment);
    EXPECT_FALSE(server.asked());
    EXPECT_EQ(first.next_look(), now + FirstAnswer::kInterval);
    now += FirstAnswer::kInterval;
  }
  EXPECT_FALSE(first.last_failure().ok());
  first.look(marks, now);
  answer();
  first.look(marks, now + kAMoment);
  EXPECT_NE(first.answer(), nullptr);
}

// Between two tries the guest begins to listen: the interval must not show in the figure.
TEST_F(FirstAnswerTest, ListeningCutsTheIntervalShort) {
  FirstAnswer first = make();
  first.look(marks, spawned + FirstAnswer::kPatience);
  refuse();
  first.look(marks, spawned + FirstAnswer::kPatience + kAMoment);
  mark("listening", spawned + FirstAnswer::kPatience + 2 * kAMoment);
  first.look(marks, spawned + FirstAnswer::kPatience + 2 * kAMoment);
  answer();
  first.look(marks, spawned + FirstAnswer::kPatience + 3 * kAMoment);
  EXPECT_NE(first.answer(), nullptr);
}

TEST_F(FirstAnswerTest, ListeningReplacesASilentConnection) {
  FirstAnswer first = make();
  first.look(marks, spawned + FirstAnswer::kPatience);
  settle();
  server.take();  // and says nothing
  mark("listening", spawned + FirstAnswer::kPatience + kAMoment);
  first.look(marks, spawned + FirstAnswer::kPatience + kAMoment);
  answer();
  first.look(marks, spawned + FirstAnswer::kPatience + 2 * kAMoment);
  EXPECT_NE(first.answer(), nullptr);
}

TEST_F(FirstAnswerTest, ReplacesASilentConnectionEachTimeAfterTwiceTheTime) {
  FirstAnswer first = make();
  absl::Duration now = spawned + FirstAnswer::kPatience;
  absl::Duration silence = FirstAnswer::kFirstSilence;
  first.look(marks, now);
  for (int i = 0; i < 4; ++i) {
    settle();
    ASSERT_TRUE(server.asked());
    server.take();
    EXPECT_EQ(first.next_look(), now + silence);
    first.look(marks, now + silence - kAMoment);
    settle();
    EXPECT_FALSE(server.asked());
    now += silence;
    silence *= 2;
    first.look(marks, now);
  }
}

TEST_F(FirstAnswerTest, AConnectionMadeAfterListeningIsWaitedFor) {
  FirstAnswer first = make();
  mark("listening", spawned + kAMoment);
  first.look(marks, spawned + kAMoment);
  settle();
  server.take();
  first.look(marks, spawned + absl::Hours(1));
  settle();
  EXPECT_FALSE(server.asked());
  EXPECT_EQ(first.next_look(), absl::InfiniteDuration());
}

// A packet to a guest whose instructions are counted is counted.
TEST_F(FirstAnswerTest, LeavesACountedGuestAlone) {
  FirstAnswer first = make(true);
  mark("exec", spawned + kAMoment);
  first.look(marks, spawned + absl::Seconds(29));
  settle();
  EXPECT_FALSE(server.asked());
  EXPECT_EQ(first.next_look(), spawned + absl::Seconds(30));
  first.look(marks, spawned + absl::Seconds(30));
  settle();
  EXPECT_TRUE(server.asked());
}

}  // namespace
}  // namespace microbeam
