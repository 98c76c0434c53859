// SPDX-License-Identifier: Apache-2.0
// See contest.h.
#include "contest.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
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
    options.initrd = (image / (there("root.cpio") ? "root.cpio" : "root.cpio.zst")).string();
  }
}

std::string root_file(const Options& options) {
  if (options.snapshot) return options.disks.front();
  return options.initrd.empty() ? options.root_disk : options.initrd;
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

struct Value {
  Measure measure;
  std::optional<double> (*of)(const BootFigures&);
};

template <Event event>
std::optional<double> ms(const BootFigures& figures) {
  return figures.boot.ms[static_cast<size_t>(event)];
}

template <Event event>
std::optional<double> millions(const BootFigures& figures) {
  if (!figures.boot.insns) return {};
  const std::optional<int64_t> at = (*figures.boot.insns)[static_cast<size_t>(event)];
  if (!at) return {};
  return static_cast<double>(*at) / 1e6;
}

std::optional<double> pss(const BootFigures& figures) {
  if (!figures.pss_kib) return {};
  return static_cast<double>(*figures.pss_kib);
}

std::vector<Value> values(bool icount) {
  using Extra = Measure::Extra;
  if (icount) {
    return {{{.name = "kernel", .unit = "M", .title = "reset to the kernel's clock, instructions"},
             millions<Event::kKernel>},
            {{.name = "init", .unit = "M", .title = "reset to /init"}, millions<Event::kInit>},
            {{.name = "exec", .unit = "M", .title = "reset to the exec of the BEAM"},
             millions<Event::kExec>},
            {{.name = "beam", .unit = "M", .title = "reset to the start of the BEAM's clock"},
             millions<Event::kBeam>},
            {{.name = "listening",
              .unit = "M",
              .title = "reset to the server listening",
              .extra = Extra::kTimes},
             millions<Event::kListening>}};
  }
  return {{{.name = "kernel", .unit = "ms", .title = "QEMU's start to the kernel's clock"},
           ms<Event::kKernel>},
          {{.name = "init", .unit = "ms", .title = "QEMU's start to /init"}, ms<Event::kInit>},
          {{.name = "exec", .unit = "ms", .title = "QEMU's start to the exec of the BEAM"},
           ms<Event::kExec>},
          {{.name = "beam", .unit = "ms", .title = "QEMU's start to the start of the BEAM's clock"},
           ms<Event::kBeam>},
          {{.name = "listening", .unit = "ms", .title = "QEMU's start to the server listening"},
           ms<Event::kListening>},
          {{.name = "first_byte",
            .unit = "ms",
            .title = "QEMU's start to the first byte of the answer",
            .extra = Extra::kTimes},
           ms<Event::kFirstByte>},
          {{.name = "pss",
            .unit = "KiB",
            .title = "memory of QEMU once the guest has answered (PSS)",
            .extra = Extra::kTimes},
           pss}};
}

}  // namespace

absl::StatusOr<std::vector<Contestant>> contestants(const Options& base) {
  std::vector<Contestant> all;
  std::set<std::string> names;
  for (const std::string& folder : base.images) {
    const std::filesystem::path path =
        (std::filesystem::path(folder) / "").parent_path().lexically_normal();
    Contestant one{.name = path.filename().string(), .options = base};
    if (!names.insert(one.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("--images has two of the name ", one.name,
                                                     "; give each a folder of its own"));
    }
    one.options.images.clear();
    one.options.kernel = (path / "vmlinux").string();
    take_root(path, one.options);
    one.options.image = one.name;
    const std::string wanted(absl::StripAsciiWhitespace(contents((path / "append").string())));
    if (!wanted.empty()) one.options.append = absl::StrCat(wanted, " ", base.append);
    if (absl::Status status = check(one.options); !status.ok()) return status;
    all.push_back(std::move(one));
  }
  return all;
}

Report contest_report(const std::vector<Contestant>& contestants,
                      const std::vector<std::vector<BootFigures>>& figures,
                      const std::string& machine) {
  const bool icount = contestants.front().options.icount;
  Report report = {.what = icount ? "icount" : "boot",
                   .machine = machine,
                   .baseline = contestants.front().name,
                   .binaries = {},
                   .measures = {}};
  for (const Contestant& one : contestants) {
    report.binaries.push_back(
        binary(one, std::filesystem::path(one.options.kernel).parent_path() / "bzImage"));
    report.binaries.push_back(binary(one, root_file(one.options)));
  }
  for (Value& value : values(icount)) {
    for (size_t c = 0; c < contestants.size(); ++c) {
      Series series{.contestant = contestants[c].name};
      for (const BootFigures& one : figures[c]) {
        if (const std::optional<double> number = value.of(one)) series.values.push_back(*number);
      }
      if (series.values.empty()) series.why_not = "writes no such mark";
      value.measure.series.push_back(std::move(series));
    }
    report.measures.push_back(std::move(value.measure));
  }
  return report;
}

}  // namespace microbeam
