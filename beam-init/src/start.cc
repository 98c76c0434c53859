// SPDX-License-Identifier: Apache-2.0
#include "start.h"

#include <errno.h>
#include <unistd.h>

#include <utility>

#include "erlexec.h"
#include "pid1/file.h"
#include "pid1/sys.h"

namespace beam_init {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

constexpr std::string_view kTooMany = "use fewer or shorter arguments and env. settings";

/// Sets NAME only where no setting has: `${NAME:-value}` of the script, which also replaces an empty
/// value.
Outcome<> set_default(pid1::Environment& environment, std::string_view name,
                      std::string_view value) {
  if (!environment.get(name).empty()) return {};
  BEAM_INIT_TRY(environment.set(name, value), kTooMany);
  return {};
}

Outcome<> add(pid1::StringVector& arguments, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) BEAM_INIT_TRY(arguments.append({word}), kTooMany);
  return {};
}

bool exists(std::string_view path) { return pid1::sys::access(path.data(), F_OK).has_value(); }

bool contains(std::string_view text, std::string_view part) {
  for (; text.size() >= part.size(); text.remove_prefix(1)) {
    if (text.starts_with(part)) return true;
  }
  return false;
}

/// Where sys.config is to be read from, without its `.config`, and whether it is to be completed at
/// run time. Nothing when the release has none.
struct SysConfig {
  std::string_view base;
  bool runtime = false;
};

Outcome<SysConfig> prepare_sys_config(const Release& release, pid1::Arena& arena,
                                      pid1::Environment& environment) {
  constexpr std::string_view kSuffix = ".config";
  SysConfig config;
  const std::string_view given = environment.get("RELEASE_SYS_CONFIG");
  const auto source = given.empty() ? arena.copy({release.version_dir, "/sys", kSuffix})
                                    : arena.copy({given, kSuffix});
  BEAM_INIT_TRY(source, kTooMany);
  if (given.empty() && !exists(*source)) return config;
  const auto text = pid1::read_file(source->data(), arena.rest());
  BEAM_INIT_TRY(text, "check the release's sys.config");
  config.base = {source->data(), source->size() - kSuffix.size()};
  config.runtime = contains(*text, "RUNTIME_CONFIG=true");
  if (config.runtime) {
    arena.keep(text->size() + 1);
    const auto copy = arena.copy({environment.get("RELEASE_TMP"), "/", environment.get("RELEASE_NAME"),
                                  "-", environment.get("RELEASE_VSN"), ".runtime", kSuffix});
    BEAM_INIT_TRY(copy, kTooMany);
    const auto written = pid1::write_file(copy->data(), *text, 0600);
    BEAM_INIT_TRY(written, "RELEASE_TMP must be a writable directory (default /tmp)");
    config.base = {copy->data(), copy->size() - kSuffix.size()};
  }
  BEAM_INIT_TRY(environment.set("RELEASE_SYS_CONFIG", config.base), kTooMany);
  return config;
}

}  // namespace

