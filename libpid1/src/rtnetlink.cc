// SPDX-License-Identifier: Apache-2.0
#include "rtnetlink.h"

#include <sys/socket.h>

#include <cerrno>

#include "pid1/sys.h"

namespace pid1::rtnetlink {

Result<int> open() {
  return sys::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

Result<> transact(int fd, const struct nlmsghdr& request, const char* operation) {
  const auto sent = sys::send(fd, {reinterpret_cast<const char*>(&request), request.nlmsg_len});
  int code = sent.error().code;
  if (sent.has_value()) {
    alignas(NLMSG_ALIGNTO) char buffer[1024];
    const auto got = sys::uninterrupted([&] { return sys::receive(fd, buffer); });
    const auto* head = reinterpret_cast<const struct nlmsghdr*>(buffer);
    const auto* answer = reinterpret_cast<const struct nlmsgerr*>(buffer + NLMSG_HDRLEN);
    if (!got.has_value()) {
      code = got.error().code;
    } else if (*got < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || head->nlmsg_type != NLMSG_ERROR) {
      code = EPROTO;
    } else {
      code = -answer->error;
      if (code == 0 || (code == EEXIST && (request.nlmsg_flags & NLM_F_EXCL) != 0)) return {};
    }
  }
  return Error{code, operation};
}

}  // namespace pid1::rtnetlink
