// SPDX-License-Identifier: Apache-2.0
// See measure.h.
#include "measure.h"

#include <absl/strings/str_cat.h>
#include <poll.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <utility>

#include "instructions.h"
#include "proc.h"

namespace microbeam {
namespace {

// Of one start several values come: one for each of the measures that it serves.
using Values = std::vector<std::vector<double>>;

class Bench {
 public:
  Bench(const Arena& arena, const std::vector<Contestant>& contestants)
      : arena_(arena), contestants_(contestants) {}

  // `measures` get a series for each contestant. `trial` returns the values of one turn for each of
  // them; `why_not` is asked first, for each.
  using Turn = std::function<absl::StatusOr<Values>(const Contestant&)>;
  using WhyNot = std::function<std::string(const Contestant&, size_t measure)>;
  absl::Status rounds(int count, std::vector<Measure> measures, const WhyNot& why_not,
                      const Turn& turn);

  absl::Status starts(int count);
  absl::Status instructions(int count);
  absl::Status reaping(int count, int zombies);
  absl::Status signals(int count);
  absl::Status memory(int count);

  std::vector<Measure> take() { return std::move(results_); }

 private:
  const Arena& arena_;
  const std::vector<Contestant>& contestants_;
  std::vector<Measure> results_;
};

absl::Status Bench::rounds(int count, std::vector<Measure> measures, const WhyNot& why_not,
                           const Turn& turn) {
  std::cerr << "microbeam-init-bench: " << measures.front().name << ", " << count << " rounds\n";
  for (size_t m = 0; m < measures.size(); ++m) {
    for (const Contestant& contestant : contestants_) {
      measures[m].series.push_back(
          {.contestant = contestant.name, .values = {}, .why_not = why_not(contestant, m)});
    }
  }
  // Round -1 reads the files into memory.
  for (int round = -1; round < count; ++round) {
    for (size_t c = 0; c < contestants_.size(); ++c) {
      if (std::all_of(measures.begin(), measures.end(),
                      [c](const Measure& one) { return !one.series[c].why_not.empty(); })) {
        continue;
      }
      const absl::StatusOr<Values> values = turn(contestants_[c]);
      if (!values.ok()) return values.status();
      for (size_t m = 0; round >= 0 && m < measures.size(); ++m) {
        Series& series = measures[m].series[c];
        if (!series.why_not.empty()) continue;
        series.values.insert(series.values.end(), (*values)[m].begin(), (*values)[m].end());
      }
    }
  }
  std::move(measures.begin(), measures.end(), std::back_inserter(results_));
  return absl::OkStatus();
}

absl::Status Bench::starts(int count) {
  const std::vector<Measure> measures = {
      {.name = "exit",
       .unit = "us",
       .title = "start to exit: from exec of the init to its end as its parent is told",
       .extra = Measure::Extra::kAdded},
      {.name = "begin",
       .unit = "us",
       .title = "start to program: from exec of the init to the program's main",
       .extra = Measure::Extra::kAdded},
      {.name = "cpu",
       .unit = "us",
       .title = "CPU time of init and program, user and system",
       .extra = Measure::Extra::kAdded}};
  const auto why_not = [](const Contestant& contestant, size_t measure) {
    return measure == 1 || contestant.exits() ? "" : "does not exit";
  };
  return rounds(count, measures, why_not, [&](const Contestant& who) -> absl::StatusOr<Values> {
    absl::StatusOr<Trial> trial = Trial::start(arena_, who, {"return"});
    if (!trial.ok()) return trial.status();
    const absl::StatusOr<double> end = who.exits() ? trial->end_us() : 0;
    if (!end.ok()) return end.status();
    const absl::StatusOr<double> begin = trial->stamp_us();
    if (!begin.ok()) return begin.status();
    return Values{{*end}, {*begin}, {absl::ToDoubleMicroseconds(trial->child().cpu_time())}};
  });
}

absl::Status Bench::instructions(int count) {
  Measure measure = {.name = "instructions",
                     .unit = "",
                     .title = "instructions of init and program",
                     .extra = Measure::Extra::kAdded};
  const absl::StatusOr<InstructionCounter> counter = InstructionCounter::open();
  if (!counter.ok()) {
    measure.why_not = std::string(counter.status().message());
    results_.push_back(std::move(measure));
    return absl::OkStatus();
  }
  absl::StrAppend(&measure.title, counter->with_kernel() ? ", the kernel's for them too" : "");
  const auto why_not = [](const Contestant& contestant, size_t) {
    return contestant.exits() ? "" : "does not exit";
  };
  return rounds(count, {measure}, why_not, [&](const Contestant& who) -> absl::StatusOr<Values> {
    const int64_t before = counter->count();
    absl::StatusOr<Trial> trial = Trial::start(arena_, who, {"return"});
    if (!trial.ok()) return trial.status();
    const absl::StatusOr<double> end = trial->end_us();
    if (!end.ok()) return end.status();
    return Values{{static_cast<double>(counter->count() - before)}};
  });
}

absl::Status Bench::reaping(int count, int zombies) {
  const struct {
    const char* mode;
    std::string title;
  } kinds[] = {{"orphans", absl::StrCat("an orphan's life: double fork to the last of ", zombies,
                                        " collected, for each")},
               {"backlog", absl::StrCat(zombies,
                                        " zombies handed over at once, until the last is "
                                        "collected, for each")}};
  for (const auto& kind : kinds) {
    const auto why_not = [](const Contestant& contestant, size_t) {
      return contestant.reaps() ? "" : "does not reap";
    };
    const absl::Status status =
        rounds(count,
               {{.name = kind.mode,
                 .unit = "us",
                 .title = kind.title,
                 .extra = Measure::Extra::kPerSecond}},
               why_not, [&](const Contestant& who) -> absl::StatusOr<Values> {
                 absl::StatusOr<Trial> trial =
                     Trial::start(arena_, who, {kind.mode, absl::StrCat(zombies)});
                 if (!trial.ok()) return trial.status();
                 const absl::StatusOr<double> from = trial->stamp_us();
                 if (!from.ok()) return from.status();
                 const absl::StatusOr<double> to = trial->stamp_us();
                 if (!to.ok()) return to.status();
                 return Values{{(*to - *from) / zombies}};
               });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Bench::signals(int count) {
  const auto why_not = [](const Contestant& contestant, size_t) {
    return contestant.forwards() ? "" : "does not forward";
  };
  // All at once, waiting, and one signal to each in turn.
  std::map<std::string, Trial> waiting;
  return rounds(count,
                {{.name = "signal",
                  .unit = "us",
                  .title = "signal to the init until the program's handler runs",
                  .extra = Measure::Extra::kAdded}},
                why_not, [&](const Contestant& who) -> absl::StatusOr<Values> {
                  auto found = waiting.find(who.name);
                  if (found == waiting.end()) {
                    absl::StatusOr<Trial> trial = Trial::start(arena_, who, {"wait"});
                    if (!trial.ok()) return trial.status();
                    const absl::StatusOr<double> ready = trial->stamp_us();
                    if (!ready.ok()) return ready.status();
                    found = waiting.emplace(who.name, *std::move(trial)).first;
                  }
                  // Until the init waits again: a signal that finds it awake is quicker.
                  poll(nullptr, 0, 1);
                  const absl::StatusOr<double> latency = found->second.signal_us();
                  if (!latency.ok()) return latency.status();
                  return Values{{*latency}};
                });
}

absl::Status Bench::memory(int count) {
  const std::vector<Measure> measures = {
      {.name = "rss",
       .unit = "KiB",
       .title = "resident memory of the init while its program waits"},
      {.name = "pss", .unit = "KiB", .title = "the same, shared pages divided by their users"},
      {.name = "private", .unit = "KiB", .title = "the same, pages of its own alone"}};
  const auto why_not = [](const Contestant& contestant, size_t) {
    return contestant.kind == Kind::kNone ? "no init" : "";
  };
  return rounds(count, measures, why_not, [&](const Contestant& who) -> absl::StatusOr<Values> {
    absl::StatusOr<Trial> trial = Trial::start(arena_, who, {"wait"});
    if (!trial.ok()) return trial.status();
    if (const absl::StatusOr<double> ready = trial->stamp_us(); !ready.ok()) return ready.status();
    // It may still be on its way from fork to its loop.
    poll(nullptr, 0, 20);
    const absl::StatusOr<Memory> memory = memory_of(trial->child().pid());
    if (!memory.ok()) return memory.status();
    return Values{{static_cast<double>(memory->rss_kib)},
                  {static_cast<double>(memory->pss_kib)},
                  {static_cast<double>(memory->private_kib)}};
  });
}

}  // namespace

absl::StatusOr<std::vector<Measure>> measure_all(const Arena& arena,
                                                 const std::vector<Contestant>& contestants,
                                                 const Counts& counts) {
  Bench bench(arena, contestants);
  absl::Status status = bench.starts(counts.starts);
  if (status.ok()) status = bench.instructions(counts.starts);
  if (status.ok()) status = bench.reaping(counts.reap_rounds, counts.zombies);
  if (status.ok()) status = bench.signals(counts.signals);
  if (status.ok()) status = bench.memory(counts.memory_rounds);
  if (!status.ok()) return status;
  return bench.take();
}

}  // namespace microbeam
