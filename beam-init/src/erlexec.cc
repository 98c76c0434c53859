// SPDX-License-Identifier: Apache-2.0
#include "erlexec.h"

#include <cstring>

#include "build.h"
#include "pid1/file.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

using pid1::StringVector;

constexpr const char* kSeparator = "--";
constexpr const char* kExtra = "-extra";
constexpr size_t kMaxWords = 2048;
constexpr int kMaxNesting = 8;

/// The + flags whose value is the next word (+J with anything behind it is another). The rest stand
/// alone, or are misspelt and beam.smp's to refuse.
constexpr const char* kPlusWithValue =
    "a,A,C,e,i,n,P,Q,t,T,R,W,K,IOt,IOp,IOPt,IOPp,IOs,S,SP,SDcpu,SDPcpu,SDio,"
    "h,hms,hmbs,hpds,hmax,hmaxk,hmaxel,hmaxib,hmqd,pc,pad,rg,"
    "sbt,sbwtdcpu,sbwtdio,sbwt,scl,sct,secio,sfwi,stbt,swct,swtdcpu,swtdio,swt,sws,sss,sssdcpu,"
    "sssdio,spp,sub,zdbbl,zdntgc,zebwt,zosrl,zhft,"
    "Mea,Mummc,Muycs,Musac,Mim,Mis,Mlpm,MMamcbf,MMrmcbf,MMmcs,MMscs,MMscrfsd,MMsco,MMscrpm,MMlp,"
    "MYe,MYm,MYtp,MYtt,MIscs,MXscs,Mdai";

/// +M, the letter of an allocator (u: all of them), and one of these take a value too.
constexpr const char* kAllocators = "uBIDEFHLRSTZ";
constexpr const char* kAllocatorSuffixes =
    "as,asbcst,atags,acul,acnl,acfml,acful,cp,e,t,lmbcs,mbcgs,mbsd,mmbcs,mmmbc,mmsbc,msbclt,ramv,"
    "rmbcmt,rsbcmt,rsbcst,sbct,smbcs";

/// Flags that begin with '-': erlexec prints, compiles or detaches instead of starting a system, or
/// refuses them too. -S takes all that follows, and the release's own flags follow.
constexpr const char* kRefused =
    "compile,make,man,detached,emu_args_exit,emu_name_exit,emu_qouted_cmd_exit,version,configfd,S";
/// -emu_args prints the command line, -keep_window is for Windows.
constexpr const char* kDropped = "emu_args,keep_window";
/// Those that take the next word. All that stand nowhere here are passed on as they are.
constexpr const char* kMinusWithValue = "name,sname,proto_dist,start_epmd,epmd,env";

Outcome fail_meaningless(const char* flag) {
  return fail("{} has no meaning for an init; remove it from vm.args and ERL_*FLAGS", flag);
}

bool takes_value(const char* flag) {
  if (flag[1] == 'J' || pid1::is_listed(kPlusWithValue, flag + 1)) return true;
  return flag[1] == 'M' && flag[2] != '\0' && *pid1::find(kAllocators, flag[2]) != '\0' &&
         pid1::is_listed(kAllocatorSuffixes, flag + 3);
}

/// What erlexec refuses: +I, +SD and +B with anything else behind them than it knows.
bool is_misspelt(const char* flag) {
  // One NUL behind each; what follows them in the flag does not matter.
  const char* known = pid1::after(flag, "+I")    ? "IOt\0IOp\0IOPt\0IOPp\0IOs\0"
                      : pid1::after(flag, "+SD") ? "SDcpu\0SDPcpu\0SDio\0"
                      : pid1::after(flag, "+B")  ? "Bi\0Bc\0Bd\0"
                                                 : "";
  if (*known == '\0' || pid1::equals(flag, "+B")) return false;
  for (; *known != '\0'; known += strlen(known) + 1) {
    if (pid1::after(flag + 1, known) != nullptr) return false;
  }
  return true;
}

/// Splits the command line and the flag variables, and sorts the words as erlexec does.
class Erlexec {
 public:
  Erlexec(Draft& draft, Node* node) : draft_(draft), node_(node) {}

