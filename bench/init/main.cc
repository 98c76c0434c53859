// SPDX-License-Identifier: Apache-2.0
// microbeam-init-bench: inits for containers side by side, each as PID 1 of a fresh pid namespace.
#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "comparison.h"
#include "contestant.h"
#include "measure.h"
#include "proc.h"
#include "processors.h"
#include "program.h"
#include "trial.h"
#include "usage.h"

ABSL_FLAG(std::string, ours, "", "the path of libpid1's container-init, as it ships");
ABSL_FLAG(std::vector<std::string>, contestants,
          std::vector<std::string>({"libpid1", "tini", "tini-static", "dumb-init", "catatonit",
                                    "busybox"}),
          "who is measured, in this order; the program alone is before them in any case");
ABSL_FLAG(int, starts, 200, "how often each is started for the times of a start");
ABSL_FLAG(int, zombies, 1000, "orphans of one trial of reaping, at most 10000");
ABSL_FLAG(int, reap_rounds, 20, "trials of reaping, of each kind");
ABSL_FLAG(int, signals, 1000, "signals to each");
ABSL_FLAG(int, memory_rounds, 10, "how often the memory of each is looked at");
ABSL_FLAG(bool, pin, true,
          "all on one processor, the last: else what a wake-up takes is chance, the more so in a "
          "virtual machine");
ABSL_FLAG(
    bool, realtime, false,
    "all with real-time priority (SCHED_FIFO, needs root), for a machine that has other work");
ABSL_FLAG(bool, json, false, "one JSON object instead of tables");
ABSL_FLAG(std::string, probe, "", "the program that the inits run; by default beside this one");

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int complain(int status, absl::string_view message) {
  std::cerr << "microbeam-init-bench: " << message << "\n";
  return status;
}

std::string probe_path() {
  if (std::string given = absl::GetFlag(FLAGS_probe); !given.empty()) return given;
  std::error_code error;
  return (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "init_probe")
      .string();
}

std::vector<microbeam::Binary> sizes(const std::vector<microbeam::Contestant>& contestants) {
  std::vector<microbeam::Binary> binaries;
  for (const microbeam::Contestant& one : contestants) {
    struct stat status{};
    if (one.path.empty() || stat(one.path.c_str(), &status) != 0) continue;
    binaries.push_back({one.name, one.path, status.st_size});
  }
  return binaries;
}

int bench(const std::vector<microbeam::Contestant>& contestants, const std::string& probe,
          const microbeam::Counts& counts) {
  if (const absl::Status status = microbeam::enter_namespaces(); !status.ok()) {
    return complain(kExitFailed, status.message());
  }
  const auto inittab_init = std::find_if(
      contestants.begin(), contestants.end(),
      [](const microbeam::Contestant& one) { return one.kind == microbeam::Kind::kInittab; });
  const absl::StatusOr<microbeam::Arena> arena =
      microbeam::Arena::make(probe, inittab_init == contestants.end() ? "" : inittab_init->path);
  if (!arena.ok()) return complain(kExitFailed, arena.status().message());

  std::string machine = microbeam::describe_machine();
  if (absl::GetFlag(FLAGS_pin)) {
    // This process, and all that is started from now on.
    const std::vector<int> all = microbeam::processors();
    if (all.empty() || !microbeam::keep_to({all.back()})) {
      return complain(kExitFailed, "cannot keep to one processor; try --nopin");
    }
    absl::StrAppend(&machine, "; all on processor ", all.back());
  }
  if (absl::GetFlag(FLAGS_realtime)) {
    const sched_param lowest = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &lowest) != 0) {
      return complain(kExitFailed, "cannot have real-time priority; leave --realtime out");
    }
    absl::StrAppend(&machine, "; real-time priority");
  }
  microbeam::Report report = {.what = "init",
                              .machine = machine,
                              .baseline = std::string(microbeam::kAlone),
                              .binaries = sizes(contestants),
                              .measures = {}};
  absl::StatusOr<std::vector<microbeam::Measure>> measures =
      microbeam::measure_all(*arena, contestants, counts);
  if (!measures.ok()) return complain(kExitFailed, measures.status().message());
  report.measures = *std::move(measures);
  std::cout << (absl::GetFlag(FLAGS_json) ? to_json(report) + "\n" : to_text(report)) << std::flush;
  return std::cout.good() ? 0 : complain(kExitFailed, "cannot write the result");
}

}  // namespace

int main(int argc, char** argv) {
  microbeam::open_standard_streams();
  microbeam::set_usage(
      "microbeam-init-bench", "init/main.cc",
      "measures inits for containers, each as PID 1 of a fresh pid namespace, in turns.\n"
      "microbeam-init-bench --ours=CONTAINER_INIT [FLAG...]");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  if (arguments.size() > 1) {
    return complain(kExitUsage, std::string("unexpected argument ") + arguments[1]);
  }

  const microbeam::Counts counts = {.starts = absl::GetFlag(FLAGS_starts),
                                    .zombies = absl::GetFlag(FLAGS_zombies),
                                    .reap_rounds = absl::GetFlag(FLAGS_reap_rounds),
                                    .signals = absl::GetFlag(FLAGS_signals),
                                    .memory_rounds = absl::GetFlag(FLAGS_memory_rounds)};
  if (std::min({counts.starts, counts.zombies, counts.reap_rounds, counts.signals,
                counts.memory_rounds}) < 1 ||
      counts.zombies > 10'000) {
    return complain(kExitUsage, "counts are at least 1, and --zombies at most 10000");
  }
  const std::string probe = probe_path();
  if (!microbeam::find_program(probe)) {
    return complain(kExitUsage, "there is no probe at " + probe + "; --probe says where it is");
  }
  const absl::StatusOr<std::vector<microbeam::Contestant>> contestants =
      microbeam::contestants(absl::GetFlag(FLAGS_contestants), absl::GetFlag(FLAGS_ours));
  if (!contestants.ok()) return complain(kExitUsage, contestants.status().message());
  return bench(*contestants, probe, counts);
}
