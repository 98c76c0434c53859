// SPDX-License-Identifier: Apache-2.0
#include "release.h"

#include <errno.h>
#include <unistd.h>

#include "pid1/file.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr std::string_view kSystemErlang = "/usr/lib/erlang";
constexpr std::string_view kTooLong = "use shorter paths";

/// A version as a directory name: no way to leave the directory, nothing that garbles a message.
bool is_version(std::string_view text) {
  if (text.empty() || text.front() == '.') return false;
  for (const char c : text) {
    if (c <= ' ' || c == '/' || c == '\x7f') return false;
  }
  return true;
}

bool exists(std::string_view path) { return pid1::sys::access(path.data(), F_OK).has_value(); }

/// The names in a directory that are wanted: how many, and the first two in alphabetical order.
struct Names {
  size_t count = 0;
  std::string_view first;
  std::string_view second;
};

/// Names that begin with `prefix`, end with `suffix`, and beside which `inside` exists (if given).
Outcome<Names> find_names(std::string_view directory, std::string_view prefix,
                          std::string_view suffix, std::string_view inside, pid1::Arena& arena) {
  Names names;
  Outcome<> outcome = {};
  const auto listed = pid1::list_directory(directory.data(), [&](std::string_view name) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) return true;
    if (!inside.empty()) {
      char path[512];
      const auto wanted = pid1::join(path, {directory, "/", name, "/", inside});
      if (!wanted.has_value() || !exists(*wanted)) return true;
    }
    ++names.count;
    const bool before_first = names.count == 1 || name < names.first;
    if (!before_first && names.count > 2 && name > names.second) return true;
    const auto kept = arena.copy({name});
    if (!kept.has_value()) {
      outcome = fail(kept.error(), kTooLong);
      return false;
    }
    if (before_first) {
      names.second = names.first;
      names.first = *kept;
    } else {
      names.second = *kept;
    }
    return true;
  });
  if (!outcome.has_value()) return std::unexpected(outcome.error());
  if (!listed.has_value() && listed.error().code != ENOENT) {
    return fail(listed.error(), "check the root file system");
  }
  return names;
}

struct Versions {
  std::string_view erts;  // empty: not said
  std::string_view release;
};

/// Nothing when there is no such file.
Outcome<Versions> read_start_erl_data(std::string_view path, pid1::Arena& arena) {
  char buffer[512];
  const auto text = pid1::read_file(path.data(), buffer);
  if (!text.has_value()) {
    if (text.error().code == ENOENT) return Versions{};
    return fail(text.error(), "it holds 'ERTS_VERSION RELEASE_VERSION', e.g. '15.2.7 0.1.0'");
  }
  std::string_view rest = pid1::trim(*text);
  const std::string_view erts = pid1::take_until(rest, ' ');
  const std::string_view release = pid1::trim(rest);
  if (!is_version(erts) || !is_version(release)) {
    return fail({path, " is broken: it must hold 'ERTS_VERSION RELEASE_VERSION', e.g. '15.2.7 "
                       "0.1.0', and holds '", pid1::trim(*text), "'; build the release again"});
  }
  const auto kept_erts = arena.copy({erts});
  BEAM_INIT_TRY(kept_erts, kTooLong);
  const auto kept_release = arena.copy({release});
  BEAM_INIT_TRY(kept_release, kTooLong);
  return Versions{*kept_erts, *kept_release};
}

Outcome<std::string_view> only_version(std::string_view root, std::string_view releases,
                                       pid1::Arena& arena) {
  const auto names = find_names(releases, "", "", "start.boot", arena);
  if (!names.has_value()) return std::unexpected(names.error());
  if (names->count == 1) return names->first;
  if (names->count == 0) {
    return fail({"no release in ", root, ": there is no ", releases, "/start_erl.data and no ",
                 releases, "/VERSION/start.boot; put a release there, or say where one is with "
                           "beam.release=DIR"});
  }
  return fail({"more than one release in ", releases, " (", names->first, ", ", names->second,
               names->count > 2 ? ", ..." : "", ") and no start_erl.data that says which; write "
               "'ERTS_VERSION RELEASE_VERSION' to ", releases, "/start_erl.data"});
}

/// Sets erts_root and bindir. The release's own ERTS goes before the system's.
Outcome<> find_erts(Release& release, std::string_view version, pid1::Arena& arena) {
  for (const std::string_view root : {release.root, kSystemErlang}) {
    std::string_view found = version;
    if (version.empty()) {
      const auto names = find_names(root, "erts-", "", "bin/beam.smp", arena);
      if (!names.has_value()) return std::unexpected(names.error());
      if (names->count > 1) {
        return fail({"more than one ERTS in ", root, " (", names->first, ", ", names->second,
                     ") and no start_erl.data that says which"});
      }
      if (names->count == 0) continue;
      found = names->first;
      found.remove_prefix(std::string_view("erts-").size());
    }
    const auto bindir = arena.copy({root, "/erts-", found, "/bin"});
    BEAM_INIT_TRY(bindir, kTooLong);
    if (!exists(*bindir)) continue;
    release.erts_root = root;
    release.bindir = *bindir;
    return {};
  }
  return fail({"no ERTS ", version, version.empty() ? "" : " ", "for the release: neither ",
               release.root, " nor ", kSystemErlang, " has erts-",
               version.empty() ? "VERSION" : version,
               "/bin; the release's start_erl.data and the root must agree"});
}

}  // namespace

Outcome<Release> find_release(std::string_view root, pid1::Arena& arena) {
  Release release;
  const auto kept_root = arena.copy({root});
  BEAM_INIT_TRY(kept_root, kTooLong);
  release.root = *kept_root;
  const auto releases = arena.copy({root, "/releases"});
  BEAM_INIT_TRY(releases, kTooLong);
  const auto data = arena.copy({*releases, "/start_erl.data"});
  BEAM_INIT_TRY(data, kTooLong);

  auto versions = read_start_erl_data(*data, arena);
  if (!versions.has_value()) return std::unexpected(versions.error());
  if (versions->release.empty()) {
    const auto only = only_version(root, *releases, arena);
    if (!only.has_value()) return std::unexpected(only.error());
    versions->release = *only;
  }
  release.version = versions->release;
  const auto version_dir = arena.copy({*releases, "/", release.version});
  BEAM_INIT_TRY(version_dir, kTooLong);
  release.version_dir = *version_dir;
  if (!exists(release.version_dir)) {
    return fail({*data, " names the release version '", release.version, "', but there is no ",
                 release.version_dir, "; build the release again"});
  }
  if (auto found = find_erts(release, versions->erts, arena); !found.has_value()) {
    return std::unexpected(found.error());
  }

  const auto rel = find_names(release.version_dir, "", ".rel", "", arena);
  if (!rel.has_value()) return std::unexpected(rel.error());
  release.name = "release";
  if (rel->count > 0) {
    const std::string_view file = rel->first;
    const auto name = arena.copy({{file.data(), file.size() - std::string_view(".rel").size()}});
    BEAM_INIT_TRY(name, kTooLong);
    release.name = *name;
  }
  const auto lib = arena.copy({root, "/lib"});
  BEAM_INIT_TRY(lib, kTooLong);
  const auto elixir = find_names(*lib, "elixir-", "", "ebin", arena);
  if (!elixir.has_value()) return std::unexpected(elixir.error());
  release.elixir = elixir->count > 0;
  return release;
}

}  // namespace beam_init
