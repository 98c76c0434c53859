// SPDX-License-Identifier: Apache-2.0
#include "pid1/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include <iterator>
#include <span>

#include "absl/cleanup/cleanup.h"
#include "pid1/file.h"
#include "pid1/mount.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

std::span<const char> bytes_of(const auto& object) {
  return {reinterpret_cast<const char*>(&object), sizeof(object)};
}

/// One rtnetlink(7) request: header, family header, attributes. 256 bytes hold any of ours.
class Request {
 public:
  template <class FamilyHeader>
  Request(uint16_t type, uint16_t flags, const FamilyHeader& family) {
    header().nlmsg_type = type;
    header().nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK);
    header().nlmsg_seq = 1;
    header().nlmsg_len = NLMSG_LENGTH(sizeof(family));
    memcpy(buffer_ + NLMSG_HDRLEN, &family, sizeof(family));
  }

  void attribute(uint16_t type, std::span<const char> payload) {
    struct rtattr head = {};
    head.rta_type = type;
    head.rta_len = static_cast<uint16_t>(RTA_LENGTH(payload.size()));
    char* place = buffer_ + NLMSG_ALIGN(header().nlmsg_len);
    memcpy(place, &head, sizeof(head));
    memcpy(place + RTA_LENGTH(0), payload.data(), payload.size());
    header().nlmsg_len =
        static_cast<uint32_t>(NLMSG_ALIGN(header().nlmsg_len) + RTA_ALIGN(head.rta_len));
  }

  [[nodiscard]] std::span<const char> message() { return {buffer_, header().nlmsg_len}; }

 private:
  struct nlmsghdr& header() { return *reinterpret_cast<struct nlmsghdr*>(buffer_); }

  alignas(NLMSG_ALIGNTO) char buffer_[256] = {};
};

/// Sends the request and waits for its acknowledgement; the kernel answers within the call.
Result<> transact(int fd, Request& request, const char* operation) {
  const auto fail = [operation](int code) { return std::unexpected(Error{code, operation}); };
  const auto sent = sys::send(fd, request.message());
  if (!sent.has_value()) return fail(sent.error().code);
  alignas(NLMSG_ALIGNTO) char buffer[1024];
  for (;;) {
    const auto got = sys::receive(fd, buffer);
    if (!got.has_value() && got.error().code == EINTR) continue;
    if (!got.has_value()) return fail(got.error().code);
    const auto* header = reinterpret_cast<const struct nlmsghdr*>(buffer);
    if (*got < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || header->nlmsg_type != NLMSG_ERROR) {
      return fail(EPROTO);
    }
    const auto* answer = reinterpret_cast<const struct nlmsgerr*>(buffer + NLMSG_HDRLEN);
    if (answer->error != 0) return fail(-answer->error);
    return {};
  }
}

Result<int> open_rtnetlink() {
  return sys::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

Result<> set_up(int fd, int index) {
  struct ifinfomsg family = {};
  family.ifi_family = AF_UNSPEC;
  family.ifi_index = index;
  family.ifi_flags = IFF_UP;
  family.ifi_change = IFF_UP;
  Request request(RTM_NEWLINK, 0, family);
  return transact(fd, request, "bring up network device");
}

Result<> add_address(int fd, int index, const IpConfig& config) {
  struct ifaddrmsg family = {};
  family.ifa_family = AF_INET;
  family.ifa_prefixlen = config.prefix;
  family.ifa_index = static_cast<uint32_t>(index);
  Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, family);
  request.attribute(IFA_LOCAL, bytes_of(config.address));
  request.attribute(IFA_ADDRESS, bytes_of(config.address));
  if (config.prefix < 31) {  // RFC 3021: a /31 has no broadcast address, nor has a /32
    Ipv4 broadcast = config.address;
    for (unsigned bit = config.prefix; bit < 32; ++bit) {
      broadcast.bytes[bit / 8] = static_cast<uint8_t>(broadcast.bytes[bit / 8] | 0x80U >> bit % 8);
    }
    request.attribute(IFA_BROADCAST, bytes_of(broadcast));
  }
  return transact(fd, request, "set network address");
}

