// SPDX-License-Identifier: Apache-2.0
// By hand, not as PID 1: --check, --help.
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "machine.h"
#include "settings.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;

class CheckTest : public MachineTest {
 protected:
  CheckTest() {
    kernel.pid = 1234;
    // The image lies below /image, and nothing of it beside that.
    kernel.add_directory("/image");
    std::vector<std::pair<std::string, std::shared_ptr<pid1::fake::Node>>> moved;
    for (const auto& [path, node] : kernel.nodes) {
      if (path != "/" && !path.starts_with("/image")) moved.emplace_back(path, node);
    }
    for (const auto& [path, node] : moved) {
      kernel.nodes.erase(path);
      kernel.nodes["/image" + path] = node;
    }
  }

  Ending check(const std::string& cmdline) {
    return start({"beam-init", "--check", "/image", cmdline});
  }

  static std::vector<std::string> lines() {
    std::vector<std::string> all;
    const std::string text = printed();
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      all.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return all;
  }
};

TEST_F(CheckTest, PrintsWhatWouldBeExecuted) {
  const Ending ending = check("beam.user=7 beam.env.A=1 -- -flag");
  EXPECT_EQ(ending.how, Ending::How::kReturned);
  EXPECT_EQ(ending.status, 0) << printed();
  const std::vector<std::string> all = lines();
  ASSERT_GT(all.size(), 5U);
  EXPECT_EQ(all[0], "as 7, in /:");
  EXPECT_EQ(all[1], "  /usr/lib/erlang/erts-15.2.7/bin/beam.smp");
  EXPECT_EQ(std::ranges::count(all, "  -flag"), 1);
  EXPECT_EQ(std::ranges::count(all, "with the environment:"), 1);
  EXPECT_EQ(std::ranges::count(all, "  A=1"), 1);
  EXPECT_EQ(std::ranges::count(all, "  RELEASE_NAME=hello"), 1);
  EXPECT_EQ(std::ranges::count(all, "  HOME=/run/beam"), 1);
}

TEST_F(CheckTest, WithoutACommandLine) {
  EXPECT_EQ(start({"beam-init", "--check", "/image"}).status, 0);
  EXPECT_EQ(lines().at(0), "as root, in /:");
}

TEST_F(CheckTest, TakesNothingFromTheHost) {
  kernel.add_file("/etc/beam-init.conf", "release=/of/the/host\n");
  kernel.add_file("/image/etc/beam-init.conf", "env.FROM=image\n");
  EXPECT_EQ(check("").status, 0) << printed();
  EXPECT_EQ(std::ranges::count(lines(), "  FROM=image"), 1) << printed();
}

TEST_F(CheckTest, ChangesNothingOfTheImage) {
  kernel.add_file("/image/etc/beam-init.env", "A=1\n");
  kernel.add_file("/image/app/releases/COOKIE", "monster");
  kernel.add_file("/image/app/releases/0.1.0/sys.config", "%% RUNTIME_CONFIG=true\n[].\n");
  EXPECT_EQ(check("beam.dist=short").status, 0) << printed();
  EXPECT_NE(kernel.find("/etc/beam-init.env"), nullptr) << "it is for the boot to come";
  // What is written lies in memory, for this process alone.
  EXPECT_EQ(kernel.mount_lines(), "tmpfs /run tmpfs - -\ntmpfs /tmp tmpfs - -\n");
  EXPECT_NE(kernel.find("/run/beam/.erlang.cookie"), nullptr);
  EXPECT_TRUE(kernel.kills.empty());
  EXPECT_TRUE(kernel.reboots.empty());
  EXPECT_EQ(kernel.hostname, "(none)");
}

struct Namespaces {
  const char* name;
  uid_t user;
  int flags;
};

class CheckBy : public CheckTest, public testing::WithParamInterface<Namespaces> {};

TEST_P(CheckBy, HasNamespacesOfItsOwnBeforeAnyMount) {
  kernel.user_id = GetParam().user;
  EXPECT_EQ(check("").status, 0) << printed();
  const auto unshared = std::ranges::find(kernel.calls, "unshare", &pid1::fake::Call::name);
  ASSERT_NE(unshared, kernel.calls.end());
  EXPECT_EQ(unshared->detail, std::to_string(GetParam().flags));
  const auto mounted = std::ranges::find(kernel.calls, "mount", &pid1::fake::Call::name);
  EXPECT_LT(unshared, mounted);
  EXPECT_EQ(mounted->detail, "/ private") << "nothing goes back to the host's namespace";
  EXPECT_LT(mounted, std::ranges::find(kernel.calls, "chroot", &pid1::fake::Call::name));
}

