// SPDX-License-Identifier: Apache-2.0
#include "erlexec.h"

#include <string.h>

#include <iterator>

#include "build.h"
#include "pid1/file.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

using pid1::StringVector;

constexpr std::string_view kSeparator = "--";
constexpr std::string_view kExtra = "-extra";
constexpr size_t kMaxWords = 1024;
constexpr int kMaxNesting = 8;

/// The + flags whose value is the next word (+J with anything behind it is another). The rest stand
/// alone, or are misspelt and beam.smp's to refuse.
constexpr std::string_view kPlusWithValue =
    "a,A,C,e,i,n,P,Q,t,T,R,W,K,IOt,IOp,IOPt,IOPp,IOs,S,SP,SDcpu,SDPcpu,SDio,"
    "h,hms,hmbs,hpds,hmax,hmaxk,hmaxel,hmaxib,hmqd,pc,pad,rg,"
    "sbt,sbwtdcpu,sbwtdio,sbwt,scl,sct,secio,sfwi,stbt,swct,swtdcpu,swtdio,swt,sws,sss,sssdcpu,"
    "sssdio,spp,sub,zdbbl,zdntgc,zebwt,zosrl,zhft,"
    "Mea,Mummc,Muycs,Musac,Mim,Mis,Mlpm,MMamcbf,MMrmcbf,MMmcs,MMscs,MMscrfsd,MMsco,MMscrpm,MMlp,"
    "MYe,MYm,MYtp,MYtt,MIscs,MXscs,Mdai";

/// +M, the letter of an allocator (u: all of them), and one of these take a value too.
constexpr std::string_view kAllocators = "uBIDEFHLRSTZ";
constexpr std::string_view kAllocatorSuffixes =
    "as,asbcst,atags,acul,acnl,acfml,acful,cp,e,t,lmbcs,mbcgs,mbsd,mmbcs,mmmbc,mmsbc,msbclt,ramv,"
    "rmbcmt,rsbcmt,rsbcst,sbct,smbcs";

/// What erlexec does with a flag that begins with '-'. All others are passed on as they are.
enum class Minus : char {
  kRefuse,  // prints, compiles or detaches instead of starting a system, or erlexec refuses it too
  kDrop,
  kPass,
  kNoInput,
  kNoEpmd,
  // With the word after it:
  kFirstWithValue,
  kNode = kFirstWithValue,
  kPassWithValue,
  kStartEpmd,
  kDropWithValue,
  kType,
  kFlavor,
  kSetVariable,
};

struct MinusRule {
  const char* flags;  // between commas, without their '-'
  Minus action;
};

constexpr MinusRule kMinusRules[] = {
    {"compile,make,man,detached,emu_args_exit,emu_name_exit,emu_qouted_cmd_exit,version,configfd,"
     "smpdisable",
     Minus::kRefuse},
    {"emu_args", Minus::kDrop},  // prints the command line
    {"noinput", Minus::kNoInput},
    {"no_epmd", Minus::kNoEpmd},
    {"name,sname", Minus::kNode},
    {"proto_dist", Minus::kPassWithValue},
    {"start_epmd", Minus::kStartEpmd},
    {"epmd", Minus::kDropWithValue},  // which epmd to start: none
    {"emu_type", Minus::kType},
    {"emu_flavor", Minus::kFlavor},
    {"env", Minus::kSetVariable},
};

/// string_view::substr can throw, which takes object code of the C++ library.
std::string_view without_first(std::string_view text, size_t count) {
  text.remove_prefix(count);
  return text;
}

bool takes_value(std::string_view flag) {
  if (flag.starts_with("+J")) return true;
  if (pid1::is_listed(kPlusWithValue, without_first(flag, 1))) return true;
  if (!flag.starts_with("+M") || flag.size() < 3) return false;
  bool allocator = false;
  for (const char c : kAllocators) allocator = allocator || c == flag[2];
  return allocator && pid1::is_listed(kAllocatorSuffixes, without_first(flag, 3));
}

/// What erlexec refuses: +I, +SD and +B with anything else behind them than it knows.
bool is_misspelt(std::string_view flag) {
  std::string_view known = flag.starts_with("+I")    ? "IOt,IOp,IOPt,IOPp,IOs"
                           : flag.starts_with("+SD") ? "SDcpu,SDPcpu,SDio"
                           : flag.starts_with("+B")  ? "Bi,Bc,Bd"
                                                     : "";
  if (known.empty() || flag == "+B") return false;
  while (!known.empty()) {
    if (without_first(flag, 1).starts_with(pid1::take_until(known, ','))) return false;
  }
  return true;
}

/// Splits the command line and the flag variables, and sorts the words as erlexec does.
class Erlexec {
 public:
  Erlexec(Draft& draft, StringVector& flags, StringVector& extra, StringVector& emulator_flags,
          StringVector& arguments)
      : draft_(draft),
        flags_(flags),
        extra_(extra),
        emulator_flags_(emulator_flags),
        arguments_(arguments) {}

