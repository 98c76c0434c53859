// SPDX-License-Identifier: Apache-2.0
#include "pid1/network.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <span>

#include "absl/cleanup/cleanup.h"
#include "pid1/file.h"
#include "pid1/mount.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

/// Messages of rtnetlink(7), as they go out. All that never changes stands in a constant.
struct Attribute {
  struct rtattr head;
  Ipv4 value;
};

constexpr Attribute attribute(uint16_t type) {
  return {.head = {.rta_len = sizeof(Attribute), .rta_type = type}, .value = {}};
}

constexpr struct nlmsghdr header(size_t size, uint16_t type, uint16_t flags) {
  return {.nlmsg_len = static_cast<uint32_t>(size),
          .nlmsg_type = type,
          .nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK),
          .nlmsg_seq = 1,
          .nlmsg_pid = 0};
}

struct LinkRequest {
  struct nlmsghdr head;
  struct ifinfomsg link;
};

constexpr LinkRequest kLinkUp = {.head = header(sizeof(LinkRequest), RTM_NEWLINK, 0),
                                 .link = {.ifi_family = AF_UNSPEC,
                                          .__ifi_pad = 0,
                                          .ifi_type = 0,
                                          .ifi_index = 0,
                                          .ifi_flags = IFF_UP,
                                          .ifi_change = IFF_UP}};

struct AddressRequest {
  struct nlmsghdr head;
  struct ifaddrmsg family;
  Attribute local;
  Attribute address;
  Attribute broadcast;  // last: not every network has one
};

constexpr AddressRequest kNewAddress = {
    .head = header(sizeof(AddressRequest), RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL),
    .family = {.ifa_family = AF_INET,
               .ifa_prefixlen = 0,
               .ifa_flags = 0,
               .ifa_scope = RT_SCOPE_UNIVERSE,
               .ifa_index = 0},
    .local = attribute(IFA_LOCAL),
    .address = attribute(IFA_ADDRESS),
    .broadcast = attribute(IFA_BROADCAST)};

struct RouteRequest {
  struct nlmsghdr head;
  struct rtmsg route;
  Attribute gateway;
  struct rtattr device_head;
  int device;
};

constexpr RouteRequest kNewDefaultRoute = {
    .head = header(sizeof(RouteRequest), RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL),
    .route = {.rtm_family = AF_INET,
              .rtm_dst_len = 0,
              .rtm_src_len = 0,
              .rtm_tos = 0,
              .rtm_table = RT_TABLE_MAIN,
              .rtm_protocol = RTPROT_BOOT,
              .rtm_scope = RT_SCOPE_UNIVERSE,
              .rtm_type = RTN_UNICAST,
              .rtm_flags = 0},
    .gateway = attribute(RTA_GATEWAY),
    .device_head = {.rta_len = sizeof(Attribute), .rta_type = RTA_OIF},
    .device = 0};

