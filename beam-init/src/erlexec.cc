// SPDX-License-Identifier: Apache-2.0
#include "erlexec.h"

#include <string.h>

#include "build.h"
#include "pid1/file.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

using pid1::StringVector;

constexpr std::string_view kSeparator = "--";
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

/// + flags of which erlexec refuses what does not begin with one of these.
struct ClosedFamily {
  std::string_view prefix;
  std::string_view suffixes;
};

constexpr ClosedFamily kClosedFamilies[] = {
    {"+I", "Ot,Op,OPt,OPp,Os"}, {"+SD", "cpu,Pcpu,io"}, {"+B", "i,c,d"}};

/// Flags of erlexec that print, compile or detach instead of starting a system, and what it refuses
/// itself.
constexpr const char* kNotForInit[] = {
    "-compile",       "-make",    "-man",     "-detached",   "-emu_args_exit",
    "-emu_name_exit", "-version", "-configfd", "-smpdisable", "-emu_qouted_cmd_exit"};

/// string_view::substr can throw, which takes object code of the C++ library.
std::string_view without_first(std::string_view text, size_t count) {
  text.remove_prefix(count);
  return text;
}

/// Flags with '-' that erlexec looks at the value of.
constexpr const char* kMinusWithValue[] = {"-name", "-sname", "-start_epmd", "-proto_dist",
                                           "-epmd", "-emu_flavor", "-emu_type", "-env"};

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

bool is_misspelt(std::string_view flag) {
  for (const ClosedFamily& family : kClosedFamilies) {
    if (!flag.starts_with(family.prefix) || flag == "+B") continue;
    const std::string_view rest = without_first(flag, family.prefix.size());
    bool known = false;
    for (std::string_view list = family.suffixes; !list.empty();) {
      known = rest.starts_with(pid1::take_until(list, ',')) || known;
    }
    return !known;
  }
  return false;
}

/// What initial_argv_massage() collects: the flags in order, and apart what follows -extra.
struct Collected {
  StringVector& flags;
  StringVector& extra;
  pid1::Arena& arena;
};

Outcome<> add_file(Collected& into, const char* path, int depth);

/// Words of one source, in order. `depth`: how many -args_file deep.
Outcome<> collect(Collected& into, const StringVector& words, int depth) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "-args_file") {
      if (++i == words.size()) return fail("-args_file needs a file name after it", {});
      BEAM_INIT_PASS(add_file(into, words.data()[i], depth + 1));
    } else if (word == "-extra") {
      while (++i < words.size()) BEAM_INIT_PASS(add_words(into.extra, {words[i]}));
    } else {
      BEAM_INIT_PASS(add_words(into.flags, {word}));
    }
  }
  return {};
}

bool has_extra(const StringVector& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-extra") return true;
  }
  return false;
}

/// The words of a text. One without -extra ends in a separator, so that its flags do not run into
/// those of the next source (build_args_from_string); for an environment variable -extra brings a
/// separator too (initial_argv_massage).
Outcome<> collect_text(Collected& into, std::string_view text, bool is_file, int depth) {
  char* slots[kMaxWords];
  StringVector words(into.arena, slots);
  BEAM_INIT_PASS(split_flags(text, is_file, words));
  BEAM_INIT_PASS(collect(into, words, depth));
  if (words.size() == 0 || (is_file && has_extra(words))) return {};
  return add_words(into.flags, {kSeparator});
}

Outcome<> add_file(Collected& into, const char* path, int depth) {
  if (depth > kMaxNesting) {
    return fail("-args_file {}: too many files within each other; does one name itself?", {path});
  }
  const auto text = pid1::read_file(path, into.arena.rest());
  BEAM_INIT_TRY(text, path, "-args_file (vm.args) names a file of flags for the BEAM");
  // Kept: the words are copied behind it.
  into.arena.keep(text->size() + 1);
  if (strlen(text->data()) != text->size()) {
    return fail("-args_file {}: it has a NUL byte; it must be text", {path});
  }
  return collect_text(into, *text, true, depth);
}

class Builder {
 public:
  Builder(pid1::Environment& environment, StringVector& emulator_flags, StringVector& arguments)
      : environment_(environment), emulator_flags_(emulator_flags), arguments_(arguments) {}

