// SPDX-License-Identifier: Apache-2.0
// What is refused, and what does not fit. Against the real erlexec: tests/erlexec.
#include "erlexec.h"

#include <algorithm>
#include <string>
#include <vector>

#include "build.h"
#include "erlexec_cases.h"
#include "fixture.h"

namespace beam_init {
namespace {

constexpr const char* kRoot = "/usr/lib/erlang";
constexpr const char* kBindir = "/usr/lib/erlang/erts-15.2.7/bin";

/// Room as a boot has it, and what is in it.
struct Workshop {
  std::vector<char> text = std::vector<char>(size_t{512} * 1024);
  char* variable_slots[256];
  char* erl_slots[512];
  char* argv_slots[1024];
  pid1::Arena arena{text};
  pid1::Environment environment{arena, variable_slots};
  pid1::StringVector erl{erl_slots};
  pid1::StringVector argv{argv_slots};
  Draft draft{arena, environment};

  void set(const std::string& name, const std::string& value) {
    EXPECT_TRUE(environment.set(name.c_str(), value.c_str()).has_value());
  }

  Outcome build() { return build_beam_argv({kRoot, kBindir, "erl"}, erl, draft, argv); }

  [[nodiscard]] Strings result() const {
    Strings words;
    for (size_t i = 0; i < argv.size(); ++i)
      words.emplace_back(argv[i]);
    return words;
  }
};

std::string refusal(const Input& input) {
  pid1::fake::Kernel& kernel = pid1::fake::reset();
  for (const auto& [name, text] : input.files)
    kernel.add_file("/" + name, text);
  Workshop shop;
  for (const auto& [name, value] : input.variables)
    shop.set(name, value);
  for (const std::string& word : input.words)
    EXPECT_TRUE(shop.erl.append(word.c_str()).has_value());
  const auto built = shop.build();
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
  return built.is_failure() ? built.message() : "";
}

TEST(Erlexec, EveryCaseThatIsRefusedAndNoOther) {
  const std::vector<Input> inputs = read_inputs(BEAM_INIT_ERLEXEC_CASES);
  EXPECT_GE(inputs.size(), 200U);
  for (const Input& input : inputs)
    EXPECT_EQ(refusal(input), input.refused.value_or("")) << input.name;
}

// One of each, for who has no erlexec at hand; tests/erlexec compares every case with the real one.
TEST(Erlexec, EverySourceInItsPlace) {
  pid1::fake::reset().add_file("/f", "+P 7 # seven\n-x 'a b'\n-extra z");
  Workshop shop;
  shop.set("HOME", "/root");
  shop.set("PATH", "/bin");
  shop.set("ERL_AFLAGS", "+Q 8");
  shop.set("ERL_ZFLAGS", "-env A B");
  for (const char* word : {"-noshell", "-args_file", "f", "y"})
    ASSERT_TRUE(shop.erl.append(word).has_value());
  ASSERT_FALSE(shop.build().is_failure());
  EXPECT_EQ(shop.result(), (Strings{std::string(kBindir) + "/beam.smp",
                                    "-Q",
                                    "8",
                                    "-P",
                                    "7",
                                    "--",
                                    "-root",
                                    kRoot,
                                    "-bindir",
                                    kBindir,
                                    "-progname",
                                    "erl",
                                    "--",
                                    "-home",
                                    "/root",
                                    "--",
                                    "--",
                                    "-noshell",
                                    "-x",
                                    "a b",
                                    "y",
                                    "--",
                                    "--",
                                    "-extra",
                                    "z"}));
  EXPECT_STREQ(shop.environment.get("A"), "B");
  EXPECT_EQ(shop.environment.get("PATH"), std::string(kBindir) + ":" + kRoot + "/bin:/bin");
}

TEST(Erlexec, ArgumentsFilesWithinEachOtherWithoutEnd) {
  pid1::fake::reset().add_file("/self", "-args_file self");
  Workshop shop;
  ASSERT_TRUE(shop.erl.append("-args_file").has_value());
  ASSERT_TRUE(shop.erl.append("self").has_value());
  const auto built = shop.build();
  ASSERT_TRUE(built.is_failure());
  EXPECT_NE(std::string(built.message()).find("does one name itself?"), std::string::npos);
}

TEST(Erlexec, MoreWordsThanFit) {
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += "-w" + std::to_string(i) + "\n";
  pid1::fake::reset().add_file("/f", text);
  Workshop shop;
  ASSERT_TRUE(shop.erl.append("-args_file").has_value());
  ASSERT_TRUE(shop.erl.append("f").has_value());
  const auto built = shop.build();
  ASSERT_TRUE(built.is_failure());
  EXPECT_NE(std::string(built.message()).find("Argument list too long"), std::string::npos);
}

TEST(Erlexec, AsManyWordsAsFit) {
  std::string text;
  for (int i = 0; i < 900; ++i)
    text += "-w" + std::to_string(i) + "\n";
  pid1::fake::reset().add_file("/f", text);
  Workshop shop;
  ASSERT_TRUE(shop.erl.append("-args_file").has_value());
  ASSERT_TRUE(shop.erl.append("f").has_value());
  ASSERT_FALSE(shop.build().is_failure());
  const Strings argv = shop.result();
  EXPECT_EQ(std::ranges::count_if(argv, [](auto& word) { return word.starts_with("-w"); }), 900);
}

}  // namespace
}  // namespace beam_init
