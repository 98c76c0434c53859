// SPDX-License-Identifier: Apache-2.0
// --mode=bench; see modes.h.
#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include "console.h"
#include "contest.h"
#include "modes.h"
#include "proc.h"
#include "run_program.h"
#include "signals.h"
#include "what.h"

namespace microbeam {
namespace {

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

// All the turns, those of each contestant in order. An exit status where one failed.
std::variant<std::vector<std::vector<Figures>>, int> take_turns(Loop& loop, const What& what,
                                                                const std::vector<Contestant>& all,
                                                                int rounds) {
  const Signals signals(loop);
  std::vector<std::vector<Figures>> figures(all.size());
  for (int round = what.warm_up ? 0 : 1; round <= rounds; ++round) {
    for (size_t c = 0; c < all.size(); ++c) {
      absl::StatusOr<Figures> shown = what.turn({loop, signals, all[c]});
      if (signals.caught() != 0) return 128 + signals.caught();
      if (!shown.ok()) {
        std::cerr << all[c].name << ": " << shown.status().message() << "\n";
        return kExitFailed;
      }
      std::cerr << (round == 0 ? "warm-up" : absl::StrCat("round ", round, " of ", rounds)) << ", "
                << all[c].name << ": " << summary(what.measures, *shown) << "\n";
      if (round > 0) figures[c].push_back(*std::move(shown));
    }
  }
  return figures;
}

int complain(int status, absl::string_view message) {
  std::cerr << "microbeam-vm: " << message << "\n";
  return status;
}

}  // namespace

What what_of(const Options& options) {
  if (options.icount) return what_icount();
  constexpr std::pair<absl::string_view, What (*)()> kAll[] = {
      {"memory", what_memory}, {"load", what_load}, {"idle", what_idle}, {"native", what_native}};
  for (const auto& [name, make] : kAll) {
    if (options.what == name) return make();
  }
  return what_boot();
}

int bench(const Options& options) {
  const absl::StatusOr<std::vector<Contestant>> all = contestants(options);
  if (!all.ok()) return complain(kExitUsage, all.status().message());
  const What what = what_of(options);
  // Before the load that the machines are.
  std::string machine = describe_machine();
  std::optional<Guest> guest;
  Loop loop;
  if (what.in_machines) {
    const absl::StatusOr<std::string> version = qemu_version(loop, options.qemu);
    if (!version.ok()) return complain(kExitUsage, version.status().message());
    guest = Guest{.qemu = *version,
                  .accel = options.accel,
                  .memory_mib = options.memory_mib,
                  .cpus = options.cpus};
  }
  if (what.prepare != nullptr) {
    const absl::StatusOr<std::string> note = what.prepare();
    if (!note.ok()) return complain(kExitFailed, note.status().message());
    absl::StrAppend(&machine, "; ", *note);
  }
  const auto turns = take_turns(loop, what, *all, options.rounds);
  if (const int* status = std::get_if<int>(&turns)) return *status;
  Report report = contest_report(*all, what.measures, std::get<0>(turns));
  report.what = what.name;
  report.machine = machine;
  report.guest = guest;
  if (!options.save.empty()) {
    if (absl::Status saved = save(options.save, to_json(report) + "\n"); !saved.ok())
      return complain(kExitFailed, saved.message());
  }
  std::cout << (options.format == "json"  ? to_json(report) + "\n"
                : options.format == "csv" ? to_csv(report)
                                          : to_text(report))
            << std::flush;
  return std::cout ? 0 : kExitFailed;
}

}  // namespace microbeam
