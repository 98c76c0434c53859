// SPDX-License-Identifier: Apache-2.0
// Every public operation with every system call it makes failing, one at a time: it ends, it says
// so (or tolerates it, where its header says that), and it leaves no descriptor behind.
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "fixture.h"
#include "pid1/cmdline.h"
#include "pid1/console.h"
#include "pid1/file.h"
#include "pid1/mount.h"
#include "pid1/network.h"
#include "pid1/signals.h"
#include "pid1/timeline.h"

namespace pid1 {
namespace {

void prepare() {
  fake::Kernel& kernel = fake::kernel();
  kernel.add_file("/etc/hostname", "hello\n");
  kernel.add_file("/proc/cmdline", "quiet ip=10.0.2.15\n");
  kernel.add_directory("/run");
  kernel.add_directory("/queues");
  kernel.add_file("/covered", "");
  kernel.add_device("/dev/console").terminal = true;
  kernel.add_device("/dev/null");
  kernel.add_device("/dev/kmsg");
}

char buffer[256];

/// Whether it worked, of a result with a value.
template <class T>
Result<> done(const Result<T>& result) {
  if (!result.has_value()) return result.error();
  return {};
}

IpConfig usual_ip() {
  static char text[64];
  strcpy(text, "10.0.2.15::10.0.2.2:255.255.255.0:hello:eth0:off:1.1.1.1");
  IpConfig config;
  EXPECT_TRUE(parse_ip(text, config).value_or(false));
  return config;
}

TEST(Fault, Files) {
  const Tolerance interrupted = {"read", EINTR};
  expect_faults_told(prepare, [] { return done(read_file("/etc/hostname", buffer)); },
                     {interrupted});
  expect_faults_told(prepare, [] { return read_cmdline(buffer); }, {interrupted});
  expect_faults_told(prepare, [] { return write_file("/etc/new", "text"); }, {{"write", EINTR}});
  expect_faults_told(prepare, [] { return list_directory("/etc", [](const char*) {}); });
}

TEST(Fault, Mounts) {
  // A kernel that cannot tell leaves the answer to mount(2).
  expect_faults_told(prepare, [] { return done(mount(default_mounts()[0])); },
                     {{"statx", 0}, {"mkdir", EEXIST}, {"mkdir", EROFS}, {"mount", EBUSY}});
  expect_faults_told(
      prepare, [] { return done(mount({"mqueue", "/queues", nullptr, 0, 0755, true})); },
      {{"statx", 0}, {"mkdir", EEXIST}, {"mkdir", EROFS}, {"mount", EBUSY}, {"mount", ENODEV}});
  expect_faults_told(prepare, [] { return remount_read_only("/"); });
  expect_faults_told(prepare, [] { return bind_mount("/etc/hostname", "/covered"); });
}

TEST(Fault, Signals) {
  expect_faults_told(prepare, [] { return reset_signals(); });
  // Nothing to collect is the usual answer, and none that matters.
  expect_faults_told(prepare, [] { return ignore_child_exits(); }, {{"wait4", 0}});
  expect_faults_told(prepare, [] { return disable_ctrl_alt_del(); });
}

TEST(Fault, Network) {
  const Tolerance interrupted = {"receive", EINTR};
  expect_faults_told(prepare, [] { return bring_loopback_up(); }, {interrupted});
  expect_faults_told(prepare, [] { return configure(usual_ip()); }, {interrupted});
  // The file of a read-only /etc is covered by one of /run. Where it is missing there is nothing to
  // cover: that open(2) fails so is an error.
  const std::initializer_list<Tolerance> of_etc = {{"write", EINTR}, {"fchmod", EROFS}};
  expect_faults_told(prepare, [] { return set_hostname("hello", kNoIpv4); }, of_etc);
  expect_faults_told(prepare, [] { return write_resolv_conf(usual_ip()); }, of_etc);
}

/// A whole life of a console.
void use_console(Console& console, Result<>& adopted) {
  console.use_kernel_log();
  console.say(Level::kInfo, "early");
  adopted = console.adopt();
  console.say(Level::kError, "late");
  console.drain(10);
}

TEST(Fault, ConsoleEndsWithStandardDescriptorsOpen) {
  for (const bool closed : {false, true}) {
    SCOPED_TRACE(closed ? "0 to 2 closed at the start" : "0 to 2 open at the start");
    Result<> adopted = {};
    fake::for_each_fault(
        [&] {
          prepare();
          if (closed) fake::kernel().descriptors.clear();
        },
        [&] {
          Console console("test");
          use_console(console, adopted);
        },
        [&](const fake::Injection& injection) {
          const auto& open = fake::kernel().descriptors;
          EXPECT_LE(open.size(), 4U) << "a descriptor is lost";
          if (injection.call.name == "dup2" && closed) return;  // that one stays closed; it is said
          EXPECT_TRUE(open.contains(0) && open.contains(1) && open.contains(2));
        });
  }
}

TEST(Fault, ConsoleMessagesGetOutOneWayOrTheOther) {
  Result<> adopted = {};
  fake::for_each_fault(
      prepare,
      [&] {
        Console console("test");
        use_console(console, adopted);
      },
      [&](const fake::Injection&) {
        const std::string all = fake::kernel().find("/dev/console")->sink.text() +
                                fake::kernel().find("/dev/kmsg")->sink.text();
        EXPECT_NE(all.find("early"), std::string::npos);
        EXPECT_NE(all.find("late"), std::string::npos);
      });
}

TEST(Fault, CountsByName) {
  // The other way to choose a call: the second write.
  fake::Kernel& kernel = fake::reset();
  kernel.max_transfer = 1;
  kernel.faults = {{.name = "write", .nth = 2, .code = ENOSPC}};
  EXPECT_EQ(code_of(write_file("/file", "abc")), ENOSPC);
  EXPECT_EQ(kernel.content("/file"), "a");
}

}  // namespace
}  // namespace pid1