  /// initial_argv_massage(): the words of all sources, with those behind an -extra at the end.
  Outcome<> collect_all(const StringVector& command_line) {
    BEAM_INIT_PASS(collect_text(draft_.get("ERL_AFLAGS"), false, 0));
    BEAM_INIT_PASS(collect(command_line, 0));
    // One separator for the end of the command line, one more for its -extra.
    draft_.add(flags_, kSeparator);
    if (has_extra(command_line)) draft_.add(flags_, kSeparator);
    BEAM_INIT_PASS(collect_text(draft_.get("ERL_FLAGS"), false, 0));
    BEAM_INIT_PASS(collect_text(draft_.get("ERL_ZFLAGS"), false, 0));
    if (extra_.size() == 0) return {};
    draft_.add(flags_, kExtra);
    draft_.add_all(flags_, extra_);
    return {};
  }

  /// main()'s loop: what is for the emulator, and what for the Erlang system.
  Outcome<> sort() {
    for (size_t i = 0; i < flags_.size();) {
      const char* const* here = flags_.data() + i;
      const std::string_view word = flags_[i];
      if (word == kExtra) {
        while (i < flags_.size()) draft_.add(arguments_, flags_[i++]);
        break;
      }
      size_t used = 1;
      if (word.starts_with('-') && word.size() > 1) {
        BEAM_INIT_PASS(minus(here, used));
      } else if (word.starts_with('+')) {
        BEAM_INIT_PASS(plus(here, used));
      } else {
        draft_.add(arguments_, word);
      }
      i += used;
    }
    if (!distributed_ || !start_epmd_) return {};
    return fail("-sname and -name make erl start epmd through a shell, and there is none; give "
                "'-start_epmd false -erl_epmd_port PORT' too, or neither");
  }

  [[nodiscard]] const char* flavor() const { return flavor_; }

 private:
  static bool has_extra(const StringVector& words) {
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] == kExtra) return true;
    }
    return false;
  }

  /// Words of one source, in order. `depth`: how many -args_file deep.
  Outcome<> collect(const StringVector& words, int depth) {
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string_view word = words[i];
      if (word == "-args_file") {
        if (++i == words.size()) return fail("-args_file needs a file name after it");
        BEAM_INIT_PASS(collect_file(words.data()[i], depth + 1));
      } else if (word == kExtra) {
        while (++i < words.size()) draft_.add(extra_, words[i]);
      } else {
        draft_.add(flags_, word);
      }
    }
    return {};
  }

  /// The words of a text. One without -extra ends in a separator, so that its flags do not run into
  /// those of the next source (build_args_from_string); for a variable -extra brings a separator too.
  Outcome<> collect_text(std::string_view text, bool is_file, int depth) {
    char* slots[kMaxWords];
    StringVector words(draft_.arena(), slots);
    BEAM_INIT_PASS(split_flags(text, is_file, draft_, words));
    BEAM_INIT_PASS(collect(words, depth));
    if (words.size() > 0 && !(is_file && has_extra(words))) draft_.add(flags_, kSeparator);
    return {};
  }

  Outcome<> collect_file(const char* path, int depth) {
    if (depth > kMaxNesting) {
      return fail("-args_file {}: too many files within each other; does one name itself?", path);
    }
    const auto text = pid1::read_file(path, draft_.arena().rest());
    BEAM_INIT_TRY(text, path, "-args_file (vm.args) names a file of flags for the BEAM");
    // Kept: the words are copied behind it.
    draft_.arena().keep(text->size() + 1);
    if (strlen(text->data()) != text->size()) {
      return fail("-args_file {}: it has a NUL byte; it must be text", path);
    }
    return collect_text(*text, true, depth);
  }

  /// NEXT_ARG_CHECK: a word follows, and is no separator. The words end with a NULL.
  static Outcome<> need(const char* flag, const char* value) {
    if (value != nullptr && value != kSeparator) return {};
    return fail("{} needs a value after it; check vm.args and ERL_*FLAGS", flag);
  }

  /// A flag that begins with '-'; `used` becomes the number of words it took.
  Outcome<> minus(const char* const* words, size_t& used) {
    const std::string_view flag = words[0];
    const MinusRule* rule = std::begin(kMinusRules);
    while (rule != std::end(kMinusRules) && !pid1::is_listed(rule->flags, without_first(flag, 1))) {
      ++rule;
    }
    const Minus action = rule != std::end(kMinusRules) ? rule->action : Minus::kPass;
    const std::string_view value = words[1] != nullptr ? words[1] : "";
    if (action >= Minus::kFirstWithValue) {
      BEAM_INIT_PASS(need(words[0], words[1]));
      used = 2;
    }
    switch (action) {
      case Minus::kRefuse:
        return fail("{} has no meaning for an init; remove it from vm.args and ERL_*FLAGS",
                    words[0]);
      case Minus::kDrop:
      case Minus::kDropWithValue:
        return {};
      case Minus::kNoInput:
        draft_.add(arguments_, "-noshell");
        break;
      case Minus::kSetVariable:
        BEAM_INIT_PASS(need(words[0], words[2]));
        used = 3;
        draft_.set(words[1], words[2]);
        return {};
      case Minus::kType:
        if (value != "opt") return fail("-emu_type {}: only 'opt' is there; remove it", words[1]);
        used = 1;  // the value is read as a word of its own next
        break;
      case Minus::kFlavor:
        flavor_ = words[1];
        used = 1;
        break;
      case Minus::kNoEpmd:
        start_epmd_ = false;
        break;
      case Minus::kStartEpmd:
        start_epmd_ = value == "true";
        if (!pid1::is_listed("true,false", value)) {
          return fail("-start_epmd takes true or false, not '{}'", words[1]);
        }
        break;
      case Minus::kNode:
        distributed_ = true;
        break;
      case Minus::kPass:
      case Minus::kPassWithValue:
        break;
    }
    draft_.add(arguments_, flag);
    if (used == 2) draft_.add(arguments_, value);
    return {};
  }

  /// A flag that begins with '+'; `used` becomes the number of words it took.
  Outcome<> plus(const char* const* words, size_t& used) {
    const std::string_view flag = words[0];
    if (flag.starts_with("++")) {
      draft_.add(arguments_, flag);
      return {};
    }
    if (is_misspelt(flag)) {
      return fail("{} is not a flag of the BEAM; check vm.args and ERL_*FLAGS", words[0]);
    }
    if (flag == "+B" || flag == "+c") {
      // An optional value: i, c or d for +B, a boolean for +c.
      const char* const next = words[1] != nullptr ? words[1] : "";
      used += pid1::is_listed(flag == "+B" ? "i,c,d" : "true,false", next) ? 1 : 0;
    } else if (takes_value(flag)) {
      BEAM_INIT_PASS(need(words[0], words[1]));
      used = 2;
    }
    // +X becomes -X: the word is ours to change.
    *const_cast<char*>(words[0]) = '-';
    draft_.add(emulator_flags_, flag);
    if (used == 2) draft_.add(emulator_flags_, words[1]);
    return {};
  }

  Draft& draft_;
  StringVector& flags_;
  StringVector& extra_;
  StringVector& emulator_flags_;
  StringVector& arguments_;
  bool distributed_ = false;
  bool start_epmd_ = true;
  const char* flavor_ = "smp";
};

