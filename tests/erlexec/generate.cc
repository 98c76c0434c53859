// SPDX-License-Identifier: Apache-2.0
#include "generate.h"

#include <random>
#include <span>
#include <string_view>

namespace beam_init {
namespace {

// One word each; what a flag needs besides follows by chance.
constexpr std::string_view kFlags[] = {
    // clang-format off
    "+a", "+A", "+C", "+e", "+i", "+n", "+P", "+Q", "+t", "+T", "+R", "+W", "+K", "+IOt", "+IOp",
    "+IOPt", "+IOPp", "+IOs", "+IO", "+I", "+J", "+JPperf", "+JMsingle", "+S", "+SP", "+SDcpu",
    "+SDPcpu", "+SDio", "+SD", "+SDx", "+B", "+Bi", "+Bc", "+Bd", "+Bx", "+c", "+h", "+hms", "+hmbs",
    "+hpds", "+hmax", "+hmaxk", "+hmaxel", "+hmaxib", "+hmqd", "+hx", "+r", "+rg", "+sbt", "+sbwt",
    "+sbwtdcpu", "+sbwtdio", "+scl", "+sct", "+secio", "+sfwi", "+stbt", "+swct", "+swtdcpu",
    "+swtdio", "+swt", "+sws", "+sss", "+sssdcpu", "+sssdio", "+spp", "+sub", "+sx", "+pc", "+pad",
    "+p", "+zdbbl", "+zdntgc", "+zebwt", "+zosrl", "+zhft", "+zx", "+M", "+Mu", "+Mea", "+Mummc",
    "+Muycs", "+Musac", "+Mim", "+Mis", "+Mlpm", "+MMamcbf", "+MMrmcbf", "+MMmcs", "+MMscs",
    "+MMscrfsd", "+MMsco", "+MMscrpm", "+MMlp", "+MYe", "+MYm", "+MYtp", "+MYtt", "+MIscs", "+MXscs",
    "+Mdai", "+MBas", "+MHsbct", "+MFe", "+MQas", "+MZsmbcs", "+Muramv", "+MSlmbcs", "+MTt", "+dcg",
    "+fnu", "+V", "+l", "+L", "+d", "+", "+-", "++", "++S", "++x",
    "-name", "-sname", "-start_epmd", "-epmd", "-no_epmd", "-proto_dist", "-env", "-emu_type",
    "-emu_flavor", "-smp", "-smpauto", "-smpenable", "-smpdisable", "-noinput", "-noshell", "-nohup",
    "-extra", "-args_file", "-emu_args", "-keep_window", "-compile", "-make", "-man", "-detached",
    "-emu_args_exit", "-emu_name_exit", "-emu_qouted_cmd_exit", "-version", "-configfd", "-S",
    "-setcookie", "-config", "-boot", "-mode", "-kernel", "-eval", "-s", "-heart", "-x", "-", "--",
    // clang-format on
};
constexpr std::string_view kValues[] = {
    "1",   "true",   "false",   "i",    "c",    "d",      "ii",    "a b", "",     "A",
    "A=B", "none",   "opt",     "smp",  "jit",  "emu",    "x",     "n@h", "auto", "--",
    "é",   "#",      "a#b",     "\"",   "'",    "\\",     "'q\"r", "\n",  "\t",   "0",
    "3",   "enable", "disable", "HOME", "PATH", "BINDIR", "{1,2}"};
constexpr std::string_view kFiles[] = {"f1", "f2", "f3"};
constexpr std::string_view kBlanks[] = {" ", "\n", "\t", "  ", "\r\n", "\v", "\f"};

class Generator {
 public:
  explicit Generator(uint64_t number) : random_(number) {}

