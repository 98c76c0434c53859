// SPDX-License-Identifier: Apache-2.0
#include "start.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "build.h"
#include "erlexec.h"
#include "pid1/file.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

/// Exports RELEASE_SYS_CONFIG; `runtime`: it is to be completed at run time.
Outcome prepare_sys_config(const Release& release, const User& user, Draft& draft, bool& runtime) {
  const char* base = draft.get("RELEASE_SYS_CONFIG");
  const bool given = *base != '\0';
  if (!given) base = draft.text("{}/sys", release.version_dir);
  const char* const file = draft.text("{}.config", base);
  if (!given && !pid1::exists(file)) return {};
  char* text = nullptr;
  BEAM_INIT_PASS(draft.read(file, "check the release's sys.config", text));
  runtime = pid1::contains(text, "RUNTIME_CONFIG=true");
  if (runtime) {
    base = draft.text("{}/{}-{}.runtime", draft.get("RELEASE_TMP"), draft.get("RELEASE_NAME"),
                      release.version);
    const char* const copy = draft.text("{}.config", base);
    BEAM_INIT_TRY(write_for_user(user, copy, text, 0600), copy,
                  "RELEASE_TMP must be a writable directory (default /tmp)");
  }
  draft.set("RELEASE_SYS_CONFIG", base);
  return {};
}

/// Fills in ${NAME} and ${NAME:-DEFAULT} as relx's script does: up to the first }, on one line; an
/// empty variable counts as none, and what is no name as an empty one.
char* fill_in(char* text, Draft& draft) {
  // Pieces come to lie one behind the other, each with its NUL; those go at the end.
  char* const filled = draft.text("", nullptr);
  const char* last = filled;
  while (*text != '\0') {
    char* hole = text;
    char* end = hole;
    // The next ${ that is closed on its line.
    for (; *hole != '\0'; ++hole) {
      if (pid1::after(hole, "${") == nullptr) continue;
      for (end = hole; *end != '}' && *end != '\n' && *end != '\0';)
        ++end;
      if (*end == '}') break;
    }
    const bool found = *hole != '\0';
    if (found) *hole = *end = '\0';
    last = draft.text("{}", text);
    if (!found) break;
    char* const name = hole + 2;
    char* fallback = name;
    while (*fallback != '\0' && pid1::after(fallback, ":-") == nullptr)
      ++fallback;
    const bool has_fallback = *fallback != '\0';
    *fallback = '\0';
    const char* value = draft.get(name);
    if (*value == '\0' && has_fallback) value = fallback + 2;
    last = draft.text("{}", value);
    text = end + 1;
  }
  char* to = filled;
  const char* const end = last + strlen(last);
  for (const char* from = filled; from < end; ++from) {
    if (*from != '\0') *to++ = *from;
  }
  *to = '\0';
  return filled;
}

/// The file that relx's script would use: the one that `variable` names, that of the release's root
/// or of its version; from FILE.src, if there is one, filled in. "": there is none. One that is
/// named is to be there.
Outcome find_relx_file(const Release& release, const User& user, const char* name,
                       const char* variable, Draft& draft, const char*& path) {
  path = draft.get(variable);
  const bool is_given = *path != '\0';
  if (!is_given) path = draft.text("{}/{}", release.root, name);
  if (!is_given && !pid1::exists(path)) path = draft.text("{}/{}", release.version_dir, name);
  const char* const source = draft.text("{}.src", path);
  const bool is_source = pid1::exists(source);
  if (!is_source && *draft.get("RELX_REPLACE_OS_VARS") == '\0') {
    if (!is_given && !pid1::exists(path)) path = "";
    return {};
  }
  char* text = nullptr;
  BEAM_INIT_PASS(draft.read(is_source ? source : path, "check the release", text));
  const char* directory = draft.get("RELX_OUT_FILE_PATH");
  if (*directory == '\0') directory = draft.get("RELEASE_TMP");
  path = draft.text("{}/{}", *directory == '\0' ? "/tmp" : directory, name);
  BEAM_INIT_TRY(write_for_user(user, path, fill_in(text, draft), 0600), path,
                "RELX_OUT_FILE_PATH must be a writable directory (default /tmp)");
  return {};
}