/// BINDIR:ROOTDIR/bin before a PATH that names no part of ROOTDIR; else BINDIR to its front, and
/// nowhere else.
void prepend_path(const Emulator& emulator, Draft& draft) {
  std::string_view rest = draft.get("PATH");
  const bool names_root = pid1::contains(rest, emulator.root);
  const char* path = draft.text(names_root ? "{}" : "{}:{}/bin", emulator.bindir, emulator.root);
  while (!rest.empty()) {
    const std::string_view element = pid1::take_until(rest, ':');
    if (names_root && element == emulator.bindir) continue;
    path = draft.text("{}:{}", path, draft.keep(element));
  }
  draft.set("PATH", path);
}

}  // namespace

Outcome<> split_flags(std::string_view text, bool comments, Draft& draft, StringVector& words) {
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
        word[40] = '\0';
        return fail("a flag of more than 4096 bytes: '{}...'; is a quote missing?", word);
      }
      word[size++] = c;
    }
    draft.add(words, {word, size});
  }
}

Outcome<> build_beam_argv(const Emulator& emulator, const StringVector& arguments, Draft& draft,
                          StringVector& argv) {
  static char* slots[4][kMaxWords];
  StringVector flags(draft.arena(), slots[0]);
  StringVector extra(draft.arena(), slots[1]);
  StringVector emulator_flags(draft.arena(), slots[2]);
  StringVector user_arguments(draft.arena(), slots[3]);
  Erlexec erlexec(draft, flags, extra, emulator_flags, user_arguments);
  BEAM_INIT_PASS(erlexec.collect_all(arguments));

  draft.set("ROOTDIR", emulator.root);
  draft.set("BINDIR", emulator.bindir);
  draft.set("EMU", "beam");
  draft.set("PROGNAME", emulator.progname);
  prepend_path(emulator, draft);
  // Before -env is read, as in erlexec.
  const char* const home = draft.get("HOME");
  const char* const epmd_port = draft.get("ERL_EPMD_PORT");
  BEAM_INIT_PASS(erlexec.sort());

  draft.add_words(argv, "{}/beam.{}", emulator.bindir, erlexec.flavor());
  draft.add_all(argv, emulator_flags);
  draft.add_words(argv, "-- -root {} -bindir {} -progname {} --", emulator.root, emulator.bindir,
                  emulator.progname);
  if (*home != '\0') draft.add_words(argv, "-home {}", home);
  if (*epmd_port != '\0') draft.add_words(argv, "-epmd_port {}", epmd_port);
  draft.add(argv, kSeparator);
  draft.add_all(argv, user_arguments);
  return draft.outcome();
}

}  // namespace beam_init
