// SPDX-License-Identifier: Apache-2.0
// What erlexec starts from, and the file that beam-init's own tests keep such in.
#ifndef BEAM_INIT_TEST_ERLEXEC_CASES_H
#define BEAM_INIT_TEST_ERLEXEC_CASES_H

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace beam_init {

using Strings = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

struct Input {
  std::string name;
  Strings words;  // the command line of erl
  Variables variables = {{"HOME", "/root"}, {"PATH", "/usr/bin:/bin"}};
  std::map<std::string, std::string> files;  // for -args_file, by relative name
  std::optional<std::string> refused;        // the message with which beam-init has to refuse it
};

/// The paragraphs of erlexec_cases.txt. Ends the program at a line that is none of its language.
std::vector<Input> read_inputs(const std::string& path);

/// In that file's language, for a person to read or to add to it.
std::string text_of(const Input& input);

}  // namespace beam_init

#endif  // BEAM_INIT_TEST_ERLEXEC_CASES_H
