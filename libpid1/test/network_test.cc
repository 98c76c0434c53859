// SPDX-License-Identifier: Apache-2.0
#include "pid1/network.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

std::string text_of(const Ipv4& address) {
  std::string text;
  for (const uint8_t byte : address.bytes)
    text += (text.empty() ? "" : ".") + std::to_string(byte);
  return text;
}

/// Dotted, or what `none` says.
std::string or_none(const Ipv4& address) {
  return address == kNoIpv4 ? "-" : text_of(address);
}

TEST(ParseIpv4, DottedDecimalAndNothingElse) {
  for (const char* good : {"0.0.0.0", "10.0.2.15", "255.255.255.255", "192.168.1.1"}) {
    Ipv4 address;
    ASSERT_TRUE(parse_ipv4(good, address)) << good;
    EXPECT_EQ(text_of(address), good);
  }
  Ipv4 address = {};
  ASSERT_TRUE(parse_ipv4("010.001.002.003", address));
  EXPECT_EQ(text_of(address), "10.1.2.3") << "not octal";
  for (const char* bad : {"",           ".",          "...",        "1",
                          "1.2",        "1.2.3",      "1.2.3.",     ".1.2.3",
                          "1..2.3",     "1.2.3.4.",   "1.2.3.4.5",  "256.1.1.1",
                          "1.1.1.256",  "1.1.1.1000", "1.1.1.0001", "-1.1.1.1",
                          "1.1.1.-1",   "a.b.c.d",    "1.2.3.4 ",   " 1.2.3.4",
                          "1.2.3.4/24", "0x1.2.3.4",  "1,2,3,4",    "99999999999999999999.1.1.1",
                          "::1"}) {
    EXPECT_FALSE(parse_ipv4(bad, address)) << "'" << bad << "'";
  }
}

/// "ADDRESS/PREFIX GATEWAY HOSTNAME DEVICE DNS0 DNS1", - for nothing; "none"; or the error.
std::string parsed(std::string text) {
  IpConfig config;
  const auto result = parse_ip(text.data(), config);
  if (!result.has_value()) {
    return std::string(result.error().code == EINVAL       ? "EINVAL "
                       : result.error().code == EOPNOTSUPP ? "EOPNOTSUPP "
                                                           : "? ") +
           result.error().operation;
  }
  if (!*result) return "none";
  return text_of(config.address) + "/" + std::to_string(config.prefix) + " " +
         or_none(config.gateway) + " " +
         (*config.hostname == '\0' ? "-" : std::string(config.hostname)) + " " +
         std::string(config.device) + " " + or_none(config.dns[0]) + " " + or_none(config.dns[1]);
}

