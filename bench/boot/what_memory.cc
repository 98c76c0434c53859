// SPDX-License-Identifier: Apache-2.0
// --what=memory: with how little of it a machine serves, and what is left with enough.
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <iostream>

#include "clock.h"
#include "json.h"
#include "least.h"
#include "serving.h"
#include "what.h"

namespace microbeam {
namespace {

constexpr int kRequests = 100;
// With less not even the kernel and a root of any of the images are there at the same time.
constexpr int kTooLittleMib = 8;

struct Served {
  std::optional<int64_t> available_kib;  // in the guest
  std::optional<int64_t> pss_kib;
  absl::Duration took;
};

// Boots with so much memory and asks kRequests times. Fails when not all of them are answered.
absl::StatusOr<Served> serve(const Turn& turn, int mib, absl::Duration limit) {
  Options options = turn.contestant.options;
  options.memory_mib = mib;
  options.timeout = limit;
  const absl::Duration start = monotonic_now();
  const auto serving = Serving::boot(turn, options);
  if (!serving.ok()) return serving.status();
  for (int i = 1; i < kRequests; ++i) {
    if (const auto body = (*serving)->get("/"); !body.ok()) return body.status();
  }
  const absl::Duration took = monotonic_now() - start;
  const std::optional<int64_t> pss = (*serving)->pss_kib();
  // Not every application tells it: the sample has no JSON under the OTP of Debian.
  const auto info = (*serving)->get("/info");
  std::optional<int64_t> available;
  if (info.ok()) available = json_integer(*info, "available");
  if (available) *available /= 1024;
  return Served{.available_kib = available, .pss_kib = pss, .took = took};
}

absl::string_view first_line(absl::string_view text) {
  return text.substr(0, text.find('\n'));
}

absl::StatusOr<Figures> memory_turn(const Turn& turn) {
  const Options& options = turn.contestant.options;
  const absl::StatusOr<Served> enough = serve(turn, options.memory_mib, options.time_limit());
  if (!enough.ok()) return enough.status();
  // What fails says so, nearly always. Some sit there without a word.
  const absl::Duration limit = std::max(4 * enough->took, absl::Seconds(10));
  std::optional<int64_t> least_pss = enough->pss_kib;
  const auto serves = [&](int mib) -> absl::StatusOr<bool> {
    const absl::StatusOr<Served> served = serve(turn, mib, limit);
    if (turn.signals.caught() != 0) return served.status();
    std::cerr << turn.contestant.name << ": " << mib
              << " MiB: " << (served.ok() ? "enough" : first_line(served.status().message()))
              << "\n";
    if (served.ok()) least_pss = served->pss_kib;
    return served.ok();
  };
  const absl::StatusOr<int> mib = least(kTooLittleMib, options.memory_mib, serves);
  if (!mib.ok()) return mib.status();
  return Figures{*mib, least_pss, enough->available_kib, enough->pss_kib};
}

}  // namespace

What what_memory() {
  using Extra = Measure::Extra;
  return {.name = "memory",
          .measures = {{.name = "least",
                        .unit = "MiB",
                        .title = "the least memory of a machine that answers 100 requests",
                        .extra = Extra::kTimes},
                       {.name = "least_pss",
                        .unit = "KiB",
                        .title = "memory of QEMU after these, with the least (PSS)",
                        .extra = Extra::kTimes},
                       {.name = "available",
                        .unit = "KiB",
                        .title = "the guest's MemAvailable after 100 requests, with enough",
                        .more_is_better = true,
                        .extra = Extra::kTimes},
                       {.name = "pss",
                        .unit = "KiB",
                        .title = "memory of QEMU after these, with enough (PSS)",
                        .extra = Extra::kTimes}},
          .turn = memory_turn};
}

}  // namespace microbeam