  /// initial_argv_massage(): the words of all sources, with those behind an -extra at the end.
  Outcome collect_all(char* const* command_line) {
    BEAM_INIT_PASS(collect_variable("ERL_AFLAGS"));
    BEAM_INIT_PASS(collect(command_line, 0));
    // One separator for the end of the command line, one more for its -extra.
    if (found_extra_) draft_.add(flags_, kSeparator);
    if (*command_line != nullptr) draft_.add(flags_, kSeparator);
    BEAM_INIT_PASS(collect_variable("ERL_FLAGS"));
    return collect_variable("ERL_ZFLAGS");
  }

  /// main()'s first loop: which emulator. It looks at every word, whatever flag it is a value of.
  Outcome choose_emulator() {
    const char* type = "opt";
    for (char* const* words = flags_.data(); *words != nullptr; ++words) {
      const char* const flag = words[0];
      const char* const value = words[1];
      const bool is_smp = pid1::equals(flag, "-smp") && value != nullptr;
      if (pid1::equals(is_smp ? value : flag, is_smp ? "disable" : "-smpdisable")) {
        return fail_meaningless(flag);
      }
      if (!pid1::is_listed("-emu_flavor,-emu_type", flag)) continue;
      BEAM_INIT_PASS(need(flag, value));
      (pid1::equals(flag, "-emu_type") ? type : flavor_) = value;
      ++words;
    }
    if (pid1::equals(type, "opt")) return {};
    return fail("-emu_type {}: only 'opt' is there; remove it", type);
  }

  /// main()'s second loop: what is for the emulator, and what for the Erlang system.
  Outcome sort() {
    for (char* const* words = flags_.data(); *words != nullptr;) {
      size_t used = 1;
      if (**words == '-' && (*words)[1] != '\0') {
        BEAM_INIT_PASS(minus(words, used));
      } else if (**words == '+') {
        BEAM_INIT_PASS(plus(words, used));
      } else {
        draft_.add(arguments_, *words);
      }
      words += used;
    }
    if (node_ != nullptr && *node_->flag != '\0') {
      if (!distributed_) draft_.add_words(arguments_, "{} {}", node_->flag, node_->name);
      if (start_epmd_) {
        draft_.add_words(arguments_, "-start_epmd false -erl_epmd_port {}", node_->port);
      }
      start_epmd_ = false;
    }
    if (extra_.size() > 0) {
      draft_.add(arguments_, kExtra);
      draft_.add_all(arguments_, extra_.data());
    }
    if (no_epmd_ && !proto_dist_)
      return fail("-no_epmd needs -proto_dist; give that too, or neither");
    if (!distributed_ || !start_epmd_) return {};
    return fail(
        "-sname and -name make erl start epmd through a shell, and there is none; give "
        "'-start_epmd false -erl_epmd_port PORT' too, or neither");
  }

  [[nodiscard]] const char* flavor() const { return flavor_; }
  [[nodiscard]] char* const* emulator_flags() const { return emulator_flags_.data(); }
  [[nodiscard]] char* const* arguments() const { return arguments_.data(); }

 private:
  /// Words of one source, in order; tells with found_extra_ if one was -extra. `depth`: how many
  /// -args_file deep.
  Outcome collect(char* const* words, int depth) {
    bool extra = false;
    for (; *words != nullptr; ++words) {
      if (extra) {
        draft_.add(extra_, *words);
      } else if (pid1::equals(*words, kExtra)) {
        extra = true;
      } else if (pid1::equals(*words, "-args_file")) {
        ++words;
        if (*words == nullptr || pid1::equals(*words, kExtra)) {
          return fail("-args_file needs a file name after it");
        }
        BEAM_INIT_PASS(collect_file(*words, depth + 1));
      } else {
        draft_.add(flags_, *words);
      }
    }
    found_extra_ = extra;
    return {};
  }

  Outcome collect_variable(const char* name) {
    return collect_text(draft_.get(name), name, false, 0);
  }

