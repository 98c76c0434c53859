// SPDX-License-Identifier: Apache-2.0
// See options.h.
#include "options.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/types/span.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "program.h"

namespace microbeam {
namespace {

absl::Status one_of(absl::string_view flag, const std::string& value,
                    absl::Span<const absl::string_view> choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", value, " is not known; give --",
                                                 flag, "=", absl::StrJoin(choices, "|")));
}

absl::Status readable_file(absl::string_view flag, const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, " is missing; give its file"));
  }
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || access(path.c_str(), R_OK) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read --", flag, "=", path,
                                                   "; `scripts/microbeam build` makes the images"));
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", path, " is not a file"));
  }
  return absl::OkStatus();
}

absl::Status check_numbers(const Options& options) {
  if (options.memory_mib < 1)
    return absl::InvalidArgumentError("--memory must be at least 1 (MiB)");
  if (options.cpus < 1) return absl::InvalidArgumentError("--cpus must be at least 1");
  if (options.port < 0 || options.port > 65535) {
    return absl::InvalidArgumentError("--port must be 0 (any free one) to 65535");
  }
  if (options.timeout < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--timeout must not be negative (0: the mode's default)");
  }
  if (options.stop_timeout < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "--stop_timeout must not be negative (0: the mode's default)");
  }
  return absl::OkStatus();
}

absl::Status check_icount(const Options& options) {
  if (!options.icount) return absl::OkStatus();
  if (options.accel != "tcg") {
    return absl::InvalidArgumentError(
        "--icount counts instructions, which only TCG can; give --accel=tcg");
  }
  if (options.cpus != 1) {
    return absl::InvalidArgumentError(
        "--icount is repeatable with one processor only; give --cpus=1");
  }
  return absl::OkStatus();
}

absl::Status check_disks(const Options& options) {
  const size_t room = kMaxDisks - (options.root_disk.empty()  ? 0
                                   : options.env_file.empty() ? 1
                                                              : 2);
  if (options.disks.size() > room) {
    return absl::InvalidArgumentError(
        absl::StrCat("--disk: the machine has room for ", room, " disks",
                     room < kMaxDisks ? " beside the root and what the host hands over" : ""));
  }
  for (const std::string& disk : options.disks) {
    struct stat status{};
    if (stat(disk.c_str(), &status) != 0 || access(disk.c_str(), R_OK | W_OK) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot read and write --disk=", disk));
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--disk=", disk, " is neither a file nor a block device"));
    }
    if (std::count(options.disks.begin(), options.disks.end(), disk) > 1) {
      return absl::InvalidArgumentError(absl::StrCat("--disk=", disk, " is given twice"));
    }
  }
  return absl::OkStatus();
}

// May be a pipe, and is read only when the machine starts.
absl::Status check_env_file(const Options& options) {
  if (options.env_file.empty() || access(options.env_file.c_str(), R_OK) == 0) {
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot read --env_file=", options.env_file));
}

absl::Status check_background(const Options& options) {
  if (!options.background) return absl::OkStatus();
  if (options.mode != "run") {
    return absl::InvalidArgumentError("--background is for --mode=run only");
  }
  if (options.state.empty() || options.console_log.empty()) {
    return absl::InvalidArgumentError(
        "--background needs --state, the file by which the machine is found again, and "
        "--console_log, where its console goes");
  }
  return absl::OkStatus();
}

absl::Status check_bench(const Options& options) {
  if (options.rounds < 1) return absl::InvalidArgumentError("--rounds must be at least 1");
  if (options.seconds < 1) return absl::InvalidArgumentError("--seconds must be at least 1");
  if (options.icount && options.what != "boot") {
    return absl::InvalidArgumentError(
        "--icount counts what a boot executes; give --what=boot, or leave --icount out");
  }
  if (absl::Status status =
          one_of("what", options.what, {"boot", "memory", "load", "idle", "native"});
      !status.ok()) {
    return status;
  }
  return one_of("format", options.format, {"text", "json", "csv"});
}

absl::Status check_files(const Options& options) {
  // Each of them is looked at when it is known: contest.cc.
  if (!options.images.empty()) return absl::OkStatus();
  if (options.mode == "bench" && options.kernel.empty()) {
    return absl::InvalidArgumentError("--images is missing; give image folders, with commas");
  }
  if (absl::Status status = readable_file("kernel", options.kernel); !status.ok()) return status;
  if (options.mode == "trial") {
    if (options.initrd.empty() && options.root_disk.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "--mode=trial boots the kernel alone, to see it panic for want of a root; leave --initrd "
        "and --root_disk out");
  }
  // The first of its disks is the root: contest.cc.
  if (options.mode == "bench" && options.snapshot) return absl::OkStatus();
  if (options.root_disk.empty()) return readable_file("initrd", options.initrd);
  if (options.initrd.empty()) return readable_file("root_disk", options.root_disk);
  return absl::InvalidArgumentError("--initrd and --root_disk are two roots; give one");
}

}  // namespace

absl::Duration Options::time_limit() const {
  if (timeout > absl::ZeroDuration()) return timeout;
  if (mode == "trial") return absl::Seconds(5);
  // One instruction at a time: four times as slow as plain TCG at the worst.
  return icount ? absl::Seconds(240) : absl::Seconds(60);
}

absl::Duration Options::stop_limit() const {
  if (stop_timeout > absl::ZeroDuration()) return stop_timeout;
  if (mode == "run") return absl::Seconds(20);
  return icount ? absl::Seconds(60) : absl::Seconds(15);
}

absl::Status check(const Options& options) {
  if (options.mode.empty()) {
    return absl::InvalidArgumentError("--mode is missing; give --mode=probe|run|stop|trial|bench");
  }
  if (options.mode == "stop") {
    if (!options.state.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("--mode=stop needs --state, the file of the machine");
  }
  for (const absl::Status& status :
       {one_of("mode", options.mode, {"probe", "run", "stop", "trial", "bench"}),
        one_of("accel", options.accel, {"tcg", "kvm"}), one_of("vm", options.vm, {"emu", "jit"}),
        check_numbers(options), check_icount(options), check_files(options), check_disks(options),
        check_env_file(options), check_background(options), check_bench(options)}) {
    if (!status.ok()) return status;
  }
  if ((options.mode == "probe" || options.mode == "bench") && options.console_log.empty()) {
    return absl::InvalidArgumentError(
        "--console_log is missing; give the file in which the console is kept");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> find_qemu(const std::string& program) {
  if (std::optional<std::string> path = find_program(program)) return *std::move(path);
  return absl::NotFoundError(absl::StrCat(
      "QEMU (", program,
      ") is not there or not executable; `scripts/microbeam doctor` says what to install, --qemu "
      "names another one"));
}

}  // namespace microbeam
