// SPDX-License-Identifier: Apache-2.0
#include "network.h"

#include <span>

#include "pid1/file.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr const char* kHostnamePath = "/etc/hostname";
constexpr const char* kDefaultHostname = "beam";
constexpr const char* kResolvConf = "/etc/resolv.conf";
constexpr int kMostBytes = 65535;

/// What resolvers read at most (resolv.conf(5), MAXNS).
struct Servers {
  pid1::Address addresses[3];
  size_t count = 0;

  /// More than three are passed over, as resolvers would.
  void add(const pid1::Address& address) {
    if (address.size() > 0 && count < 3) addresses[count++] = address;
  }
};

/// The route to everywhere, of the gateway's family.
pid1::Result<> add_gateway(const char* device, const pid1::Address& gateway) {
  pid1::Network everywhere;
  everywhere.address.family = gateway.family;
  return pid1::add_route(device, everywhere, gateway);
}

/// One word of a beam.net= behind the device. Routes wait for the end: `gateways`.
pid1::Result<> take(char* word, const char* device, Servers& servers,
                    pid1::Address (&gateways)[2]) {
  if (char* const text = pid1::after(word, "mtu="); text != nullptr) {
    PID1_TRY_ASSIGN(const int bytes, pid1::parse_number(text, kMostBytes));
    return pid1::set_mtu(device, static_cast<uint32_t>(bytes));
  }
  if (char* const text = pid1::after(word, "gateway="); text != nullptr) {
    PID1_TRY_ASSIGN(const pid1::Address gateway, pid1::parse_address(text));
    gateways[gateway.size() > 4 ? 1 : 0] = gateway;
    return {};
  }
  if (char* const text = pid1::after(word, "dns="); text != nullptr) {
    PID1_TRY_ASSIGN(const pid1::Address server, pid1::parse_address(text));
    servers.add(server);
    return {};
  }
  PID1_TRY_ASSIGN(const pid1::Network own, pid1::parse_network(word));
  // Without the check for duplicates: for a second or two nobody could listen on the address.
  return pid1::add_address(device, own, pid1::DuplicateCheck::kOff);
}

Outcome set_up_device(char* text, Servers& servers) {
  constexpr const char* kAdvice =
      "it takes DEVICE[,ADDRESS/PREFIX|gateway=ADDRESS|dns=ADDRESS|mtu=BYTES]...; check the "
      "machine's devices, or give beam.net_required=no";
  const char* const device = text;
  if (*device == '\0' || *device == ',') return fail("beam.net={}: no device; {}", text, kAdvice);
  pid1::Address gateways[2];
  for (char* rest = pid1::split(text, ','); *rest != '\0';) {
    char* const word = rest;
    rest = pid1::split(rest, ',');
    const auto taken = take(word, device, servers, gateways);
    if (!taken.has_value()) {
      const pid1::Error why = taken.error();
      return fail("{} {} {}: {}; {}", why.operation, device, word, pid1::errno_words(why.code),
                  kAdvice);
    }
  }
  BEAM_INIT_TRY(pid1::bring_up(device), device, kAdvice);
  for (const pid1::Address& gateway : gateways) {
    if (gateway.size() > 0) BEAM_INIT_TRY(add_gateway(device, gateway), device, kAdvice);
  }
  return {};
}

Outcome set_up_ip(const char* ip, Draft& draft, Network& network, Servers& servers) {
  constexpr const char* kAdvice =
      "only a static ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:DEVICE:off is understood; check the "
      "machine's device, or give beam.net_required=no";
  pid1::IpConfig config;
  const auto asked = pid1::parse_ip(draft.text("{}", ip), config);
  BEAM_INIT_TRY(asked, ip, kAdvice);
  network.hostname = config.hostname;
  if (!*asked) return {};
  BEAM_INIT_TRY(pid1::configure(config), ip, kAdvice);
  for (const pid1::Ipv4 server : config.dns) {
    if (server != pid1::kNoIpv4) servers.add(pid1::Address(server));
  }
  return {};
}

}  // namespace

pid1::Ipv4 own_address(const Settings& settings, Draft& draft) {
  pid1::IpConfig config;
  if (pid1::parse_ip(draft.text("{}", settings.ip), config).value_or(false)) return config.address;
  pid1::Ipv4 found = pid1::kNoIpv4;
  (void)settings.for_each("net=", [&](const Given& given) {
    for (char* rest = draft.text("{}", given.value); *rest != '\0' && found == pid1::kNoIpv4;) {
      char* const word = rest;
      rest = pid1::split(rest, ',');
      if (const auto own = pid1::parse_network(word); own.has_value()) {
        const auto& bytes = (*own).address.bytes;
        if ((*own).address.size() == 4) found = {{bytes[0], bytes[1], bytes[2], bytes[3]}};
      }
    }
    return Outcome();
  });
  return found;
}

Outcome bring_network_up(const Settings& settings, Draft& draft, Warn warn, Network& network) {
  const auto judged = [&](Outcome outcome) {
    if (!outcome.is_failure() || !settings.network_optional) return outcome;
    warn(outcome.message());
    return Outcome();
  };
  BEAM_INIT_TRY(pid1::bring_loopback_up(), "lo", "the kernel needs CONFIG_NET and CONFIG_INET");
  network.address = own_address(settings, draft);
  Servers servers;
  if (*settings.ip != '\0') {
    BEAM_INIT_PASS(judged(set_up_ip(settings.ip, draft, network, servers)));
  }
  BEAM_INIT_PASS(settings.for_each("net=", [&](const Given& given) {
    return judged(set_up_device(draft.text("{}", given.value), servers));
  }));
  const auto written = pid1::write_resolv_conf(std::span(servers.addresses).first(servers.count));
  BEAM_INIT_TRY(written, kResolvConf, "/etc or /run must be writable");
  return {};
}

Outcome name_host(const Settings& settings, Draft& draft, const Network& network) {
  const char* name = settings.hostname;
  if (*name == '\0') name = network.hostname;
  if (*name == '\0' && pid1::exists(kHostnamePath)) {
    char* text = nullptr;
    BEAM_INIT_PASS(draft.read(kHostnamePath, "its first line is the host name", text));
    (void)pid1::split(text, '\n');
    name = pid1::trim(text);
  }
  if (*name == '\0') name = kDefaultHostname;
  if (!pid1::is_hostname(name)) {
    // A setting's, and that of ip=, have been looked at.
    return fail("{}: '{}' is not a host name; it takes 1 to 64 letters, digits, '-' and '.'",
                kHostnamePath, name);
  }
  BEAM_INIT_TRY(pid1::set_hostname(name, network.address), "/etc/hosts",
                "/etc or /run must be writable");
  return {};
}

}  // namespace beam_init
