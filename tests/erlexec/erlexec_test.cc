// SPDX-License-Identifier: Apache-2.0
// What beam-init executes is what the real erlexec executes: argv, environment, program.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "generate.h"
#include "sandbox.h"

namespace beam_init {
namespace {

TEST(Erlexec, EveryCase) {
  const std::vector<Input> inputs = read_inputs(ERLEXEC_CASES);
  EXPECT_GE(inputs.size(), 200U);
  Sandbox sandbox;
  for (const Input& input : inputs) {
    const std::string found = difference(sandbox, input);
    EXPECT_TRUE(found.empty()) << found;
  }
}

/// MICROBEAM_ERLEXEC_COUNT says how many, MICROBEAM_ERLEXEC_FIRST from which number on.
uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* const text = getenv(variable);
  return text == nullptr ? otherwise : strtoull(text, nullptr, 10);
}

TEST(Erlexec, Generated) {
  const uint64_t first = number_from("MICROBEAM_ERLEXEC_FIRST", 0);
  const uint64_t count = number_from("MICROBEAM_ERLEXEC_COUNT", 3000);
  Sandbox sandbox;
  uint64_t started = 0;
  for (uint64_t number = first; number < first + count && !HasFailure(); ++number) {
    const Input input = generate(number);
    const std::string found = difference(sandbox, input);
    EXPECT_TRUE(found.empty()) << found;
    if (!sandbox.ours(input).refused.has_value()) ++started;
  }
  // Inputs that both refuse say little.
  EXPECT_GE(started, count / 4);
}

/// The comparison itself: what has to differ does.
TEST(Erlexec, SandboxSeesWhatErlexecRuns) {
  Sandbox sandbox;
  Input input;
  input.words = {"-sname", "n"};
  const Real real = sandbox.real(input);
  ASSERT_EQ(real.executed.size(), 2U);
  EXPECT_EQ(real.executed[0].program, "/bin/sh");
  EXPECT_EQ(real.executed[0].argv[2], "\"" + std::string(kBindir) + "/epmd\" -daemon");
  EXPECT_EQ(real.executed[1].program, std::string(kBindir) + "/beam.smp");
  EXPECT_EQ(real.executed[1].environment.at("EMU"), "beam");
}

TEST(Erlexec, FilesWithinEachOtherWithoutEnd) {
  Sandbox sandbox;
  Input input;
  input.files = {{"self", "-args_file self x"}};
  input.words = {"-args_file", "self"};
  EXPECT_NE(sandbox.real(input).status, 0);
  EXPECT_NE(sandbox.ours(input).refused.value_or("").find("does one name itself?"),
            std::string::npos);
}

}  // namespace
}  // namespace beam_init
