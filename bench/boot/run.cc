// SPDX-License-Identifier: Apache-2.0
// --mode=run; see modes.h.
#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <unistd.h>

#include <iostream>

#include "boot.h"
#include "clock.h"
#include "console.h"
#include "modes.h"
#include "relay.h"
#include "signals.h"

namespace microbeam {
namespace {

constexpr absl::Duration kFlushLimit = absl::Seconds(2);

// A guest may leave a terminal coloured, without line wrap (firmware does) or without a cursor.
constexpr absl::string_view kRestoreTerminal = "\033[0m\033[?7h\033[?25h\r\n";

void announce(const Boot& boot, const Options& options, const Console& console) {
  const BootResult result = boot.result();
  std::cerr << (console.at_line_start() ? "" : "\n")
            << absl::StrCat(options.image, " answers on ", boot.url(), " (HTTP ",
                            result.http_status.value_or(0), ")\n", timeline_table(result),
                            "Ctrl-C ends the machine\n");
}

void flush(Loop& loop, const Relay& relay) {
  const absl::Duration deadline = monotonic_now() + kFlushLimit;
  while (!relay.empty() && monotonic_now() < deadline)
    loop.turn(deadline);
}

// The waiting of a run, up to the end of the machine or of the interest in it.
absl::StatusOr<Boot::Outcome> follow(Loop& loop, Boot& boot, const Options& options,
                                     const Console& console, const Relay& relay, bool& served) {
  absl::StatusOr<Boot::Outcome> outcome = boot.until_answer(monotonic_now() + options.time_limit());
  if (outcome.ok() && *outcome == Boot::Outcome::kTimedOut) {
    std::cerr << "microbeam-vm: " << boot.describe(*outcome)
              << "; the machine goes on, Ctrl-C ends it\n";
    outcome = boot.until_answer(absl::InfiniteDuration());
  }
  if (!outcome.ok() || *outcome != Boot::Outcome::kAnswered) return outcome;
  served = true;
  flush(loop, relay);
  announce(boot, options, console);
  return boot.until_end();
}

}  // namespace

int run(const Options& options) {
  Loop loop;
  Signals signals(loop);
  Relay relay(loop, STDOUT_FILENO);
  Console console;
  if (!options.console_log.empty()) {
    if (absl::Status status = console.keep_in(options.console_log); !status.ok()) {
      std::cerr << "microbeam-vm: " << status.message() << "\n";
      return kExitUsage;
    }
  }
  console.relay_to([&relay](absl::string_view bytes) { relay.push(bytes); });
  Boot boot(loop, console, options,
            {.give_up = [&] { return signals.caught() != 0 || relay.broken(); },
             .may_read = [&relay] { return !relay.full(); }});
  if (absl::Status status = boot.start(); !status.ok()) {
    std::cerr << "microbeam-vm: " << status.message() << "\n";
    return kExitFailed;
  }

  bool served = false;
  const absl::StatusOr<Boot::Outcome> outcome = follow(loop, boot, options, console, relay, served);
  if (!outcome.ok()) {
    std::cerr << "microbeam-vm: " << outcome.status().message() << "\n";
    return kExitFailed;
  }
  const bool by_itself = *outcome != Boot::Outcome::kGivenUp;
  const std::string story = by_itself ? boot.describe(*outcome) : "";
  boot.machine().stop(signals);
  flush(loop, relay);
  if (isatty(STDOUT_FILENO) != 0 && relay.empty()) {
    relay.push(kRestoreTerminal);
    flush(loop, relay);
  }

  if (!console.file_status().ok()) {
    std::cerr << "microbeam-vm: " << console.file_status().message() << "\n";
  }
  if (by_itself) {
    std::cerr << failure_report(story, console, boot.machine().complaints());
    const bool ended = *outcome == Boot::Outcome::kQemuEnded;
    return served && ended ? boot.machine().status().value_or(kExitFailed) : kExitFailed;
  }
  std::cerr << boot.machine().complaints();
  if (relay.broken()) {
    std::cerr << "microbeam-vm: nobody reads standard output any more; the machine was ended\n";
    return kExitFailed;
  }
  return served ? 0 : 128 + signals.caught();
}

}  // namespace microbeam
