// SPDX-License-Identifier: Apache-2.0
// The whole way from main() to execve, and every way in which it can end before.
#include <sys/reboot.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;

class BootTest : public MachineTest {};

TEST_F(BootTest, ReachesTheBeam) {
  EXPECT_EQ(boot("quiet").how, Ending::How::kExecuted);
  EXPECT_EQ(kernel.executed, "/usr/lib/erlang/erts-15.2.7/bin/beam.smp");
  EXPECT_EQ(kernel.argv[0], kernel.executed);
}

TEST_F(BootTest, WhatTheBeamInherits) {
  for (int& disposition : kernel.dispositions)
    disposition = 1;
  kernel.signal_mask = ~uint64_t{0};
  kernel.descriptors[7] = kernel.descriptors[0];  // left by a container engine
  boot();
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
  for (int fd = 0; fd <= 2; ++fd) {
    EXPECT_EQ(kernel.descriptors.at(fd).file->path, "/dev/console");
  }
  EXPECT_EQ(kernel.signal_mask, 0U);
  for (int signal = 1; signal <= 64; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    EXPECT_EQ(kernel.dispositions[signal], signal == SIGCHLD ? 1 : 0) << signal;
  }
  EXPECT_EQ(kernel.file_mask, 022U);
  EXPECT_EQ(kernel.reboots, std::vector<int>{RB_DISABLE_CAD});
  EXPECT_TRUE(kernel.root_read_only);
  EXPECT_EQ(kernel.controlling_terminal, "/dev/console");
}

TEST_F(BootTest, MountsEverythingOnce) {
  boot();
  EXPECT_EQ(kernel.mount_lines(),
            "proc /proc proc nosuid,nodev,noexec -\n"
            "sysfs /sys sysfs nosuid,nodev,noexec -\n"
            "devtmpfs /dev devtmpfs nosuid,noexec mode=0755\n"
            "devpts /dev/pts devpts nosuid,noexec gid=5,mode=0620,ptmxmode=0666\n"
            "tmpfs /dev/shm tmpfs nosuid,nodev,noexec mode=1777,size=25%\n"
            "mqueue /dev/mqueue mqueue nosuid,nodev,noexec -\n"
            "tmpfs /run tmpfs nosuid,nodev,noexec mode=0755,size=10%\n"
            "tmpfs /tmp tmpfs nosuid,nodev,noexec mode=1777,size=25%\n");
  EXPECT_EQ(kernel.find("/dev/shm")->mode, 01777U) << "whatever umask was inherited";
}

TEST_F(BootTest, MarksOnTheConsole) {
  boot();
  EXPECT_EQ(console().find("beam-init: mark=init boottime_ns="), 0U) << console();
  EXPECT_NE(console().find("\nbeam-init: mark=exec boottime_ns="), std::string::npos);
  EXPECT_NE(console().find(" tsc="), std::string::npos);
  EXPECT_NE(console().find(" age_ns="), std::string::npos);
}

TEST_F(BootTest, NoMessageQueues) {
  kernel.file_systems.erase("mqueue");
  EXPECT_EQ(boot().how, Ending::How::kExecuted);
  EXPECT_NE(console().find("no mqueue in this kernel; /dev/mqueue is left out\n"),
            std::string::npos);
}

TEST_F(BootTest, NoConsole) {
  kernel.file_systems["devtmpfs"].at("console")->open_error = ENODEV;
  EXPECT_EQ(boot().how, Ending::How::kExecuted);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(kernel.descriptors.at(1).file->path, "/dev/null");
  EXPECT_NE(kernel_log().find("<4>beam-init: /dev/console: No such device; standard input and "
                              "output are /dev/null"),
            std::string::npos)
      << kernel_log();
}

