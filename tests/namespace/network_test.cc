// SPDX-License-Identifier: Apache-2.0
// Loopback, a static address, and names that resolve without a server.
#include <gmock/gmock.h>

#include "boot.h"

namespace microbeam {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kStatic = "ip=10.0.2.15::10.0.2.2:255.255.255.0:node1:eth0:off";

class NetworkTest : public NamespaceTest {
 protected:
  NetworkTest() {
    start.prepare = [] { add_network_device("eth0"); };
  }

  static std::vector<std::string> of_device(const Report& report, const std::string& key,
                                            const std::string& device) {
    std::vector<std::string> values;
    for (const std::string& value : report.all(key)) {
      if (value.starts_with(device + " ")) values.push_back(value.substr(device.size() + 1));
    }
    return values;
  }
};

TEST_F(NetworkTest, LoopbackIsUp) {
  const Report report = boot_program();
  EXPECT_THAT(of_device(report, "link", "lo"), ElementsAre("up"));
  EXPECT_THAT(of_device(report, "address", "lo"), Contains("127.0.0.1/8"));
}

class NoAddressTest : public NetworkTest, public testing::WithParamInterface<const char*> {};

TEST_P(NoAddressTest, DeviceIsLeftAlone) {
  start.cmdline = GetParam();
  const Report report = boot_program();
  EXPECT_THAT(of_device(report, "link", "eth0"), ElementsAre("down"));
  EXPECT_THAT(of_device(report, "address", "eth0"), ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(CommandLines, NoAddressTest,
                         testing::Values("quiet", "ip=off", "ip=none", "ip="));

TEST_F(NetworkTest, StaticAddressRouteAndName) {
  start.cmdline = kStatic;
  const Report report = boot_program();
  EXPECT_THAT(of_device(report, "link", "eth0"), ElementsAre("up"));
  EXPECT_THAT(of_device(report, "address", "eth0"), ElementsAre("10.0.2.15/24"));
  EXPECT_THAT(of_device(report, "broadcast", "eth0"), ElementsAre("10.0.2.255"));
  // Destination 0.0.0.0 through 10.0.2.2, in the byte order of /proc.
  EXPECT_THAT(report.file("/proc/net/route"), HasSubstr("eth0\t00000000\t0202000A\t0003\t"));
  EXPECT_EQ(report.one("hostname"), "node1");
  EXPECT_EQ(report.file("/etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n10.0.2.15 node1\n");
  EXPECT_FALSE(report.has("file:/etc/resolv.conf"));
}

TEST_F(NetworkTest, AddressWithoutGateway) {
  start.cmdline = "ip=192.168.7.2:::255.255.255.252::eth0:off";
  const Report report = boot_program();
  EXPECT_THAT(of_device(report, "address", "eth0"), ElementsAre("192.168.7.2/30"));
  EXPECT_THAT(report.file("/proc/net/route"), Not(HasSubstr("\t0003\t")));
}

TEST_F(NetworkTest, MaskOfTheClassAndTheFirstDeviceAreTheDefaults) {
  start.cmdline = "ip=192.168.7.2";
  const Report report = boot_program();
  EXPECT_THAT(of_device(report, "address", "eth0"), ElementsAre("192.168.7.2/24"));
}

TEST_F(NetworkTest, DeviceOfAnotherName) {
  start.prepare = [] { add_network_device("lan-0"); };
  start.cmdline = "ip=10.1.2.3:::255.0.0.0::lan-0:off";
  EXPECT_THAT(of_device(boot_program(), "address", "lan-0"), ElementsAre("10.1.2.3/8"));
}

TEST_F(NetworkTest, LastSettingOfTheCommandLineWins) {
  start.cmdline = std::string("ip=10.9.9.9 ") + kStatic;
  EXPECT_THAT(of_device(boot_program(), "address", "eth0"), ElementsAre("10.0.2.15/24"));
}

TEST_F(NetworkTest, NameServersAreWrittenDown) {
  start.cmdline = std::string(kStatic) + ":10.0.2.3:1.1.1.1";
  EXPECT_EQ(boot_program().file("/etc/resolv.conf"), "nameserver 10.0.2.3\nnameserver 1.1.1.1\n");
}

TEST_F(NetworkTest, NameServersAreWrittenDownWhereTheRootIsReadOnly) {
  root.write("/etc/hosts", "");
  root.write("/etc/resolv.conf", "nameserver 9.9.9.9\n");
  root.directory("/dev/shm");
  start.cmdline = std::string(kStatic) + ":10.0.2.3";
  start.prepare = [] {
    add_network_device("eth0");
    remount_root_read_only();
  };
  const Report report = boot_program();
  EXPECT_EQ(report.file("/etc/resolv.conf"), "nameserver 10.0.2.3\n");
  EXPECT_THAT(report.file("/etc/hosts"), HasSubstr("10.0.2.15 node1\n"));
}

TEST_F(NetworkTest, NameIsBeamUnlessSomethingSaysOtherwise) {
  const Report report = boot_program();
  EXPECT_EQ(report.one("hostname"), "beam");
  EXPECT_EQ(report.file("/etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 beam\n");
}

TEST_F(NetworkTest, NameOfTheImage) {
  root.write("/etc/hostname", "from-image \nsecond line\n");
  EXPECT_EQ(boot_program().one("hostname"), "from-image");
}

TEST_F(NetworkTest, NameOfTheAddressWinsOverThatOfTheImage) {
  root.write("/etc/hostname", "from-image\n");
  start.cmdline = kStatic;
  EXPECT_EQ(boot_program().one("hostname"), "node1");
}

TEST_F(NetworkTest, NameOfASettingWins) {
  root.write("/etc/hostname", "from-image\n");
  root.write("/etc/beam-init.conf", "hostname=from-file\n");
  start.cmdline = std::string(kStatic) + " beam.hostname=from-cmdline";
  EXPECT_EQ(boot_program().one("hostname"), "from-cmdline");
}

TEST_F(NetworkTest, FirstLabelOfALongNameResolvesToo) {
  start.cmdline = "beam.hostname=node1.example.org";
  const Report report = boot_program();
  EXPECT_EQ(report.one("hostname"), "node1.example.org");
  EXPECT_THAT(report.file("/etc/hosts"), HasSubstr("127.0.1.1 node1.example.org node1\n"));
}

}  // namespace
}  // namespace microbeam
