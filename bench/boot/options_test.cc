// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace microbeam {
namespace {

using testing::HasSubstr;

class OptionsTest : public testing::Test {
 protected:
  // Any readable file does for kernel and root here.
  Options options{.mode = "probe",
                  .kernel = "/proc/self/exe",
                  .initrd = "/proc/self/exe",
                  .image = "hello",
                  .console_log = "c.log"};
  std::string complaint() { return std::string(check(options).message()); }
};

TEST_F(OptionsTest, TakesWhatIsRight) {
  EXPECT_EQ(complaint(), "");
}

TEST_F(OptionsTest, NamesTheFlagAndTheWayOut) {
  options.mode = "";
  EXPECT_EQ(complaint(), "--mode is missing; give --mode=probe|run|stop|trial|bench");
  options.mode = "boot";
  EXPECT_EQ(complaint(), "--mode=boot is not known; give --mode=probe|run|stop|trial|bench");
  options.mode = "run";
  options.accel = "xen";
  EXPECT_EQ(complaint(), "--accel=xen is not known; give --accel=tcg|kvm");
  options.accel = "kvm";
  options.icount = true;
  EXPECT_THAT(complaint(), HasSubstr("--accel=tcg"));
  options.accel = "tcg";
  options.cpus = 2;
  EXPECT_THAT(complaint(), HasSubstr("--cpus=1"));
  options.icount = false;
  EXPECT_EQ(complaint(), "");
  options.vm = "hipe";
  EXPECT_THAT(complaint(), HasSubstr("--vm=emu|jit"));
  options.vm = "jit";
  options.root_disk = "/proc/self/exe";
  EXPECT_EQ(complaint(), "--initrd and --root_disk are two roots; give one");
  options.initrd = "";
  EXPECT_EQ(complaint(), "");
  options.root_disk = "/nonexistent";
  EXPECT_THAT(complaint(), HasSubstr("cannot read --root_disk=/nonexistent"));
}

TEST_F(OptionsTest, ChecksNumbers) {
  options.memory_mib = 0;
  EXPECT_THAT(complaint(), HasSubstr("--memory"));
  options.memory_mib = 64;
  options.cpus = 0;
  EXPECT_THAT(complaint(), HasSubstr("--cpus"));
  options.cpus = 1;
  options.port = 65536;
  EXPECT_THAT(complaint(), HasSubstr("--port"));
  options.port = 0;
  options.timeout = absl::Seconds(-1);
  EXPECT_THAT(complaint(), HasSubstr("--timeout"));
}

TEST_F(OptionsTest, ChecksFiles) {
  options.kernel = "";
  EXPECT_EQ(complaint(), "--kernel is missing; give its file");
  options.kernel = "/nonexistent/vmlinux";
  EXPECT_EQ(
      complaint(),
      "cannot read --kernel=/nonexistent/vmlinux; `scripts/microbeam build` makes the images: "
      "No such file or directory");
  options.kernel = "/";
  EXPECT_EQ(complaint(), "--kernel=/ is not a file");
  options.kernel = "/proc/self/exe";
  options.console_log = "";
  EXPECT_THAT(complaint(), HasSubstr("--console_log is missing"));
  options.mode = "trial";
  EXPECT_THAT(complaint(), HasSubstr("leave --initrd and --root_disk out"));
  options.initrd = "";
  EXPECT_EQ(complaint(), "");
  options.mode = "run";
  EXPECT_THAT(complaint(), HasSubstr("--initrd is missing"));
}

TEST_F(OptionsTest, ChecksDisksAndTheEnvironment) {
  const std::string disk = testing::TempDir() + "/options_test.disk";
  std::ofstream(disk) << "x";
  options.disks = {disk};
  EXPECT_EQ(complaint(), "");
  options.disks = {disk, disk};
  EXPECT_EQ(complaint(), "--disk=" + disk + " is given twice");
  options.disks = {"/nonexistent"};
  EXPECT_EQ(complaint(), "cannot read and write --disk=/nonexistent: No such file or directory");
  options.disks = {"/tmp"};
  EXPECT_EQ(complaint(), "--disk=/tmp is neither a file nor a block device");
  options.initrd = "";
  options.disks = {disk};
  EXPECT_EQ(complaint(), "--initrd is missing; give its file");
  options.mode = "bench";
  options.snapshot = true;
  EXPECT_EQ(complaint(), "");
  options.mode = "probe";
  options.initrd = "/proc/self/exe";
  options.disks = {"1", "2", "3", "4", "5", "6"};
  EXPECT_EQ(complaint(), "--disk: the machine has room for 5 disks");
  options.disks.resize(5);
  options.root_disk = "/proc/self/exe";
  options.initrd = "";
  EXPECT_THAT(complaint(), HasSubstr("room for 4 disks beside the root"));
  options.disks.resize(4);
  options.env_file = "/dev/null";
  EXPECT_THAT(complaint(), HasSubstr("room for 3 disks beside the root"));
  options.disks = {};
  options.env_file = "/nonexistent";
  EXPECT_EQ(complaint(), "cannot read --env_file=/nonexistent: No such file or directory");
}

TEST_F(OptionsTest, AMachineInTheBackgroundHasToBeFoundAgain) {
  options.background = true;
  EXPECT_EQ(complaint(), "--background is for --mode=run only");
  options.mode = "run";
  EXPECT_THAT(complaint(), HasSubstr("--background needs --state"));
  options.state = "/run/hello";
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(check({.mode = "stop", .state = "/run/hello"}).message(), "");
  EXPECT_EQ(check({.mode = "stop"}).message(),
            "--mode=stop needs --state, the file of the machine");
}

TEST_F(OptionsTest, TimeLimitsOfTheModes) {
  EXPECT_EQ(options.time_limit(), absl::Seconds(60));
  options.icount = true;
  EXPECT_EQ(options.time_limit(), absl::Seconds(240));
  options.timeout = absl::Seconds(7);
  EXPECT_EQ(options.time_limit(), absl::Seconds(7));
  EXPECT_EQ(options.stop_limit(), absl::Seconds(60));
  options.icount = false;
  EXPECT_EQ(options.stop_limit(), absl::Seconds(15));
  EXPECT_EQ(options.ready_limit(), absl::Seconds(5));
  EXPECT_EQ(Options{.mode = "run"}.stop_limit(), absl::Seconds(20));
  EXPECT_EQ(Options{.mode = "trial"}.time_limit(), absl::Seconds(5));
}

TEST(FindQemuTest, SaysWhatToDoWithoutIt) {
  EXPECT_EQ(*find_qemu("/bin/sh"), "/bin/sh");
  EXPECT_THAT(std::string(find_qemu("nosuch-qemu").status().message()),
              HasSubstr("scripts/microbeam doctor"));
}

TEST_F(OptionsTest, ABenchSaysWhatItCanMeasure) {
  options.mode = "bench";
  options.images = {"anywhere"};
  options.console_log = "c.log";
  options.what = "heat";
  EXPECT_EQ(complaint(), "--what=heat is not known; give --what=boot|memory|load|idle|native");
  options.what = "idle";
  EXPECT_EQ(complaint(), "");
  options.seconds = 0;
  EXPECT_THAT(complaint(), HasSubstr("--seconds must be at least 1"));
  options.seconds = 1;
  options.icount = true;
  EXPECT_THAT(complaint(), HasSubstr("--what=boot"));
}

}  // namespace
}  // namespace microbeam