TEST_F(BootTest, NetworkAndName) {
  boot("ip=10.0.2.15::10.0.2.2:255.255.255.0:hello:eth0:off:1.1.1.1");
  EXPECT_EQ(kernel.requests.size(), 4U);  // lo; address, link and route of eth0
  EXPECT_EQ(kernel.hostname, "hello");
  EXPECT_EQ(kernel.content("/etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n10.0.2.15 hello\n");
  EXPECT_EQ(kernel.content("/etc/resolv.conf"), "nameserver 1.1.1.1\n");
}

TEST_F(BootTest, NoNetworkAsked) {
  boot("quiet");
  EXPECT_EQ(kernel.requests.size(), 1U);
  EXPECT_EQ(kernel.hostname, "beam");
  EXPECT_EQ(kernel.find("/etc/resolv.conf"), nullptr);
}

TEST_F(BootTest, NameFromTheFile) {
  kernel.add_file("/etc/hostname", "  filed  \nsecond\n");
  boot("quiet");
  EXPECT_EQ(kernel.hostname, "filed");
}

TEST_F(BootTest, NameOfTheSettingGoesFirst) {
  kernel.add_file("/etc/hostname", "filed\n");
  boot("ip=10.0.2.15::::inip beam.hostname=given");
  EXPECT_EQ(kernel.hostname, "given");
}

TEST_F(BootTest, NameInIpGoesBeforeTheFile) {
  kernel.add_file("/etc/hostname", "filed\n");
  boot("ip=10.0.2.15::::inip");
  EXPECT_EQ(kernel.hostname, "inip");
}

TEST_F(BootTest, BadNameInTheFile) {
  kernel.add_file("/etc/hostname", "under_score\n");
  expect_failure(
      "host name: /etc/hostname: 'under_score' is not a host name; it takes 1 to 64 letters, ~");
}

TEST_F(BootTest, NameFileThatCannotBeRead) {
  kernel.add_directory("/etc/hostname");
  expect_failure("host name: read /etc/hostname: Is a directory; its first line is the host name");
}

TEST_F(BootTest, BadIp) {
  expect_failure("network: ip= gateway 10.0.2.15::x: Invalid argument; only a static ip=~",
                 "ip=10.0.2.15::x");
}

TEST_F(BootTest, Dhcp) {
  expect_failure("network: ip= with automatic configuration dhcp: Operation not supported; ~",
                 "ip=dhcp");
}

TEST_F(BootTest, MissingNetworkDevice) {
  expect_failure(
      "network: ~No such device; ~check the machine's device, or give beam.net_required=no",
      "ip=10.0.2.15:::::eth9");
}

TEST_F(BootTest, WritableRoot) {
  boot("beam.root=rw");
  EXPECT_FALSE(kernel.root_read_only);
}

TEST_F(BootTest, RootThatCannotBeReadOnly) {
  kernel.faults = {{.name = "mount", .nth = 9, .code = EBUSY}};
  expect_failure("root: mount / read-only: Device or resource busy; give beam.root=rw ~");
}

TEST_F(BootTest, BeamThatDoesNotStart) {
  kernel.nodes["/usr/lib/erlang/erts-15.2.7/bin/beam.smp"]->mode = 0644;
  expect_failure("exec: execve /usr/lib/erlang/erts-15.2.7/bin/beam.smp: Permission denied; ~");
}

TEST_F(BootTest, FailureBeforeTheConsoleIsSaidOnIt) {
  kernel.file_systems.erase("sysfs");
  expect_failure("mounts: mount /sys: No such device; ~");
}

TEST_F(BootTest, FailureSendsWhatTheTerminalHoldsBeforeTheRestart) {
  kernel.file_systems["devtmpfs"].at("console")->sink.sent_per_ms = 10;
  expect_failure("settings: ~", "beam.nosuch=1");
  EXPECT_EQ(kernel.find("/dev/console")->sink.queued, 0U);
  EXPECT_EQ(kernel.reboots.back(), RB_AUTOBOOT);
}

TEST_F(BootTest, PanicOnCrash) {
  const Ending ending = boot("beam.on_crash=panic beam.nosuch=1");
  EXPECT_EQ(ending.how, Ending::How::kExited);
  EXPECT_EQ(ending.status, 1);
}

TEST_F(BootTest, RestartThatCannotBe) {
  kernel.on_fork = [first = true](pid_t child) mutable {
    pid1::fake::kernel().die(child, first ? 0 : EPERM << 8);  // the one that calls reboot(2)
    first = false;
  };
  const Ending ending = boot("beam.release=/nowhere");
  EXPECT_EQ(ending.how, Ending::How::kExited);
  EXPECT_EQ(ending.status, 1);
  EXPECT_TRUE(console().ends_with("beam-init: reboot: Operation not permitted; exiting\n"));
}

/// What a boot gets over, and why. 0: whatever the errno.
struct Tolerated {
  const char* call;
  int code;
};

constexpr Tolerated kTolerated[] = {
    {"statx ", 0},           // mount(2) is the judge then
    {"mkdir ", EEXIST},      // as it should be
    {"mkdir ", EROFS},       // mount(2) tells whether the directory is there; here it is
    {"mount /proc", EBUSY},  // the same file system is there: an engine or an initramfs was first
    {"mount /sys", EBUSY},
    {"mount /dev", EBUSY},  // and what is below
    {"mount /run", EBUSY},
    {"mount /tmp", EBUSY},
    {"mount /dev/pts", ENODEV},  // the optional ones; it is said
    {"mount /dev/mqueue", ENODEV},
    {"fchmod /etc/", EROFS},  // a file of /run is mounted over the one of /etc
    // Directories that need not be there: a release without Elixir, or without a .rel to name it.
    {"open /app/lib", ENOENT},
    {"getdents /app/lib", ENOENT},
    {"open /app/releases/0.1.0", ENOENT},
    {"getdents /app/releases/0.1.0", ENOENT},
    {"access ", 0},                       // taken for there; it is
    {"open /sys/class/virtio-ports", 0},  // no control port then
    {"getdents /sys/class/virtio-ports", 0},
    {"chown ", 0},             // the BEAM is root's
    {"open /dev/console", 0},  // /dev/null and the kernel's log remain
    {"open /dev/kmsg", 0},     // the console remains
    {"write /dev/console", 0},
    {"write /dev/kmsg", 0},
    {"fcntl /dev/console", 0},
    {"dup2 ", 0},  // one of 0 to 2 is another file then; it is said
    {"setsid", 0},
    {"TIOCSCTTY ", 0},
    {"reboot 0", 0},  // Ctrl-Alt-Del, which a pid namespace has not
    {"close_range ", 0},
    {"wait4", 0},
    {"read ", EINTR},
    {"write ", EINTR},
    {"receive ", EINTR},
};

// "Each failure before exec gives one clear message and a defined end": any system call of the
// boot.
TEST_F(BootTest, EveryCallFailing) {
  Ending ending;
  pid1::fake::for_each_fault(
      [] { furnish(); },
      [&] { ending = boot("ip=10.0.2.15::10.0.2.2:255.255.255.0:hello:eth0:off:1.1.1.1"); },
      [&](const pid1::fake::Injection& injection) {
        EXPECT_NE(ending.how, Ending::How::kReturned);
        if (ending.how == Ending::How::kExecuted) {
          const std::string call = injection.call.name + " " + injection.call.detail;
          EXPECT_TRUE(std::ranges::any_of(kTolerated, [&](const Tolerated& entry) {
            return call.starts_with(entry.call) &&
                   (entry.code == 0 || entry.code == injection.code);
          })) << call;
          EXPECT_EQ(pid1::fake::kernel().open_descriptors(), (std::vector<int>{0, 1, 2}));
          return;
        }
        EXPECT_EQ(ending.how, Ending::How::kRestarted);
        const std::string said = console() + kernel_log();
        EXPECT_NE(said.find("beam-init: error: "), std::string::npos) << said;
      });
}

TEST_F(BootTest, NotAsPid1) {
  kernel.pid = 1234;
  const auto run = [&](std::vector<std::string> words) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    return beam_init_main(static_cast<int>(words.size()), argv.data(), nullptr);
  };
  const auto& inherited = kernel.descriptors.at(1).file->node->sink;
  EXPECT_EQ(run({"beam-init"}), 2);
  EXPECT_NE(inherited.text().find("beam-init --help"), std::string::npos);
  EXPECT_EQ(run({"beam-init", "--nosuch"}), 2);
  EXPECT_EQ(run({"beam-init", "--version"}), 0);
  EXPECT_TRUE(inherited.writes.back().bytes.starts_with("beam-init "));
  EXPECT_EQ(run({"beam-init", "--help"}), 0);
  EXPECT_TRUE(kernel.mounts.empty());
}

}  // namespace
}  // namespace beam_init