// Documentation/admin-guide/nfs/nfsroot.rst; net/ipv4/ipconfig.c.
TEST(ParseIp, Good) {
  const struct {
    const char* text;
    const char* config;
  } cases[] = {
      {"10.0.2.15::10.0.2.2:255.255.255.0:hello:eth0:off", "10.0.2.15/24 10.0.2.2 hello eth0 - -"},
      {"10.0.2.15::10.0.2.2:255.255.255.0::eth0:off", "10.0.2.15/24 10.0.2.2 - eth0 - -"},
      {"10.0.2.15", "10.0.2.15/8 - - eth0 - -"},
      {"10.0.2.15:", "10.0.2.15/8 - - eth0 - -"},
      {"10.0.2.15:::::::::", "10.0.2.15/8 - - eth0 - -"},
      {"10.0.2.15:10.0.2.1", "10.0.2.15/8 - - eth0 - -"},
      {"10.0.2.15::10.0.2.2", "10.0.2.15/8 10.0.2.2 - eth0 - -"},
      {"10.0.2.15:::255.255.0.0", "10.0.2.15/16 - - eth0 - -"},
      {"10.0.2.15:::0.0.0.0", "10.0.2.15/8 - - eth0 - -"},  // for the kernel it is none
      {"10.0.2.15:::255.255.255.255", "10.0.2.15/32 - - eth0 - -"},
      {"10.0.2.15:::255.255.255.254", "10.0.2.15/31 - - eth0 - -"},
      {"10.0.2.15:::128.0.0.0", "10.0.2.15/1 - - eth0 - -"},
      {"10.0.2.15::::a.example.org", "10.0.2.15/8 - a.example.org eth0 - -"},
      {"10.0.2.15:::::ens3", "10.0.2.15/8 - - ens3 - -"},
      {"10.0.2.15:::::a23456789012345", "10.0.2.15/8 - - a23456789012345 - -"},
      {"10.0.2.15::::::none", "10.0.2.15/8 - - eth0 - -"},
      {"10.0.2.15::::::static", "10.0.2.15/8 - - eth0 - -"},
      {"10.0.2.15::::::off:1.1.1.1", "10.0.2.15/8 - - eth0 1.1.1.1 -"},
      {"10.0.2.15::::::off:1.1.1.1:8.8.8.8", "10.0.2.15/8 - - eth0 1.1.1.1 8.8.8.8"},
      {"10.0.2.15::::::off::8.8.8.8:9.9.9.9", "10.0.2.15/8 - - eth0 - 8.8.8.8"},
      {"10.0.2.15::::::off::::x:y", "10.0.2.15/8 - - eth0 - -"},  // what follows is not looked at
      // with an address the kernel does not ask
      {"10.0.2.15::::::dhcp", "10.0.2.15/8 - - eth0 - -"},
      {"10.0.2.15::::::bootp", "10.0.2.15/8 - - eth0 - -"},
      {"10.0.2.15::::::any", "10.0.2.15/8 - - eth0 - -"},
      // the masks of the classes
      {"1.2.3.4", "1.2.3.4/8 - - eth0 - -"},
      {"127.9.9.9", "127.9.9.9/8 - - eth0 - -"},
      {"128.1.1.1", "128.1.1.1/16 - - eth0 - -"},
      {"172.16.0.2", "172.16.0.2/16 - - eth0 - -"},
      {"191.255.1.1", "191.255.1.1/16 - - eth0 - -"},
      {"192.168.0.2", "192.168.0.2/24 - - eth0 - -"},
      {"223.1.1.1", "223.1.1.1/24 - - eth0 - -"},
      // nothing is to be done
      {"", "none"},
      {"off", "none"},
      {"none", "none"},
      {"static", "none"},
      {"::::::off", "none"},
      {":::::eth0:none", "none"},
      {"0.0.0.0::::::off", "none"},
      {"::::hello::off", "none"},
  };
  for (const auto& entry : cases)
    EXPECT_EQ(parsed(entry.text), entry.config) << entry.text;
}

TEST(ParseIp, Bad) {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"eth0", "EINVAL ip= client"},
      {"10.0.2", "EINVAL ip= client"},
      {"fe80::1", "EINVAL ip= client"},
      {"10.0.2.15:x", "EINVAL ip= server"},
      {"10.0.2.15::10.0.2.300", "EINVAL ip= gateway"},
      {"10.0.2.15:::255.0.255.0", "EINVAL ip= netmask"},
      {"10.0.2.15:::0.0.0.255", "EINVAL ip= netmask"},
      {"10.0.2.15:::24", "EINVAL ip= netmask"},
      {"224.0.0.1", "EINVAL ip= netmask"},  // "Unable to guess netmask"
      {"10.0.2.15::::bad_name", "EINVAL ip= hostname"},
      {"10.0.2.15::::-x", "EINVAL ip= hostname"},
      {"10.0.2.15:::::a234567890123456", "EINVAL ip= device"},
      {"10.0.2.15::::::maybe", "EINVAL ip= autoconf"},
      {"10.0.2.15::::::OFF", "EINVAL ip= autoconf"},
      {"10.0.2.15::::::off:x", "EINVAL ip= dns0"},
      {"10.0.2.15::::::off:1.1.1.1:x", "EINVAL ip= dns1"},
      {"10.0.2.15::::::off:::x", "EINVAL ip= ntp0"},
  };
  for (const auto& entry : cases)
    EXPECT_EQ(parsed(entry.text), entry.error) << entry.text;
}

// Every word of ic_proto_name(); and nothing said at all, for which its default is `any`.
TEST(ParseIp, WhereTheKernelWouldAskAServer) {
  for (const char* text :
       {"dhcp", "on", "any", "both", "bootp", "rarp", "dhcp,1,52:54:00:12:34:56", "dhcp,x",
        ":::::eth0:dhcp", ":::::eth0:dhcp,1,id", ":::::eth0", "::::hello:eth0", "::::::on",
        ":10.0.2.2:10.0.2.2:255.0.0.0", ":", "0.0.0.0"}) {
    EXPECT_EQ(parsed(text), "EOPNOTSUPP ip= with automatic configuration") << text;
  }
}

