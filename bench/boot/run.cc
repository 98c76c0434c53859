// SPDX-License-Identifier: Apache-2.0
// --mode=run; see modes.h.
#include "run.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <unistd.h>

#include <iostream>
#include <string>

#include "clock.h"
#include "console.h"
#include "modes.h"
#include "qemu.h"
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
                            result.http_status.value_or(0), ")\n", timeline_table(result));
}

void flush(Loop& loop, const Relay& relay) {
  const absl::Duration deadline = monotonic_now() + kFlushLimit;
  while (!relay.empty() && monotonic_now() < deadline)
    loop.turn(deadline);
}

// A run under way: what the steps of drive() share.
struct Run {
  const Options& options;
  const RunHooks& hooks;
  Loop& loop;
  Signals& signals;
  Relay& relay;
  Console& console;
  Boot& boot;
  bool served = false;
};

// The waiting of a run, up to the end of the machine or of the interest in it.
absl::StatusOr<Boot::Outcome> follow(Run& run) {
  absl::StatusOr<Boot::Outcome> outcome =
      run.boot.until_answer(monotonic_now() + run.options.time_limit());
  // In the background nobody would ever hear of a machine that never answers.
  if (outcome.ok() && *outcome == Boot::Outcome::kTimedOut && !run.options.background) {
    std::cerr << "microbeam-vm: " << run.boot.describe(*outcome)
              << "; the machine goes on, Ctrl-C ends it\n";
    outcome = run.boot.until_answer(absl::InfiniteDuration());
  }
  if (!outcome.ok() || *outcome != Boot::Outcome::kAnswered) return outcome;
  run.served = true;
  flush(run.loop, run.relay);
  announce(run.boot, run.options, run.console);
  run.hooks.served(run.boot);
  return run.boot.until_end();
}

// Ends a machine that has not ended by itself.
void finish(Run& run, Boot::Outcome outcome) {
  const bool can_listen = run.served || run.boot.control().ready();
  if (outcome == Boot::Outcome::kGuestStopped || !can_listen) {
    run.boot.machine().stop(run.signals);
    return;
  }
  if (!run.boot.machine().ended()) {
    std::cerr << (run.console.at_line_start() ? "" : "\n")
              << absl::StrFormat(
                     "microbeam-vm: asking the machine to stop, for at most %g s; a second Ctrl-C "
                     "kills it\n",
                     absl::ToDoubleSeconds(run.options.stop_limit()));
  }
  run.boot.stop(run.signals);
}

int exit_status(const Run& run, Boot::Outcome outcome) {
  if (run.relay.broken() || outcome == Boot::Outcome::kTimedOut) return kExitFailed;
  if (run.boot.orderly()) return 0;
  const bool can_listen = run.served || run.boot.control().ready();
  if (outcome == Boot::Outcome::kGivenUp && !can_listen) return 128 + run.signals.caught();
  if (!run.console.panic().empty()) return kExitFailed;
  if (const std::optional<GuestEnd>& end = run.boot.control().end(); end && end->status != 0) {
    return end->status;
  }
  const int status = run.boot.machine().status().value_or(kExitFailed);
  const bool its_own = outcome == Boot::Outcome::kQemuEnded && run.served;
  return its_own && status != 0 && status != kUnpreparedStatus ? status : kExitFailed;
}

// Why it is over, in a sentence.
std::string story(const Run& run, Boot::Outcome outcome) {
  if (run.relay.broken()) return "nobody reads standard output any more; the machine was ended";
  if (run.boot.orderly()) return absl::StrCat(run.options.image, " ", run.boot.describe_end());
  if (outcome == Boot::Outcome::kGivenUp && (run.served || run.boot.control().ready())) {
    return run.boot.describe_end();
  }
  return run.boot.describe(outcome);
}

void restore_terminal(Run& run) {
  flush(run.loop, run.relay);
  if (isatty(STDOUT_FILENO) == 0 || !run.relay.empty()) return;
  run.relay.push(kRestoreTerminal);
  flush(run.loop, run.relay);
}

int conclude(Run& run, Boot::Outcome outcome) {
  const int status = exit_status(run, outcome);
  const std::string why = story(run, outcome);
  if (run.boot.orderly() || outcome == Boot::Outcome::kGivenUp) {
    std::cerr << run.boot.machine().complaints() << "microbeam-vm: " << why << "\n";
  } else {
    std::cerr << failure_report(why, run.console, run.boot.machine().complaints());
  }
  if (!run.console.file_status().ok()) {
    std::cerr << "microbeam-vm: " << run.console.file_status().message() << "\n";
  }
  run.hooks.ended(status, why);
  return status;
}

}  // namespace

int drive(const Options& options, const RunHooks& hooks) {
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

  Run run{options, hooks, loop, signals, relay, console, boot};
  const absl::StatusOr<Boot::Outcome> outcome = follow(run);
  if (!outcome.ok()) {
    std::cerr << "microbeam-vm: " << outcome.status().message() << "\n";
    return kExitFailed;
  }
  finish(run, *outcome);
  restore_terminal(run);
  return conclude(run, *outcome);
}

int run(const Options& options) {
  return drive(options, {.served = [](const Boot&) { std::cerr << "Ctrl-C ends the machine\n"; },
                         .ended = [](int, absl::string_view) {}});
}

}  // namespace microbeam