Outcome build_relx_arguments(const Release& release, const User& user,
                             const pid1::StringVector& user_arguments, Draft& draft,
                             pid1::StringVector& arguments) {
  draft.set_defaults("RUN_ERL_DISABLE_FLOWCNTRL=true REL_NAME={} RELEASE_NAME={} RELEASE_VSN={}",
                     release.name, release.name, release.version);
  draft.set_defaults("RELEASE_PROG={}/bin/{} RELX_RPC_TIMEOUT=60", release.root, release.name);
  const char* config = nullptr;
  const char* flags_file = nullptr;
  BEAM_INIT_PASS(find_relx_file(release, user, "sys.config", "RELX_CONFIG_PATH", draft, config));
  BEAM_INIT_PASS(find_relx_file(release, user, "vm.args", "VMARGS_PATH", draft, flags_file));
  const char* mode = draft.get("CODE_LOADING_MODE");
  if (*mode == '\0') mode = draft.get("RELEASE_MODE");
  if (*mode == '\0') mode = "embedded";
  const bool named = pid1::exists(draft.text("{}/{}.boot", release.version_dir, release.name));
  draft.add_words(arguments, "-noinput +Bd -boot {}/{} -mode {}", release.version_dir,
                  named ? release.name : "start", mode);
  draft.add_words(arguments, "-boot_var SYSTEM_LIB_DIR {}/lib", release.erts_root);
  if (*config != '\0') draft.add_words(arguments, "-config {}", config);
  if (*flags_file != '\0') draft.add_words(arguments, "-args_file {}", flags_file);
  draft.add_all(arguments, user_arguments.data());
  draft.add_words(arguments, "-- foreground");
  return draft.outcome();
}

constexpr const char* kScriptWords = "none|sname|name";
constexpr const char* kNodeFlags[] = {"", "-sname", "-name"};

}  // namespace

void set_default_environment(Draft& draft) {
  draft.set_defaults(
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=linux "
      "LANG=C.UTF-8 "
      // A crash dump would fill the memory that the root is made of.
      "ERL_CRASH_DUMP_SECONDS=0");
}

Outcome name_node(const Settings& settings, const Network& network, const Release& release,
                  Draft& draft, Node& node) {
  auto kind = static_cast<int>(settings.distribution);
  if (kind == 0) {
    const char* const word = draft.get("RELEASE_DISTRIBUTION");
    if (*word != '\0') kind = pid1::index_of(kScriptWords, word, '|');
    if (kind < 0) {
      return fail("RELEASE_DISTRIBUTION={}: it is none, sname or name; or give beam.dist=", word);
    }
  }
  if (release.kind <= Release::Kind::kMix) {
    char word[8];
    draft.set("RELEASE_DISTRIBUTION", word_at(kScriptWords, static_cast<unsigned>(kind), word));
  }
  if (*settings.node != '\0') draft.set("RELEASE_NODE", settings.node);
  node.flag = kNodeFlags[kind];
  if (kind == 0) return {};
  node.port = settings.dist_port;
  node.name = draft.get("RELEASE_NODE");
  if (*node.name == '\0') node.name = draft.get("RELEASE_NAME");
  if (*node.name == '\0') node.name = release.name;
  const bool is_long = kind == static_cast<int>(Distribution::kLong);
  if (!is_long || *pid1::find(node.name, '@') != '\0') return {};
  if (network.address == pid1::kNoIpv4) {
    return fail(
        "beam.node={}: a long name needs a host; give beam.node={}@HOST, or the machine an "
        "address",
        node.name, node.name);
  }
  const pid1::AddressText address(pid1::Address(network.address));
  node.name = draft.text("{}@{}", node.name, address.text());
  return {};
}

Outcome write_cookie(const Settings& settings, const User& user, const Release& release,
                     const Node& node, Draft& draft) {
  if (*node.flag == '\0') return {};
  const char* file = settings.cookie;
  char* text = draft.text("{}", *node.cookie != '\0' ? node.cookie : draft.get("RELEASE_COOKIE"));
  const char* const own = draft.text("{}/releases/COOKIE", release.root);
  if (*file == '\0' && *text == '\0' && pid1::exists(own)) file = own;
  if (*file != '\0') BEAM_INIT_PASS(draft.read(file, "its first line is the cookie", text));
  (void)pid1::split(text, '\n');
  text = pid1::trim(text);
  if (*text == '\0') {
    return fail(
        "distribution needs a cookie: give beam.cookie=FILE, RELEASE_COOKIE in the host's "
        "file, or {}",
        own);
  }
  const char* const path = draft.text("{}/.erlang.cookie", draft.get("HOME"));
  BEAM_INIT_TRY(write_for_user(user, path, text, 0400), path, "HOME must be a writable directory");
  return {};
}

