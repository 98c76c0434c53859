// SPDX-License-Identifier: Apache-2.0
// Addresses, routes and MTU of either family, one by one.
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "pid1/function_ref.h"
#include "pid1/network.h"
#include "pid1/sys.h"
#include "rtnetlink.h"

namespace pid1 {
namespace {

/// A request that grows by attributes: there is room for what this file puts in.
class Request {
 public:
  /// `family` is the header of the family of messages.
  template <class Family>
  void begin(uint16_t type, uint16_t flags, const Family& family) {
    static_assert(sizeof(family) % NLMSG_ALIGNTO == 0);
    head_ = rtnetlink::header(sizeof(head_) + sizeof(family), type, flags);
    memcpy(rest_, &family, sizeof(family));
  }

  void add(uint16_t type, const void* payload, size_t size) {
    const struct rtattr attribute = {.rta_len = static_cast<uint16_t>(sizeof(attribute) + size),
                                     .rta_type = type};
    char* const place = rest_ + head_.nlmsg_len - sizeof(head_);
    memcpy(place, &attribute, sizeof(attribute));
    memcpy(place + sizeof(attribute), payload, size);
    head_.nlmsg_len += attribute.rta_len;  // all payloads are whole words
  }

  void add(uint16_t type, const Address& address) { add(type, address.bytes, address.size()); }

  [[nodiscard]] const struct nlmsghdr& head() const { return head_; }

 private:
  struct nlmsghdr head_ = {};
  char rest_[112] = {};
};
static_assert(sizeof(Request) == 128, "rest_ stands right behind head_");

/// Asks the kernel for what `make` puts into the request, given the device's index.
Result<> change(const char* device, const char* operation, FunctionRef<void(Request&, int)> make) {
  PID1_TRY_ASSIGN(const int fd, rtnetlink::open());
  const absl::Cleanup close_socket = [fd] { sys::close(fd); };
  PID1_TRY_ASSIGN(const int index, sys::interface_index(fd, device));
  Request request;
  make(request, index);
  return rtnetlink::transact(fd, request.head(), operation);
}

struct ifinfomsg link_of(int index) {
  struct ifinfomsg link = {};
  link.ifi_index = index;
  return link;
}

constexpr uint16_t kNew = NLM_F_CREATE | NLM_F_EXCL;

}  // namespace

Result<> bring_up(const char* device) {
  return change(device, "bring up network device", [](Request& request, int index) {
    struct ifinfomsg link = link_of(index);
    link.ifi_flags = IFF_UP;
    link.ifi_change = IFF_UP;
    request.begin(RTM_NEWLINK, 0, link);
  });
}

Result<> set_mtu(const char* device, uint32_t bytes) {
  return change(device, "set MTU", [bytes](Request& request, int index) {
    request.begin(RTM_NEWLINK, 0, link_of(index));
    request.add(IFLA_MTU, &bytes, sizeof(bytes));
  });
}

Result<> add_address(const char* device, const Network& network, DuplicateCheck check) {
  const Address& own = network.address;
  if (own.size() == 0 || network.prefix > 8 * own.size()) return Error{EINVAL, "network address"};
  return change(device, "set network address", [&](Request& request, int index) {
    struct ifaddrmsg family = {};
    family.ifa_family = own.family;
    family.ifa_prefixlen = network.prefix;
    family.ifa_flags =
        own.family == AF_INET6 && check == DuplicateCheck::kOff ? uint8_t{IFA_F_NODAD} : uint8_t{0};
    family.ifa_scope = RT_SCOPE_UNIVERSE;
    family.ifa_index = static_cast<uint32_t>(index);
    request.begin(RTM_NEWADDR, kNew, family);
    request.add(IFA_LOCAL, own);
    request.add(IFA_ADDRESS, own);
    if (own.family == AF_INET && network.prefix < 31) {
      Address broadcast = own;
      for (unsigned bit = network.prefix; bit < 32; ++bit) {
        uint8_t& byte = broadcast.bytes[bit / 8];
        byte = static_cast<uint8_t>(byte | 0x80U >> bit % 8);
      }
      request.add(IFA_BROADCAST, broadcast);
    }
  });
}

Result<> add_route(const char* device, const Network& destination, const Address& gateway) {
  const Address& target = destination.address;
  if (target.size() == 0 || destination.prefix > 8 * target.size()) {
    return Error{EINVAL, "destination of a route"};
  }
  if (gateway.size() != 0 && gateway.family != target.family) {
    return Error{EINVAL, "gateway of a route"};
  }
  return change(device, "set route", [&](Request& request, int index) {
    struct rtmsg route = {};
    route.rtm_family = target.family;
    route.rtm_dst_len = destination.prefix;
    route.rtm_table = RT_TABLE_MAIN;
    route.rtm_protocol = RTPROT_BOOT;
    // Of IPv4 alone: what has no gateway must be said to be on the link (fib_semantics.c).
    route.rtm_scope = gateway.size() == 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    route.rtm_type = RTN_UNICAST;
    request.begin(RTM_NEWROUTE, kNew, route);
    if (destination.prefix > 0) request.add(RTA_DST, target);
    if (gateway.size() > 0) request.add(RTA_GATEWAY, gateway);
    request.add(RTA_OIF, &index, sizeof(index));
  });
}

}  // namespace pid1
