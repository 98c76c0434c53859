// SPDX-License-Identifier: Apache-2.0
// beam.mount=: devices that come late or never, the state that ext4 is in, whose the volume is.
#include "volumes.h"

#include <sys/mount.h>

#include <algorithm>
#include <cerrno>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;
using pid1::fake::Node;
using Owner = std::pair<uid_t, gid_t>;

/// A disk with a superblock, as far as it is looked at (fs/ext4/ext4.h, struct ext4_super_block).
std::string disk(int state, int incompatible_features) {
  std::string bytes(4096, '\0');
  bytes[1024 + 0x38] = '\x53';
  bytes[1024 + 0x39] = '\xef';
  bytes[1024 + 0x3a] = static_cast<char>(state);
  bytes[1024 + 0x60] = static_cast<char>(incompatible_features);
  return bytes;
}

std::shared_ptr<Node> device(std::string content) {
  const auto node = std::make_shared<Node>();
  node->type = Node::Type::kDevice;
  node->content = std::move(content);
  return node;
}

constexpr int kClean = 1;
constexpr int kErrors = 2;
constexpr int kRecover = 4;
constexpr const char* kAdvice = "it takes DEVICE:DIR:TYPE[:OPTION,...]; with nofail it may fail";

class VolumesTest : public MachineTest {
 protected:
  VolumesTest() {
    kernel.file_systems["ext4"];
    kernel.file_systems["devtmpfs"]["vda"] = device(disk(kClean, 0));
  }

  /// The mounts behind those of every boot, one line each.
  [[nodiscard]] std::string volumes() const {
    std::string lines;
    for (size_t i = 8; i < kernel.mounts.size(); ++i)
      lines += kernel.mounts[i].line() + "\n";
    return lines;
  }

  static void expect_said(const std::string& line) {
    EXPECT_NE(console().find("\nbeam-init: " + line + "\n"), std::string::npos) << console();
  }
};

// ---- what is mounted

struct Good {
  const char* name;
  const char* settings;
  const char* volumes;
};

class Volume : public VolumesTest, public testing::WithParamInterface<Good> {};

TEST_P(Volume, IsMounted) {
  ASSERT_EQ(boot(GetParam().settings).how, Ending::How::kExecuted) << console();
  EXPECT_EQ(volumes(), GetParam().volumes);
}