TEST(ParseIp, WhatNothingHereUsesIsThereToo) {
  char text[] = "10.0.2.15:10.0.2.3:10.0.2.2:255.255.255.0:hello:eth0:off:1.1.1.1:8.8.8.8:9.9.9.9";
  IpConfig config;
  ASSERT_TRUE(parse_ip(text, config).value_or(false));
  EXPECT_EQ(text_of(config.server), "10.0.2.3");
  EXPECT_EQ(text_of(config.ntp), "9.9.9.9");
}

TEST(ParseIp, NameWithoutAnAddress) {
  char text[] = "::::hello:eth0:off";
  IpConfig config;
  EXPECT_EQ(parse_ip(text, config), false);
  EXPECT_STREQ(config.hostname, "hello");
}

TEST(ParseIpv6, FormsOfRfc4291) {
  const struct {
    const char* text;
    const char* canonical;  // RFC 5952
  } cases[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"fd00::2", "fd00::2"},
      {"FD00:0:0::0:2", "fd00::2"},
      {"2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:db8::ff00:42:8329"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},
      {"::ffff:10.0.2.15", "::ffff:a00:20f"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"::1.2.3.4", "::102:304"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& entry : cases) {
    Ipv6 address = {};
    ASSERT_TRUE(parse_ipv6(entry.text, address)) << entry.text;
    EXPECT_STREQ(AddressText(Address(address)).text(), entry.canonical) << entry.text;
  }
}

TEST(ParseIpv6, Bad) {
  Ipv6 address = {{7}};
  for (const char* bad : {"",
                          ":",
                          ":::",
                          "1",
                          "1:",
                          ":1",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1:2:3:4:5:6:7:8::",
                          "::1:2:3:4:5:6:7:8",
                          "1::2::3",
                          "1:::2",
                          "12345::",
                          "::g",
                          "::1 ",
                          " ::1",
                          "::1%eth0",
                          "::1/64",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "::1.2.3",
                          "::1.2.3.4:5",
                          "1.2.3.4",
                          "::1.2.3.4.5",
                          "1::2:",
                          "[::1]",
                          "::-1",
                          "::00001"}) {
    EXPECT_FALSE(parse_ipv6(bad, address)) << "'" << bad << "'";
  }
  EXPECT_EQ(address, (Ipv6{{7}})) << "not touched";
}

TEST(ParseNetwork, AddressAndPrefix) {
  const auto text = [](const char* given) {
    const auto network = parse_network(given);
    if (!network.has_value()) return std::string(network.error().operation);
    return std::string(AddressText((*network).address).text()) + "/" +
           std::to_string((*network).prefix);
  };
  EXPECT_EQ(text("10.0.2.15/24"), "10.0.2.15/24");
  EXPECT_EQ(text("10.0.2.15"), "10.0.2.15/32");
  EXPECT_EQ(text("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(text("fd00::2/64"), "fd00::2/64");
  EXPECT_EQ(text("fd00::2"), "fd00::2/128");
  EXPECT_EQ(text("::/0"), "::/0");
  EXPECT_EQ(text("::/128"), "::/128");
  for (const char* bad : {"10.0.2.15/", "10.0.2.15/33", "::/129", "::/-1", "::/6x", "::/64/64",
                          "10.0.2.15/255.0.0.0", "::/99999999999999999999"}) {
    EXPECT_EQ(text(bad), "network prefix") << bad;
  }
  for (const char* bad : {"", "/", "/24", "10.0.2/24", "eth0"})
    EXPECT_EQ(text(bad), "network address") << bad;
  EXPECT_EQ(text(std::string(200, '1').c_str()), "network address");
  EXPECT_STREQ(AddressText(Address()).text(), "");
}

TEST(IsHostname, Names) {
  const std::string longest(64, 'a');
  for (const std::string& good : {std::string("a"), std::string("beam"),
                                  std::string("A1-b.example.org"), std::string("0"), longest}) {
    EXPECT_TRUE(is_hostname(good.c_str())) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("-a"), std::string("a-"), std::string(".a"), std::string("a."),
        std::string("a b"), std::string("a_b"), std::string("a\nb"), std::string("\xc3\xa9"),
        std::string("a/b"), longest + "a"}) {
    EXPECT_FALSE(is_hostname(bad.c_str())) << bad;
  }
}

class NetworkTest : public fake::KernelTest {
 protected:
  NetworkTest() {
    kernel.add_directory("/etc");
    kernel.add_directory("/run");
  }

  ~NetworkTest() override {
    EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2})) << "a descriptor is lost";
  }

  template <class Family>
  static Family family_of(const fake::NetlinkRequest& request) {
    Family family = {};
    EXPECT_EQ(request.family.size(), sizeof(family));
    memcpy(&family, request.family.data(), sizeof(family));
    return family;
  }

  /// The types of the requests, in order.
  [[nodiscard]] std::vector<int> types() const {
    std::vector<int> all;
    for (const fake::NetlinkRequest& request : kernel.requests)
      all.push_back(request.type);
    return all;
  }
};

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values)
    text += static_cast<char>(value);
  return text;
}

