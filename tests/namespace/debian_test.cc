// SPDX-License-Identifier: Apache-2.0
// The same /init starts a BEAM of glibc: Debian's own erlang-base, in a root made of Debian's
// packages.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "boot.h"

namespace microbeam {
namespace {

namespace fs = std::filesystem;

class DebianTest : public NamespaceTest {
 protected:
  DebianTest() {
    const char* const debian = getenv("MICROBEAM_DEBIAN");
    if (debian == nullptr || !fs::exists(debian)) {
      throw std::runtime_error("MICROBEAM_DEBIAN names no root; `scripts/microbeam test` sets it");
    }
    root.remove("/app");
    root.remove("/usr");
    root.directory("/usr");
    check(mount((std::string(debian) + "/usr").c_str(), root.path("/usr").c_str(), nullptr, MS_BIND,
                nullptr),
          "bind /usr");
    for (const char* name : {"bin", "lib", "lib64"})
      root.symlink(std::string("usr/") + name, std::string("/") + name);
    // Unlike a terminal it loses nothing when the BEAM ends.
    root.console_is_pipe();
  }

  /// A release of systools, without an ERTS of its own: Debian's boot script.
  void make_release() {
    std::ifstream data(root.path("/usr/lib/erlang/releases/start_erl.data"));
    std::string erts;
    std::string otp;
    data >> erts >> otp;
    root.write("/app/releases/start_erl.data", erts + " 1");
    fs::create_directory(root.path("/app/releases/1"));
    fs::copy_file(root.path("/usr/lib/erlang/bin/start_clean.boot"),
                  root.path("/app/releases/1/start.boot"));
  }

  void expect_status_7_after(const std::string& arguments) {
    start.cmdline = "quiet -- " + arguments;
    ended = boot(root, start);
    EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 7) << ended.status;
  }

  // Said by the status: what is written right before a halt may get lost. No double quotes within:
  // the kernel's command line has no way to write one.
  static constexpr const char* kEval =
      "-eval \"halt(case {list_to_integer(os:getpid()), "
      "list_to_atom(hd(init:get_plain_arguments()))}"
      " of {1, 'two words'} -> 7; _ -> 8 end).\" -extra \"two words\"";
};

TEST_F(DebianTest, ReleaseWithTheErtsOfTheSystem) {
  make_release();
  expect_status_7_after(kEval);
}

TEST_F(DebianTest, NoReleaseButArguments) {
  expect_status_7_after(std::string("-noshell ") + kEval);
}

}  // namespace
}  // namespace microbeam
