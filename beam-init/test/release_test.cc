// SPDX-License-Identifier: Apache-2.0
#include "release.h"

#include <algorithm>
#include <cerrno>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;

class ReleaseTest : public MachineTest {
 protected:
  void remove(const std::string& path) {
    std::erase_if(kernel.nodes, [&](const auto& entry) {
      return entry.first == path || entry.first.starts_with(path + "/");
    });
  }

  void start_erl_data(const std::string& content) {
    kernel.add_file("/app/releases/start_erl.data", content);
  }
};

TEST_F(ReleaseTest, StartErlDataDecides) {
  kernel.add_file("/app/releases/0.2.0/start.boot", "");
  kernel.add_file("/app/releases/0.2.0/hello.rel", "");
  for (const char* content : {"15.2.7 0.2.0", "15.2.7 0.2.0\n", "  15.2.7   0.2.0  \r\n"}) {
    start_erl_data(content);
    kernel.argv.clear();
    kernel.envp.clear();
    kernel.mounts.clear();
    EXPECT_EQ(boot().how, Ending::How::kExecuted) << console();
    auto variables = environment();
    EXPECT_EQ(variables["RELEASE_VSN"], "0.2.0");
    EXPECT_EQ(variables["RELEASE_NAME"], "hello");
    EXPECT_EQ(variables["RELEASE_ROOT"], "/app");
    EXPECT_EQ(variables["ROOTDIR"], "/usr/lib/erlang");
    EXPECT_EQ(variables["BINDIR"], "/usr/lib/erlang/erts-15.2.7/bin");
  }
}

TEST_F(ReleaseTest, BrokenStartErlData) {
  for (const std::string& content :
       {std::string(), std::string("\n"), std::string("15.2.7"), std::string("15.2.7\n"),
        std::string("15.2.7 \n"), std::string(" 0.1.0"), std::string("15.2.7 ../x"),
        std::string("15.2.7 .."), std::string("15.2.7 ."), std::string("../erts 0.1.0"),
        std::string("15.2.7 a/b"), std::string("15.2.7 /app"), std::string("15.2.7 0.1.0 more"),
        std::string("15.2.7 0.1.0\n15.2.8 0.2.0"), std::string("15.2.7\t0.1.0"),
        std::string("\x7f"
                    "ELF\x02\x01\x01")}) {
    pid1::fake::reset();
    furnish();
    pid1::fake::kernel().add_file("/app/releases/start_erl.data", content);
    expect_failure(
        "release: /app/releases/start_erl.data is broken: it must hold 'ERTS_VERSION "
        "RELEASE_VERSION', e.g. '15.2.7 0.1.0', and holds '~'; build the release again");
    EXPECT_EQ(console().find('\x7f'), std::string::npos);
  }
}

TEST_F(ReleaseTest, StartErlDataWithANul) {
  for (const std::string& content : {std::string("\x7f"
                                                 "ELF\x02\x01\x01\0\0\0\0",
                                                 11),
                                     std::string("15.2.7 0.1\0.0", 13), std::string("\0 \0", 3)}) {
    pid1::fake::reset();
    furnish();
    pid1::fake::kernel().add_file("/app/releases/start_erl.data", content);
    expect_failure("release: /app/releases/start_erl.data: it has a NUL byte; it must be text");
  }
}

TEST_F(ReleaseTest, HugeStartErlData) {
  start_erl_data(std::string(1 << 20, 'x'));
  expect_failure("release: read /app/releases/start_erl.data: File too large; ~");
}

TEST_F(ReleaseTest, StartErlDataThatIsADirectory) {
  remove("/app/releases/start_erl.data");
  kernel.add_directory("/app/releases/start_erl.data");
  expect_failure("release: read /app/releases/start_erl.data: Is a directory; ~");
}

TEST_F(ReleaseTest, VersionThatIsNotThere) {
  start_erl_data("15.2.7 0.9.9");
  expect_failure(
      "release: /app/releases/start_erl.data or RELEASE_VSN names the ~version '0.9.9', but there "
      "is "
      "no /app/releases/0.9.9; build the release again");
}

TEST_F(ReleaseTest, OnlyReleaseWithoutStartErlData) {
  remove("/app/releases/start_erl.data");
  kernel.add_file("/app/releases/COOKIE", "");
  kernel.add_directory("/app/releases/empty");
  EXPECT_EQ(boot().how, Ending::How::kExecuted) << console();
  EXPECT_EQ(environment()["RELEASE_VSN"], "0.1.0");
}

TEST_F(ReleaseTest, TwoReleasesWithoutStartErlData) {
  remove("/app/releases/start_erl.data");
  kernel.add_file("/app/releases/0.0.9/start.boot", "");
  expect_failure(
      "release: more than one release in /app/releases (0.0.9, 0.1.0) and no start_erl.data that "
      "says which; write 'ERTS_VERSION RELEASE_VERSION' to ~");
}

