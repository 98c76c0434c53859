// SPDX-License-Identifier: Apache-2.0
#include "erlexec.h"

#include <utility>

#include "pid1/file.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

using pid1::StringVector;

constexpr std::string_view kSeparator = "--";
constexpr std::string_view kTooMany = "use fewer or shorter flags";
constexpr size_t kMaxWords = 1024;
constexpr int kMaxNesting = 8;

/// The + flags whose value is the next word: +LETTER and one of `suffixes`, which stand between
/// commas (an empty one is +LETTER alone). Other + flags stand alone; a misspelt one is beam.smp's to
/// refuse.
struct FlagFamily {
  char letter;
  std::string_view suffixes;
};

constexpr FlagFamily kFlagsWithValue[] = {
    {'a', ""}, {'A', ""}, {'C', ""}, {'e', ""}, {'i', ""}, {'n', ""}, {'P', ""},
    {'Q', ""}, {'t', ""}, {'T', ""}, {'R', ""}, {'W', ""}, {'K', ""},
    {'I', "Ot,Op,OPt,OPp,Os"},
    {'S', ",P,Dcpu,DPcpu,Dio"},
    {'h', ",ms,mbs,pds,max,maxk,maxel,maxib,mqd"},
    {'p', "c,ad"},
    {'r', "g"},
    {'s', "bt,bwtdcpu,bwtdio,bwt,cl,ct,ecio,fwi,tbt,wct,wtdcpu,wtdio,wt,ws,ss,ssdcpu,ssdio,pp,ub"},
    {'z', "dbbl,dntgc,ebwt,osrl,hft"},
    {'M', "ea,ummc,uycs,usac,im,is,lpm,Mamcbf,Mrmcbf,Mmcs,Mscs,Mscrfsd,Msco,Mscrpm,Mlp,Ye,Ym,Ytp,"
          "Ytt,Iscs,Xscs,dai"},
};

/// +M also takes the letter of one allocator (u: all) before one of these.
constexpr std::string_view kAllocators = "uBIDEFHLRSTZ";
constexpr std::string_view kAllocatorSuffixes =
    "as,asbcst,atags,acul,acnl,acfml,acful,cp,e,t,lmbcs,mbcgs,mbsd,mmbcs,mmmbc,mmsbc,msbclt,ramv,"
    "rmbcmt,rsbcmt,rsbcst,sbct,smbcs";

/// Flags of erlexec that print, compile or detach instead of starting a system.
constexpr std::string_view kNotForInit[] = {
    "-compile",       "-make",         "-man",     "-detached",
    "-emu_args_exit", "-emu_name_exit", "-version", "-emu_qouted_cmd_exit", "-configfd"};

/// string_view::substr can throw, which takes object code of the C++ library.
std::string_view without_first(std::string_view text, size_t count) {
  text.remove_prefix(count);
  return text;
}

bool lists(std::string_view list, std::string_view word) {
  do {
    if (pid1::take_until(list, ',') == word) return true;
  } while (!list.empty());
  return false;
}

bool takes_value(std::string_view flag) {
  const char letter = flag[1];
  const std::string_view suffix = without_first(flag, 2);
  if (letter == 'J') return true;
  if (letter == 'M' && !suffix.empty()) {
    bool allocator = false;
    for (const char c : kAllocators) allocator = allocator || c == suffix.front();
    if (allocator && lists(kAllocatorSuffixes, without_first(suffix, 1))) return true;
  }
  for (const FlagFamily& family : kFlagsWithValue) {
    if (family.letter == letter) return lists(family.suffixes, suffix);
  }
  return false;
}

/// What initial_argv_massage() collects: the flags in order, and apart what follows -extra.
struct Collected {
  StringVector& flags;
  StringVector& extra;
  pid1::Arena& arena;
};

Outcome<> add_file(Collected& into, std::string_view path, int depth);

Outcome<> add(StringVector& words, std::string_view word) {
  BEAM_INIT_TRY(words.append({word}), kTooMany);
  return {};
}

/// Words of one source, in order. `nested` is the depth of -args_file.
Outcome<> add_words(Collected& into, std::span<char* const> words, int depth) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "-args_file") {
      if (++i == words.size()) return fail({"-args_file needs a file name after it"});
      if (auto added = add_file(into, words[i], depth + 1); !added.has_value()) return added;
    } else if (word == "-extra") {
      while (++i < words.size()) {
        if (auto added = add(into.extra, words[i]); !added.has_value()) return added;
      }
    } else if (auto added = add(into.flags, word); !added.has_value()) {
      return added;
    }
  }
  return {};
}

