// SPDX-License-Identifier: Apache-2.0
// A network that needs no user-space tools: loopback, one static IPv4 address, names.
#ifndef PID1_NETWORK_H
#define PID1_NETWORK_H

#include <cstdint>

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

/// A static configuration. The texts are parts of the one it was parsed from.
struct IpConfig {
  Ipv4 address;
  Ipv4 gateway;
  Ipv4 dns[2];
  const char* hostname;  // "": none given
  const char* device;
  uint8_t prefix;  // 0 to 32
};

/// Parses `text`, in place; the kernel's syntax (Documentation/admin-guide/nfs/nfsroot.rst):
///   client:server:gateway:netmask:hostname:device:autoconf:dns0:dns1:ntp0
/// Fields may be empty or missing at the end. Without a netmask that of the address's class is
/// taken, as the kernel does; without a device, eth0. False, and `config` is not touched, for a
/// lone `off` or `none`, which asks for no configuration. EOPNOTSUPP for dhcp, bootp, rarp, both,
/// on and any: there is no client for them. EINVAL names the bad field.
[[nodiscard]] Result<bool> parse_ip(char* text, IpConfig& config);

/// The loopback device up; the kernel then gives it 127.0.0.1/8 and ::1 by itself.
[[nodiscard]] Result<> bring_loopback_up();

/// The device up, with its address and default route, over rtnetlink(7). An address or route that
/// is already there (EEXIST) is success. ENODEV: there is no such device.
[[nodiscard]] Result<> configure(const IpConfig& config);

/// A host name: 1 to 64 of letters, digits, '-' and '.', not beginning or ending with '-' or '.'.
[[nodiscard]] bool is_hostname(const char* name);

/// Sets the name, and writes /etc/hosts so that it resolves without a server. A name that does not
/// costs the BEAM 5 s at its start: inet_gethost asks 127.0.0.1:53 twice. The first label stands
/// there too. `address` is what the name resolves to; without one, 127.0.1.1.
[[nodiscard]] Result<> set_hostname(const char* name, Ipv4 address);

/// Writes /etc/resolv.conf from the configuration's DNS servers; does nothing without any.
[[nodiscard]] Result<> write_resolv_conf(const IpConfig& config);

}  // namespace pid1

#endif  // PID1_NETWORK_H
