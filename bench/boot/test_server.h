// SPDX-License-Identifier: Apache-2.0
// For tests: a TCP server on 127.0.0.1 that does what the test says, in the test's own thread.
#ifndef MICROBEAM_BENCH_BOOT_TEST_SERVER_H
#define MICROBEAM_BENCH_BOOT_TEST_SERVER_H

#include <absl/strings/string_view.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "unique_fd.h"

namespace microbeam {

class TestServer {
 public:
  TestServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (!listener_.valid()) return;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0 &&
        listen(listener_.get(), 8) == 0 &&
        getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0) {
      port_ = ntohs(address.sin_port);
    }
  }

  [[nodiscard]] int port() const { return port_; }

  // Whether a connection waits to be taken.
  [[nodiscard]] bool asked() const {
    pollfd entry{listener_.get(), POLLIN, 0};
    return poll(&entry, 1, 0) == 1;
  }
  void take() { connection_ = UniqueFd(accept(listener_.get(), nullptr, nullptr)); }
  std::string read_some() {
    if (!connection_.valid()) return "";
    std::array<char, 4096> buffer{};
    const ssize_t got = recv(connection_.get(), buffer.data(), buffer.size(), 0);
    return {buffer.data(), got > 0 ? static_cast<size_t>(got) : 0};
  }
  void write(absl::string_view bytes) {
    send(connection_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void close() { connection_.reset(); }
  // As a port at which nobody listens does.
  void refuse() {
    const linger abort{1, 0};
    setsockopt(connection_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    connection_.reset();
  }

 private:
  UniqueFd listener_;
  UniqueFd connection_;
  int port_ = 0;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_TEST_SERVER_H