Result<> add_default_route(int fd, int index, const IpConfig& config) {
  struct rtmsg family = {};
  family.rtm_family = AF_INET;
  family.rtm_table = RT_TABLE_MAIN;
  family.rtm_protocol = RTPROT_BOOT;
  family.rtm_scope = RT_SCOPE_UNIVERSE;
  family.rtm_type = RTN_UNICAST;
  Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, family);
  request.attribute(RTA_GATEWAY, bytes_of(*config.gateway));
  request.attribute(RTA_OIF, bytes_of(index));
  return transact(fd, request, "set default route");
}

Result<> exists_is_success(Result<> result) {
  if (!result.has_value() && result.error().code == EEXIST) return {};
  return result;
}

std::optional<uint8_t> prefix_of(Ipv4 netmask) {
  unsigned prefix = 0;
  bool ended = false;
  for (unsigned bit = 0; bit < 32; ++bit) {
    const bool set = (netmask.bytes[bit / 8] & 0x80U >> bit % 8) != 0;
    if (set && ended) return std::nullopt;
    ended = ended || !set;
    prefix += set ? 1 : 0;
  }
  return static_cast<uint8_t>(prefix);
}

// net/ipv4/ipconfig.c, ic_defaults(): the mask of the address's class, if it has one.
std::optional<uint8_t> class_prefix(Ipv4 address) {
  if (address.bytes[0] < 128) return 8;
  if (address.bytes[0] < 192) return 16;
  if (address.bytes[0] < 224) return 24;
  return std::nullopt;
}

/// /etc/NAME, or, where the root is read-only, a file of /run mounted over it.
Result<> write_etc(const char* path, const char* fallback, std::string_view content) {
  const auto written = write_file(path, content);
  if (written.has_value() || written.error().code != EROFS) return written;
  PID1_TRY(write_file(fallback, content));
  return bind_mount(fallback, path);
}

/// An address as text, for use as one part of a joined text.
struct Ipv4Text {
  explicit Ipv4Text(Ipv4 address) {
    for (const uint8_t byte : address.bytes) {
      const Decimal number(byte);
      const std::string_view digits = number;
      size_ += digits.copy(text_ + size_, digits.size());
      text_[size_++] = '.';
    }
    --size_;
  }
  // NOLINTNEXTLINE(google-explicit-constructor): it stands in lists of string_views.
  operator std::string_view() const { return {text_, size_}; }

 private:
  char text_[16];
  size_t size_ = 0;
};

}  // namespace

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  Ipv4 address = {};
  for (size_t i = 0; i < 4; ++i) {
    const bool dot_expected = i < 3;
    std::string_view number = text;
    if (dot_expected) {
      number = take_until(text, '.');
      if (number.data() + number.size() == text.data()) return std::nullopt;  // no dot there
    }
    const auto value = parse_decimal(number);
    if (!value.has_value() || *value > 255 || number.size() > 3) return std::nullopt;
    address.bytes[i] = static_cast<uint8_t>(*value);
  }
  return address;
}

