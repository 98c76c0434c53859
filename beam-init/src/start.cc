// SPDX-License-Identifier: Apache-2.0
#include "start.h"

#include <unistd.h>

#include "build.h"
#include "erlexec.h"
#include "pid1/file.h"
#include "pid1/sys.h"

namespace beam_init {
namespace {

constexpr std::string_view kConfigSuffix = ".config";

struct Variable {
  const char* name;
  const char* value;
};

bool exists(const char* path) { return pid1::sys::access(path, F_OK).has_value(); }

bool contains(std::string_view text, std::string_view part) {
  for (; text.size() >= part.size(); text.remove_prefix(1)) {
    if (text.starts_with(part)) return true;
  }
  return false;
}

/// `parts` joined; a failure of the step when they do not fit.
Outcome<const char*> join(pid1::Arena& arena, std::initializer_list<std::string_view> parts) {
  const auto text = arena.copy(parts);
  if (!text.has_value()) return fail(text.error(), *parts.begin(), "use shorter names");
  return text->data();
}

/// Exports RELEASE_SYS_CONFIG; `runtime`: it is to be completed at run time.
Outcome<> prepare_sys_config(const Release& release, pid1::Arena& arena,
                             pid1::Environment& environment, bool& runtime) {
  const std::string_view given = environment.get("RELEASE_SYS_CONFIG");
  const auto source = given.empty() ? join(arena, {release.version_dir, "/sys", kConfigSuffix})
                                    : join(arena, {given, kConfigSuffix});
  BEAM_INIT_PASS(source);
  if (given.empty() && !exists(*source)) return {};
  const auto text = pid1::read_file(*source, arena.rest());
  BEAM_INIT_TRY(text, *source, "check the release's sys.config");
  runtime = contains(*text, "RUNTIME_CONFIG=true");
  std::string_view used = *source;
  if (runtime) {
    arena.keep(text->size() + 1);
    const auto copy = join(arena, {environment.get("RELEASE_TMP"), "/",
                                   environment.get("RELEASE_NAME"), "-",
                                   environment.get("RELEASE_VSN"), ".runtime", kConfigSuffix});
    BEAM_INIT_PASS(copy);
    BEAM_INIT_TRY(pid1::write_file(*copy, *text, 0600), *copy,
                  "RELEASE_TMP must be a writable directory (default /tmp)");
    used = *copy;
  }
  used.remove_suffix(kConfigSuffix.size());
  return set_variable(environment, "RELEASE_SYS_CONFIG", used);
}

}  // namespace

Outcome<> set_default_environment(pid1::Environment& environment) {
  constexpr Variable kDefaults[] = {
      {"HOME", "/root"},
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"TERM", "linux"},
      {"LANG", "C.UTF-8"},
      // A crash dump would fill the memory that the root is made of.
      {"ERL_CRASH_DUMP_SECONDS", "0"},
  };
  for (const Variable& variable : kDefaults) {
    BEAM_INIT_PASS(set_variable(environment, variable.name, variable.value));
  }
  return {};
}

Outcome<> build_erl_arguments(const Release& release, const pid1::StringVector& user_arguments,
                              bool console_is_terminal, pid1::Arena& arena,
                              pid1::Environment& environment, pid1::StringVector& arguments) {
  const auto vm_args = join(arena, {release.version_dir, "/vm.args"});
  BEAM_INIT_PASS(vm_args);
  const auto remote_vm_args = join(arena, {release.version_dir, "/remote.vm.args"});
  BEAM_INIT_PASS(remote_vm_args);
  const Variable variables[] = {
      {"RELEASE_ROOT", release.root},
      {"RELEASE_NAME", release.name},
      {"RELEASE_VSN", release.version},
      {"RELEASE_COMMAND", "start"},
      {"RELEASE_PROG", release.name},
      {"RELEASE_MODE", "embedded"},
      {"RELEASE_NODE", release.name},
      {"RELEASE_TMP", "/tmp"},
      {"RELEASE_VM_ARGS", *vm_args},
      {"RELEASE_REMOTE_VM_ARGS", *remote_vm_args},
      {"RELEASE_DISTRIBUTION", "none"},
      {"RELEASE_BOOT_SCRIPT", "start"},
      {"RELEASE_BOOT_SCRIPT_CLEAN", "start_clean"},
  };
  for (const Variable& variable : variables) {
    // ${NAME:-value} of the script: an empty value counts as none.
    if (!environment.get(variable.name).empty()) continue;
    BEAM_INIT_PASS(set_variable(environment, variable.name, variable.value));
  }
  const std::string_view distribution = environment.get("RELEASE_DISTRIBUTION");
  if (distribution != "none") {
    return fail("RELEASE_DISTRIBUTION={}: there is no epmd for it to start; set "
                "beam.env.RELEASE_DISTRIBUTION=none",
                {distribution});
  }
  bool runtime_config = false;
  BEAM_INIT_PASS(prepare_sys_config(release, arena, environment, runtime_config));

  const std::string_view boot_script = environment.get("RELEASE_BOOT_SCRIPT");
  const auto boot = join(arena, {release.version_dir, "/", boot_script});
  BEAM_INIT_PASS(boot);
  const auto boot_file = join(arena, {*boot, ".boot"});
  BEAM_INIT_PASS(boot_file);
  if (!exists(*boot_file)) {
    return fail("the release has no {}; build it again, or name another boot script with "
                "beam.env.RELEASE_BOOT_SCRIPT=NAME",
                {*boot_file});
  }
  const auto lib = join(arena, {release.root, "/lib"});
  BEAM_INIT_PASS(lib);

  BEAM_INIT_PASS(add_words(arguments, {"-noshell"}));
  if (release.elixir) {
    BEAM_INIT_PASS(split_flags(environment.get("ELIXIR_ERL_OPTIONS"), false, arguments));
    if (console_is_terminal && environment.get("NO_COLOR").empty()) {
      BEAM_INIT_PASS(add_words(arguments, {"-elixir", "ansi_enabled", "true"}));
    }
    BEAM_INIT_PASS(add_words(arguments, {"-s", "elixir", "start_cli"}));
  }
  const std::string_view mode = environment.get("RELEASE_MODE");
  BEAM_INIT_PASS(runtime_config
                     ? add_words(arguments, {"-elixir", "config_provider_reboot_mode", mode})
                     : add_words(arguments, {"-mode", mode}));
  const std::string_view config = environment.get("RELEASE_SYS_CONFIG");
  if (!config.empty()) BEAM_INIT_PASS(add_words(arguments, {"-config", config}));
  BEAM_INIT_PASS(add_words(arguments, {"-boot", *boot, "-boot_var", "RELEASE_LIB", *lib}));
  const std::string_view flags_file = environment.get("RELEASE_VM_ARGS");
  // Named by a setting it must be there; a release of systools has none.
  if (flags_file != *vm_args || exists(*vm_args)) {
    BEAM_INIT_PASS(add_words(arguments, {"-args_file", flags_file}));
  }
  BEAM_INIT_PASS(add_all(arguments, user_arguments));
  // Without --no-halt Elixir's start_cli halts the system when it has nothing more to do.
  if (release.elixir) return add_words(arguments, {"-extra", "--no-halt"});
  return {};
}

}  // namespace beam_init
