// SPDX-License-Identifier: Apache-2.0
// A network that needs no user-space tools: loopback, one static IPv4 address, names.
#ifndef PID1_NETWORK_H
#define PID1_NETWORK_H

#include <cstdint>
#include <optional>
#include <string_view>

#include "pid1/result.h"

namespace pid1 {

/// An IPv4 address; the bytes stand in network order.
struct Ipv4 {
  uint8_t bytes[4];
  bool operator==(const Ipv4&) const = default;
};

/// Dotted decimal, four numbers of 0 to 255, nothing else.
[[nodiscard]] std::optional<Ipv4> parse_ipv4(std::string_view text);

/// A static configuration. The views are of the text it was parsed from.
struct IpConfig {
  Ipv4 address;
  uint8_t prefix;  // 0 to 32
  std::optional<Ipv4> gateway;
  std::string_view hostname;          // empty: none given
  std::string_view device = "eth0";
  std::optional<Ipv4> dns[2];
};

/// The kernel's syntax (Documentation/admin-guide/nfs/nfsroot.rst):
///   client:server:gateway:netmask:hostname:device:autoconf:dns0:dns1:ntp0
/// Fields may be empty or missing at the end. Without a netmask that of the address's class is taken,
/// as the kernel does. Nothing for a lone `off` or `none`, which asks for no configuration. EOPNOTSUPP
/// for dhcp, bootp, rarp, both, on and any: there is no client for them. EINVAL names the bad field.
[[nodiscard]] Result<std::optional<IpConfig>> parse_ip(std::string_view text);

/// The loopback device up; the kernel then gives it 127.0.0.1/8 and ::1 by itself.
[[nodiscard]] Result<> bring_loopback_up();

/// The device up, with its address and default route, over rtnetlink(7). An address or route that is
/// already there (EEXIST) is success. ENODEV: there is no such device.
[[nodiscard]] Result<> configure(const IpConfig& config);

/// A host name: 1 to 64 of letters, digits, '-' and '.', not beginning or ending with '-' or '.'.
[[nodiscard]] bool is_hostname(std::string_view name);

/// Sets the name, and writes /etc/hosts so that it resolves without a server. A name that does not
/// costs the BEAM 5 s at its start: inet_gethost asks 127.0.0.1:53 twice. The first label stands
/// there too. `address` is what the name resolves to; without one, 127.0.1.1.
[[nodiscard]] Result<> set_hostname(std::string_view name, std::optional<Ipv4> address);

/// Writes /etc/resolv.conf from the configuration's DNS servers; does nothing without any.
[[nodiscard]] Result<> write_resolv_conf(const IpConfig& config);

}  // namespace pid1

#endif  // PID1_NETWORK_H
