// SPDX-License-Identifier: Apache-2.0
#include "release.h"

#include <cerrno>
#include <cstring>

#include "build.h"
#include "pid1/file.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr const char* kSystemErlang = "/usr/lib/erlang";

/// A version as a directory name: no way to leave the directory, nothing that garbles a message.
bool is_version(const char* text) {
  if (*text == '\0' || *text == '.') return false;
  for (; *text != '\0'; ++text) {
    if (*text <= ' ' || *text == '/' || *text == '\x7f') return false;
  }
  return true;
}

/// The names in a directory that are wanted: how many, and the first two in alphabetical order.
struct Names {
  size_t count;
  char* first;
  char* second;
};

/// Names that begin with `prefix` and end with `suffix`, and in which `inside` exists (if given).
/// A directory that is not there has none.
Outcome find_names(const char* directory, const char* prefix, const char* suffix,
                   const char* inside, Draft& draft, Names& names) {
  names = {};
  const auto listed = pid1::list_directory(directory, [&](const char* name) {
    if (pid1::after(name, prefix) == nullptr) return;
    const size_t size = strlen(name);
    const size_t end = strlen(suffix);
    if (size < end || !pid1::equals(name + size - end, suffix)) return;
    if (*inside != '\0' && !pid1::exists(draft.text("{}/{}/{}", directory, name, inside))) return;
    char* const kept = draft.text("{}", name);
    ++names.count;
    if (names.count == 1 || strcmp(kept, names.first) < 0) {
      names.second = names.first;
      names.first = kept;
    } else if (names.count == 2 || strcmp(kept, names.second) < 0) {
      names.second = kept;
    }
  });
  if (!listed.has_value() && listed.error().code != ENOENT) {
    return fail(listed.error(), directory, "check the root file system");
  }
  return {};
}

/// Sets release.version, and `erts` to the version of the ERTS it wants ("": not said).
Outcome find_version(Release& release, const char* releases, const char*& erts, bool may_be_none,
                     Draft& draft) {
  const char* const data = draft.text("{}/start_erl.data", releases);
  if (pid1::exists(data)) {
    char* text = nullptr;
    BEAM_INIT_PASS(draft.read(data, "it must hold 'ERTS_VERSION RELEASE_VERSION'", text));
    char* const first = pid1::trim(draft.text("{}", text));
    release.version = pid1::trim(pid1::split(first, ' '));
    erts = first;
    if (is_version(erts) && is_version(release.version)) return {};
    return fail(
        "{} is broken: it must hold 'ERTS_VERSION RELEASE_VERSION', e.g. '15.2.7 0.1.0', "
        "and holds '{}'; build the release again",
        data, pid1::trim(text));
  }
  Names names;
  BEAM_INIT_PASS(find_names(releases, "", "", "start.boot", draft, names));
  if (names.count == 0 && may_be_none) {
    release.kind = Release::Kind::kNone;
    return {};
  }
  if (names.count == 0) {
    return fail(
        "no release in {}: there is no {} and no {}/VERSION/start.boot; put a release there, "
        "or say where one is with beam.release=DIR",
        release.root, data, releases);
  }
  if (names.count > 1) {
    return fail(
        "more than one release in {} ({}, {}{}) and no start_erl.data that says which; write "
        "'ERTS_VERSION RELEASE_VERSION' to it",
        releases, names.first, names.second, names.count > 2 ? ", ..." : "");
  }
  release.version = names.first;
  return {};
}

/// Sets erts_root and bindir. The release's own ERTS goes before the system's.
Outcome find_erts(Release& release, const char* version, Draft& draft) {
  for (const char* root : {release.root, kSystemErlang}) {
    const char* directory = draft.text("erts-{}", version);
    if (*version == '\0') {
      Names names;
      BEAM_INIT_PASS(find_names(root, "erts-", "", "bin/beam.smp", draft, names));
      if (names.count > 1) {
        return fail(
            "more than one ERTS in {} ({}, {}) and no start_erl.data that says which; remove one, "
            "or "
            "write that file",
            root, names.first, names.second);
      }
      if (names.count == 0) continue;
      directory = names.first;
    }
    release.erts_root = root;
    release.bindir = draft.text("{}/{}/bin", root, directory);
    if (pid1::exists(release.bindir)) return {};
  }
  return fail(
      "no ERTS for the release: neither {} nor {} has erts-{}/bin; start_erl.data and what is "
      "installed must agree",
      release.root, kSystemErlang, *version == '\0' ? "VERSION" : version);
}

}  // namespace

Outcome find_release(Release& release, Draft& draft, bool may_be_none) {
  const char* const releases = draft.text("{}/releases", release.root);
  const char* erts = "";
  BEAM_INIT_PASS(find_version(release, releases, erts, may_be_none, draft));
  if (release.kind == Release::Kind::kNone) {
    BEAM_INIT_PASS(find_erts(release, erts, draft));
    return draft.outcome();
  }
  // As the script of `mix release` does: another version of a release that has several.
  if (const char* const wanted = draft.get("RELEASE_VSN"); *wanted != '\0')
    release.version = wanted;
  release.version_dir = draft.text("{}/{}", releases, release.version);
  if (!pid1::exists(release.version_dir)) {
    return fail(
        "{}/start_erl.data or RELEASE_VSN names the version '{}', but there is no {}; build the "
        "release again",
        releases, release.version, release.version_dir);
  }
  BEAM_INIT_PASS(find_erts(release, erts, draft));

  Names rel;
  BEAM_INIT_PASS(find_names(release.version_dir, "", ".rel", "", draft, rel));
  if (rel.count > 0) {
    release.name = rel.first;
    char* dot = rel.first + strlen(rel.first);
    while (dot > rel.first && *dot != '.')
      --dot;
    *dot = '\0';
  }
  Names elixir;
  BEAM_INIT_PASS(
      find_names(draft.text("{}/lib", release.root), "elixir-", "", "ebin", draft, elixir));
  if (elixir.count > 0) release.kind = Release::Kind::kMix;
  // Mix and systools write neither of them.
  for (const char* const own : {release.name, "no_dot_erlang"}) {
    if (pid1::exists(draft.text("{}/{}.boot", release.version_dir, own))) {
      release.kind = Release::Kind::kRelx;
    }
  }
  return draft.outcome();
}

}  // namespace beam_init
