// SPDX-License-Identifier: Apache-2.0
#include "release.h"

#include <errno.h>
#include <unistd.h>

#include "pid1/file.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr const char* kSystemErlang = "/usr/lib/erlang";

/// A version as a directory name: no way to leave the directory, nothing that garbles a message.
bool is_version(std::string_view text) {
  if (text.empty() || text.front() == '.') return false;
  for (const char c : text) {
    if (c <= ' ' || c == '/' || c == '\x7f') return false;
  }
  return true;
}

bool exists(const char* path) { return pid1::sys::access(path, F_OK).has_value(); }

/// Joins paths and names in the arena.
class Paths {
 public:
  explicit Paths(pid1::Arena& arena) : arena_(arena) {}

  const char* join(std::initializer_list<std::string_view> parts) {
    const auto text = arena_.copy(parts);
    full_ = full_ || !text.has_value();
    return text.has_value() ? text->data() : "";
  }

  /// One look at the end instead of one at each step: an empty path leads nowhere in between.
  [[nodiscard]] bool full() const { return full_; }

 private:
  pid1::Arena& arena_;
  bool full_ = false;
};

/// The names in a directory that are wanted: how many, and the first two in alphabetical order.
struct Names {
  size_t count = 0;
  const char* first = "";
  const char* second = "";
};

/// Names that begin with `prefix` and end with `suffix`, and in which `inside` exists (if given).
/// A directory that is not there has none.
Outcome<Names> find_names(const char* directory, std::string_view prefix, std::string_view suffix,
                          std::string_view inside, Paths& paths) {
  Names names;
  const auto listed = pid1::list_directory(directory, [&](std::string_view name) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) return true;
    char path[512];
    if (!inside.empty()) {
      const auto wanted = pid1::join(path, {directory, "/", name, "/", inside});
      if (!wanted.has_value() || !exists(path)) return true;
    }
    ++names.count;
    if (names.count == 1 || name < names.first) {
      names.second = names.first;
      names.first = paths.join({name});
    } else if (names.count == 2 || name < names.second) {
      names.second = paths.join({name});
    }
    return true;
  });
  if (!listed.has_value() && listed.error().code != ENOENT) {
    return fail(listed.error(), directory, "check the root file system");
  }
  return names;
}

/// Sets release.version, and erts to the version of the ERTS it wants ("": not said).
Outcome<> find_version(Release& release, const char* releases, const char*& erts, Paths& paths) {
  const char* const data = paths.join({releases, "/start_erl.data"});
  char buffer[512];
  const auto text = pid1::read_file(data, buffer);
  if (text.has_value()) {
    std::string_view rest = pid1::trim(*text);
    const std::string_view whole = rest;
    const std::string_view first = pid1::take_until(rest, ' ');
    const std::string_view second = pid1::trim(rest);
    if (!is_version(first) || !is_version(second)) {
      return fail("{} is broken: it must hold 'ERTS_VERSION RELEASE_VERSION', e.g. '15.2.7 0.1.0', "
                  "and holds '{}'; build the release again",
                  {data, whole});
    }
    erts = paths.join({first});
    release.version = paths.join({second});
    return {};
  }
  if (text.error().code != ENOENT) {
    return fail(text.error(), data, "it must hold 'ERTS_VERSION RELEASE_VERSION'");
  }
  const auto names = find_names(releases, "", "", "start.boot", paths);
  BEAM_INIT_PASS(names);
  if (names->count == 0) {
    return fail("no release in {}: there is no {} and no {}/VERSION/start.boot; put a release there, "
                "or say where one is with beam.release=DIR",
                {release.root, data, releases});
  }
  if (names->count > 1) {
    return fail("more than one release in {} ({}, {}{}) and no start_erl.data that says which; write "
                "'ERTS_VERSION RELEASE_VERSION' to {}",
                {releases, names->first, names->second, names->count > 2 ? ", ..." : "", data});
  }
  release.version = names->first;
  return {};
}

/// Sets erts_root and bindir. The release's own ERTS goes before the system's.
Outcome<> find_erts(Release& release, std::string_view version, Paths& paths) {
  for (const char* root : {release.root, kSystemErlang}) {
    const char* directory = paths.join({"erts-", version});
    if (version.empty()) {
      const auto names = find_names(root, "erts-", "", "bin/beam.smp", paths);
      BEAM_INIT_PASS(names);
      if (names->count > 1) {
        return fail("more than one ERTS in {} ({}, {}) and no start_erl.data that says which",
                    {root, names->first, names->second});
      }
      directory = names->first;
    }
    release.erts_root = root;
    release.bindir = paths.join({root, "/", directory, "/bin"});
    if (*directory != '\0' && exists(release.bindir)) return {};
  }
  return fail("no ERTS for the release: neither {} nor {} has erts-{}/bin; start_erl.data and what is "
              "installed must agree",
              {release.root, kSystemErlang, version.empty() ? "VERSION" : version});
}

}  // namespace

Outcome<Release> find_release(std::string_view root, pid1::Arena& arena) {
  Release release;
  Paths paths(arena);
  release.root = paths.join({root});
  const char* const releases = paths.join({root, "/releases"});
  const char* erts = "";
  BEAM_INIT_PASS(find_version(release, releases, erts, paths));
  release.version_dir = paths.join({releases, "/", release.version});
  if (!exists(release.version_dir)) {
    return fail("{}/start_erl.data names the version '{}', but there is no {}; build the release again",
                {releases, release.version, release.version_dir});
  }
  BEAM_INIT_PASS(find_erts(release, erts, paths));

  const auto rel = find_names(release.version_dir, "", ".rel", "", paths);
  BEAM_INIT_PASS(rel);
  std::string_view name = rel->count > 0 ? rel->first : "release.rel";
  name.remove_suffix(std::string_view(".rel").size());
  release.name = paths.join({name});
  const auto elixir = find_names(paths.join({root, "/lib"}), "elixir-", "", "ebin", paths);
  BEAM_INIT_PASS(elixir);
  release.elixir = elixir->count > 0;
  if (paths.full()) return fail("the names in {} are too long for an init", {root});
  return release;
}

}  // namespace beam_init