Result<std::optional<IpConfig>> parse_ip(std::string_view text) {
  enum Field { kClient, kServer, kGateway, kNetmask, kHostname, kDevice, kAutoconf, kDns0, kDns1, kNtp0 };
  constexpr const char* kWhat[] = {"ip= client address", "ip= server address", "ip= gateway",
                                   "ip= netmask",        "ip= host name",      "ip= device name",
                                   "ip= autoconf field", "ip= dns0",           "ip= dns1",
                                   "ip= ntp0"};
  constexpr unsigned kAddresses = 1U << kClient | 1U << kServer | 1U << kGateway | 1U << kNetmask |
                                  1U << kDns0 | 1U << kDns1 | 1U << kNtp0;
  const auto invalid = [](const char* what) { return std::unexpected(Error{EINVAL, what}); };

  // A lone word is the autoconf field (net/ipv4/ipconfig.c, ip_auto_config_setup).
  if (is_listed("off,none", text)) return std::nullopt;
  std::string_view fields[std::size(kWhat)] = {};
  std::string_view rest = text;
  for (std::string_view& field : fields) field = take_until(rest, ':');
  if (!rest.empty()) return invalid("ip= with more than ten fields");
  for (const std::string_view autoconf : {text, fields[kAutoconf]}) {
    if (is_listed("dhcp,bootp,rarp,both,on,any", autoconf)) {
      return std::unexpected(Error{EOPNOTSUPP, "ip= with automatic configuration"});
    }
  }
  if (!is_listed(",off,none,static", fields[kAutoconf])) return invalid(kWhat[kAutoconf]);

  std::optional<Ipv4> addresses[std::size(kWhat)];
  for (size_t i = 0; i < std::size(kWhat); ++i) {
    if ((kAddresses >> i & 1) == 0 || (fields[i].empty() && i != kClient)) continue;
    addresses[i] = parse_ipv4(fields[i]);
    if (!addresses[i].has_value()) return invalid(kWhat[i]);
  }
  const auto& netmask = addresses[kNetmask];
  const auto prefix = netmask.has_value() ? prefix_of(*netmask) : class_prefix(*addresses[kClient]);
  if (!prefix.has_value()) return invalid(kWhat[kNetmask]);
  if (!fields[kHostname].empty() && !is_hostname(fields[kHostname])) return invalid(kWhat[kHostname]);
  if (fields[kDevice].size() >= IFNAMSIZ) return invalid(kWhat[kDevice]);
  return IpConfig{.address = *addresses[kClient],
                  .prefix = *prefix,
                  .gateway = addresses[kGateway],
                  .hostname = fields[kHostname],
                  .device = fields[kDevice].empty() ? "eth0" : fields[kDevice],
                  .dns = {addresses[kDns0], addresses[kDns1]}};
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
  PID1_TRY(exists_is_success(add_address(fd, index, config)));
  PID1_TRY(set_up(fd, index));
  if (config.gateway.has_value()) {
    PID1_TRY(exists_is_success(add_default_route(fd, index, config)));
  }
  return {};
}

bool is_hostname(std::string_view name) {
  constexpr size_t kMaximum = 64;  // __NEW_UTS_LEN
  if (name.empty() || name.size() > kMaximum) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.') return false;
  }
  const auto is_edge = [](char c) { return c == '-' || c == '.'; };
  return !is_edge(name.front()) && !is_edge(name.back());
}

Result<> set_hostname(std::string_view name, std::optional<Ipv4> address) {
  if (!is_hostname(name)) return std::unexpected(Error{EINVAL, "host name"});
  PID1_TRY(sys::sethostname(name));
  std::string_view rest = name;
  const std::string_view label = take_until(rest, '.');
  const Ipv4Text own(address.value_or(Ipv4{{127, 0, 1, 1}}));
  char content[256];
  PID1_TRY_ASSIGN(const std::string_view hosts,
                  join(content, {"127.0.0.1 localhost\n::1 localhost\n", own, " ", name,
                                 label == name ? "" : " ", label == name ? "" : label, "\n"}));
  return write_etc("/etc/hosts", "/run/hosts", hosts);
}

Result<> write_resolv_conf(const IpConfig& config) {
  char content[128];
  std::string_view text = {};
  for (const auto& server : config.dns) {
    if (!server.has_value()) continue;
    const size_t used = text.size();
    PID1_TRY_ASSIGN(const std::string_view line, join(std::span(content).subspan(used),
                                                      {"nameserver ", Ipv4Text(*server), "\n"}));
    text = {content, used + line.size()};
  }
  if (text.empty()) return {};
  return write_etc("/etc/resolv.conf", "/run/resolv.conf", text);
}

}  // namespace pid1
