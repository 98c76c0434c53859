// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>

#include "clock.h"

namespace microbeam {
namespace {

TEST(ParseEndTest, TakesWhatTheGuestMaySay) {
  const std::optional<GuestEnd> end = parse_end("end poweroff 0");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->verb, "poweroff");
  EXPECT_EQ(end->status, 0);
  EXPECT_EQ(parse_end("end reboot 255")->status, 255);
  EXPECT_EQ(parse_end("end panic 139")->verb, "panic");
}

TEST(ParseEndTest, ARootedGuestCanWriteAnything) {
  for (const char* line :
       {"", "end", "end poweroff", "end poweroff ", "end poweroff 256", "end poweroff -1",
        "end poweroff +0", "end poweroff 0x0", "end poweroff 0 ", "end  0", "end power off 0",
        "end POWEROFF 0", "end poweroff 99999999999999999999", " end poweroff 0",
        "end poweroffpoweroffx 0", "ready", "end \x1b[0m 0"}) {
    EXPECT_FALSE(parse_end(line)) << line;
  }
}

class ControlTest : public testing::Test {
 protected:
  void guest_says(absl::string_view text) {
    ASSERT_EQ(send(control->guest_fd(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
  }

  Loop loop;
  std::unique_ptr<Control> control = *Control::open(loop);
};

TEST_F(ControlTest, HearsTheGuest) {
  EXPECT_FALSE(control->ready());
  guest_says("noise\nrea");
  loop.turn(monotonic_now() + absl::Seconds(5));
  EXPECT_FALSE(control->ready());
  guest_says("dy\n");
  loop.turn(monotonic_now() + absl::Seconds(5));
  EXPECT_TRUE(control->ready());
  EXPECT_FALSE(control->end());
}

TEST_F(ControlTest, TheLastEndCounts) {
  guest_says("end reboot 3\nend poweroff 0\n");
  control->drain();
  ASSERT_TRUE(control->end());
  EXPECT_EQ(control->end()->verb, "poweroff");
}

TEST_F(ControlTest, AsksInLines) {
  EXPECT_TRUE(control->ask("stop"));
  std::array<char, 16> buffer{};
  EXPECT_EQ(recv(control->guest_fd(), buffer.data(), buffer.size(), MSG_DONTWAIT), 5);
  EXPECT_STREQ(buffer.data(), "stop\n");
}

// A QEMU that is gone would be reported by poll(2) for ever, and a request to it must not be a
// SIGPIPE.
TEST_F(ControlTest, TheOtherEndIsGone) {
  guest_says("end poweroff 7\n");
  EXPECT_TRUE(control->ask("stop"));  // never read: the socket is reset, not closed
  control->handed_over();
  control->drain();
  ASSERT_TRUE(control->end());
  EXPECT_EQ(control->end()->status, 7);
  EXPECT_FALSE(control->ask("stop"));
  control->drain();
  const absl::Duration begin = monotonic_now();
  loop.turn(begin + absl::Milliseconds(20));
  EXPECT_GE(monotonic_now(), begin + absl::Milliseconds(20));
}

}  // namespace
}  // namespace microbeam