/// The words of a text; a source without -extra ends with a separator, so that its flags do not run
/// into those of the next (build_args_from_string).
Outcome<> add_text(Collected& into, std::string_view text, bool comments, int depth) {
  char* slots[kMaxWords];
  StringVector words(into.arena, slots);
  if (auto split = split_flags(text, comments, words); !split.has_value()) return split;
  if (words.size() == 0) return {};
  bool has_extra = false;
  for (size_t i = 0; i < words.size(); ++i) has_extra = has_extra || words[i] == "-extra";
  if (auto added = add_words(into, {slots, words.size()}, depth); !added.has_value()) return added;
  // For an environment variable -extra ends in a separator too; a file's does not.
  if (has_extra && comments) return {};
  return add(into.flags, kSeparator);
}

Outcome<> add_file(Collected& into, std::string_view path, int depth) {
  if (depth > kMaxNesting) {
    return fail({"-args_file ", path, ": more than ", pid1::Decimal(kMaxNesting),
                 " files within each other; does one name itself?"});
  }
  const auto text = pid1::read_file(path.data(), into.arena.rest());
  BEAM_INIT_TRY(text, "it is a file of flags for the BEAM (vm.args) of at most some 100 KB");
  // Kept: the words are copied behind it.
  into.arena.keep(text->size() + 1);
  for (const char c : *text) {
    if (c == '\0') return fail({"-args_file ", path, ": it has a NUL byte; it must be text"});
  }
  return add_text(into, *text, true, depth);
}

class Builder {
 public:
  Builder(pid1::Environment& environment, StringVector& emulator_flags, StringVector& arguments)
      : environment_(environment), emulator_flags_(emulator_flags), arguments_(arguments) {}

  /// main()'s loop over the collected words.
  Outcome<> process(std::span<char* const> words) {
    for (size_t i = 0; i < words.size();) {
      const std::string_view word = words[i];
      if (word == "-extra") {
        for (; i < words.size(); ++i) {
          if (auto added = add(arguments_, words[i]); !added.has_value()) return added;
        }
        break;
      }
      const std::span<char* const> rest = words.subspan(i);
      const auto used = word.starts_with('-') && word.size() > 1 ? minus(rest)
                        : word.starts_with('+')                  ? plus(rest)
                                                                 : plain(rest, 1);
      if (!used.has_value()) return std::unexpected(used.error());
      i += *used;
    }
    if (distributed_ && start_epmd_) {
      return fail({"-sname and -name make erl start epmd through a shell, and there is none; give "
                   "'-start_epmd false -erl_epmd_port PORT' too, or neither"});
    }
    return {};
  }

  [[nodiscard]] std::string_view flavor() const { return flavor_; }