/// The texts of the configuration live until the next call.
IpConfig config_of(std::string_view text) {
  static std::string kept;
  kept = text;
  IpConfig config;
  EXPECT_TRUE(parse_ip(kept.data(), config).value_or(false));
  return config;
}

constexpr std::string_view kUsual = "10.0.2.15::10.0.2.2:255.255.255.0:hello:eth0:off";

TEST_F(NetworkTest, LoopbackUp) {
  ASSERT_EQ(code_of(bring_loopback_up()), 0);
  ASSERT_EQ(types(), std::vector<int>{RTM_NEWLINK});
  const auto& request = kernel.requests[0];
  EXPECT_EQ(request.flags, NLM_F_REQUEST | NLM_F_ACK);
  const auto link = family_of<struct ifinfomsg>(request);
  EXPECT_EQ(link.ifi_family, AF_UNSPEC);
  EXPECT_EQ(link.ifi_index, 1);
  EXPECT_EQ(link.ifi_flags, static_cast<unsigned>(IFF_UP));
  EXPECT_EQ(link.ifi_change, static_cast<unsigned>(IFF_UP));
}

TEST_F(NetworkTest, LoopbackMissing) {
  kernel.devices.erase("lo");
  EXPECT_EQ(code_of(bring_loopback_up()), ENODEV);
}

