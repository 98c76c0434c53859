// SPDX-License-Identifier: Apache-2.0
// --mode=probe; see modes.h.
#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

#include <iostream>

#include "boot.h"
#include "clock.h"
#include "console.h"
#include "json.h"
#include "modes.h"
#include "signals.h"

namespace microbeam {
namespace {

// The OS process id that the guest's application reports of itself, if it does.
std::optional<int64_t> ask_os_pid(Loop& loop, const Signals& signals, Boot& boot,
                                  absl::Duration limit) {
  HttpGet info(loop, boot.port(), "/info");
  const absl::Duration deadline = monotonic_now() + limit;
  while (!info.ended() && !boot.machine().ended() && signals.caught() == 0 &&
         monotonic_now() < deadline) {
    loop.turn(deadline);
  }
  if (!info.ended() || !info.status().ok() || info.response().status() != 200) return {};
  return json_integer(info.response().body(), "os_pid");
}

}  // namespace

int probe(const Options& options) {
  Loop loop;
  Signals signals(loop);
  Console console;
  if (absl::Status status = console.keep_in(options.console_log); !status.ok()) {
    std::cerr << "microbeam-vm: " << status.message() << "\n";
    return kExitUsage;
  }
  Boot boot(loop, console, options, {.give_up = [&signals] { return signals.caught() != 0; }});
  if (absl::Status status = boot.start(); !status.ok()) {
    std::cerr << "microbeam-vm: " << status.message() << "\n";
    return kExitFailed;
  }
  const absl::StatusOr<Boot::Outcome> outcome =
      boot.until_answer(monotonic_now() + options.time_limit());
  if (!outcome.ok()) {
    std::cerr << "microbeam-vm: " << outcome.status().message() << "\n";
    return kExitFailed;
  }

  std::optional<int64_t> os_pid;
  std::string failure;
  if (*outcome == Boot::Outcome::kAnswered) {
    os_pid = ask_os_pid(loop, signals, boot, options.time_limit());
    const int status = boot.result().http_status.value_or(0);
    if (status != 200) failure = absl::StrCat(boot.url(), " answered with HTTP status ", status);
  } else {
    failure = boot.describe(*outcome);
  }
  // A boot that failed or was interrupted is not worth the waiting.
  if (*outcome == Boot::Outcome::kAnswered && signals.caught() == 0) {
    boot.stop(signals);
  } else {
    boot.machine().stop(signals);
  }
  if (failure.empty() && !boot.orderly()) {
    failure = absl::StrCat("no orderly end: ", boot.describe_end());
  }

  BootResult result = boot.result();
  result.beam_os_pid = os_pid;
  std::cout << to_json(options, result) << '\n' << std::flush;
  if (!failure.empty()) {
    std::cerr << failure_report(failure, console, boot.machine().complaints())
              << console_report(console, options.console_log);
  }
  if (!console.file_status().ok()) {
    std::cerr << "microbeam-vm: " << console.file_status().message() << "\n";
  }
  if (signals.caught() != 0) return 128 + signals.caught();
  return failure.empty() && std::cout ? 0 : kExitFailed;
}

}  // namespace microbeam
