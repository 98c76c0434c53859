// SPDX-License-Identifier: Apache-2.0
// See contest.h.
#include "contest.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace microbeam {
namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Sets the root of an image: a squashfs, a disk, or an initramfs as it is, or compressed.
void take_root(const std::filesystem::path& image, Options& options) {
  const auto there = [&](const char* name) {
    std::error_code error;
    return std::filesystem::exists(image / name, error);
  };
  options.initrd.clear();
  options.root_disk.clear();
  if (there("root.ext4")) {
    options.disks.insert(options.disks.begin(), (image / "root.ext4").string());
    options.snapshot = true;
  } else if (there("root.squashfs")) {
    options.root_disk = (image / "root.squashfs").string();
  } else {
    const char* packed = there("root.cpio.xz") ? "root.cpio.xz" : "root.cpio.zst";
    options.initrd = (image / (there("root.cpio") ? "root.cpio" : packed)).string();
  }
}

std::string root_file(const Options& options) {
  if (options.snapshot) return options.disks.front();
  return options.initrd.empty() ? options.root_disk : options.initrd;
}

// What an image wants of the command line, and what all are given: before the dashes behind which
// arguments of /init stand.
std::string with_wanted(absl::string_view wanted, absl::string_view given) {
  if (wanted.empty() || given.empty()) return absl::StrCat(wanted, given);
  constexpr absl::string_view kDashes = "-- ";
  size_t dashes = absl::StartsWith(wanted, kDashes) ? 0 : wanted.find(absl::StrCat(" ", kDashes));
  if (dashes == absl::string_view::npos) dashes = wanted.size();
  return absl::StrCat(wanted.substr(0, dashes), " ", given, " ", wanted.substr(dashes));
}

// Of a disk what it takes on this host: most of it is a hole.
Binary binary(const Contestant& contestant, const std::filesystem::path& path) {
  static constexpr int64_t kBlock = 512;  // stat(2)
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) status.st_size = -1;
  const bool disk = status.st_size >= 0 && path.extension() == ".ext4";
  return {.contestant = contestant.name,
          .path = path.string(),
          .bytes = disk ? status.st_blocks * kBlock : status.st_size};
}

}  // namespace

absl::StatusOr<std::vector<Contestant>> contestants(const Options& base) {
  std::vector<Contestant> all;
  std::set<std::string> names;
  for (const std::string& folder : base.images) {
    const std::filesystem::path path =
        (std::filesystem::path(folder) / "").parent_path().lexically_normal();
    Contestant one{.name = path.filename().string(), .folder = path.string(), .options = base};
    if (!names.insert(one.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("--images has two of the name ", one.name,
                                                     "; give each a folder of its own"));
    }
    one.options.images.clear();
    one.options.kernel = (path / "vmlinux").string();
    take_root(path, one.options);
    one.options.image = one.name;
    const std::string wanted(absl::StripAsciiWhitespace(contents((path / "append").string())));
    one.options.append = with_wanted(wanted, base.append);
    if (absl::Status status = check(one.options); !status.ok()) return status;
    all.push_back(std::move(one));
  }
  return all;
}

Report contest_report(const std::vector<Contestant>& contestants, std::vector<Measure> measures,
                      const std::vector<std::vector<Figures>>& figures) {
  Report report;
  report.baseline = contestants.front().name;
  for (const Contestant& one : contestants) {
    report.binaries.push_back(binary(one, std::filesystem::path(one.folder) / "bzImage"));
    report.binaries.push_back(binary(one, root_file(one.options)));
  }
  for (size_t m = 0; m < measures.size(); ++m) {
    for (size_t c = 0; c < contestants.size(); ++c) {
      Series series{.contestant = contestants[c].name};
      for (const Figures& turn : figures[c]) {
        if (const std::optional<double> shown = turn[m]) series.values.push_back(*shown);
      }
      if (series.values.empty()) series.why_not = "writes no such mark";
      measures[m].series.push_back(std::move(series));
    }
  }
  report.measures = std::move(measures);
  return report;
}

std::string summary(const std::vector<Measure>& measures, const Figures& figures) {
  std::string text;
  for (size_t m = 0; m < measures.size(); ++m) {
    const std::optional<double> shown = figures[m];
    if (!shown) continue;
    absl::StrAppendFormat(&text, "%s%s %.1f %s", text.empty() ? "" : ", ", measures[m].name, *shown,
                          measures[m].unit);
  }
  return text;
}

}  // namespace microbeam