TEST_F(NetworkTest, ConfigureSetsAddressThenUpThenRoute) {
  ASSERT_EQ(code_of(configure(config_of(kUsual))), 0);
  ASSERT_EQ(types(), (std::vector<int>{RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE}));

  const auto& address_request = kernel.requests[0];
  EXPECT_EQ(address_request.flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  const auto address = family_of<struct ifaddrmsg>(address_request);
  EXPECT_EQ(address.ifa_family, AF_INET);
  EXPECT_EQ(address.ifa_prefixlen, 24);
  EXPECT_EQ(address.ifa_index, 2U);
  EXPECT_EQ(address_request.attributes.at(IFA_LOCAL), bytes({10, 0, 2, 15}));
  EXPECT_EQ(address_request.attributes.at(IFA_ADDRESS), bytes({10, 0, 2, 15}));
  EXPECT_EQ(address_request.attributes.at(IFA_BROADCAST), bytes({10, 0, 2, 255}));

  const auto link = family_of<struct ifinfomsg>(kernel.requests[1]);
  EXPECT_EQ(link.ifi_index, 2);

  const auto& route_request = kernel.requests[2];
  EXPECT_EQ(route_request.flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  const auto route = family_of<struct rtmsg>(route_request);
  EXPECT_EQ(route.rtm_family, AF_INET);
  EXPECT_EQ(route.rtm_dst_len, 0);
  EXPECT_EQ(route.rtm_table, RT_TABLE_MAIN);
  EXPECT_EQ(route.rtm_protocol, RTPROT_BOOT);
  EXPECT_EQ(route.rtm_scope, RT_SCOPE_UNIVERSE);
  EXPECT_EQ(route.rtm_type, RTN_UNICAST);
  EXPECT_EQ(route_request.attributes.at(RTA_GATEWAY), bytes({10, 0, 2, 2}));
  EXPECT_EQ(route_request.attributes.at(RTA_OIF), bytes({2, 0, 0, 0}));
}

TEST_F(NetworkTest, RequestByteByByte) {
  // struct nlmsghdr, struct ifaddrmsg, three attributes (netlink(7), rtnetlink(7)); little endian.
  ASSERT_EQ(code_of(configure(config_of("192.168.7.2:::255.255.255.0"))), 0);
  EXPECT_EQ(kernel.requests[0].bytes,
            bytes({48, 0,  0, 0, 20,  0,   0x05, 0x06, 1, 0, 0, 0, 0, 0, 0, 0,  // header
                   2,  24, 0, 0, 2,   0,   0,    0,                             // ifaddrmsg
                   8,  0,  2, 0, 192, 168, 7,    2,                             // IFA_LOCAL
                   8,  0,  1, 0, 192, 168, 7,    2,                             // IFA_ADDRESS
                   8,  0,  4, 0, 192, 168, 7,    255}));                        // IFA_BROADCAST
}

TEST_F(NetworkTest, Broadcast) {
  const struct {
    const char* ip;
    std::string broadcast;
  } cases[] = {
      {"10.0.2.15:::255.255.255.0", bytes({10, 0, 2, 255})},
      {"10.1.2.3:::255.0.0.0", bytes({10, 255, 255, 255})},
      {"10.1.2.3:::255.255.240.0", bytes({10, 1, 15, 255})},
      {"10.1.2.129:::255.255.255.252", bytes({10, 1, 2, 131})},
      {"10.1.2.3:::128.0.0.0", bytes({127, 255, 255, 255})},
      {"10.1.2.3:::255.255.255.254", ""},  // RFC 3021
      {"10.1.2.3:::255.255.255.255", ""},
  };
  for (const auto& entry : cases) {
    kernel.requests.clear();
    ASSERT_EQ(code_of(configure(config_of(entry.ip))), 0);
    const auto& attributes = kernel.requests[0].attributes;
    const auto found = attributes.find(IFA_BROADCAST);
    EXPECT_EQ(found == attributes.end() ? "" : found->second, entry.broadcast) << entry.ip;
  }
}

TEST_F(NetworkTest, NoGatewayNoRoute) {
  ASSERT_EQ(code_of(configure(config_of("10.0.2.15:::255.255.255.0"))), 0);
  EXPECT_EQ(types(), (std::vector<int>{RTM_NEWADDR, RTM_NEWLINK}));
}

TEST_F(NetworkTest, AddressAndRouteThatAreThereAreSuccess) {
  kernel.request_errors = {{RTM_NEWADDR, EEXIST}, {RTM_NEWROUTE, EEXIST}};
  EXPECT_EQ(code_of(configure(config_of(kUsual))), 0);
  EXPECT_EQ(kernel.requests.size(), 3U);
}

TEST_F(NetworkTest, RefusalsOfTheKernelEndIt) {
  const struct {
    uint16_t request;
    int code;
    size_t requests;
    const char* operation;
  } cases[] = {
      {RTM_NEWADDR, EPERM, 1, "set network address"},
      {RTM_NEWLINK, EEXIST, 2, "bring up network device"},
      {RTM_NEWLINK, EBUSY, 2, "bring up network device"},
      {RTM_NEWROUTE, ENETUNREACH, 3, "set route"},
  };
  for (const auto& entry : cases) {
    kernel.requests.clear();
    kernel.request_errors = {{entry.request, entry.code}};
    const auto done = configure(config_of(kUsual));
    EXPECT_EQ(code_of(done), entry.code);
    EXPECT_STREQ(done.error().operation, entry.operation);
    EXPECT_EQ(kernel.requests.size(), entry.requests);
  }
}

TEST_F(NetworkTest, MissingDevice) {
  EXPECT_EQ(code_of(configure(config_of("10.0.2.15:::::eth7"))), ENODEV);
  EXPECT_TRUE(kernel.requests.empty());
}

TEST_F(NetworkTest, KernelWithoutNetlink) {
  kernel.faults = {{.name = "socket", .code = EAFNOSUPPORT}};
  EXPECT_EQ(code_of(bring_loopback_up()), EAFNOSUPPORT);
}

TEST_F(NetworkTest, AnswersThatAreNone) {
  std::string other(64, '\0');
  struct nlmsghdr header = {};
  header.nlmsg_len = 64;
  header.nlmsg_type = RTM_NEWLINK;
  memcpy(other.data(), &header, sizeof(header));
  for (const std::string& answer :
       {std::string(), std::string(3, 'x'), std::string(16, '\0'), other}) {
    kernel.raw_answers = {answer};
    EXPECT_EQ(code_of(bring_loopback_up()), EPROTO);
  }
}

TEST_F(NetworkTest, AnswerAfterASignal) {
  kernel.faults = {{.name = "receive", .nth = 1, .code = EINTR},
                   {.name = "receive", .nth = 2, .code = EINTR}};
  EXPECT_EQ(code_of(bring_loopback_up()), 0);
}

Network network_of(const char* text) {
  return parse_network(text).value_or({});
}

TEST_F(NetworkTest, AddressOfIpv6) {
  ASSERT_EQ(code_of(add_address("eth0", network_of("fd00::2/64"))), 0);
  ASSERT_EQ(kernel.requests.size(), 1U);
  const auto& request = kernel.requests[0];
  EXPECT_EQ(request.flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  const auto family = family_of<struct ifaddrmsg>(request);
  EXPECT_EQ(family.ifa_family, AF_INET6);
  EXPECT_EQ(family.ifa_prefixlen, 64);
  EXPECT_EQ(family.ifa_flags, 0);
  EXPECT_EQ(family.ifa_index, 2U);
  const std::string own = bytes({0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2});
  EXPECT_EQ(request.attributes.at(IFA_LOCAL), own);
  EXPECT_EQ(request.attributes.at(IFA_ADDRESS), own);
  EXPECT_FALSE(request.attributes.contains(IFA_BROADCAST)) << "IPv6 has none";
}

// While the kernel asks whether somebody has it, bind(2) to it fails.
TEST_F(NetworkTest, AddressOfIpv6ThatIsThereAtOnce) {
  ASSERT_EQ(code_of(add_address("eth0", network_of("fd00::2/64"), DuplicateCheck::kOff)), 0);
  EXPECT_EQ(family_of<struct ifaddrmsg>(kernel.requests[0]).ifa_flags, IFA_F_NODAD);
  ASSERT_EQ(code_of(add_address("eth0", network_of("10.0.0.2/24"), DuplicateCheck::kOff)), 0);
  EXPECT_EQ(family_of<struct ifaddrmsg>(kernel.requests[1]).ifa_flags, 0);
}

TEST_F(NetworkTest, AddressOfIpv4IsAsConfigureSetsIt) {
  ASSERT_EQ(code_of(add_address("eth0", network_of("192.168.7.2/24"))), 0);
  ASSERT_EQ(code_of(configure(config_of("192.168.7.2:::255.255.255.0"))), 0);
  EXPECT_EQ(kernel.requests[0].bytes, kernel.requests[1].bytes);
  ASSERT_EQ(code_of(add_address("eth0", network_of("192.168.7.2/31"))), 0);
  EXPECT_FALSE(kernel.requests.back().attributes.contains(IFA_BROADCAST)) << "RFC 3021";
}

TEST_F(NetworkTest, DefaultRouteIsAsConfigureSetsIt) {
  ASSERT_EQ(code_of(add_route("eth0", network_of("0.0.0.0/0"), Address(Ipv4{{10, 0, 2, 2}}))), 0);
  ASSERT_EQ(code_of(configure(config_of(kUsual))), 0);
  EXPECT_EQ(kernel.requests.front().bytes, kernel.requests.back().bytes);
}

TEST_F(NetworkTest, RoutesOfBothFamilies) {
  const struct {
    const char* destination;
    const char* gateway;
    int family, scope;
    std::string destination_bytes, gateway_bytes;
  } cases[] = {
      {"::/0", "fe80::1", AF_INET6, RT_SCOPE_UNIVERSE, "",
       bytes({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})},
      {"10.1.0.0/16", "10.0.2.2", AF_INET, RT_SCOPE_UNIVERSE, bytes({10, 1, 0, 0}),
       bytes({10, 0, 2, 2})},
      {"169.254.169.254/32", nullptr, AF_INET, RT_SCOPE_LINK, bytes({169, 254, 169, 254}), ""},
  };
  for (const auto& entry : cases) {
    SCOPED_TRACE(entry.destination);
    kernel.requests.clear();
    const Address gateway =
        entry.gateway == nullptr ? Address() : parse_address(entry.gateway).value_or({});
    ASSERT_EQ(code_of(add_route("eth0", network_of(entry.destination), gateway)), 0);
    const auto& request = kernel.requests[0];
    EXPECT_EQ(request.type, RTM_NEWROUTE);
    const auto route = family_of<struct rtmsg>(request);
    EXPECT_EQ(route.rtm_family, entry.family);
    EXPECT_EQ(route.rtm_scope, entry.scope);
    EXPECT_EQ(route.rtm_dst_len, network_of(entry.destination).prefix);
    const auto attribute = [&](uint16_t type) {
      const auto found = request.attributes.find(type);
      return found == request.attributes.end() ? "" : found->second;
    };
    EXPECT_EQ(attribute(RTA_DST), entry.destination_bytes);
    EXPECT_EQ(attribute(RTA_GATEWAY), entry.gateway_bytes);
    EXPECT_EQ(attribute(RTA_OIF), bytes({2, 0, 0, 0}));
  }
}

TEST_F(NetworkTest, RoutesAndAddressesThatCannotBe) {
  const Address four(Ipv4{{10, 0, 2, 2}});
  EXPECT_EQ(code_of(add_route("eth0", network_of("::/0"), four)), EINVAL);
  EXPECT_EQ(code_of(add_route("eth0", Network{})), EINVAL);
  EXPECT_EQ(code_of(add_route("eth0", {four, 33})), EINVAL);
  EXPECT_EQ(code_of(add_address("eth0", Network{})), EINVAL);
  EXPECT_EQ(code_of(add_address("eth0", {four, 33})), EINVAL);
  EXPECT_TRUE(kernel.calls.empty());
  EXPECT_EQ(code_of(set_mtu("eth9", 1400)), ENODEV);
}

TEST_F(NetworkTest, MtuChangesNothingElse) {
  ASSERT_EQ(code_of(set_mtu("eth0", 1400)), 0);
  const auto& request = kernel.requests[0];
  EXPECT_EQ(request.type, RTM_NEWLINK);
  EXPECT_EQ(request.flags, NLM_F_REQUEST | NLM_F_ACK);
  const auto link = family_of<struct ifinfomsg>(request);
  EXPECT_EQ(link.ifi_index, 2);
  EXPECT_EQ(link.ifi_change, 0U) << "a device that is up must stay so";
  EXPECT_EQ(request.attributes.at(IFLA_MTU), bytes({0x78, 0x05, 0, 0}));
}

TEST_F(NetworkTest, BringUp) {
  ASSERT_EQ(code_of(bring_up("eth0")), 0);
  const auto link = family_of<struct ifinfomsg>(kernel.requests[0]);
  EXPECT_EQ(link.ifi_index, 2);
  EXPECT_EQ(link.ifi_flags, static_cast<unsigned>(IFF_UP));
  EXPECT_EQ(link.ifi_change, static_cast<unsigned>(IFF_UP));
}

TEST_F(NetworkTest, EveryFaultOfTheStepsIsTold) {
  const auto prepare = [] {};
  const Tolerance interrupted = {"receive", EINTR};
  expect_faults_told(prepare, [] { return bring_up("eth0"); }, {interrupted});
  expect_faults_told(prepare, [] { return set_mtu("eth0", 1400); }, {interrupted});
  expect_faults_told(prepare, [] { return add_address("eth0", network_of("fd00::2/64")); },
                     {interrupted});
  expect_faults_told(
      prepare,
      [] { return add_route("eth0", network_of("::/0"), parse_address("fe80::1").value_or({})); },
      {interrupted});
}

// A name that does not resolve costs the BEAM five seconds at its start.
TEST_F(NetworkTest, HostNameAndWhatItResolvesTo) {
  ASSERT_EQ(code_of(set_hostname("hello", Ipv4{{10, 0, 2, 15}})), 0);
  EXPECT_EQ(kernel.hostname, "hello");
  EXPECT_EQ(kernel.content("/etc/hosts"),
            "127.0.0.1 localhost\n"
            "::1 localhost\n"
            "10.0.2.15 hello\n");
  EXPECT_EQ(kernel.find("/etc/hosts")->mode, 0644U);
}

TEST_F(NetworkTest, HostNameWithoutAnAddress) {
  ASSERT_EQ(code_of(set_hostname("beam", kNoIpv4)), 0);
  EXPECT_EQ(kernel.content("/etc/hosts"),
            "127.0.0.1 localhost\n"
            "::1 localhost\n"
            "127.0.1.1 beam\n");
}

TEST_F(NetworkTest, HostNameWithADomain) {
  ASSERT_EQ(code_of(set_hostname("hello.example.org", Ipv4{{255, 255, 255, 255}})), 0);
  EXPECT_EQ(kernel.hostname, "hello.example.org");
  EXPECT_EQ(kernel.content("/etc/hosts"),
            "127.0.0.1 localhost\n"
            "::1 localhost\n"
            "255.255.255.255 hello.example.org hello\n");
}

TEST_F(NetworkTest, LongestHostNameFits) {
  const std::string name = std::string(31, 'a') + "." + std::string(32, 'b');
  ASSERT_EQ(code_of(set_hostname(name.c_str(), Ipv4{{255, 255, 255, 255}})), 0);
  EXPECT_EQ(kernel.content("/etc/hosts"),
            "127.0.0.1 localhost\n"
            "::1 localhost\n"
            "255.255.255.255 " +
                name + " " + std::string(31, 'a') + "\n");
}

TEST_F(NetworkTest, BadHostNameChangesNothing) {
  EXPECT_EQ(code_of(set_hostname("a\n1.2.3.4 evil", kNoIpv4)), EINVAL);
  EXPECT_EQ(kernel.hostname, "(none)");
  EXPECT_EQ(kernel.find("/etc/hosts"), nullptr);
}

TEST_F(NetworkTest, ReadOnlyEtcIsCoveredFromRun) {
  kernel.add_file("/etc/hosts", "old");
  kernel.add_file("/etc/resolv.conf", "old");
  kernel.root_read_only = true;
  kernel.mounts.push_back({"tmpfs", "/run", "tmpfs", 0, ""});
  ASSERT_EQ(code_of(set_hostname("hello", kNoIpv4)), 0);
  ASSERT_EQ(code_of(write_resolv_conf(config_of("10.0.2.15::::::off:1.1.1.1"))), 0);
  EXPECT_EQ(kernel.mount_lines(),
            "tmpfs /run tmpfs - -\n"
            "/run/hosts /etc/hosts - bind -\n"
            "/run/resolv.conf /etc/resolv.conf - bind -\n");
  EXPECT_EQ(kernel.content("/etc/hosts"),
            "127.0.0.1 localhost\n"
            "::1 localhost\n"
            "127.0.1.1 hello\n");
  EXPECT_EQ(kernel.content("/etc/resolv.conf"), "nameserver 1.1.1.1\n");
}

// There is nothing to mount over: what the user can mend is the root.
TEST_F(NetworkTest, ReadOnlyEtcWithoutTheFileSaysSo) {
  kernel.root_read_only = true;
  kernel.mounts.push_back({"tmpfs", "/run", "tmpfs", 0, ""});
  const auto done = set_hostname("hello", kNoIpv4);
  EXPECT_EQ(code_of(done), EROFS);
  EXPECT_EQ(kernel.mounts.size(), 1U);
}

TEST_F(NetworkTest, OtherErrorsOfEtcAreErrors) {
  kernel.faults = {{.name = "open", .code = ENOSPC}};
  EXPECT_EQ(code_of(set_hostname("hello", kNoIpv4)), ENOSPC);
  EXPECT_TRUE(kernel.mounts.empty());
}

TEST_F(NetworkTest, ResolvConf) {
  ASSERT_EQ(code_of(write_resolv_conf(config_of("10.0.2.15::::::off:1.1.1.1:255.255.255.255"))), 0);
  EXPECT_EQ(kernel.content("/etc/resolv.conf"), "nameserver 1.1.1.1\nnameserver 255.255.255.255\n");
  ASSERT_EQ(code_of(write_resolv_conf(config_of("10.0.2.15::::::off::8.8.8.8"))), 0);
  EXPECT_EQ(kernel.content("/etc/resolv.conf"), "nameserver 8.8.8.8\n");
}

TEST_F(NetworkTest, ResolvConfOfBothFamilies) {
  const Address servers[] = {Address(Ipv4{{1, 1, 1, 1}}),
                             parse_address("2606:4700:4700::1111").value_or({})};
  ASSERT_EQ(code_of(write_resolv_conf(servers)), 0);
  EXPECT_EQ(kernel.content("/etc/resolv.conf"),
            "nameserver 1.1.1.1\nnameserver 2606:4700:4700::1111\n");
  EXPECT_EQ(code_of(write_resolv_conf(std::vector(20, servers[1]))), ENAMETOOLONG);
  EXPECT_EQ(code_of(write_resolv_conf(std::vector(
                4, parse_address("1111:2222:3333:4444:5555:6666:7777:8888").value_or({})))),
            0);
  kernel.calls.clear();
  EXPECT_EQ(code_of(write_resolv_conf(std::span<const Address>())), 0);
  EXPECT_TRUE(kernel.calls.empty());
}

TEST_F(NetworkTest, NoResolvConfWithoutServers) {
  ASSERT_EQ(code_of(write_resolv_conf(config_of(kUsual))), 0);
  EXPECT_EQ(kernel.find("/etc/resolv.conf"), nullptr);
  EXPECT_TRUE(kernel.calls.empty());
}

}  // namespace
}  // namespace pid1
