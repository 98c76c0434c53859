// SPDX-License-Identifier: Apache-2.0
// --mode=bench; see modes.h.
#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/strip.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include "boot.h"
#include "clock.h"
#include "console.h"
#include "contest.h"
#include "modes.h"
#include "proc.h"
#include "run_program.h"
#include "signals.h"

namespace microbeam {
namespace {

// One boot up to its answer; the machine is then ended without ceremony. An error has what
// happened.
absl::StatusOr<BootFigures> boot_once(Loop& loop, const Signals& signals, const Options& options) {
  Console console;
  if (absl::Status status = console.keep_in(options.console_log); !status.ok()) return status;
  Boot boot(loop, console, options, {.give_up = [&signals] { return signals.caught() != 0; }});
  if (absl::Status status = boot.start(); !status.ok()) return status;
  const absl::StatusOr<Boot::Outcome> outcome =
      boot.until_answer(monotonic_now() + options.time_limit());
  if (!outcome.ok()) return outcome.status();
  BootFigures figures;
  if (const absl::StatusOr<Memory> memory = memory_of(boot.machine().pid()); memory.ok()) {
    figures.pss_kib = memory->pss_kib;
  }
  figures.boot = boot.result();
  boot.machine().stop(signals);
  const bool answered = *outcome == Boot::Outcome::kAnswered;
  if (answered && figures.boot.http_status == 200) return figures;
  const std::string what = answered
                               ? absl::StrCat("HTTP status ", figures.boot.http_status.value_or(0))
                               : boot.describe(*outcome);
  return absl::UnavailableError(
      absl::StrCat(failure_report(what, console, boot.machine().complaints()),
                   console_report(console, options.console_log)));
}

// What QEMU calls its version.
absl::StatusOr<std::string> qemu_version(Loop& loop, const std::string& qemu) {
  const absl::StatusOr<std::string> said =
      run_program(loop, {qemu, "--version"}, absl::Seconds(10));
  if (!said.ok()) return said.status();
  const std::string line = printable(said->substr(0, said->find('\n')));
  return std::string(absl::StripPrefix(line, "QEMU emulator version "));
}

// Whole or not at all: whoever reads it may do so at any time.
absl::Status save(const std::string& path, const std::string& text) {
  const std::string fresh = absl::StrCat(path, ".", getpid());
  std::ofstream(fresh) << text << std::flush;
  if (std::error_code error; std::filesystem::file_size(fresh, error) == text.size()) {
    if (std::filesystem::rename(fresh, path, error); !error) return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("cannot write --save=", path));
}

std::string first_figure(const BootFigures& figures, bool icount) {
  if (icount && figures.boot.insns) {
    const std::optional<int64_t> at = (*figures.boot.insns)[static_cast<size_t>(Event::kListening)];
    return at ? absl::StrCat("listening after ", *at, " instructions") : "no mark of listening";
  }
  const std::optional<double> at = figures.boot.ms[static_cast<size_t>(Event::kFirstByte)];
  return absl::StrFormat("first byte after %.1f ms", at.value_or(0));
}

}  // namespace

int bench(const Options& options) {
  const absl::StatusOr<std::vector<Contestant>> all = contestants(options);
  if (!all.ok()) {
    std::cerr << "microbeam-vm: " << all.status().message() << "\n";
    return kExitUsage;
  }
  Loop loop;
  Signals signals(loop);
  const absl::StatusOr<std::string> version = qemu_version(loop, options.qemu);
  if (!version.ok()) {
    std::cerr << "microbeam-vm: " << version.status().message() << "\n";
    return kExitUsage;
  }
  // Of the time before the load that the boots are.
  const std::string machine = describe_machine();
  std::vector<std::vector<BootFigures>> figures(all->size());
  // Round 0 reads the files into the host's memory and counts for nothing; under -icount it would
  // be the same as the others.
  for (int round = options.icount ? 1 : 0; round <= options.rounds; ++round) {
    for (size_t c = 0; c < all->size(); ++c) {
      const Contestant& one = (*all)[c];
      absl::StatusOr<BootFigures> result = boot_once(loop, signals, one.options);
      if (signals.caught() != 0) return 128 + signals.caught();
      if (!result.ok()) {
        std::cerr << one.name << ": " << result.status().message() << "\n";
        return kExitFailed;
      }
      std::cerr << (round == 0 ? std::string("warm-up")
                               : absl::StrCat("round ", round, " of ", options.rounds))
                << ", " << one.name << ": " << first_figure(*result, options.icount) << "\n";
      if (round > 0) figures[c].push_back(*std::move(result));
    }
  }
  Report report = contest_report(*all, figures, machine);
  report.guest = Guest{.qemu = *version,
                       .accel = options.accel,
                       .memory_mib = options.memory_mib,
                       .cpus = options.cpus};
  if (!options.save.empty()) {
    if (absl::Status saved = save(options.save, to_json(report) + "\n"); !saved.ok()) {
      std::cerr << "microbeam-vm: " << saved.message() << "\n";
      return kExitFailed;
    }
  }
  std::cout << (options.format == "json"  ? to_json(report) + "\n"
                : options.format == "csv" ? to_csv(report)
                                          : to_text(report))
            << std::flush;
  return std::cout ? 0 : kExitFailed;
}

}  // namespace microbeam