  /// main()'s loop over the collected words.
  Outcome<> process(const StringVector& words) {
    for (size_t i = 0; i < words.size();) {
      const std::string_view word = words[i];
      if (word == "-extra") {
        while (i < words.size()) BEAM_INIT_PASS(add_words(arguments_, {words[i++]}));
        break;
      }
      const char* const* here = words.data() + i;
      size_t used = 1;
      if (word.starts_with('-') && word.size() > 1) {
        BEAM_INIT_PASS(minus(here, used));
      } else if (word.starts_with('+')) {
        BEAM_INIT_PASS(plus(here, used));
      } else {
        BEAM_INIT_PASS(add_words(arguments_, {word}));
      }
      i += used;
    }
    if (distributed_ && start_epmd_) {
      return fail("-sname and -name make erl start epmd through a shell, and there is none; give "
                  "'-start_epmd false -erl_epmd_port PORT' too, or neither",
                  {});
    }
    return {};
  }

  [[nodiscard]] std::string_view flavor() const { return flavor_; }

 private:
  /// NEXT_ARG_CHECK: a word follows, and is no separator. The words end with a NULL.
  static Outcome<> need(const char* flag, const char* value) {
    if (value != nullptr && value != kSeparator) return {};
    return fail("{} needs a value after it; check vm.args and ERL_*FLAGS", {flag});
  }

  /// A flag that begins with '-'; `used` becomes the number of words it took.
  Outcome<> minus(const char* const* words, size_t& used) {
    const std::string_view flag = words[0];
    for (const char* refused : kNotForInit) {
      if (flag == refused) {
        return fail("{} has no meaning for an init; remove it from vm.args and ERL_*FLAGS", {flag});
      }
    }
    if (flag == "-emu_args") return {};  // it prints the command line
    if (flag == "-noinput") return add_words(arguments_, {"-noshell", flag});
    for (const char* with_value : kMinusWithValue) {
      if (flag != with_value) continue;
      BEAM_INIT_PASS(need(words[0], words[1]));
      used = 2;
    }
    if (used == 1) {
      start_epmd_ = start_epmd_ && flag != "-no_epmd";
      return add_words(arguments_, {flag});
    }
    const std::string_view value = words[1];
    if (flag == "-env") {
      BEAM_INIT_PASS(need(words[0], words[2]));
      used = 3;
      return set_variable(environment_, value, words[2]);
    }
    if (flag == "-epmd") return {};  // which epmd to start: none
    if (flag == "-emu_flavor") flavor_ = value;
    if (flag == "-emu_flavor" || flag == "-emu_type") {
      used = 1;  // its value is read as a word of its own next
      if (flag == "-emu_type" && value != "opt") {
        return fail("-emu_type {}: only 'opt' is there; remove it", {value});
      }
      return add_words(arguments_, {flag});
    }
    if (flag == "-start_epmd") {
      if (value != "true" && value != "false") {
        return fail("-start_epmd takes true or false, not '{}'", {value});
      }
      start_epmd_ = value == "true";
    }
    distributed_ = distributed_ || flag == "-name" || flag == "-sname";
    return add_words(arguments_, {flag, value});
  }

