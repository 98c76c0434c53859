// SPDX-License-Identifier: Apache-2.0
// The argv of beam.smp against what OTP's own erlexec made of the same input (erlexec_cases.txt).
#include "erlexec.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "build.h"
#include "fixture.h"

namespace beam_init {
namespace {

using Strings = std::vector<std::string>;

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

  Outcome build(const std::string& progname = "erl") {
    return build_beam_argv({kRoot, kBindir, progname.c_str()}, erl, draft, argv);
  }

  [[nodiscard]] Strings result() const {
    Strings words;
    for (size_t i = 0; i < argv.size(); ++i)
      words.emplace_back(argv[i]);
    return words;
  }
};

/// One paragraph of erlexec_cases.txt.
struct Case {
  std::string name;
  std::map<std::string, std::optional<std::string>> variables;
  std::map<std::string, std::string> files;
  Strings erl;
  std::string program = std::string(kBindir) + "/beam.smp";
  Strings flags;
  Strings home = {"-home", "/root"};
  Strings words;
  Strings sets;
  std::optional<std::string> refused;
};

std::string unescaped(const std::string& word) {
  constexpr std::string_view kLetters = "ntrvf0s\\";
  constexpr std::string_view kMeanings("\n\t\r\v\f\0 \\", 8);
  std::string text;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '\\') {
      text += word[i];
    } else if (word[++i] != 'e') {
      text += kMeanings[kLetters.find(word[i])];
    }
  }
  return text;
}

Strings split(const std::string& line) {
  Strings words;
  size_t from = 0;
  while (from < line.size()) {
    const size_t to = std::min(line.find(' ', from), line.size());
    words.push_back(unescaped(line.substr(from, to - from)));
    from = to + 1;
  }
  return words;
}

/// Takes one line into a case.
void take(Case& entry, const std::string& key, const std::string& rest) {
  const auto name_and_text = [&](char separator) {
    const size_t end = std::min(rest.find(separator), rest.size());
    return std::pair{rest.substr(0, end), end < rest.size() ? rest.substr(end + 1) : ""};
  };
  if (key == "#") {
    entry.name = rest;
  } else if (key == "env") {
    const auto [name, value] = name_and_text('=');
    const bool given = rest.find('=') != std::string::npos;
    entry.variables[name] = given ? std::optional(unescaped(value)) : std::nullopt;
  } else if (key == "file") {
    const auto [name, text] = name_and_text(' ');
    entry.files[name] = unescaped(text);
  } else if (key == "erl") {
    entry.erl = split(rest);
  } else if (key == "program") {
    entry.program = rest;
  } else if (key == "flags") {
    entry.flags = split(rest);
  } else if (key == "home") {
    entry.home = split(rest);
  } else if (key == "words") {
    entry.words = split(rest);
  } else if (key == "sets") {
    entry.sets.push_back(unescaped(rest));
  } else if (key == "refused") {
    entry.refused = rest;
  } else {
    ADD_FAILURE() << "erlexec_cases.txt: '" << key << "' is no key";
  }
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::ifstream file(BEAM_INIT_ERLEXEC_CASES);
  EXPECT_TRUE(file.is_open()) << BEAM_INIT_ERLEXEC_CASES;
  bool heading = true;  // the first paragraph explains
  bool fresh = true;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) {
      heading = false;
      fresh = true;
    } else if (!heading) {
      if (fresh) cases.emplace_back();
      fresh = false;
      const size_t end = std::min(line.find(' '), line.size());
      take(cases.back(), line.substr(0, end), end < line.size() ? line.substr(end + 1) : "");
    }
  }
  return cases;
}

void check(const Case& entry) {
  SCOPED_TRACE(entry.name);
  pid1::fake::Kernel& kernel = pid1::fake::reset();
  for (const auto& [name, text] : entry.files)
    kernel.add_file("/" + name, text);
  Workshop shop;
  std::map<std::string, std::optional<std::string>> variables = {{"HOME", "/root"},
                                                                 {"PATH", "/usr/bin:/bin"}};
  for (const auto& [name, value] : entry.variables)
    variables[name] = value;
  for (const auto& [name, value] : variables) {
    if (value.has_value()) shop.set(name, *value);
  }
  for (const std::string& word : entry.erl)
    ASSERT_TRUE(shop.erl.append(word.c_str()).has_value());

  const std::string progname = variables["PROGNAME"].value_or("erl");
  const auto built = shop.build(progname);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
  if (entry.refused.has_value()) {
    ASSERT_TRUE(built.is_failure()) << "it must be refused";
    EXPECT_EQ(std::string(built.message()), *entry.refused);
    return;
  }
  ASSERT_FALSE(built.is_failure()) << built.message();

  Strings expected = {entry.program};
  const auto add = [&](const Strings& words) {
    expected.insert(expected.end(), words.begin(), words.end());
  };
  add(entry.flags);
  add({"--", "-root", kRoot, "-bindir", kBindir, "-progname", progname, "--"});
  add(entry.home);
  add({"--"});
  add(entry.words);
  EXPECT_EQ(shop.result(), expected);

  std::map<std::string, std::string> after = {
      {"ROOTDIR", kRoot}, {"BINDIR", kBindir}, {"EMU", "beam"}, {"PROGNAME", progname}};
  after["PATH"] = std::string(kBindir) + ":" + kRoot + "/bin:/usr/bin:/bin";
  for (const std::string& set : entry.sets) {
    const size_t equals = set.find('=');
    after[set.substr(0, equals)] = set.substr(equals + 1);
  }
  for (const auto& [name, value] : after)
    EXPECT_EQ(shop.environment.get(name.c_str()), value) << name;
}

TEST(Erlexec, EveryCase) {
  const std::vector<Case> cases = read_cases();
  EXPECT_GE(cases.size(), 200U);
  for (const Case& entry : cases)
    check(entry);
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
