// SPDX-License-Identifier: Apache-2.0
// beam.net=, and ip= beside it: what the kernel is asked for, and what resolvers find.
#include "network.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;
using pid1::fake::NetlinkRequest;

template <class T>
T from_bytes(const std::string& bytes) {
  T value = {};
  memcpy(&value, bytes.data(), std::min(sizeof(value), bytes.size()));
  return value;
}

std::string address_of(const std::string& bytes) {
  char text[INET6_ADDRSTRLEN] = "?";
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

/// "up 2", "mtu 2 1400", "address 2 10.0.2.15/24", "route 2 10.0.2.2 of 0": with the index.
std::string describe(const NetlinkRequest& request) {
  const auto attribute = [&](uint16_t type) {
    const auto found = request.attributes.find(type);
    return found == request.attributes.end() ? std::string() : found->second;
  };
  if (request.type == RTM_NEWLINK) {
    const auto link = from_bytes<struct ifinfomsg>(request.family);
    const std::string index = std::to_string(link.ifi_index);
    if ((link.ifi_flags & link.ifi_change & IFF_UP) != 0) return "up " + index;
    return "mtu " + index + " " + std::to_string(from_bytes<uint32_t>(attribute(IFLA_MTU)));
  }
  if (request.type == RTM_NEWADDR) {
    const auto address = from_bytes<struct ifaddrmsg>(request.family);
    return "address " + std::to_string(address.ifa_index) + " " + address_of(attribute(IFA_LOCAL)) +
           "/" + std::to_string(address.ifa_prefixlen);
  }
  if (request.type == RTM_NEWROUTE) {
    const auto route = from_bytes<struct rtmsg>(request.family);
    return "route " + std::to_string(from_bytes<int>(attribute(RTA_OIF))) + " " +
           address_of(attribute(RTA_GATEWAY)) + " of " + std::to_string(route.rtm_dst_len);
  }
  return "type " + std::to_string(request.type);
}

class NetworkTest : public MachineTest {
 protected:
  NetworkTest() { kernel.devices = {{"lo", 1}, {"eth0", 2}, {"eth1", 3}, {"wg0", 4}, {"eth", 5}}; }

  /// All that was asked for behind the loopback's, with ", " between.
  std::string requests() {
    EXPECT_FALSE(kernel.requests.empty());
    EXPECT_EQ(kernel.requests.empty() ? "" : describe(kernel.requests[0]), "up 1");
    std::string all;
    for (size_t i = 1; i < kernel.requests.size(); ++i)
      all += (all.empty() ? "" : ", ") + describe(kernel.requests[i]);
    return all;
  }

  std::string resolv_conf() {
    const auto* file = kernel.find("/etc/resolv.conf");
    return file == nullptr ? "" : file->content;
  }
};

// ---- what can be set

struct Good {
  const char* name;
  const char* settings;
  const char* requests;
  const char* own_address;  // of the host's name
  const char* resolv_conf;
};

class Net : public NetworkTest, public testing::WithParamInterface<Good> {};

TEST_P(Net, IsSetUp) {
  ASSERT_EQ(boot(GetParam().settings).how, Ending::How::kExecuted) << console();
  EXPECT_EQ(requests(), GetParam().requests);
  EXPECT_EQ(resolv_conf(), GetParam().resolv_conf);
  EXPECT_EQ(kernel.content("/etc/hosts"), std::string("127.0.0.1 localhost\n::1 localhost\n") +
                                              GetParam().own_address + " beam\n");
  EXPECT_EQ(console().find("beam-init: error"), std::string::npos);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

INSTANTIATE_TEST_SUITE_P(
    All, Net,
    testing::Values(
        Good{"DeviceAlone", "beam.net=eth0", "up 2", "127.0.1.1", ""},
        Good{"Ipv4", "beam.net=eth0,10.0.2.15/24", "address 2 10.0.2.15/24, up 2", "10.0.2.15", ""},
        Good{"HostAddress", "beam.net=eth0,10.0.2.15", "address 2 10.0.2.15/32, up 2", "10.0.2.15",
             ""},
        Good{"Ipv6", "beam.net=eth0,fd00::15/64", "address 2 fd00::15/64, up 2", "127.0.1.1", ""},
        Good{"Gateways", "beam.net=eth0,gateway=10.0.2.2,gateway=fe80::1,10.0.2.15/24,fd00::15/64",
             "address 2 10.0.2.15/24, address 2 fd00::15/64, up 2, route 2 10.0.2.2 of 0, "
             "route 2 fe80::1 of 0",
             "10.0.2.15", ""},
        Good{"LaterGatewayOfTheSameFamily",
             "beam.net=eth0,10.0.2.15/24,gateway=10.0.2.2,gateway=10.0.2.3",
             "address 2 10.0.2.15/24, up 2, route 2 10.0.2.3 of 0", "10.0.2.15", ""},
        Good{"Mtu", "beam.net=eth0,mtu=1400,10.0.2.15/24",
             "mtu 2 1400, address 2 10.0.2.15/24, up 2", "10.0.2.15", ""},
        Good{"Servers", "beam.net=eth0,dns=10.0.2.3,dns=fd00::3", "up 2", "127.0.1.1",
             "nameserver 10.0.2.3\nnameserver fd00::3\n"},
        Good{"MoreServersThanResolversRead",
             "beam.net=eth0,dns=1.1.1.1,dns=1.1.1.2 "
             "beam.net=eth1,dns=1.1.1.3,dns=1.1.1.4",
             "up 2, up 3", "127.0.1.1",
             "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"},
        Good{"SeveralDevices",
             "beam.net=eth0,10.0.0.1/8 beam.net=eth1,10.1.0.1/16,gateway=10.1.0.2 beam.net=wg0",
             "address 2 10.0.0.1/8, up 2, address 3 10.1.0.1/16, up 3, route 3 10.1.0.2 of 0, up 4",
             "10.0.0.1", ""},
        Good{"NameGoesWithTheFirstIpv4", "beam.net=eth0,fd00::1/64 beam.net=eth1,10.1.0.1/16",
             "address 2 fd00::1/64, up 2, address 3 10.1.0.1/16, up 3", "10.1.0.1", ""},
        Good{"LaterOneOfTheSameDevice",
             "beam.net=eth0,10.0.0.1/8,dns=1.1.1.1 beam.net=eth1 beam.net=eth0,10.0.0.2/8",
             "address 2 10.0.0.2/8, up 2, up 3", "10.0.0.2", ""},
        Good{"DeviceWhoseNameBeginsAnother", "beam.net=eth0 beam.net=eth", "up 2, up 5",
             "127.0.1.1", ""},
        Good{"CommaAtTheEnd", "beam.net=eth0,10.0.2.15/24,", "address 2 10.0.2.15/24, up 2",
             "10.0.2.15", ""},
        Good{"IpAndNet",
             "beam.net=eth1,10.1.0.1/16,dns=1.1.1.3 "
             "ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:off:1.1.1.1:1.1.1.2",
             "address 2 10.0.2.15/24, up 2, route 2 10.0.2.2 of 0, address 3 10.1.0.1/16, up 3",
             "10.0.2.15", "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"},
        Good{"IpOff", "ip=off beam.net=eth0,10.0.0.1/8", "address 2 10.0.0.1/8, up 2", "10.0.0.1",
             ""}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(NetworkTest, AddressOfIpv6IsNotCheckedForDuplicates) {
  boot("beam.net=eth0,fd00::15/64");
  ASSERT_EQ(kernel.requests.size(), 3U);
  EXPECT_EQ(from_bytes<struct ifaddrmsg>(kernel.requests[1].family).ifa_flags, IFA_F_NODAD)
      << "for a second or two nobody could listen on it";
}

TEST_F(NetworkTest, NetOfTheConfig) {
  boot("beam.net=eth0,10.0.0.2/8", "net=eth0,10.0.0.1/8\nnet=eth1,10.1.0.1/16\n");
  EXPECT_EQ(requests(), "address 2 10.0.0.2/8, up 2, address 3 10.1.0.1/16, up 3");
}

TEST_F(NetworkTest, ServersOnAReadOnlyRoot) {
  kernel.root_read_only = true;
  kernel.add_file("/etc/resolv.conf", "nameserver 9.9.9.9\n");
  kernel.add_file("/etc/hosts", "");
  EXPECT_EQ(boot("beam.net=eth0,dns=10.0.2.3").how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.content("/etc/resolv.conf"), "nameserver 10.0.2.3\n");
  EXPECT_EQ(kernel.content("/run/resolv.conf"), "nameserver 10.0.2.3\n");
}

TEST_F(NetworkTest, ServersThatCannotBeWritten) {
  kernel.root_read_only = true;
  kernel.add_file("/etc/hosts", "");
  expect_failure(
      "network: open /etc/resolv.conf: Read-only file system; /etc or /run must be "
      "writable",
      "beam.net=eth0,dns=10.0.2.3");
}

TEST_F(NetworkTest, ResolvConfOfTheImageStaysWithoutServers) {
  kernel.add_file("/etc/resolv.conf", "nameserver 9.9.9.9\n");
  boot("beam.net=eth0,10.0.0.1/8");
  EXPECT_EQ(resolv_conf(), "nameserver 9.9.9.9\n");
}

TEST_F(NetworkTest, NoLoopbackIsAKernelWithoutNetwork) {
  kernel.faults = {{.name = "socket", .code = EAFNOSUPPORT}};
  expect_failure("network: ~ lo: ~; the kernel needs CONFIG_NET and CONFIG_INET",
                 "beam.net_required=no");
}

// ---- what cannot

struct Bad {
  const char* name;
  const char* value;
  const char* message;  // up to the advice
};

class NoNet : public NetworkTest, public testing::WithParamInterface<Bad> {
 protected:
  static constexpr const char* kAdvice =
      "; it takes DEVICE[,ADDRESS/PREFIX|gateway=ADDRESS|dns=ADDRESS|mtu=BYTES]...; check the "
      "machine's devices, or give beam.net_required=no";
};

TEST_P(NoNet, EndsTheBoot) {
  expect_failure(std::string("network: ") + GetParam().message + kAdvice,
                 std::string("beam.net=") + GetParam().value);
}

TEST_P(NoNet, ThatIsNotRequiredIsAWarningAndTheNextOnesTurn) {
  EXPECT_EQ(boot(std::string("beam.net=") + GetParam().value +
                 " beam.net_required=no beam.net=wg0,10.9.0.1/16,dns=10.9.0.2")
                .how,
            Ending::How::kExecuted)
      << console();
  EXPECT_NE(requests().find("address 4 10.9.0.1/16, up 4"), std::string::npos) << requests();
  EXPECT_TRUE(resolv_conf().ends_with("nameserver 10.9.0.2\n")) << resolv_conf();
  const std::string text = console();
  const size_t start = text.find('\n') + 1;  // behind the mark
  const std::string warning = text.substr(start, text.find('\n', start) - start);
  EXPECT_TRUE(matches(warning, std::string("beam-init: ") + GetParam().message + kAdvice))
      << warning;
  EXPECT_NE(kernel_log().find("<4>" + warning), std::string::npos) << kernel_log();
}

INSTANTIATE_TEST_SUITE_P(
    All, NoNet,
    testing::Values(
        Bad{"Empty", "", "beam.net=: no device"},
        Bad{"NoDevice", ",10.0.0.1/8", "beam.net=,10.0.0.1/8: no device"},
        Bad{"MissingDevice", "eth9", "~ eth9: No such device"},
        Bad{"MissingDeviceWithAnAddress", "eth9,10.0.0.1/8",
            "SIOCGIFINDEX eth9 10.0.0.1/8: No such device"},
        Bad{"AddressThatIsNone", "eth0,10.0.0.256/8",
            "network address eth0 10.0.0.256/8: Invalid argument"},
        Bad{"Name", "eth0,localhost", "network address eth0 localhost: Invalid argument"},
        Bad{"PrefixTooLong", "eth0,10.0.0.1/33",
            "network prefix eth0 10.0.0.1/33: Invalid argument"},
        Bad{"PrefixOfIpv6TooLong", "eth0,fd00::1/129",
            "network prefix eth0 fd00::1/129: Invalid argument"},
        Bad{"EmptyPrefix", "eth0,10.0.0.1/", "network prefix eth0 10.0.0.1/: Invalid argument"},
        Bad{"AddressOfAnyLength",
            "eth0,111111111111111111111111111111111111111111111111111111111111111",
            "network address eth0 1~1: Invalid argument"},
        Bad{"GatewayWithAPrefix", "eth0,10.0.0.1/8,gateway=10.0.0.2/8",
            "network address eth0 gateway=10.0.0.2/8: Invalid argument"},
        Bad{"EmptyGateway", "eth0,gateway=", "network address eth0 gateway=: Invalid argument"},
        Bad{"ServerThatIsAName", "eth0,dns=one.one",
            "network address eth0 dns=one.one: Invalid argument"},
        Bad{"MtuThatIsNone", "eth0,mtu=big", "number eth0 mtu=big: Invalid argument"},
        Bad{"NegativeMtu", "eth0,mtu=-1", "number eth0 mtu=-1: Invalid argument"},
        Bad{"MtuTooLarge", "eth0,mtu=65536", "number eth0 mtu=65536: ~"},
        Bad{"UnknownWord", "eth0,metric=5", "network address eth0 metric=5: Invalid argument"},
        // What stands behind it would be passed over in silence.
        Bad{"EmptyWordDoesNotEndTheList", "eth0,,10.0.0.1/8",
            "network address eth0 : Invalid argument"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(NetworkTest, AddressThatTheKernelRefuses) {
  kernel.request_errors[RTM_NEWADDR] = EACCES;  // IPv6 is off on the device
  expect_failure("network: set network address eth0 fd00::1/64: Permission denied; ~",
                 "beam.net=eth0,fd00::1/64");
}

TEST_F(NetworkTest, RouteThatTheKernelRefuses) {
  kernel.request_errors[RTM_NEWROUTE] = ENETUNREACH;
  expect_failure("network: set route eth0: Network is unreachable; ~",
                 "beam.net=eth0,10.0.0.1/8,gateway=192.168.0.1");
}

TEST_F(NetworkTest, AddressThatIsThereAlready) {
  kernel.request_errors[RTM_NEWADDR] = EEXIST;  // the kernel's own ip= was first
  EXPECT_EQ(boot("beam.net=eth0,10.0.0.1/8").how, Ending::How::kExecuted) << console();
}

TEST_F(NetworkTest, IpThatIsNotRequired) {
  EXPECT_EQ(boot("ip=dhcp beam.net_required=no beam.net=eth1,10.1.0.1/16").how,
            Ending::How::kExecuted);
  EXPECT_NE(console().find("ip= with automatic configuration dhcp: Operation not supported; "),
            std::string::npos)
      << console();
  EXPECT_EQ(requests(), "address 3 10.1.0.1/16, up 3");
}

TEST_F(NetworkTest, RequiredMayBeSaid) {
  expect_failure("network: ~ eth9: No such device; ~", "beam.net_required=yes beam.net=eth9");
}

}  // namespace
}  // namespace beam_init
