// SPDX-License-Identifier: Apache-2.0
#include "release.h"

#include <errno.h>
#include <unistd.h>

#include "build.h"
#include "pid1/file.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr const char* kSystemErlang = "/usr/lib/erlang";
constexpr size_t kDataCapacity = 512;

/// A version as a directory name: no way to leave the directory, nothing that garbles a message.
bool is_version(std::string_view text) {
  if (text.empty() || text.front() == '.') return false;
  for (const char c : text) {
    if (c <= ' ' || c == '/' || c == '\x7f') return false;
  }
  return true;
}

bool exists(const char* path) { return pid1::sys::access(path, F_OK).has_value(); }

/// The names in a directory that are wanted: how many, and the first two in alphabetical order.
struct Names {
  size_t count = 0;
  const char* first = "";
  const char* second = "";
};

/// Names that begin with `prefix` and end with `suffix`, and in which `inside` exists (if given).
/// A directory that is not there has none.
Outcome<Names> find_names(const char* directory, const char* prefix, const char* suffix,
                          const char* inside, Draft& draft) {
  Names names;
  const auto listed = pid1::list_directory(directory, [&](std::string_view name) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) return true;
    const char* const kept = draft.text("{}", name.data());
    if (*inside != '\0' && !exists(draft.text("{}/{}/{}", directory, kept, inside))) return true;
    ++names.count;
    if (names.count == 1 || name < names.first) {
      names.second = names.first;
      names.first = kept;
    } else if (names.count == 2 || name < names.second) {
      names.second = kept;
    }
    return true;
  });
  if (!listed.has_value() && listed.error().code != ENOENT) {
    return fail(listed.error(), directory, "check the root file system");
  }
  return names;
}

/// Sets release.version, and `erts` to the version of the ERTS it wants ("": not said).
Outcome<> find_version(Release& release, const char* releases, const char*& erts, Draft& draft) {
  const char* const data = draft.text("{}/start_erl.data", releases);
  const auto text = pid1::read_file(data, draft.arena().rest().first(kDataCapacity));
  if (text.has_value()) {
    draft.arena().keep(text->size() + 1);
    // Words become C strings in place.
    std::string_view rest = pid1::trim(*text);
    char* const first = const_cast<char*>(rest.data());
    const std::string_view first_word = pid1::take_until(rest, ' ');
    const std::string_view second_word = pid1::trim(rest);
    if (!is_version(first_word) || !is_version(second_word)) {
      return fail("{} is broken: it must hold 'ERTS_VERSION RELEASE_VERSION', e.g. '15.2.7 0.1.0', "
                  "and holds '{}'; build the release again",
                  data, text->data());
    }
    first[first_word.size()] = '\0';
    const_cast<char*>(second_word.data())[second_word.size()] = '\0';
    erts = first;
    release.version = second_word.data();
    return {};
  }
  if (text.error().code != ENOENT) {
    return fail(text.error(), data, "it must hold 'ERTS_VERSION RELEASE_VERSION'");
  }
  const auto names = find_names(releases, "", "", "start.boot", draft);
  BEAM_INIT_PASS(names);
  if (names->count == 0) {
    return fail("no release in {}: there is no {} and no {}/VERSION/start.boot; put a release there, "
                "or say where one is with beam.release=DIR",
                release.root, data, releases);
  }
  if (names->count > 1) {
    return fail("more than one release in {} ({}, {}{}) and no start_erl.data that says which; write "
                "'ERTS_VERSION RELEASE_VERSION' to it",
                releases, names->first, names->second, names->count > 2 ? ", ..." : "");
  }
  release.version = names->first;
  return {};
}

/// Sets erts_root and bindir. The release's own ERTS goes before the system's.
Outcome<> find_erts(Release& release, const char* version, Draft& draft) {
  for (const char* root : {release.root, kSystemErlang}) {
    const char* directory = draft.text("erts-{}", version);
    if (*version == '\0') {
      const auto names = find_names(root, "erts-", "", "bin/beam.smp", draft);
      BEAM_INIT_PASS(names);
      if (names->count > 1) {
        return fail("more than one ERTS in {} ({}, {}) and no start_erl.data that says which", root,
                    names->first, names->second);
      }
      if (names->count == 0) continue;
      directory = names->first;
    }
    release.erts_root = root;
    release.bindir = draft.text("{}/{}/bin", root, directory);
    if (exists(release.bindir)) return {};
  }
  return fail("no ERTS for the release: neither {} nor {} has erts-{}/bin; start_erl.data and what is "
              "installed must agree",
              release.root, kSystemErlang, *version == '\0' ? "VERSION" : version);
}

}  // namespace

Outcome<> find_release(Release& release, Draft& draft) {
  const char* const releases = draft.text("{}/releases", release.root);
  const char* erts = "";
  BEAM_INIT_PASS(find_version(release, releases, erts, draft));
  release.version_dir = draft.text("{}/{}", releases, release.version);
  if (!exists(release.version_dir)) {
    return fail("{}/start_erl.data names the version '{}', but there is no {}; build the release again",
                releases, release.version, release.version_dir);
  }
  BEAM_INIT_PASS(find_erts(release, erts, draft));

  const auto rel = find_names(release.version_dir, "", ".rel", "", draft);
  BEAM_INIT_PASS(rel);
  if (rel->count > 0) {
    const std::string_view file = rel->first;
    const_cast<char*>(rel->first)[file.size() - std::string_view(".rel").size()] = '\0';
    release.name = rel->first;
  }
  const char* const lib = draft.text("{}/lib", release.root);
  const auto elixir = find_names(lib, "elixir-", "", "ebin", draft);
  BEAM_INIT_PASS(elixir);
  release.elixir = elixir->count > 0;
  return draft.outcome();
}

}  // namespace beam_init
