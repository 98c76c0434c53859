// SPDX-License-Identifier: Apache-2.0
#include "pid1/network.h"

#include <linux/if.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <span>

#include "pid1/file.h"
#include "pid1/mount.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

/// /etc/NAME, or, where the root is read-only, a file of /run mounted over it.
Result<> write_etc(const char* path, const char* fallback, const char* content) {
  const auto written = write_file(path, content);
  if (written.has_value() || written.error().code != EROFS) return written;
  PID1_TRY(write_file(fallback, content));
  // Where there is no file to cover, the read-only root is what is to be said.
  return bind_mount(fallback, path).has_value() ? Result<>{} : written;
}

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

namespace {

constexpr Error kNoClient = {EOPNOTSUPP, "ip= with automatic configuration"};

/// The words that mean a static configuration, or none; the empty one first. `static` is what
/// others take too; to the kernel any word that it does not know is `off`.
constexpr const char* kOff = ",off,none,static";

/// A word that has the kernel ask a server (ic_proto_name() there).
bool is_automatic(const char* word) {
  return after(word, "dhcp") != nullptr || is_listed("on,any,both,bootp,rarp", word);
}

}  // namespace

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
  constexpr static char kWhat[][13] = {"ip= client",   "ip= server", "ip= gateway",  "ip= netmask",
                                       "ip= hostname", "ip= device", "ip= autoconf", "ip= dns0",
                                       "ip= dns1",     "ip= ntp0"};

  // A lone word is the autoconf field (net/ipv4/ipconfig.c, ip_auto_config_setup). Before the
  // split, for a client identifier of DHCP may have colons.
  if (is_listed(kOff, text)) return false;
  if (is_automatic(text)) return kNoClient;
  Ipv4 addresses[std::size(kWhat)] = {};
  const char* fields[std::size(kWhat)];
  for (size_t i = 0; i < std::size(kWhat); ++i) {
    const char* const field = text;
    fields[i] = text;
    text = split(text, ':');
    const bool is_valid = i == kAutoconf   ? is_listed(kOff, field) || is_automatic(field)
                          : *field == '\0' ? true
                          : i == kHostname ? is_hostname(field)
                          : i == kDevice   ? strlen(field) < IFNAMSIZ
                                           : parse_ipv4(field, addresses[i]);
    if (!is_valid) return Error{EINVAL, kWhat[i]};
  }
  const Ipv4 own = addresses[kClient];
  config = {.address = own,
            .server = addresses[kServer],
            .gateway = addresses[kGateway],
            .dns = {addresses[kDns0], addresses[kDns1]},
            .ntp = addresses[kNtp0],
            .hostname = fields[kHostname],
            .device = *fields[kDevice] == '\0' ? "eth0" : fields[kDevice],
            .prefix = 0};
  if (own == kNoIpv4) {
    // Where nothing is said the kernel asks.
    if (!is_listed(kOff + 1, fields[kAutoconf])) return kNoClient;
    return false;
  }

  // The mask's leading ones; without a mask, of the address's class (ic_defaults() there).
  const Ipv4& mask = addresses[kNetmask];
  uint32_t bits = static_cast<uint32_t>(mask.bytes[0]) << 24 |
                  static_cast<uint32_t>(mask.bytes[1]) << 16 |
                  static_cast<uint32_t>(mask.bytes[2]) << 8 | mask.bytes[3];
  if (bits == 0) {
    const uint8_t first = own.bytes[0];
    bits = first < 128 ? 0xff000000 : first < 192 ? 0xffff0000 : first < 224 ? 0xffffff00 : 1;
  }
  for (; (bits & 0x80000000) != 0; bits <<= 1)
    ++config.prefix;
  if (bits != 0) return Error{EINVAL, kWhat[kNetmask]};
  return true;
}

Result<> bring_loopback_up() {
  return bring_up("lo");
}

Result<> configure(const IpConfig& config) {
  // The address first: bringing a device up starts IPv6 autoconfiguration and announcements.
  PID1_TRY(add_address(config.device, {Address(config.address), config.prefix}));
  PID1_TRY(bring_up(config.device));
  if (config.gateway == kNoIpv4) return {};
  return add_route(config.device, {Address(kNoIpv4), 0}, Address(config.gateway));
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
  const AddressText own(Address(address == kNoIpv4 ? Ipv4{{127, 0, 1, 1}} : address));
  char content[256];
  const char* const parts[] = {own.text(), name, label};
  (void)fill(content, "127.0.0.1 localhost\n::1 localhost\n{} {}{}\n", parts);
  return write_etc("/etc/hosts", "/run/hosts", content);
}

Result<> write_resolv_conf(const IpConfig& config) {
  Address servers[2];
  size_t count = 0;
  for (const Ipv4 server : config.dns) {
    if (server != kNoIpv4) servers[count++] = Address(server);
  }
  return write_resolv_conf(std::span(servers).first(count));
}

Result<> write_resolv_conf(std::span<const Address> servers) {
  char content[256];
  size_t used = 0;
  for (const Address& server : servers) {
    const AddressText address(server);
    const char* const part = address.text();
    PID1_TRY_ASSIGN(const size_t size,
                    fill(std::span(content).subspan(used), "nameserver {}\n", &part));
    used += size;
  }
  if (used == 0) return {};
  return write_etc("/etc/resolv.conf", "/run/resolv.conf", content);
}

}  // namespace pid1