TEST_F(ReleaseTest, FiveReleasesWithoutStartErlData) {
  remove("/app/releases/start_erl.data");
  for (const char* version : {"3", "2", "1", "4"}) {
    kernel.add_file(std::string("/app/releases/") + version + "/start.boot", "");
  }
  expect_failure("release: more than one release in /app/releases (0.1.0, 1, ...) and no ~");
}

TEST_F(ReleaseTest, NoRelease) {
  remove("/app/releases");
  expect_failure(
      "release: no release in /app: there is no /app/releases/start_erl.data and no "
      "/app/releases/VERSION/start.boot; put a release there, or say where one is with "
      "beam.release=DIR");
}

TEST_F(ReleaseTest, NoDirectoryAtAll) {
  remove("/app");
  expect_failure("release: no release in /app: ~");
}

TEST_F(ReleaseTest, AnotherDirectory) {
  kernel.add_file("/srv/my release/releases/start_erl.data", "15.2.7 7");
  kernel.add_file("/srv/my release/releases/7/start.boot", "");
  kernel.add_file("/srv/my release/releases/7/mine.rel", "");
  EXPECT_EQ(boot("beam.release=\"/srv/my release\"").how, Ending::How::kExecuted) << console();
  auto variables = environment();
  EXPECT_EQ(variables["RELEASE_ROOT"], "/srv/my release");
  EXPECT_EQ(variables["RELEASE_NAME"], "mine");
  const Strings words = arguments();
  const auto boot_flag = std::ranges::find(words, "-boot");
  ASSERT_NE(boot_flag, words.end());
  EXPECT_EQ(*(boot_flag + 1), "/srv/my release/releases/7/start");
}

TEST_F(ReleaseTest, ErtsOfTheReleaseGoesBeforeTheSystems) {
  kernel.add_file("/app/erts-15.2.7/bin/beam.smp", "", 0755);
  boot();
  EXPECT_EQ(kernel.executed, "/app/erts-15.2.7/bin/beam.smp");
  auto variables = environment();
  EXPECT_EQ(variables["ROOTDIR"], "/app");
  EXPECT_EQ(variables["BINDIR"], "/app/erts-15.2.7/bin");
}

TEST_F(ReleaseTest, OtherErtsAreNotTaken) {
  kernel.add_file("/app/erts-14.0/bin/beam.smp", "", 0755);
  kernel.add_file("/usr/lib/erlang/erts-16.0/bin/beam.smp", "", 0755);
  boot();
  EXPECT_EQ(kernel.executed, "/usr/lib/erlang/erts-15.2.7/bin/beam.smp");
}

TEST_F(ReleaseTest, ErtsThatIsMissing) {
  start_erl_data("15.9 0.1.0");
  expect_failure(
      "release: no ERTS ~for the release: neither /app nor /usr/lib/erlang has erts-15.9/bin; ~");
}

TEST_F(ReleaseTest, NoErtsAtAll) {
  remove("/app/releases/start_erl.data");
  remove("/usr/lib/erlang");
  expect_failure(
      "release: no ERTS ~for the release: neither /app nor /usr/lib/erlang has "
      "erts-VERSION/bin; ~");
}

TEST_F(ReleaseTest, SeveralErtsWithoutStartErlData) {
  remove("/app/releases/start_erl.data");
  kernel.add_file("/usr/lib/erlang/erts-15.0/bin/beam.smp", "", 0755);
  expect_failure(
      "release: more than one ERTS in /usr/lib/erlang (erts-15.0, erts-15.2.7) and no ~");
}

TEST_F(ReleaseTest, OnlyErtsWithoutStartErlData) {
  remove("/app/releases/start_erl.data");
  kernel.add_directory("/usr/lib/erlang/erts-doc");  // has no emulator
  kernel.add_file("/app/erts-15.2.7/bin/beam.smp", "", 0755);
  boot();
  EXPECT_EQ(kernel.executed, "/app/erts-15.2.7/bin/beam.smp");
}

TEST_F(ReleaseTest, NameWithoutRelFile) {
  remove("/app/releases/0.1.0/hello.rel");
  boot();
  EXPECT_EQ(environment()["RELEASE_NAME"], "release");
}

TEST_F(ReleaseTest, ElixirIsKnownByItsApplication) {
  remove("/app/lib/elixir-1.18.3");
  boot();
  const Strings words = arguments();
  EXPECT_EQ(std::ranges::find(words, "start_cli"), words.end());
}

TEST_F(ReleaseTest, LongVersions) {
  const std::string version(200, '9');
  kernel.add_file("/app/releases/" + version + "/start.boot", "");
  start_erl_data("15.2.7 " + version);
  EXPECT_EQ(boot().how, Ending::How::kExecuted) << console();
  EXPECT_EQ(environment()["RELEASE_VSN"], version);
}

}  // namespace
}  // namespace beam_init