const char* advice_on_exec(pid1::Error error) {
  if (error.code == E2BIG) return "shorten vm.args, ERL_*FLAGS or the environment";
  return "the file, or the dynamic linker that it names, is missing or for another machine";
}

Emulator emulator_of(const Release& release, Draft& draft) {
  if (release.kind != Release::Kind::kRelx) return {release.erts_root, release.bindir, "erl"};
  // What relx's script calls itself is its own path without the first slash.
  return {release.root, release.bindir, draft.text("{}/bin/{}", release.root + 1, release.name)};
}

Outcome build_erl_arguments(const Release& release, const User& user,
                            const pid1::StringVector& user_arguments, bool console_is_terminal,
                            const Node& node, Draft& draft, pid1::StringVector& arguments) {
  if (release.kind == Release::Kind::kNone) {
    draft.add_all(arguments, user_arguments.data());
    return draft.outcome();
  }
  if (release.kind == Release::Kind::kRelx) {
    return build_relx_arguments(release, user, user_arguments, draft, arguments);
  }
  const bool is_elixir = release.kind == Release::Kind::kMix;
  draft.set_defaults(
      "RELEASE_ROOT={} RELEASE_VSN={} RELEASE_NAME={} RELEASE_COMMAND=start "
      "RELEASE_MODE=embedded RELEASE_TMP=/tmp "
      "RELEASE_BOOT_SCRIPT=start RELEASE_BOOT_SCRIPT_CLEAN=start_clean",
      release.root, release.version, release.name);
  draft.set_defaults("RELEASE_PROG={} RELEASE_NODE={}", release.name, draft.get("RELEASE_NAME"));
  draft.set_defaults("RELEASE_VM_ARGS={}/vm.args RELEASE_REMOTE_VM_ARGS={}/remote.vm.args",
                     release.version_dir, release.version_dir);
  // Without them nothing below says what is wrong.
  BEAM_INIT_PASS(draft.outcome());
  bool runtime_config = false;
  BEAM_INIT_PASS(prepare_sys_config(release, user, draft, runtime_config));

  const char* const boot_script = draft.get("RELEASE_BOOT_SCRIPT");
  const char* const boot_file = draft.text("{}/{}.boot", release.version_dir, boot_script);
  if (!pid1::exists(boot_file)) {
    return fail(
        "the release has no {}; build it again, or name another boot script with "
        "beam.env.RELEASE_BOOT_SCRIPT=NAME",
        boot_file);
  }

  draft.add(arguments, "-noshell");
  if (is_elixir) {
    split_flags(draft.get("ELIXIR_ERL_OPTIONS"), "", draft, arguments);
    if (console_is_terminal && *draft.get("NO_COLOR") == '\0') {
      draft.add_words(arguments, "-elixir ansi_enabled true");
    }
    draft.add_words(arguments, "-s elixir start_cli");
  }
  draft.add_words(arguments, runtime_config ? "-elixir config_provider_reboot_mode {}" : "-mode {}",
                  draft.get("RELEASE_MODE"));
  if (*node.flag != '\0') draft.add_words(arguments, "{} {}", node.flag, node.name);
  const char* const config = draft.get("RELEASE_SYS_CONFIG");
  if (*config != '\0') draft.add_words(arguments, "-config {}", config);
  draft.add_words(arguments, "-boot {}/{} -boot_var RELEASE_LIB {}/lib", release.version_dir,
                  boot_script, release.root);
  // A release of systools has no vm.args; one that a setting names must be there.
  const char* const flags_file = draft.get("RELEASE_VM_ARGS");
  if (pid1::after(flags_file, release.version_dir) == nullptr || pid1::exists(flags_file)) {
    draft.add_words(arguments, "-args_file {}", flags_file);
  }
  draft.add_all(arguments, user_arguments.data());
  // Without --no-halt Elixir's start_cli halts the system when it has nothing more to do.
  if (is_elixir) draft.add_words(arguments, "-extra --no-halt");
  return draft.outcome();
}

}  // namespace beam_init
