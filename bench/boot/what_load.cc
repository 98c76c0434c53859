// SPDX-License-Identifier: Apache-2.0
// --what=load: how many requests a second are answered, as wrk counts them.
#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

#include "processors.h"
#include "program.h"
#include "serving.h"
#include "what.h"
#include "wrk.h"

namespace microbeam {
namespace {

// A connection for each processor of the guest would leave it idle while the host is at work.
constexpr int kConnections = 8;

// Asks for so long. A guest that has never been asked translates, loads and allocates first.
absl::StatusOr<double> ask(Serving& serving, absl::Duration duration, bool keep_alive) {
  const absl::StatusOr<std::string> wrk = find_wrk();
  if (!wrk.ok()) return wrk.status();
  std::vector<std::string> command = {
      *wrk, "--threads=1", absl::StrCat("--connections=", kConnections),
      absl::StrCat("--duration=", absl::ToInt64Seconds(duration), "s")};
  if (!keep_alive) command.emplace_back("--header=Connection: close");
  command.push_back(serving.url());
  const absl::StatusOr<std::string> said = serving.run(command, duration + absl::Seconds(30));
  if (!said.ok()) return said.status();
  return requests_per_second(*said);
}

// wrk has the last of the processors to itself, and QEMU the others. Where the two and QEMU's
// threads are free to go, who shares a processor with whom changes by the second, and the rate with
// it, by a half.
class Apart {
 public:
  Apart() {
    if (all_.size() > 1) keep_to(absl::MakeConstSpan(all_).first(all_.size() - 1));
  }
  ~Apart() { keep_to(all_); }
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;

  // QEMU has been started.
  void wrk_is_next() const { keep_to({all_.back()}); }

 private:
  const std::vector<int> all_ = processors();
};

absl::StatusOr<Figures> load_turn(const Turn& turn) {
  const Apart apart;
  const auto serving = Serving::boot(turn, turn.contestant.options);
  if (!serving.ok()) return serving.status();
  apart.wrk_is_next();
  const absl::Duration duration = absl::Seconds(turn.contestant.options.seconds);
  Figures figures;
  for (const bool keep_alive : {true, false}) {
    if (const auto warm = ask(**serving, absl::Seconds(1), keep_alive); !warm.ok())
      return warm.status();
    const absl::StatusOr<double> rate = ask(**serving, duration, keep_alive);
    if (!rate.ok()) return rate.status();
    figures.emplace_back(*rate);
  }
  return figures;
}

absl::StatusOr<std::string> prepare() {
  const absl::StatusOr<std::string> wrk = find_wrk();
  if (!wrk.ok()) return wrk.status();
  const std::vector<int> all = processors();
  if (all.empty()) return absl::UnknownError("cannot tell which processors there are");
  return absl::StrCat(
      "wrk, ", kConnections, " connections, ",
      all.size() > 1 ? "on a processor of its own" : "on the processor that QEMU has");
}

}  // namespace

What what_load() {
  using Extra = Measure::Extra;
  return {.name = "load",
          .measures = {{.name = "keep_alive",
                        .unit = "1/s",
                        .title = "requests over eight connections that are kept",
                        .more_is_better = true,
                        .extra = Extra::kTimes},
                       {.name = "connections",
                        .unit = "1/s",
                        .title = "requests over a new connection each, eight at a time",
                        .more_is_better = true,
                        .extra = Extra::kTimes}},
          .prepare = prepare,
          .turn = load_turn};
}

}  // namespace microbeam