  /// A flag that begins with '+'; `used` becomes the number of words it took.
  Outcome<> plus(const char* const* words, size_t& used) {
    const std::string_view flag = words[0];
    if (flag.starts_with("++")) return add_words(arguments_, {flag});
    if (flag.starts_with("+I") && !flag.starts_with("+IO")) {
      return fail("{} is not a flag of the BEAM; +IO flags are; check vm.args", {flag});
    }
    if (flag == "+B" || flag == "+c") {
      // An optional value: i, c or d for +B, a boolean for +c.
      const std::string_view next = words[1] != nullptr ? words[1] : "";
      used += lists(flag == "+B" ? "i,c,d" : "true,false", next) ? 1 : 0;
    } else if (flag.size() > 1 && takes_value(flag)) {
      BEAM_INIT_PASS(need(words[0], words[1]));
      used = 2;
    }
    // +X becomes -X: the word is ours to change.
    char* const word = const_cast<char*>(words[0]);
    word[0] = '-';
    BEAM_INIT_PASS(add_words(emulator_flags_, {word}));
    return used == 2 ? add_words(emulator_flags_, {words[1]}) : Outcome<>{};
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
  std::string_view rest = environment.get("PATH");
  const bool names_root = strstr(rest.data() != nullptr ? rest.data() : "", emulator.root) != nullptr;
  // Written in place, one element after the other; `join` ends each with a NUL.
  const std::span<char> room = arena.rest();
  auto joined = names_root ? pid1::join(room, {emulator.bindir})
                           : pid1::join(room, {emulator.bindir, ":", emulator.root, "/bin"});
  size_t size = joined.has_value() ? joined->size() : 0;
  while (!rest.empty() && joined.has_value()) {
    const std::string_view element = pid1::take_until(rest, ':');
    if (names_root && element == emulator.bindir) continue;
    joined = pid1::join(room.subspan(size), {":", element});
    size += joined.has_value() ? joined->size() : 0;
  }
  BEAM_INIT_TRY(joined, "PATH", "use a shorter env.PATH");
  arena.keep(size + 1);
  return set_variable(environment, "PATH", {room.data(), size});
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
        return fail("a flag of more than 4096 bytes: '{}...'; is a quote missing?", {{word, 40}});
      }
      word[size++] = c;
    }
    BEAM_INIT_PASS(add_words(words, {{word, size}}));
  }
}

Outcome<> build_beam_argv(const Emulator& emulator, const StringVector& arguments,
                          pid1::Arena& arena, pid1::Environment& environment,
                          StringVector& argv) {
  static char* flag_slots[kMaxWords];
  static char* extra_slots[kMaxWords];
  static char* emulator_slots[kMaxWords];
  static char* argument_slots[kMaxWords];
  StringVector flags(arena, flag_slots);
  StringVector extra(arena, extra_slots);
  Collected collected{flags, extra, arena};

  BEAM_INIT_PASS(collect_text(collected, environment.get("ERL_AFLAGS"), false, 0));
  BEAM_INIT_PASS(collect(collected, arguments, 0));
  // One separator for the end of the command line, one more for its -extra.
  BEAM_INIT_PASS(add_words(flags, {kSeparator}));
  if (has_extra(arguments)) BEAM_INIT_PASS(add_words(flags, {kSeparator}));
  BEAM_INIT_PASS(collect_text(collected, environment.get("ERL_FLAGS"), false, 0));
  BEAM_INIT_PASS(collect_text(collected, environment.get("ERL_ZFLAGS"), false, 0));
  if (extra.size() > 0) {
    BEAM_INIT_PASS(add_words(flags, {"-extra"}));
    BEAM_INIT_PASS(add_all(flags, extra));
  }

  BEAM_INIT_PASS(set_variable(environment, "ROOTDIR", emulator.root));
  BEAM_INIT_PASS(set_variable(environment, "BINDIR", emulator.bindir));
  BEAM_INIT_PASS(set_variable(environment, "EMU", "beam"));
  BEAM_INIT_PASS(set_variable(environment, "PROGNAME", emulator.progname));
  BEAM_INIT_PASS(prepend_path(emulator, arena, environment));

  StringVector emulator_flags(arena, emulator_slots);
  StringVector user_arguments(arena, argument_slots);
  // -home stands before -env is read, as in erlexec.
  const std::string_view home = environment.get("HOME");
  const std::string_view epmd_port = environment.get("ERL_EPMD_PORT");
  Builder builder(environment, emulator_flags, user_arguments);
  BEAM_INIT_PASS(builder.process(flags));

  char program[512];
  const auto path = pid1::join(program, {emulator.bindir, "/beam.", builder.flavor()});
  BEAM_INIT_TRY(path, emulator.bindir, "use a shorter path");
  BEAM_INIT_PASS(add_words(argv, {*path}));
  BEAM_INIT_PASS(add_all(argv, emulator_flags));
  BEAM_INIT_PASS(add_words(argv, {kSeparator, "-root", emulator.root, "-bindir", emulator.bindir,
                                  "-progname", emulator.progname, kSeparator}));
  if (!home.empty()) BEAM_INIT_PASS(add_words(argv, {"-home", home}));
  if (!epmd_port.empty()) BEAM_INIT_PASS(add_words(argv, {"-epmd_port", epmd_port}));
  BEAM_INIT_PASS(add_words(argv, {kSeparator}));
  return add_all(argv, user_arguments);
}

}  // namespace beam_init