INSTANTIATE_TEST_SUITE_P(All, CheckBy,
                         testing::Values(Namespaces{"Root", 0, CLONE_NEWNS},
                                         Namespaces{"User", 1000, CLONE_NEWNS | CLONE_NEWUSER}),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(CheckTest, EveryWordIsPrintedWhole) {
  const std::string value(3000, 'x');
  EXPECT_EQ(check("beam.env.LONG=" + value + " -- " + value).status, 0);
  const std::vector<std::string> all = lines();
  EXPECT_EQ(std::ranges::count(all, "  LONG=" + value), 1);
  EXPECT_EQ(std::ranges::count(all, "  " + value), 1);
}

TEST_F(CheckTest, OutputThatTakesNothing) {
  kernel.faults = {{.name = "write", .nth = 3, .code = EPIPE}};
  EXPECT_EQ(check("").status, 1);
}

TEST_F(CheckTest, OutputThatTakesLittleAtATime) {
  kernel.max_transfer = 7;
  EXPECT_EQ(check("").status, 0);
  EXPECT_EQ(lines().at(1), "  /usr/lib/erlang/erts-15.2.7/bin/beam.smp");
}

struct Bad {
  const char* name;
  const char* cmdline;
  std::function<void(pid1::fake::Kernel&)> break_it;
  const char* message;
};

class BadImage : public CheckTest, public testing::WithParamInterface<Bad> {};

TEST_P(BadImage, IsToldInOneLine) {
  if (GetParam().break_it) GetParam().break_it(kernel);
  const Ending ending = check(GetParam().cmdline);
  EXPECT_EQ(ending.how, Ending::How::kReturned);
  EXPECT_EQ(ending.status, 1);
  ASSERT_EQ(lines().size(), 1U) << printed();
  EXPECT_TRUE(matches(lines()[0], std::string("beam-init: ") + GetParam().message)) << printed();
}

INSTANTIATE_TEST_SUITE_P(
    All, BadImage,
    testing::Values(
        Bad{"UnknownSetting", "beam.nosuch=1", nullptr,
            "kernel command line: there is no setting beam.nosuch; the nearest is ~"},
        Bad{"UnknownUser", "beam.user=nobody", nullptr, "beam.user: there is no user 'nobody'; ~"},
        Bad{"NoRelease", "beam.release=/nowhere", nullptr, "no release in /nowhere: ~"},
        Bad{"NoCookie", "beam.dist=short", nullptr, "distribution needs a cookie: ~"},
        Bad{"BadConfig", "",
            [](auto& kernel) { kernel.add_file("/image/etc/beam-init.conf", "x"); },
            "/etc/beam-init.conf line 1: ~"},
        Bad{"NoRoot", "",
            [](auto& kernel) {
              std::erase_if(kernel.nodes,
                            [](const auto& entry) { return entry.first.starts_with("/image"); });
            },
            "chroot /image: No such file or directory; it must be a directory"},
        Bad{"RootThatIsAFile", "",
            [](auto& kernel) {
              std::erase_if(kernel.nodes,
                            [](const auto& entry) { return entry.first.starts_with("/image"); });
              kernel.add_file("/image", "");
            },
            "chroot /image: Not a directory; it must be a directory"},
        Bad{"NoEmulator", "",
            [](auto& kernel) {
              kernel.nodes.at("/image/usr/lib/erlang/erts-15.2.7/bin/beam.smp")->mode = 0644;
            },
            "access /usr/lib/erlang/erts-15.2.7/bin/beam.smp: Permission denied; the ERTS is not "
            "whole"},
        Bad{"NoNamespaces", "",
            [](auto& kernel) { kernel.faults = {{.name = "unshare", .code = EPERM}}; },
            "unshare /image: Operation not permitted; it takes root, or a kernel that lets users "
            "make namespaces"}),
    [](const auto& instance) { return instance.param.name; });

TEST_F(CheckTest, WordsThatAreMissingOrTooMany) {
  for (const Strings& words :
       {Strings{"beam-init", "--check"}, Strings{"beam-init", "--check", "/image", "quiet", "more"},
        Strings{"beam-init", "--help", "me"}}) {
    EXPECT_EQ(start(words).status, 2);
    EXPECT_EQ(kernel.count("unshare"), 0U);
  }
}

TEST_F(CheckTest, Pid1TakesItsWordsFromTheKernelAndLooksAtNone) {
  // The kernel hands words that it does not know on: `--check` on its command line is no request.
  kernel = pid1::fake::Kernel();
  furnish();
  add_to("proc", "cmdline", "quiet\n");
  EXPECT_EQ(start({"/init", "--check", "/image"}).how, Ending::How::kExecuted) << console();
  EXPECT_EQ(kernel.count("chroot"), 0U);
}

TEST_F(CheckTest, HelpIsTheTableAndMore) {
  EXPECT_EQ(start({"beam-init", "--help"}).status, 0);
  const std::string text = printed();
  size_t at = 0;
  for (const Setting& setting : setting_table()) {
    const std::string entry = std::string("\n  beam.") + setting.key + setting.argument +
                              "\n      " + setting.meaning + "\n";
    const size_t found = text.find(entry);
    ASSERT_NE(found, std::string::npos) << "cut short, or missing:" << entry;
    EXPECT_GE(found, at) << "in the table's order: " << entry;
    at = found;
  }
  for (const char* word : {"--check ROOT [CMDLINE]", "\n  ip=ADDRESS", "\n  -- ARGUMENTS"})
    EXPECT_NE(text.find(word), std::string::npos) << word;
}

TEST_F(CheckTest, HelpThatNobodyReads) {
  kernel.faults = {{.name = "write", .nth = 4, .code = EPIPE}};
  EXPECT_EQ(start({"beam-init", "--help"}).status, 1);
}

}  // namespace
}  // namespace beam_init