 private:
  /// Copies the first `count` words to the arguments.
  Outcome<size_t> plain(std::span<char* const> words, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (auto added = add(arguments_, words[i]); !added.has_value()) {
        return std::unexpected(added.error());
      }
    }
    return count;
  }

  /// NEXT_ARG_CHECK: `count` words must follow, and the first of them is no separator.
  static Outcome<> need(std::span<char* const> words, size_t count) {
    if (words.size() <= count || std::string_view(words[1]) == kSeparator) {
      return fail({words[0], " needs a value after it; check vm.args and ERL_*FLAGS"});
    }
    return {};
  }

  Outcome<size_t> minus(std::span<char* const> words) {
    const std::string_view flag = words[0];
    for (const std::string_view refused : kNotForInit) {
      if (flag == refused) {
        return fail({refused, " has no meaning for an init; remove it from vm.args and ERL_*FLAGS"});
      }
    }
    size_t values = 0;
    for (const std::string_view with_value :
         {"-name", "-sname", "-start_epmd", "-proto_dist", "-epmd", "-emu_flavor", "-emu_type"}) {
      if (flag == with_value) values = 1;
    }
    if (flag == "-env") values = 2;
    if (auto enough = need(words, values); values > 0 && !enough.has_value()) {
      return std::unexpected(enough.error());
    }
    if (flag == "-env") {
      BEAM_INIT_TRY(environment_.set(words[1], words[2]), "-env takes NAME VALUE");
      return size_t{3};
    }
    if (flag == "-epmd") return size_t{2};  // which epmd to start: none
    if (flag == "-emu_args") return size_t{1};  // prints the command line
    if (flag == "-noinput") {
      if (auto added = add(arguments_, "-noshell"); !added.has_value()) {
        return std::unexpected(added.error());
      }
      return plain(words, 1);
    }
    if (flag == "-name" || flag == "-sname") distributed_ = true;
    if (flag == "-no_epmd") start_epmd_ = false;
    if (flag == "-start_epmd") {
      const std::string_view value = words[1];
      if (value != "true" && value != "false") {
        return fail({"-start_epmd takes true or false, not '", value, "'"});
      }
      start_epmd_ = value == "true";
    }
    if (flag == "-emu_type" && std::string_view(words[1]) != "opt") {
      return fail({"-emu_type ", words[1], ": only 'opt' is built; remove it"});
    }
    if (flag == "-emu_flavor") flavor_ = words[1];
    // The values of -emu_flavor and -emu_type are read as words of their own next.
    const bool together = values == 1 && flag != "-emu_flavor" && flag != "-emu_type";
    return plain(words, together ? 2 : 1);
  }

  Outcome<size_t> plus(std::span<char* const> words) {
    const std::string_view flag = words[0];
    size_t values = 0;
    if (flag.size() > 1 && flag[1] == '+') return plain(words, 1);
    if (flag.starts_with("+I") && !flag.starts_with("+IO")) {
      return fail({flag, " is not a flag of the BEAM; +IO flags are; check vm.args"});
    }
    if (flag == "+B" || flag == "+c") {
      // An optional value: i, c or d for +B, a boolean for +c.
      const std::string_view next = words.size() > 1 ? words[1] : "";
      const bool matches = flag == "+B" ? next == "i" || next == "c" || next == "d"
                                        : next == "true" || next == "false";
      values = matches ? 1 : 0;
    } else if (flag.size() > 1 && takes_value(flag)) {
      if (auto enough = need(words, 1); !enough.has_value()) {
        return std::unexpected(enough.error());
      }
      values = 1;
    }
    BEAM_INIT_TRY(emulator_flags_.append({"-", without_first(flag, 1)}), kTooMany);
    if (values == 1) BEAM_INIT_TRY(emulator_flags_.append({words[1]}), kTooMany);
    return values + 1;
  }

  pid1::Environment& environment_;
  StringVector& emulator_flags_;
  StringVector& arguments_;
  bool distributed_ = false;
  bool start_epmd_ = true;
  std::string_view flavor_ = "smp";
};

/// BINDIR:ROOTDIR/bin before a PATH that names no part of ROOTDIR; else BINDIR to its front.
Outcome<> prepend_path(const Emulator& emulator, pid1::Arena& arena,
                       pid1::Environment& environment) {
  constexpr std::string_view kAdvice = "use a shorter env.PATH";
  std::string_view rest = environment.get("PATH");
  std::string_view path = {};
  bool names_root = false;
  for (size_t i = 0; i + emulator.root.size() <= rest.size(); ++i) {
    const std::string_view from = {rest.data() + i, emulator.root.size()};
    names_root = names_root || from == emulator.root;
  }
  auto joined = names_root ? arena.copy({emulator.bindir})
                           : arena.copy({emulator.bindir, ":", emulator.root, "/bin"});
  BEAM_INIT_TRY(joined, kAdvice);
  path = *joined;
  while (!rest.empty()) {
    const std::string_view element = pid1::take_until(rest, ':');
    if (names_root && element == emulator.bindir) continue;
    joined = arena.copy({path, ":", element});
    BEAM_INIT_TRY(joined, kAdvice);
    path = *joined;
  }
  BEAM_INIT_TRY(environment.set("PATH", path), kAdvice);
  return {};
}

}  // namespace

