// SPDX-License-Identifier: Apache-2.0
// See http_get.h.
#include "http_get.h"

#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "clock.h"

namespace microbeam {

HttpGet::HttpGet(Loop& loop, int port, absl::string_view path)
    : loop_(loop),
      fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      started_(monotonic_now()),
      unsent_(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: 127.0.0.1:", port,
                           "\r\nConnection: close\r\n\r\n")) {
  if (!fd_.valid()) {
    status_ = absl::ErrnoToStatus(errno, "cannot make a TCP socket");
    return;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    status_ = absl::ErrnoToStatus(errno, "connect");
    return;
  }
  loop_.watch(fd_.get(), {[this] { return static_cast<short>(unsent_.empty() ? POLLIN : POLLOUT); },
                          [this] { on_ready(); }});
}

HttpGet::~HttpGet() {
  if (fd_.valid()) loop_.forget(fd_.get());
}

void HttpGet::on_ready() {
  if (unsent_.empty()) {
    receive();
  } else {
    send_request();
  }
}

void HttpGet::send_request() {
  if (connecting_) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
      end(absl::ErrnoToStatus(error, "connect"));
      return;
    }
    connecting_ = false;
  }
  const ssize_t sent = send(fd_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    unsent_.erase(0, static_cast<size_t>(sent));
  } else if (errno != EAGAIN && errno != EINTR) {
    end(absl::ErrnoToStatus(errno, "send"));
  }
}

void HttpGet::receive() {
  std::array<char, 16384> buffer;
  const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) {
    end(absl::ErrnoToStatus(errno, "receive"));
    return;
  }
  if (got == 0) {
    end(response_.finish());
    return;
  }
  if (!first_byte_) first_byte_ = monotonic_now();
  const absl::Status taken = response_.feed({buffer.data(), static_cast<size_t>(got)});
  if (!taken.ok() || response_.whole()) end(taken);
}

void HttpGet::end(absl::Status status) {
  status_ = std::move(status);
  loop_.forget(fd_.get());
  fd_.reset();
}

}  // namespace microbeam