  Input input() {
    Input input;
    // A file names only those after it, or now and then any: that is an error, or never ends.
    for (size_t i = 0; i < std::size(kFiles); ++i) {
      first_file_ = one_of(20) ? 0 : i + 1;
      input.files[std::string(kFiles[i])] = text(words(6), true);
    }
    first_file_ = 0;
    input.words = words(8);
    for (const char* name : {"ERL_AFLAGS", "ERL_FLAGS", "ERL_ZFLAGS"})
      if (one_of(3)) input.variables[name] = text(words(5), false);
    if (one_of(10)) input.variables["ERL_EPMD_PORT"] = pick(kValues);
    if (one_of(10)) input.variables.erase("HOME");
    if (one_of(10)) input.variables["HOME"] = pick(kValues);
    if (one_of(10)) input.variables["PROGNAME"] = pick(kValues);
    if (one_of(10)) input.variables.erase("PATH");
    if (one_of(5)) input.variables["PATH"] = path();
    return input;
  }

 private:
  size_t below(size_t limit) { return random_() % limit; }
  bool one_of(size_t count) { return below(count) == 0; }
  std::string pick(std::span<const std::string_view> words) {
    return std::string(words[below(words.size())]);
  }

  std::string path() {
    constexpr std::string_view kElements[] = {"",
                                              "/bin",
                                              "/usr/lib/erlang/bin",
                                              "/usr/lib/erlang/erts-15.2.7/bin",
                                              "/usr/lib/erlang/erts-15.2.7/binx",
                                              "/usr/lib/erlang/erts-15.2.7"};
    std::string text = pick(kElements);
    while (!one_of(3))
      text += ":" + pick(kElements);
    return text;
  }

  Strings words(size_t most) {
    Strings words;
    for (size_t left = below(most); left > 0; --left) {
      if (one_of(4)) {
        words.push_back(pick(kValues));
        continue;
      }
      std::string flag = pick(kFlags);
      // Half of these would make nearly every input one that is refused.
      if (is_rare(flag) && !one_of(8)) flag = "-kernel";
      if (flag == "-args_file") {
        if (first_file_ >= std::size(kFiles)) continue;
        words.push_back(flag);
        words.push_back(pick(std::span(kFiles).subspan(first_file_)));
        continue;
      }
      if (one_of(12)) flag += pick(kValues);
      words.push_back(flag);
      for (size_t values = flag == "-env" ? 2 : 1; values > 0 && !one_of(6); --values)
        words.push_back(flag == "-start_epmd" ? "false" : pick(kValues));
    }
    return words;
  }

  static bool is_rare(const std::string& flag) {
    constexpr std::string_view kRare[] = {"-compile",
                                          "-make",
                                          "-man",
                                          "-detached",
                                          "-emu_args_exit",
                                          "-emu_name_exit",
                                          "-version",
                                          "-configfd",
                                          "-S",
                                          "-emu_qouted_cmd_exit",
                                          "++S",
                                          "-smpdisable",
                                          "-emu_type",
                                          "-no_epmd",
                                          "+I",
                                          "+SD",
                                          "+SDx",
                                          "+Bx",
                                          "+IO",
                                          "-name",
                                          "-sname"};
    for (const std::string_view rare : kRare)
      if (flag == rare) return true;
    return false;
  }

  /// Words as a person could have written them.
  std::string text(const Strings& words, bool comments) {
    std::string text;
    for (const std::string& word : words) {
      if (comments && one_of(6)) text += "# a 'comment\" \\\n";
      text += written(word) + pick(kBlanks);
    }
    if (comments && one_of(4)) text += "#";
    if (one_of(10)) text += pick(kValues);
    return text;
  }

  std::string written(const std::string& word) {
    switch (below(6)) {
      case 0:
        return "\"" + word + "\"";
      case 1:
        return "'" + word + "'";
      case 2: {
        std::string text;
        for (const char c : word)
          text += std::string("\\") + c;
        return text;
      }
      case 3: {
        const size_t half = word.size() / 2;
        return "'" + word.substr(0, half) + "'" + word.substr(half);
      }
      default:
        return word;
    }
  }

  std::mt19937_64 random_;
  size_t first_file_ = 0;
};

}  // namespace

Input generate(uint64_t number) {
  Input input = Generator(number).input();
  input.name = "generated, number " + std::to_string(number);
  return input;
}

}  // namespace beam_init