Outcome<> split_flags(std::string_view text, bool comments, StringVector& words) {
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  char word[4096];
  size_t i = 0;
  while (true) {
    while (i < text.size() && is_blank(text[i])) ++i;
    if (i == text.size()) return {};
    if (comments && text[i] == '#') {
      while (i < text.size() && text[i] != '\n') ++i;
      continue;
    }
    size_t size = 0;
    char quote = '\0';
    for (; i < text.size(); ++i) {
      char c = text[i];
      if (quote != '\0') {
        if (c == quote) {
          quote = '\0';
          continue;
        }
      } else if (is_blank(c) || (comments && c == '#')) {
        break;
      } else if (c == '"' || c == '\'') {
        quote = c;
        continue;
      } else if (c == '\\') {
        if (++i == text.size()) break;
        c = text[i];
      }
      if (size == sizeof(word)) {
        return fail({"a flag of more than 4096 bytes: '", {word, 40}, "...'; is a quote missing?"});
      }
      word[size++] = c;
    }
    BEAM_INIT_TRY(words.append({{word, size}}), kTooMany);
  }
}

Outcome<> build_beam_argv(const Emulator& emulator, std::span<char* const> arguments,
                          pid1::Arena& arena, pid1::Environment& environment,
                          StringVector& argv) {
  static char* flag_slots[kMaxWords];
  static char* extra_slots[kMaxWords];
  static char* emulator_slots[kMaxWords];
  static char* argument_slots[kMaxWords];
  StringVector flags(arena, flag_slots);
  StringVector extra(arena, extra_slots);
  Collected collected{flags, extra, arena};

  auto merged = add_text(collected, environment.get("ERL_AFLAGS"), false, 0);
  if (!merged.has_value()) return merged;
  if (!arguments.empty()) {
    bool has_extra = false;
    for (const std::string_view word : arguments) has_extra = has_extra || word == "-extra";
    if (auto added = add_words(collected, arguments, 0); !added.has_value()) return added;
    // One separator for -extra, one for the end of the command line.
    for (int i = has_extra ? 2 : 1; i > 0; --i) {
      if (auto added = add(flags, kSeparator); !added.has_value()) return added;
    }
  }
  for (const std::string_view after : {"ERL_FLAGS", "ERL_ZFLAGS"}) {
    merged = add_text(collected, environment.get(after), false, 0);
    if (!merged.has_value()) return merged;
  }
  if (extra.size() > 0) {
    if (auto added = add(flags, "-extra"); !added.has_value()) return added;
    for (size_t i = 0; i < extra.size(); ++i) {
      if (auto added = add(flags, extra[i]); !added.has_value()) return added;
    }
  }

  for (const auto& [name, value] :
       {std::pair{"ROOTDIR", emulator.root}, {"BINDIR", emulator.bindir},
        {"EMU", std::string_view("beam")}, {"PROGNAME", emulator.progname}}) {
    BEAM_INIT_TRY(environment.set(name, value), "use fewer env. settings");
  }
  if (auto done = prepend_path(emulator, arena, environment); !done.has_value()) return done;

  StringVector emulator_flags(arena, emulator_slots);
  StringVector user_arguments(arena, argument_slots);
  // -home stands before -env is read, as in erlexec.
  const std::string_view home = environment.get("HOME");
  const std::string_view epmd_port = environment.get("ERL_EPMD_PORT");
  Builder builder(environment, emulator_flags, user_arguments);
  if (auto done = builder.process({flags.data(), flags.size()}); !done.has_value()) return done;

  BEAM_INIT_TRY(argv.append({emulator.bindir, "/beam.", builder.flavor()}), kTooMany);
  const auto add_all = [&argv](const StringVector& words) -> Outcome<> {
    for (size_t i = 0; i < words.size(); ++i) BEAM_INIT_TRY(argv.append({words[i]}), kTooMany);
    return {};
  };
  if (auto done = add_all(emulator_flags); !done.has_value()) return done;
  for (const std::string_view word : {kSeparator, std::string_view("-root"), emulator.root,
                                      std::string_view("-bindir"), emulator.bindir,
                                      std::string_view("-progname"), emulator.progname, kSeparator}) {
    BEAM_INIT_TRY(argv.append({word}), kTooMany);
  }
  for (const auto& [flag, value] :
       {std::pair{"-home", home}, {"-epmd_port", epmd_port}}) {
    if (value.empty()) continue;
    BEAM_INIT_TRY(argv.append({flag}), kTooMany);
    BEAM_INIT_TRY(argv.append({value}), kTooMany);
  }
  BEAM_INIT_TRY(argv.append({kSeparator}), kTooMany);
  return add_all(user_arguments);
}

}  // namespace beam_init