/// Sends the request and waits for its acknowledgement; the kernel answers within the call. What
/// was to be made and is there already (EEXIST) is success.
Result<> transact(int fd, const struct nlmsghdr& request, const char* operation) {
  const auto sent = sys::send(fd, {reinterpret_cast<const char*>(&request), request.nlmsg_len});
  int code = sent.error().code;
  if (sent.has_value()) {
    alignas(NLMSG_ALIGNTO) char buffer[1024];
    const auto receive = [&] {
      for (;;) {
        const auto got = sys::receive(fd, buffer);
        if (got.has_value() || got.error().code != EINTR) return got;
      }
    };
    const auto got = receive();
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

Result<int> open_rtnetlink() {
  return sys::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

Result<> set_up(int fd, int index) {
  LinkRequest request = kLinkUp;
  request.link.ifi_index = index;
  return transact(fd, request.head, "bring up network device");
}

Result<> add_address(int fd, int index, const IpConfig& config) {
  AddressRequest request = kNewAddress;
  request.family.ifa_prefixlen = config.prefix;
  request.family.ifa_index = static_cast<uint32_t>(index);
  request.local.value = config.address;
  request.address.value = config.address;
  Ipv4& broadcast = request.broadcast.value;
  broadcast = config.address;
  for (unsigned bit = config.prefix; bit < 32; ++bit) {
    broadcast.bytes[bit / 8] = static_cast<uint8_t>(broadcast.bytes[bit / 8] | 0x80U >> bit % 8);
  }
  // RFC 3021: a /31 has no broadcast address, nor has a /32.
  if (config.prefix >= 31) request.head.nlmsg_len -= uint32_t{sizeof(request.broadcast)};
  return transact(fd, request.head, "set network address");
}

Result<> add_default_route(int fd, int index, const IpConfig& config) {
  RouteRequest request = kNewDefaultRoute;
  request.gateway.value = config.gateway;
  request.device = index;
  return transact(fd, request.head, "set default route");
}

/// /etc/NAME, or, where the root is read-only, a file of /run mounted over it.
Result<> write_etc(const char* path, const char* fallback, const char* content) {
  const auto written = write_file(path, content);
  if (written.has_value() || written.error().code != EROFS) return written;
  PID1_TRY(write_file(fallback, content));
  return bind_mount(fallback, path);
}

/// An address as text, for use as one part of a filled pattern.
struct Ipv4Text {
  explicit Ipv4Text(Ipv4 address) {
    size_t used = 0;
    for (const uint8_t byte : address.bytes) {
      const Decimal number(byte);
      const char* const part = number.text();
      used += fill(std::span(text).subspan(used), "{}.", &part).value_or(0);
    }
    text[used - 1] = '\0';
  }

  char text[17];
};

}  // namespace

bool parse_ipv4(const char* text, Ipv4& address) {
  for (uint8_t& byte : address.bytes) {
    unsigned value = 0;
    const char* const digits = text;
    for (; *text >= '0' && *text <= '9'; ++text) {
      value = value * 10 + static_cast<unsigned>(*text - '0');
    }
    const bool is_last = &byte == &address.bytes[3];
    if (text == digits || text > digits + 3 || value > 255) return false;
    if (*text++ != (is_last ? '\0' : '.')) return false;
    byte = static_cast<uint8_t>(value);
  }
  return true;
}

Result<bool> parse_ip(char* text, IpConfig& config) {
  enum Field {
    kClient,
    kServer,
    kGateway,
    kNetmask,
    kHostname,
    kDevice,
    kAutoconf,
    kDns0,
    kDns1,
    kNtp0
  };
  constexpr static char kWhat[][20] = {
      "ip= client address", "ip= server address", "ip= gateway", "ip= netmask", "ip= host name",
      "ip= device name",    "ip= autoconf field", "ip= dns0",    "ip= dns1",    "ip= ntp0"};

  // A lone word is the autoconf field (net/ipv4/ipconfig.c, ip_auto_config_setup).
  if (is_listed("off,none", text)) return false;
  char* fields[std::size(kWhat)];
  for (char*& field : fields) {
    field = text;
    text = split(text, ':');
  }
  if (*text != '\0') return Error{EINVAL, "ip= with more than ten fields"};

  Ipv4 addresses[std::size(kWhat)] = {};
  const auto is_valid = [&](size_t i) {
    const char* const field = fields[i];
    if (i == kAutoconf) return is_listed(",off,none,static", field);
    if (*field == '\0') return i != kClient;
    if (i == kHostname) return is_hostname(field);
    if (i == kDevice) return strlen(field) < IFNAMSIZ;
    return parse_ipv4(field, addresses[i]);
  };
  for (const size_t i : {kClient, kAutoconf}) {
    if (is_listed("dhcp,bootp,rarp,both,on,any", fields[i])) {
      return Error{EOPNOTSUPP, "ip= with automatic configuration"};
    }
  }
  for (size_t i = 0; i < std::size(fields); ++i) {
    if (!is_valid(i)) return Error{EINVAL, kWhat[i]};
  }

  // The mask's leading ones; without a mask, of the address's class (ic_defaults() there).
  const Ipv4& mask = addresses[kNetmask];
  uint32_t bits = static_cast<uint32_t>(mask.bytes[0]) << 24 |
                  static_cast<uint32_t>(mask.bytes[1]) << 16 |
                  static_cast<uint32_t>(mask.bytes[2]) << 8 | mask.bytes[3];
  if (*fields[kNetmask] == '\0') {
    const uint8_t first = addresses[kClient].bytes[0];
    bits = first < 128 ? 0xff000000 : first < 192 ? 0xffff0000 : first < 224 ? 0xffffff00 : 1;
  }
  uint8_t prefix = 0;
  for (; (bits & 0x80000000) != 0; bits <<= 1)
    ++prefix;
  if (bits != 0) return Error{EINVAL, kWhat[kNetmask]};

  config = {.address = addresses[kClient],
            .gateway = addresses[kGateway],
            .dns = {addresses[kDns0], addresses[kDns1]},
            .hostname = fields[kHostname],
            .device = *fields[kDevice] == '\0' ? "eth0" : fields[kDevice],
            .prefix = prefix};
  return true;
}

Result<> bring_loopback_up() {
  PID1_TRY_ASSIGN(const int fd, open_rtnetlink());
  const absl::Cleanup close_socket = [fd] { sys::close(fd); };
  PID1_TRY_ASSIGN(const int index, sys::interface_index(fd, "lo"));
  return set_up(fd, index);
}

Result<> configure(const IpConfig& config) {
  PID1_TRY_ASSIGN(const int fd, open_rtnetlink());
  const absl::Cleanup close_socket = [fd] { sys::close(fd); };
  PID1_TRY_ASSIGN(const int index, sys::interface_index(fd, config.device));
  // The address first: bringing a device up starts IPv6 autoconfiguration and announcements.
  PID1_TRY(add_address(fd, index, config));
  PID1_TRY(set_up(fd, index));
  if (config.gateway == kNoIpv4) return {};
  return add_default_route(fd, index, config);
}

bool is_hostname(const char* name) {
  constexpr size_t kMaximum = 64;  // __NEW_UTS_LEN
  size_t size = 0;
  bool at_edge = true;
  for (; name[size] != '\0'; ++size) {
    const char c = name[size];
    const char lower = static_cast<char>(c | 0x20);
    const bool plain = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
    if (!plain && ((c != '-' && c != '.') || size == 0)) return false;
    at_edge = !plain;
  }
  return !at_edge && size <= kMaximum;
}

Result<> set_hostname(const char* name, Ipv4 address) {
  if (!is_hostname(name)) return Error{EINVAL, "host name"};
  PID1_TRY(sys::sethostname(name));
  // " hello" of hello.example.org; nothing when there is no more than that.
  char label[80];
  (void)fill(label, " {}", &name);
  if (*split(label, '.') == '\0') *label = '\0';
  const Ipv4Text own(address == kNoIpv4 ? Ipv4{{127, 0, 1, 1}} : address);
  char content[256];
  const char* const parts[] = {own.text, name, label};
  (void)fill(content, "127.0.0.1 localhost\n::1 localhost\n{} {}{}\n", parts);
  return write_etc("/etc/hosts", "/run/hosts", content);
}

Result<> write_resolv_conf(const IpConfig& config) {
  char content[128];
  size_t used = 0;
  for (const Ipv4 server : config.dns) {
    if (server == kNoIpv4) continue;
    const Ipv4Text address(server);
    const char* const part = address.text;
    used += fill(std::span(content).subspan(used), "nameserver {}\n", &part).value_or(0);
  }
  if (used == 0) return {};
  return write_etc("/etc/resolv.conf", "/run/resolv.conf", content);
}

}  // namespace pid1
