// SPDX-License-Identifier: Apache-2.0
// A network that needs no user-space tools: loopback, addresses, routes, MTU, names; ip=.
#ifndef PID1_NETWORK_H
#define PID1_NETWORK_H

#include <sys/socket.h>

#include <cstdint>
#include <span>

#include "pid1/result.h"

namespace pid1 {

/// An IPv4 address; the bytes stand in network order. 0.0.0.0 stands for none.
struct Ipv4 {
  uint8_t bytes[4];
  bool operator==(const Ipv4&) const = default;
};
constexpr Ipv4 kNoIpv4 = {};

/// Dotted decimal, four numbers of 0 to 255, nothing else; false for what is none.
[[nodiscard]] bool parse_ipv4(const char* text, Ipv4& address);

/// An IPv6 address; the bytes stand in network order.
struct Ipv6 {
  uint8_t bytes[16];
  bool operator==(const Ipv6&) const = default;
};

/// The forms of RFC 4291, section 2.2: hexadecimal groups, one "::", a dotted end. No zone
/// ("%eth0").
[[nodiscard]] bool parse_ipv6(const char* text, Ipv6& address);

/// An address of either family; of IPv4 the first four bytes count, the others are 0.
struct Address {
  uint8_t family = AF_UNSPEC;  // AF_INET, AF_INET6; AF_UNSPEC: none
  uint8_t bytes[16] = {};

  constexpr Address() = default;
  constexpr explicit Address(Ipv4 address) : family(AF_INET) {
    for (size_t i = 0; i < size(); ++i)
      bytes[i] = address.bytes[i];
  }
  constexpr explicit Address(const Ipv6& address) : family(AF_INET6) {
    for (size_t i = 0; i < size(); ++i)
      bytes[i] = address.bytes[i];
  }
  [[nodiscard]] constexpr size_t size() const {
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
  }
  bool operator==(const Address&) const = default;
};

/// An address and how many of its bits are the network's.
struct Network {
  Address address;
  uint8_t prefix = 0;
};

/// "10.0.2.15" or "fd00::2". EINVAL for what is neither.
[[nodiscard]] Result<Address> parse_address(const char* text);

/// "10.0.2.15/24" or "fd00::2/64"; without a prefix all bits are the network's. EINVAL.
[[nodiscard]] Result<Network> parse_network(const char* text);

/// An address as text, for use as one part of a filled pattern; IPv6 as RFC 5952 recommends. "" for
/// none.
class AddressText {
 public:
  explicit AddressText(const Address& address);
  [[nodiscard]] const char* text() const { return text_; }

 private:
  char text_[40];
};

/// A static configuration. The texts are parts of the one it was parsed from.
struct IpConfig {
  Ipv4 address = {};
  Ipv4 server = {};  // of an NFS root; nothing here uses it
  Ipv4 gateway = {};
  Ipv4 dns[2] = {};
  Ipv4 ntp = {};              // nothing here uses it
  const char* hostname = "";  // "": none given
  const char* device = "";
  uint8_t prefix = 0;  // 0 to 32
};

/// Parses `text`, in place; the kernel's syntax (Documentation/admin-guide/nfs/nfsroot.rst,
/// net/ipv4/ipconfig.c):
///   client:server:gateway:netmask:hostname:device:autoconf:dns0:dns1:ntp0
/// or the autoconf word alone. Fields may be empty or missing at the end; an address of 0.0.0.0 is
/// an empty one. Without a netmask that of the address's class is taken, as the kernel does;
/// without a device, eth0. With an address the configuration is static, whatever autoconf says.
///
/// False where no address is to be set: for an empty text and a lone `off` or `none` (`config` is
/// not touched), and without an address for an autoconf of `off`, `none` or `static` (it has the
/// host name). EOPNOTSUPP where the kernel would ask a server, for there is no client here: dhcp
/// (with an identifier behind it too), bootp, rarp, both, on, any, and neither address nor
/// autoconf. EINVAL names the bad field. Stricter than the kernel: addresses are whole, and names
/// are names. As there, what stands behind the tenth field is passed over. A netmask of
/// 255.255.255.255 is one (for the kernel it is empty).
[[nodiscard]] Result<bool> parse_ip(char* text, IpConfig& config);

/// The loopback device up; the kernel then gives it 127.0.0.1/8 and ::1 by itself.
[[nodiscard]] Result<> bring_loopback_up();

/// The device up, with its address and default route, over rtnetlink(7). An address or route that
/// is already there (EEXIST) is success. ENODEV: there is no such device.
[[nodiscard]] Result<> configure(const IpConfig& config);

// The steps of configure() one by one, for either family, over rtnetlink(7). The order is: MTU,
// addresses, up, routes (a route by a device that is down is ENETDOWN). Besides the errors below
// those of socket(2), and ENODEV: there is no such device.

/// The device up. Link-local IPv6 addresses come by themselves then.
[[nodiscard]] Result<> bring_up(const char* device);

/// The largest packet, in bytes, without the link's own header. EINVAL: not within the device's
/// bounds. Below 1,280 the kernel takes the device's IPv6 away, below 68 its IPv4.
[[nodiscard]] Result<> set_mtu(const char* device, uint32_t bytes);

/// Whether the kernel asks the others on the link for an IPv6 address before it may be used
/// (RFC 4862, 5.4). That takes a second or two, in which bind(2) to it is EADDRNOTAVAIL.
enum class DuplicateCheck : uint8_t { kOn, kOff };

/// Another address; IPv4 with its broadcast address, but for a /31 and /32 (RFC 3021). One that is
/// there already (EEXIST) is success. EOPNOTSUPP: a kernel without the family; EACCES: IPv6 is
/// disabled on the device.
[[nodiscard]] Result<> add_address(const char* device, const Network& network,
                                   DuplicateCheck check = DuplicateCheck::kOn);

/// A route to `destination` by `gateway`; without one the destination is on the link. A prefix of 0
/// is the default route. One that is there already is success. EINVAL: the families differ, or bits
/// stand behind the prefix; ENETUNREACH, of IPv6 EHOSTUNREACH: the gateway is not on the link.
[[nodiscard]] Result<> add_route(const char* device, const Network& destination,
                                 const Address& gateway = {});

/// A host name: 1 to 64 of letters, digits, '-' and '.', not beginning or ending with '-' or '.'.
[[nodiscard]] bool is_hostname(const char* name);

/// Sets the name, and writes /etc/hosts so that it resolves without a server. A name that does not
/// costs the BEAM 5 s at its start: inet_gethost asks 127.0.0.1:53 twice. The first label stands
/// there too. `address` is what the name resolves to; without one, 127.0.1.1.
[[nodiscard]] Result<> set_hostname(const char* name, Ipv4 address);

/// Writes /etc/resolv.conf from the configuration's DNS servers; does nothing without any.
[[nodiscard]] Result<> write_resolv_conf(const IpConfig& config);
/// The same from addresses of either family. Resolvers read three (resolv.conf(5), MAXNS);
/// ENAMETOOLONG for more than fit in 256 bytes, which four of IPv6 do.
[[nodiscard]] Result<> write_resolv_conf(std::span<const Address> servers);

}  // namespace pid1

#endif  // PID1_NETWORK_H
