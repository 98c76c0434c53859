// SPDX-License-Identifier: Apache-2.0
#include "http_get.h"

#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clock.h"
#include "port.h"
#include "test_server.h"

namespace microbeam {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpGetTest : public testing::Test {
 protected:
  void turn_until(const HttpGet& get, bool (HttpGet::*condition)() const) {
    const absl::Duration deadline = monotonic_now() + absl::Seconds(5);
    while (!(get.*condition)() && monotonic_now() < deadline)
      loop.turn(deadline);
  }
  // Enough for what has already happened on the loopback.
  void settle() {
    for (int i = 0; i < 5; ++i)
      loop.turn(monotonic_now() + absl::Milliseconds(2));
  }

  Loop loop;
  TestServer server;
};

TEST_F(HttpGetTest, AsksOnceAndStampsTheFirstByteNotTheConnection) {
  HttpGet get(loop, server.port(), "/x");
  settle();
  server.take();
  EXPECT_THAT(
      server.read_some(),
      StartsWith(absl::StrCat("GET /x HTTP/1.1\r\nHost: 127.0.0.1:", server.port(), "\r\n")));
  settle();
  EXPECT_FALSE(get.first_byte());
  const absl::Duration before = monotonic_now();
  server.write("H");
  settle();
  const absl::Duration after = monotonic_now();
  EXPECT_FALSE(get.ended());
  server.write("TTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  turn_until(get, &HttpGet::ended);
  EXPECT_TRUE(get.status().ok());
  EXPECT_EQ(get.response().status(), 200);
  EXPECT_EQ(get.response().body(), "ok");
  const absl::Duration stamp = get.first_byte().value_or(absl::ZeroDuration());
  EXPECT_GE(stamp, before);
  EXPECT_LE(stamp, after);
}

TEST_F(HttpGetTest, SaysWhyThereIsNoAnswer) {
  HttpGet reset(loop, server.port(), "/");
  settle();
  server.take();
  server.read_some();
  server.refuse();
  turn_until(reset, &HttpGet::ended);
  EXPECT_THAT(std::string(reset.status().message()), HasSubstr("reset by peer"));

  HttpGet closed(loop, server.port(), "/");
  settle();
  server.take();
  server.read_some();
  server.close();
  turn_until(closed, &HttpGet::ended);
  EXPECT_THAT(std::string(closed.status().message()), HasSubstr("closed without an answer"));

  HttpGet refused(loop, *free_port(0), "/");
  turn_until(refused, &HttpGet::ended);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("refused"));
}

TEST(FreePortTest, RefusesOneThatIsTaken) {
  const TestServer server;
  const absl::StatusOr<int> port = free_port(server.port());
  ASSERT_FALSE(port.ok());
  EXPECT_THAT(std::string(port.status().message()),
              testing::AllOf(HasSubstr(absl::StrCat("127.0.0.1:", server.port())),
                             HasSubstr("--port"), HasSubstr("in use")));
  const int free = *free_port(0);
  EXPECT_GT(free, 0);
  EXPECT_EQ(*free_port(free), free);
}

}  // namespace
}  // namespace microbeam
