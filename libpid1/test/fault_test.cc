// SPDX-License-Identifier: Apache-2.0
// Every public operation with every system call it makes failing, one at a time: it ends, it says
// so (or tolerates it, where its header says that), and it leaves no descriptor behind.
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <functional>
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

/// A failure that the operation's header says it takes for success. 0: any errno.
struct Tolerance {
  const char* call;
  int code;
};

struct Operation {
  const char* name;
  std::function<Result<>()> run;
  std::vector<Tolerance> tolerated = {};
};

void prepare() {
  fake::Kernel& kernel = fake::kernel();
  kernel.add_file("/etc/hostname", "hello\n");
  kernel.add_file("/proc/cmdline", "quiet ip=10.0.2.15\n");
  kernel.add_directory("/run");
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

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = {
      {"read_file", [] { return done(read_file("/etc/hostname", buffer)); }, {{"read", EINTR}}},
      {"read_cmdline", [] { return read_cmdline(buffer); }, {{"read", EINTR}}},
      {"write_file", [] { return write_file("/etc/new", "text"); }, {{"write", EINTR}}},
      {"list_directory", [] { return list_directory("/etc", [](const char*) {}); }},
      {"mount",
       [] { return done(mount(default_mounts()[0])); },
       // A kernel that cannot tell leaves the answer to mount(2).
       {{"statx", 0}, {"mkdir", EEXIST}, {"mkdir", EROFS}, {"mount", EBUSY}}},
      {"mount, optional",
       [] { return done(mount({"mqueue", "/queues", nullptr, 0, 0755, true})); },
       {{"statx", 0}, {"mount", EBUSY}, {"mount", ENODEV}}},
      {"remount_read_only", [] { return remount_read_only("/"); }},
      {"bind_mount", [] { return bind_mount("/etc/hostname", "/covered"); }},
      {"reset_signals", [] { return reset_signals(); }},
      // Nothing to collect is the usual answer, and none that matters.
      {"ignore_child_exits", [] { return ignore_child_exits(); }, {{"wait4", 0}}},
      {"disable_ctrl_alt_del", [] { return disable_ctrl_alt_del(); }},
      {"bring_loopback_up", [] { return bring_loopback_up(); }, {{"receive", EINTR}}},
      {"configure", [] { return configure(usual_ip()); }, {{"receive", EINTR}}},
      {"set_hostname", [] { return set_hostname("hello", kNoIpv4); }, {{"write", EINTR}}},
      {"write_resolv_conf", [] { return write_resolv_conf(usual_ip()); }, {{"write", EINTR}}},
  };
  return all;
}

TEST(Fault, EveryCallOfEveryOperation) {
  for (const Operation& operation : operations()) {
    SCOPED_TRACE(operation.name);
    Result<> result = {};
    int cases = 0;
    fake::for_each_fault(
        prepare, [&] { result = operation.run(); }, {EIO, EINTR, ENOMEM},
        [&](const fake::Injection& injection) {
          ++cases;
          bool tolerated = false;
          for (const Tolerance& entry : operation.tolerated) {
            tolerated = tolerated || (entry.call == injection.call.name &&
                                      (entry.code == 0 || entry.code == injection.code));
          }
          EXPECT_EQ(code_of(result), tolerated ? 0 : injection.code);
          if (!result.has_value()) {
            EXPECT_STRNE(result.error().operation, "");
          }
          EXPECT_EQ(fake::kernel().open_descriptors(), (std::vector<int>{0, 1, 2}));
        });
    EXPECT_GT(cases, 0);
  }
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
        {EIO, EINTR, ENOMEM, ENODEV, EAGAIN},
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
      {EIO, ENOMEM, ENODEV},
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