Outcome<> set_default_environment(pid1::Environment& environment) {
  for (const auto& [name, value] : {
           Pair{"HOME", "/root"},
           Pair{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
           Pair{"TERM", "linux"},
           Pair{"LANG", "C.UTF-8"},
           // A crash dump would fill the memory that the root is made of.
           Pair{"ERL_CRASH_DUMP_SECONDS", "0"},
       }) {
    BEAM_INIT_TRY(environment.set(name, value), kTooMany);
  }
  return {};
}

Outcome<> build_erl_arguments(const Release& release, std::span<char* const> user_arguments,
                              bool console_is_terminal, pid1::Arena& arena,
                              pid1::Environment& environment, pid1::StringVector& arguments) {
  const auto vm_args = arena.copy({release.version_dir, "/vm.args"});
  const auto remote_vm_args = arena.copy({release.version_dir, "/remote.vm.args"});
  BEAM_INIT_TRY(vm_args, kTooMany);
  BEAM_INIT_TRY(remote_vm_args, kTooMany);
  for (const auto& [name, value] : {
           Pair{"RELEASE_ROOT", release.root},
           Pair{"RELEASE_NAME", release.name},
           Pair{"RELEASE_VSN", release.version},
           Pair{"RELEASE_COMMAND", "start"},
           Pair{"RELEASE_PROG", release.name},
           Pair{"RELEASE_MODE", "embedded"},
           Pair{"RELEASE_NODE", release.name},
           Pair{"RELEASE_TMP", "/tmp"},
           Pair{"RELEASE_VM_ARGS", *vm_args},
           Pair{"RELEASE_REMOTE_VM_ARGS", *remote_vm_args},
           Pair{"RELEASE_DISTRIBUTION", "none"},
           Pair{"RELEASE_BOOT_SCRIPT", "start"},
           Pair{"RELEASE_BOOT_SCRIPT_CLEAN", "start_clean"},
       }) {
    if (auto done = set_default(environment, name, value); !done.has_value()) return done;
  }
  const std::string_view distribution = environment.get("RELEASE_DISTRIBUTION");
  if (distribution != "none") {
    return fail({"RELEASE_DISTRIBUTION=", distribution,
                 ": there is no epmd for it to start; set beam.env.RELEASE_DISTRIBUTION=none"});
  }
  const auto config = prepare_sys_config(release, arena, environment);
  if (!config.has_value()) return std::unexpected(config.error());

  const auto boot =
      arena.copy({release.version_dir, "/", environment.get("RELEASE_BOOT_SCRIPT")});
  const auto lib = arena.copy({release.root, "/lib"});
  BEAM_INIT_TRY(boot, kTooMany);
  BEAM_INIT_TRY(lib, kTooMany);
  const auto boot_file = arena.copy({*boot, ".boot"});
  BEAM_INIT_TRY(boot_file, kTooMany);
  if (!exists(*boot_file)) {
    return fail({"the release has no ", *boot_file, "; build it again, or name another boot script "
                                                    "with beam.env.RELEASE_BOOT_SCRIPT=NAME"});
  }

  const std::string_view mode = environment.get("RELEASE_MODE");
  if (auto done = add(arguments, {"-noshell"}); !done.has_value()) return done;
  if (release.elixir) {
    auto split = split_flags(environment.get("ELIXIR_ERL_OPTIONS"), false, arguments);
    if (!split.has_value()) return split;
    if (console_is_terminal && environment.get("NO_COLOR").empty()) {
      if (auto done = add(arguments, {"-elixir", "ansi_enabled", "true"}); !done.has_value()) {
        return done;
      }
    }
    if (auto done = add(arguments, {"-s", "elixir", "start_cli"}); !done.has_value()) return done;
  }
  auto done = config->runtime
                  ? add(arguments, {"-elixir", "config_provider_reboot_mode", mode})
                  : add(arguments, {"-mode", mode});
  if (!done.has_value()) return done;
  if (!config->base.empty()) {
    if (done = add(arguments, {"-config", config->base}); !done.has_value()) return done;
  }
  if (done = add(arguments, {"-boot", *boot, "-boot_var", "RELEASE_LIB", *lib}); !done.has_value()) {
    return done;
  }
  const std::string_view flags_file = environment.get("RELEASE_VM_ARGS");
  // Named by a setting it must be there; a release of systools has none.
  if (flags_file != *vm_args || exists(flags_file)) {
    if (done = add(arguments, {"-args_file", flags_file}); !done.has_value()) return done;
  }
  for (const char* argument : user_arguments) {
    if (done = add(arguments, {argument}); !done.has_value()) return done;
  }
  // Without --no-halt Elixir's start_cli halts the system when it has nothing more to do.
  if (release.elixir) return add(arguments, {"-extra", "--no-halt"});
  return {};
}

}  // namespace beam_init