  /// The words of a text. One without -extra ends in a separator, so that its flags do not run into
  /// those of the next source (build_args_from_string); for a variable -extra brings a separator
  /// too.
  Outcome collect_text(const char* text, const char* source, bool is_file, int depth) {
    char* slots[kMaxWords];
    StringVector words(slots);
    split_flags(text, is_file ? kSpecial : kSpecial + 1, draft_, words);
    BEAM_INIT_PASS(collect(words.data(), depth));
    if (words.size() > 0 && !(is_file && found_extra_)) draft_.add(flags_, kSeparator);
    return draft_.outcome(source);
  }

  Outcome collect_file(const char* path, int depth) {
    if (depth > kMaxNesting) {
      return fail("-args_file {}: too many files within each other; does one name itself?", path);
    }
    char* text = nullptr;
    BEAM_INIT_PASS(
        draft_.read(path, "-args_file (vm.args) names a file of flags for the BEAM", text));
    return collect_text(text, path, true, depth);
  }

  /// NEXT_ARG_CHECK: a word follows, and is no separator. The words end with a NULL.
  static Outcome need(const char* flag, const char* value) {
    if (value != nullptr && !pid1::equals(value, kSeparator)) return {};
    return fail("{} needs a value after it; check vm.args and ERL_*FLAGS", flag);
  }

  /// A flag that begins with '-'; `used` becomes the number of words it took.
  Outcome minus(char* const* words, size_t& used) {
    const char* const flag = words[0];
    const char* const value = words[1];
    const auto is = [name = flag + 1](const char* other) { return pid1::equals(name, other); };
    if (pid1::is_listed(kRefused, flag + 1)) return fail_meaningless(flag);
    if (pid1::is_listed(kDropped, flag + 1)) return {};
    if (node_ != nullptr && value != nullptr && takes_from_node(words)) {
      used = 2;
      return {};
    }
    if (is("noinput")) draft_.add(arguments_, "-noshell");
    if (is("no_epmd")) {
      no_epmd_ = true;
      start_epmd_ = false;
    }
    if (pid1::is_listed(kMinusWithValue, flag + 1)) {
      BEAM_INIT_PASS(need(flag, value));
      used = 2;
      if (is("epmd")) return {};  // which epmd to start: none
      if (is("env")) {
        BEAM_INIT_PASS(need(flag, words[2]));
        used = 3;
        draft_.set(value, words[2]);
        return {};
      }
      if (is("start_epmd")) {
        start_epmd_ = pid1::equals(value, "true");
        if (!pid1::is_listed("true,false", value)) {
          return fail("-start_epmd takes true or false, not '{}'", value);
        }
      }
      if (is("proto_dist")) proto_dist_ = true;
      if (pid1::is_listed("name,sname", flag + 1)) distributed_ = true;
    }
    draft_.add(arguments_, flag);
    if (used == 2) draft_.add(arguments_, value);
    return {};
  }

  /// What the node decides, not the flags: the name without distribution, the cookie (but not that
  /// of another node, -setcookie NODE COOKIE).
  bool takes_from_node(char* const* words) {
    if (pid1::equals(words[0], "-setcookie")) {
      const char* const third = words[2];
      if (third != nullptr && *third != '-' && *third != '+') return false;
      node_->cookie = words[1];
      return true;
    }
    if (*node_->flag != '\0' || !pid1::is_listed("-name,-sname", words[0])) return false;
    node_->name_dropped = true;
    return true;
  }

  /// A flag that begins with '+'; `used` becomes the number of words it took.
  Outcome plus(char* const* words, size_t& used) {
    char* const flag = words[0];
    const char* const value = words[1];
    if (flag[1] == '+') {
      // What erlexec makes of the command line's -S, and then knows it by.
      if (pid1::equals(flag, "++S")) return fail_meaningless(flag);
      draft_.add(arguments_, flag);
      return {};
    }
    if (is_misspelt(flag)) {
      return fail("{} is not a flag of the BEAM; check vm.args and ERL_*FLAGS", flag);
    }
    if (pid1::is_listed("B,c", flag + 1)) {
      // An optional value: i, c or d for +B, a boolean for +c.
      const char* const values = flag[1] == 'B' ? "i,c,d" : "true,false";
      if (value != nullptr && pid1::is_listed(values, value)) used = 2;
    } else if (takes_value(flag)) {
      BEAM_INIT_PASS(need(flag, value));
      used = 2;
    }
    // +X becomes -X: the word is ours to change.
    *flag = '-';
    draft_.add(emulator_flags_, flag);
    if (used == 2) draft_.add(emulator_flags_, value);
    return {};
  }

