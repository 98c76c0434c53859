// SPDX-License-Identifier: Apache-2.0
// See port.h.
#include "port.h"

#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "unique_fd.h"

namespace microbeam {

absl::StatusOr<int> free_port(int wanted) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot make a TCP socket");
  // As QEMU does it: a connection of an earlier machine in TIME_WAIT is no hindrance.
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(wanted));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(fd.get(), 1) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot listen on 127.0.0.1:", wanted,
                                                   "; give another --port, or 0 for a free one"));
  }
  return ntohs(address.sin_port);
}

}  // namespace microbeam
