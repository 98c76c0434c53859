// SPDX-License-Identifier: Apache-2.0
// See contestant.h.
#include "contestant.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "program.h"

namespace microbeam {
namespace {

struct Known {
  absl::string_view name;
  Kind kind;
  absl::string_view program;
  absl::string_view package;
};

constexpr Known kPeers[] = {
    {"tini", Kind::kWrapper, "tini", "tini"},
    {"tini-static", Kind::kWrapper, "tini-static", "tini"},
    {"dumb-init", Kind::kWrapper, "dumb-init", "dumb-init"},
    {"catatonit", Kind::kWrapper, "catatonit", "catatonit"},
    {"busybox", Kind::kInittab, "busybox", "busybox-static"},
};

absl::StatusOr<Contestant> ours_at(const std::string& path) {
  const std::optional<std::string> found = find_program(path);
  if (path.empty() || !found) {
    return absl::NotFoundError(absl::StrCat("--ours=", path,
                                            " is not there or not executable; give the path of "
                                            "libpid1's container-init"));
  }
  return Contestant{.name = std::string(kOurs), .kind = Kind::kWrapper, .path = *found};
}

absl::StatusOr<Contestant> peer(const std::string& name) {
  const auto* const known =
      std::find_if(std::begin(kPeers), std::end(kPeers),
                   [&](const Known& candidate) { return candidate.name == name; });
  if (known == std::end(kPeers)) {
    const auto append_name = [](std::string* out, const Known& each) {
      absl::StrAppend(out, each.name);
    };
    return absl::InvalidArgumentError(absl::StrCat("--contestants: ", name,
                                                   " is not known; give some of ", kOurs, ",",
                                                   absl::StrJoin(kPeers, ",", append_name)));
  }
  const std::optional<std::string> found = find_program(std::string(known->program));
  if (!found) {
    return absl::NotFoundError(absl::StrCat(known->program,
                                            " is not installed; type: sudo apt-get "
                                            "install ",
                                            known->package));
  }
  return Contestant{.name = name, .kind = known->kind, .path = *found};
}

}  // namespace

absl::StatusOr<std::vector<Contestant>> contestants(const std::vector<std::string>& names,
                                                    const std::string& ours) {
  std::vector<Contestant> all = {{.name = std::string(kAlone), .kind = Kind::kNone, .path = {}}};
  for (const std::string& name : names) {
    if (name == kAlone) continue;
    absl::StatusOr<Contestant> one = name == kOurs ? ours_at(ours) : peer(name);
    if (!one.ok()) return one.status();
    all.push_back(*std::move(one));
  }
  return all;
}

std::vector<std::string> command_line(const Contestant& contestant,
                                      const std::vector<std::string>& program) {
  if (contestant.kind == Kind::kNone) return program;
  if (contestant.kind == Kind::kInittab) return {"/init"};
  std::vector<std::string> words = {contestant.path, "--"};
  words.insert(words.end(), program.begin(), program.end());
  return words;
}

std::string inittab(const std::vector<std::string>& program) {
  return absl::StrCat("::once:", absl::StrJoin(program, " "), "\n");
}

}  // namespace microbeam