  Draft& draft_;
  Node* node_;
  bool distributed_ = false;
  bool start_epmd_ = true;
  bool no_epmd_ = false;
  bool proto_dist_ = false;
  bool found_extra_ = false;
  const char* flavor_ = "smp";
  StringVector flags_{slots_[0]};
  StringVector extra_{slots_[1]};
  StringVector emulator_flags_{slots_[2]};
  StringVector arguments_{slots_[3]};
  static inline char* slots_[4][kMaxWords];
};

/// BINDIR:ROOTDIR/bin before a PATH that names no part of ROOTDIR; else BINDIR to its front, and
/// nowhere else.
void prepend_path(const Emulator& emulator, Draft& draft) {
  char* rest = draft.text("{}", draft.get("PATH"));
  const bool names_root = pid1::contains(rest, emulator.root);
  const char* path = draft.text(names_root ? "{}" : "{}:{}/bin", emulator.bindir, emulator.root);
  for (bool more = *rest != '\0'; more;) {
    const char* const element = rest;
    more = *pid1::find(rest, ':') != '\0';
    rest = pid1::split(rest, ':');
    if (names_root && pid1::equals(element, emulator.bindir)) continue;
    path = draft.text("{}:{}", path, element);
  }
  draft.set("PATH", path);
}

}  // namespace

void split_flags(const char* text, const char* special, Draft& draft, StringVector& words) {
  // In a copy, and in place: a word is never longer than what it is made of.
  char* from = draft.text("{}", text);
  char* to = from;
  char within = '\0';  // a quote, or the # of a comment
  bool in_word = false;
  for (; *from != '\0'; ++from) {
    const char c = *from;
    if (within == '#') {
      if (c == '\n') within = '\0';
      continue;
    }
    const bool is_special = *pid1::find(special, c) != '\0';
    const bool comment = is_special && c == '#';
    if (within == '\0' && (pid1::is_blank(c) || comment)) {
      if (in_word) *to++ = '\0';
      in_word = false;
      if (comment) within = c;
      continue;
    }
    if (!in_word) draft.add(words, to);
    in_word = true;
    if (within != '\0' ? c == within : is_special && c != '\\') {
      within = within == '\0' ? c : '\0';
      continue;
    }
    if (within == '\0' && is_special && *++from == '\0') break;
    *to++ = *from;
  }
  *to = '\0';
}

Outcome build_beam_argv(const Emulator& emulator, const StringVector& arguments, Draft& draft,
                        StringVector& argv, Node* node) {
  Erlexec erlexec(draft, node);
  BEAM_INIT_PASS(erlexec.collect_all(arguments.data()));

  draft.set("ROOTDIR", emulator.root);
  draft.set("BINDIR", emulator.bindir);
  draft.set("EMU", "beam");
  draft.set("PROGNAME", emulator.progname);
  prepend_path(emulator, draft);
  // Before -env is read, as in erlexec.
  const char* const home = draft.get("HOME");
  const char* const epmd_port = draft.get("ERL_EPMD_PORT");
  BEAM_INIT_PASS(erlexec.choose_emulator());
  BEAM_INIT_PASS(erlexec.sort());

  draft.add_words(argv, "{}/beam.{}", emulator.bindir, erlexec.flavor());
  draft.add_all(argv, erlexec.emulator_flags());
  draft.add_words(argv, "-- -root {} -bindir {} -progname {} --", emulator.root, emulator.bindir,
                  emulator.progname);
  if (*home != '\0') draft.add_words(argv, "-home {}", home);
  if (*epmd_port != '\0') draft.add_words(argv, "-epmd_port {}", epmd_port);
  draft.add(argv, kSeparator);
  draft.add_all(argv, erlexec.arguments());
  return draft.outcome();
}

}  // namespace beam_init
