// SPDX-License-Identifier: Apache-2.0
#include "end.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "fixture.h"

namespace beam_init {
namespace {

using Words = std::vector<std::string>;

class EndTest : public pid1::fake::KernelTest {
 protected:
  EndTest() { kernel.add_file("/init", "", 0755); }

  Words argv(const char* verb, int status) {
    kernel.argv.clear();
    kernel.envp.clear();
    char variable[] = "BEAM_INIT_ON_EXIT=halt";
    char* environment[] = {variable, nullptr};
    const auto ending = pid1::fake::run([&] { end("/init", verb, status, environment); });
    EXPECT_EQ(ending.how, pid1::fake::Ending::How::kExecuted);
    EXPECT_EQ(kernel.executed, "/init");
    EXPECT_EQ(kernel.envp, Words{variable});
    EXPECT_EQ(kernel.signal_mask, ~uint64_t{0});
    return kernel.argv;
  }

  const char* ender_with(std::vector<const char*> environment) {
    environment.push_back(nullptr);
    return ender(environment.data());
  }
};

TEST_F(EndTest, TheSettingsDecide) {
  EXPECT_EQ(argv("", 0), (Words{"beam-init", "--end", "exit", "0"}));
  EXPECT_EQ(argv("", 3), (Words{"beam-init", "--end", "exit", "3"}));
}

TEST_F(EndTest, AVerbIsForSuccessOnly) {
  EXPECT_EQ(argv("reboot", 0), (Words{"beam-init", "--end", "reboot", "0"}));
  EXPECT_EQ(argv("reboot", 1), (Words{"beam-init", "--end", "exit", "1"}));
}

TEST_F(EndTest, StatusIsWhatAParentWouldSee) {
  EXPECT_EQ(argv("", 256), (Words{"beam-init", "--end", "exit", "0"}));
  EXPECT_EQ(argv("", -1), (Words{"beam-init", "--end", "exit", "255"}));
}

TEST_F(EndTest, FailureIsSaid) {
  kernel.faults = {{.name = "execve", .code = ENOENT}};
  char* nothing[] = {nullptr};
  const auto ending = pid1::fake::run([&] { end("/init", "", 0, nothing); });
  EXPECT_EQ(ending.how, pid1::fake::Ending::How::kReturned);
  EXPECT_EQ(kernel.descriptors.at(2).file->node->sink.text(),
            "pid1: /init: No such file or directory\n");
}

TEST_F(EndTest, OnlyPid1InExecModeEndsTheMachine) {
  EXPECT_STREQ(ender_with({"HOME=/", "BEAM_INIT=/init", "BEAM_INIT_MODE=exec"}), "/init");
  EXPECT_EQ(ender_with({"BEAM_INIT=/init", "BEAM_INIT_MODE=supervise"}), nullptr);
  EXPECT_EQ(ender_with({"BEAM_INIT=/init"}), nullptr);
  EXPECT_EQ(ender_with({"BEAM_INIT_MODE=exec"}), nullptr);
  EXPECT_EQ(ender_with({}), nullptr);
  kernel.pid = 77;
  EXPECT_EQ(ender_with({"BEAM_INIT=/init", "BEAM_INIT_MODE=exec"}), nullptr);
}

}  // namespace
}  // namespace beam_init
