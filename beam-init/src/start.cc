// SPDX-License-Identifier: Apache-2.0
#include "start.h"

#include "build.h"
#include "erlexec.h"
#include "pid1/file.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

/// Exports RELEASE_SYS_CONFIG; `runtime`: it is to be completed at run time.
Outcome prepare_sys_config(const Release& release, Draft& draft, bool& runtime) {
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
    BEAM_INIT_TRY(pid1::write_file(copy, text, 0600), copy,
                  "RELEASE_TMP must be a writable directory (default /tmp)");
  }
  draft.set("RELEASE_SYS_CONFIG", base);
  return {};
}

}  // namespace

void set_default_environment(Draft& draft) {
  draft.set_defaults(
      "HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=linux "
      "LANG=C.UTF-8 "
      // A crash dump would fill the memory that the root is made of.
      "ERL_CRASH_DUMP_SECONDS=0");
}

Outcome build_erl_arguments(const Release& release, const pid1::StringVector& user_arguments,
                            bool console_is_terminal, Draft& draft, pid1::StringVector& arguments) {
  draft.set_defaults(
      "RELEASE_ROOT={} RELEASE_VSN={} RELEASE_NAME={} RELEASE_COMMAND=start "
      "RELEASE_MODE=embedded RELEASE_TMP=/tmp RELEASE_DISTRIBUTION=none "
      "RELEASE_BOOT_SCRIPT=start RELEASE_BOOT_SCRIPT_CLEAN=start_clean",
      release.root, release.version, release.name);
  draft.set_defaults("RELEASE_PROG={} RELEASE_NODE={}", release.name, draft.get("RELEASE_NAME"));
  draft.set_defaults("RELEASE_VM_ARGS={}/vm.args RELEASE_REMOTE_VM_ARGS={}/remote.vm.args",
                     release.version_dir, release.version_dir);
  const char* const distribution = draft.get("RELEASE_DISTRIBUTION");
  if (!pid1::equals(distribution, "none")) {
    return fail(
        "RELEASE_DISTRIBUTION={}: there is no epmd for it to start; set "
        "beam.env.RELEASE_DISTRIBUTION=none",
        distribution);
  }
  bool runtime_config = false;
  BEAM_INIT_PASS(prepare_sys_config(release, draft, runtime_config));

  const char* const boot_script = draft.get("RELEASE_BOOT_SCRIPT");
  const char* const boot_file = draft.text("{}/{}.boot", release.version_dir, boot_script);
  if (!pid1::exists(boot_file)) {
    return fail(
        "the release has no {}; build it again, or name another boot script with "
        "beam.env.RELEASE_BOOT_SCRIPT=NAME",
        boot_file);
  }

  draft.add(arguments, "-noshell");
  if (release.elixir) {
    split_flags(draft.get("ELIXIR_ERL_OPTIONS"), "", draft, arguments);
    if (console_is_terminal && *draft.get("NO_COLOR") == '\0') {
      draft.add_words(arguments, "-elixir ansi_enabled true");
    }
    draft.add_words(arguments, "-s elixir start_cli");
  }
  draft.add_words(arguments, runtime_config ? "-elixir config_provider_reboot_mode {}" : "-mode {}",
                  draft.get("RELEASE_MODE"));
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
  if (release.elixir) draft.add_words(arguments, "-extra --no-halt");
  return draft.outcome();
}

}  // namespace beam_init
