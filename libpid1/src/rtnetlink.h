// SPDX-License-Identifier: Apache-2.0
// What requests of rtnetlink(7) have in common. Not installed.
#ifndef PID1_SRC_RTNETLINK_H
#define PID1_SRC_RTNETLINK_H

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>

#include "pid1/result.h"

namespace pid1::rtnetlink {

/// The header of a request of `size` bytes in all, which is to be acknowledged.
constexpr struct nlmsghdr header(size_t size, uint16_t type, uint16_t flags) {
  return {.nlmsg_len = static_cast<uint32_t>(size),
          .nlmsg_type = type,
          .nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK),
          .nlmsg_seq = 1,
          .nlmsg_pid = 0};
}

[[nodiscard]] Result<int> open();

/// Sends the request and waits for its acknowledgement; the kernel answers within the call. What
/// was to be made (NLM_F_EXCL) and is there already (EEXIST) is success.
[[nodiscard]] Result<> transact(int fd, const struct nlmsghdr& request, const char* operation);

}  // namespace pid1::rtnetlink

#endif  // PID1_SRC_RTNETLINK_H
