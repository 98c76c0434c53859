// SPDX-License-Identifier: Apache-2.0
#include "state.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

namespace microbeam {
namespace {

class StateTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path); }

  // A lock belongs to a process, so whoever looks for it is another one. 0, or where it failed.
  static int in_another_process(int (*look)(const std::string&), const std::string& path) {
    const pid_t child = fork();
    if (child == 0) _exit(look(path));
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  const std::string path = testing::TempDir() + "/state_test." +
                           testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(StateTest, TheKernelSaysWhoseItIs) {
  const absl::StatusOr<MachineState> state = MachineState::claim(path);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(in_another_process(
                [](const std::string& file) {
                  const absl::StatusOr<RunnerOf> runner = RunnerOf::open(file);
                  if (!runner.ok()) return 1;
                  if (runner->pid() != getppid()) return 2;
                  return runner->ended() ? 3 : 0;
                },
                path),
            0);
}

TEST_F(StateTest, OneMachineOfAName) {
  const absl::StatusOr<MachineState> state = MachineState::claim(path);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(in_another_process(
                [](const std::string& file) {
                  return absl::IsAlreadyExists(MachineState::claim(file).status()) ? 0 : 1;
                },
                path),
            0);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(StateTest, GoesWithItsOwnerAndKeepsItsLastWords) {
  absl::StatusOr<RunnerOf> runner = absl::UnknownError("not opened");
  {
    const absl::StatusOr<MachineState> state = MachineState::claim(path);
    ASSERT_TRUE(state.ok()) << state.status();
    // Opened by the owner itself, which may not close it: that would give the lock up.
    runner = RunnerOf::open(path);
    ASSERT_TRUE(runner.ok()) << runner.status();
    state->note("url http://127.0.0.1:1/");
    state->note("ended 3 the BEAM ended with status 3");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  const std::optional<Ended> ended = runner->ended();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->status, 3);
  EXPECT_EQ(ended->why, "the BEAM ended with status 3");
}

// The number in the file may be anybody's by now.
TEST_F(StateTest, AFileWithoutALockIsNobodys) {
  std::ofstream(path) << "pid " << getpid() << "\n";
  absl::StatusOr<RunnerOf> runner = RunnerOf::open(path);
  ASSERT_TRUE(runner.ok()) << runner.status();
  EXPECT_FALSE(runner->pid());
  EXPECT_FALSE(runner->ended());
  runner->remove_stale();
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(absl::IsNotFound(RunnerOf::open(path).status()));
}

TEST_F(StateTest, AStaleFileIsTakenOver) {
  std::ofstream(path) << "pid 1\nended 0 long ago\n";
  const absl::StatusOr<MachineState> state = MachineState::claim(path);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(std::filesystem::file_size(path), 0U);
}

}  // namespace
}  // namespace microbeam