INSTANTIATE_TEST_SUITE_P(
    All, Volume,
    testing::Values(
        Good{"Plain", "beam.mount=/dev/vda:/data:ext4", "/dev/vda /data ext4 nosuid,nodev -\n"},
        Good{"ReadOnly", "beam.mount=/dev/vda:/data:ext4:ro",
             "/dev/vda /data ext4 ro,nosuid,nodev -\n"},
        Good{"OptionsOfTheFileSystem",
             "beam.mount=/dev/vda:/data:ext4:commit=30,noexec,data=journal",
             "/dev/vda /data ext4 nosuid,nodev,noexec commit=30,data=journal\n"},
        Good{"OptionsOfOthers", "beam.mount=/dev/vda:/data:ext4:nofail,_netdev,,noauto",
             "/dev/vda /data ext4 nosuid,nodev -\n"},
        // fstab's `defaults` means suid and dev (mount(8)).
        Good{"DefaultsAreNoSuidAndNoDevices", "beam.mount=/dev/vda:/data:ext4:defaults",
             "/dev/vda /data ext4 nosuid,nodev -\n"},
        Good{"SuidAndDevicesCannotBeAskedFor", "beam.mount=/dev/vda:/data:ext4:suid,dev",
             "/dev/vda /data ext4 nosuid,nodev -\n"},
        Good{"ColonInTheOptions", "beam.mount=/dev/vda:/data:ext4:context=a:b:c",
             "/dev/vda /data ext4 nosuid,nodev context=a:b:c\n"},
        Good{"NoDevice", "beam.mount=scratch:/data:tmpfs:size=1m",
             "scratch /data tmpfs nosuid,nodev size=1m\n"},
        Good{"InOrder", "beam.mount=scratch:/data:tmpfs beam.mount=/dev/vda:/data/disk:ext4",
             "scratch /data tmpfs nosuid,nodev -\n/dev/vda /data/disk ext4 nosuid,nodev -\n"},
        Good{"LaterOneOfTheSameDirectory",
             "beam.mount=scratch:/data:tmpfs beam.mount=/dev/vda:/data:ext4",
             "/dev/vda /data ext4 nosuid,nodev -\n"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(VolumesTest, AccessTimesAreFlags) {
  boot("beam.mount=/dev/vda:/data:ext4:noatime");
  EXPECT_EQ(kernel.mounts.back().flags, MS_NOSUID | MS_NODEV | MS_NOATIME);
}

TEST_F(VolumesTest, DirectoryIsMadeOnAWritableRoot) {
  boot("beam.mount=/dev/vda:/data:ext4");
  ASSERT_NE(kernel.find("/data"), nullptr);
  EXPECT_EQ(kernel.find("/data")->mode, 0755U);
}

// ---- what is not

struct Bad {
  const char* name;
  const char* value;
  std::string message;
};

class NoVolume : public VolumesTest, public testing::WithParamInterface<Bad> {
 protected:
  NoVolume() {
    kernel.add_directory("/engine");
    kernel.mounts.push_back({"overlay", "/engine", "overlay", 0, ""});
    kernel.file_systems["devtmpfs"]["tty1"] = device("");
    kernel.file_systems["devtmpfs"]["tty1"]->sink.terminal = true;
  }
};

TEST_P(NoVolume, EndsTheBoot) {
  expect_failure("volumes: " + GetParam().message, std::string("beam.mount=") + GetParam().value);
}

TEST_P(NoVolume, ThatMayFailIsAWarning) {
  std::string value = GetParam().value;
  const auto colons = std::ranges::count(value, ':');
  value += colons < 3 ? std::string(static_cast<size_t>(3 - colons), ':') + "nofail" : ",nofail";
  EXPECT_EQ(boot("beam.device_wait=50 beam.mount=" + value).how, Ending::How::kExecuted)
      << console();
  EXPECT_EQ(console().find("beam-init: error"), std::string::npos) << console();
  EXPECT_NE(kernel_log().find("<4>beam-init: "), std::string::npos) << kernel_log();
}

INSTANTIATE_TEST_SUITE_P(
    All, NoVolume,
    testing::Values(
        Bad{"DeviceThatNeverComes", "/dev/vdz:/data:ext4",
            "/dev/vdz: no such device after 5000 ms; attach it, or give nofail or a longer "
            "beam.device_wait="},
        Bad{"Empty", "", "beam.mount=: no volume; " + std::string(kAdvice)},
        Bad{"DeviceAlone", "/dev/vda", "beam.mount=/dev/vda: no volume; ~"},
        Bad{"NoType", "/dev/vda:/data", "beam.mount=/dev/vda: no volume; ~"},
        Bad{"EmptyType", "/dev/vda:/data:", "beam.mount=/dev/vda: no volume; ~"},
        Bad{"RelativeDirectory", "/dev/vda:data:ext4", "beam.mount=/dev/vda: no volume; ~"},
        Bad{"EmptyDirectory", "/dev/vda::ext4", "beam.mount=/dev/vda: no volume; ~"},
        Bad{"UnknownType", "/dev/vda:/data:ext9",
            "mount /data: No such device; " + std::string(kAdvice)},
        Bad{"DirectoryInANotExistingOne", "/dev/vda:/a/b:ext4",
            "mkdir /a/b: No such file or directory; ~"},
        Bad{"Root", "/dev/vda:/:ext4",
            "beam.mount=/dev/vda: something is mounted on /; choose another directory"},
        Bad{"SomethingIsMountedThere", "/dev/vda:/engine:ext4",
            "beam.mount=/dev/vda: something is mounted on /engine; ~"},
        Bad{"OverTheSystem", "/dev/vda:/proc:ext4",
            "beam.mount=/dev/vda: something is mounted on /proc; ~"},
        Bad{"RemountOfTheSystem", "proc:/proc:proc:remount,exec", "~; ~"},
        // mount(2) ignores all other flags of a bind mount: neither nosuid nor nodev would hold.
        Bad{"BindMountWouldKeepSuid", "/app:/data:none:bind",
            "beam.mount=/app: bind and remount on /data are no volume; ~"},
        Bad{"TerminalThatNobodyTypesAt", "/dev/tty1:/data:ext9", "mount /data: No such device; ~"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(VolumesTest, OptionsThatAreTooLong) {
  expect_failure("volumes: mount options /data: Argument list too long; ~",
                 "beam.mount=/dev/vda:/data:ext4:" + std::string(600, 'x'));
}

TEST_F(VolumesTest, DirectoryMissingOnAReadOnlyRoot) {
  kernel.root_read_only = true;
  kernel.add_file("/etc/hosts", "");
  expect_failure("volumes: mount /data: No such file or directory; ~",
                 "beam.mount=/dev/vda:/data:ext4");
}

TEST_F(VolumesTest, PatternsInValuesAreNone) {
  expect_failure("volumes: beam.mount={}{}: no volume; ~", "beam.mount={}{}:x:{");
}

TEST_F(VolumesTest, EscapesDoNotReachTheTerminal) {
  boot("beam.mount=/dev/\x1b[2J:/data:ext4:nofail beam.device_wait=0");
  EXPECT_EQ(console().find('\x1b'), std::string::npos);
  expect_said(
      "/dev/?[2J: no such device after 0 ms; attach it, or give nofail or a longer "
      "beam.device_wait=");
}

// ---- the device

TEST_F(VolumesTest, DeviceThatComesLate) {
  uint64_t ticks = 0;
  kernel.on_tick = [&] {
    if (++ticks == 300) pid1::fake::kernel().nodes["/dev/vdb"] = device(disk(kClean, 0));
  };
  EXPECT_EQ(boot("beam.mount=/dev/vdb:/data:ext4").how, Ending::How::kExecuted) << console();
  EXPECT_EQ(ticks, 300U) << "it is not waited for longer than needed";
  expect_said("/dev/vdb for /data: ext4, clean");
}

struct Wait {
  const char* name;
  const char* setting;
  uint64_t least_ms;
  uint64_t most_ms;
};

class DeviceWait : public VolumesTest, public testing::WithParamInterface<Wait> {};

TEST_P(DeviceWait, HasALimit) {
  const uint64_t before = kernel.now_ns;
  EXPECT_EQ(boot(std::string("beam.mount=/dev/vdz:/data:ext4:nofail ") + GetParam().setting).how,
            Ending::How::kExecuted);
  const uint64_t waited_ms = (kernel.now_ns - before) / 1'000'000;
  EXPECT_GE(waited_ms, GetParam().least_ms);
  EXPECT_LE(waited_ms, GetParam().most_ms);
}

INSTANTIATE_TEST_SUITE_P(All, DeviceWait,
                         testing::Values(Wait{"Default", "", 5000, 5001},
                                         Wait{"Given", "beam.device_wait=200", 200, 201},
                                         Wait{"Odd", "beam.device_wait=25", 20, 26},
                                         Wait{"None", "beam.device_wait=0", 0, 1}),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(VolumesTest, WhatIsNoDeviceIsNotWaitedFor) {
  boot("beam.mount=scratch:/data:tmpfs");
  EXPECT_EQ(kernel.count("sleep"), 0U);
}

struct State {
  const char* name;
  std::string content;
  const char* state;  // "": nothing is said
};

class Ext4State : public VolumesTest, public testing::WithParamInterface<State> {};

TEST_P(Ext4State, IsSaid) {
  kernel.file_systems["devtmpfs"]["vdb"] = device(GetParam().content);
  EXPECT_EQ(boot("beam.mount=/dev/vdb:/data:ext4").how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
  const std::string state = GetParam().state;
  if (state.empty()) {
    EXPECT_EQ(console().find("ext4"), std::string::npos) << console();
  } else {
    expect_said("/dev/vdb for /data: ext4, " + state);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Ext4State,
    testing::Values(
        State{"Clean", disk(kClean, 0), "clean"},
        State{"Journal", disk(kClean, kRecover), "was not unmounted: its journal is replayed"},
        State{"Errors", disk(kErrors, 0), "it has errors: run e2fsck on it"},
        State{"ErrorsGoFirst", disk(kClean | kErrors, kRecover), "it has errors: run e2fsck on it"},
        State{"NoJournal", disk(0, 0), "was not unmounted"},
        State{"Another", std::string(4096, '\0'), ""}, State{"Empty", "", ""},
        State{"Short", disk(kClean, 0).substr(0, 2047), ""}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(VolumesTest, DeviceThatCannotBeReadIsMountsToRefuse) {
  kernel.file_systems["devtmpfs"]["vda"]->open_error = ENXIO;
  boot("beam.mount=/dev/vda:/data:ext4");
  EXPECT_EQ(console().find("ext4,"), std::string::npos);
  EXPECT_EQ(volumes(), "/dev/vda /data ext4 nosuid,nodev -\n");
}

// ---- whose it is

struct Ownership {
  const char* name;
  const char* settings;
  bool given;
};

class VolumeOwner : public VolumesTest, public testing::WithParamInterface<Ownership> {};

TEST_P(VolumeOwner, IsTheUserWhereItCanBe) {
  ASSERT_EQ(boot(GetParam().settings).how, Ending::How::kExecuted) << console();
  ASSERT_EQ(kernel.owners.contains("/data"), GetParam().given);
  if (!GetParam().given) return;
  EXPECT_EQ(kernel.owners["/data"], Owner(1000, 50));
}

INSTANTIATE_TEST_SUITE_P(
    All, VolumeOwner,
    testing::Values(Ownership{"User", "beam.user=1000:50 beam.mount=/dev/vda:/data:ext4", true},
                    Ownership{"ReadOnly", "beam.user=1000:50 beam.mount=/dev/vda:/data:ext4:ro",
                              false},
                    Ownership{"Root", "beam.mount=/dev/vda:/data:ext4", false}),
    [](const auto& instance) { return instance.param.name; });

struct Unmounter {
  const char* name;
  const char* settings;
  bool started;
};

class Ender : public VolumesTest, public testing::WithParamInterface<Unmounter> {};

// Who cannot unmount has a root process that does it at the end.
TEST_P(Ender, IsThereWhereItIsNeeded) {
  kernel.on_fork = nullptr;  // it lives
  ASSERT_EQ(boot(GetParam().settings).how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.count("fork"), GetParam().started ? 1U : 0U);
  ASSERT_EQ(environment().contains("BEAM_INIT_ENDER"), GetParam().started);
  if (!GetParam().started) return;
  const int pipe = std::stoi(environment()["BEAM_INIT_ENDER"]);
  ASSERT_TRUE(kernel.descriptors.contains(pipe));
  EXPECT_EQ(kernel.descriptors.at(pipe).file->path, "pipe");
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2, pipe})) << "not the reader";
}

INSTANTIATE_TEST_SUITE_P(
    All, Ender,
    testing::Values(
        Unmounter{"UserWithAVolume", "beam.user=7 beam.mount=/dev/vda:/data:ext4", true},
        Unmounter{"UserWithOneOfTwo",
                  "beam.user=7 beam.mount=/dev/vda:/data:ext4 "
                  "beam.mount=/dev/vdz:/more:ext4:nofail beam.device_wait=0",
                  true},
        Unmounter{"UserWithoutVolumes", "beam.user=7", false},
        Unmounter{"UserWithNoneOfOne",
                  "beam.user=7 beam.mount=/dev/vdz:/data:ext4:nofail beam.device_wait=0", false},
        Unmounter{"Root", "beam.mount=/dev/vda:/data:ext4", false}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace beam_init
