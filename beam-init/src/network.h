// SPDX-License-Identifier: Apache-2.0
// The network as the settings want it: `ip=`, `beam.net=`, names.
#ifndef BEAM_INIT_NETWORK_H
#define BEAM_INIT_NETWORK_H

#include "build.h"
#include "failure.h"
#include "pid1/network.h"
#include "settings.h"

namespace beam_init {

struct Network {
  /// What the host's name resolves to: the first address of IPv4.
  pid1::Ipv4 address = {};
  /// The host name in `ip=`, or "".
  const char* hostname = "";
};

/// The first address of IPv4 that `ip=` and `beam.net=` give the machine.
[[nodiscard]] pid1::Ipv4 own_address(const Settings& settings, Draft& draft);

/// Loopback, the device of `ip=`, those of `beam.net=`, /etc/resolv.conf. With
/// beam.net_required=no a device that cannot be set up is a warning, and the next one's turn.
Outcome bring_network_up(const Settings& settings, Draft& draft, Warn warn, Network& network);

/// The host's name, also in /etc/hosts: from `beam.hostname=`, `ip=`, /etc/hostname, or "beam".
Outcome name_host(const Settings& settings, Draft& draft, const Network& network);

}  // namespace beam_init

#endif  // BEAM_INIT_NETWORK_H
