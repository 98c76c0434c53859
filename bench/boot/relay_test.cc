// SPDX-License-Identifier: Apache-2.0
#include "relay.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <csignal>

#include <array>

#include "clock.h"
#include "unique_fd.h"

namespace microbeam {
namespace {

class RelayTest : public testing::Test {
 protected:
  RelayTest() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == 0) {
      reader = UniqueFd(ends[0]);
      writer = UniqueFd(ends[1]);
    }
    fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  }
  std::string read_all() {
    std::string all;
    std::array<char, 65536> buffer;
    for (ssize_t got = 0; (got = read(reader.get(), buffer.data(), buffer.size())) > 0;) {
      all.append(buffer.data(), static_cast<size_t>(got));
    }
    return all;
  }

  Loop loop;
  UniqueFd reader;
  UniqueFd writer;
};

TEST_F(RelayTest, NeverBlocksOnAReaderThatStopped) {
  Relay relay(loop, writer.get());
  std::string pushed;
  for (int i = 0; !relay.full(); ++i) {
    const std::string piece(1000, static_cast<char>('a' + i % 26));
    relay.push(piece);
    pushed += piece;
  }
  fcntl(writer.get(), F_SETPIPE_SZ, 4096);
  const absl::Duration begin = monotonic_now();
  for (int i = 0; i < 300; ++i)
    loop.turn(monotonic_now());
  EXPECT_LT(monotonic_now() - begin, absl::Seconds(2));
  EXPECT_FALSE(relay.empty());

  std::string got;
  const absl::Duration deadline = monotonic_now() + absl::Seconds(5);
  while (!relay.empty() && monotonic_now() < deadline) {
    got += read_all();
    loop.turn(monotonic_now() + absl::Milliseconds(10));
  }
  EXPECT_EQ(got + read_all(), pushed);
}

TEST_F(RelayTest, NoticesThatNobodyReads) {
  signal(SIGPIPE, SIG_IGN);
  Relay relay(loop, writer.get());
  reader.reset();
  relay.push("x");
  loop.turn(monotonic_now() + absl::Seconds(1));
  EXPECT_TRUE(relay.broken());
  relay.push("y");
  EXPECT_TRUE(relay.empty());
}

}  // namespace
}  // namespace microbeam
