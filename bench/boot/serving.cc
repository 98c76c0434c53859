// SPDX-License-Identifier: Apache-2.0
// See serving.h.
#include "serving.h"

#include <absl/strings/str_cat.h>

#include "clock.h"
#include "http_get.h"
#include "proc.h"
#include "run_program.h"

namespace microbeam {

Serving::Serving(const Turn& turn, const Options& options)
    : turn_(turn), options_(options), boot_(turn.loop, console_, options, {.give_up = [this] {
                                              return turn_.signals.caught() != 0 ||
                                                     !console_.out_of_memory().empty();
                                            }}) {}

Serving::~Serving() {
  if (boot_.started()) boot_.machine().stop(turn_.signals);
}

absl::StatusOr<std::unique_ptr<Serving>> Serving::boot(const Turn& turn, const Options& options) {
  std::unique_ptr<Serving> one(new Serving(turn, options));
  if (absl::Status status = one->console_.keep_in(options.console_log); !status.ok()) return status;
  if (absl::Status status = one->boot_.start(); !status.ok()) return status;
  const absl::StatusOr<Boot::Outcome> outcome =
      one->boot_.until_answer(monotonic_now() + options.time_limit());
  if (!outcome.ok()) return outcome.status();
  if (*outcome != Boot::Outcome::kAnswered) return one->failure(one->boot_.describe(*outcome));
  const int status = one->boot_.result().http_status.value_or(0);
  if (status != 200) return one->failure(absl::StrCat("HTTP status ", status));
  return one;
}

absl::StatusOr<std::string> Serving::get(absl::string_view path) {
  HttpGet get(turn_.loop, boot_.port(), path);
  const absl::Duration deadline = monotonic_now() + options_.time_limit();
  while (!get.ended() && !over() && monotonic_now() < deadline)
    turn_.loop.turn(deadline);
  if (!get.ended()) return failure(absl::StrCat("no answer to ", path));
  if (!get.status().ok()) return failure(absl::StrCat(path, ": ", get.status().message()));
  const int status = get.response().status();
  if (status != 200) return failure(absl::StrCat(path, ": HTTP status ", status));
  return get.response().body();
}

absl::Status Serving::wait(absl::Duration duration) {
  const absl::Duration deadline = monotonic_now() + duration;
  while (!over() && monotonic_now() < deadline)
    turn_.loop.turn(deadline);
  return over() ? failure("the machine did not go on") : absl::OkStatus();
}

absl::StatusOr<std::string> Serving::run(const std::vector<std::string>& argv,
                                         absl::Duration limit) {
  absl::StatusOr<std::string> said =
      run_program(turn_.loop, argv, limit, [this] { return over(); });
  if (!said.ok()) return failure(said.status().message());
  return said;
}

std::optional<int64_t> Serving::pss_kib() {
  const absl::StatusOr<Memory> memory = memory_of(pid());
  if (!memory.ok()) return {};
  return memory->pss_kib;
}

bool Serving::over() {
  return turn_.signals.caught() != 0 || boot_.machine().ended() ||
         !console_.out_of_memory().empty();
}

absl::Status Serving::failure(absl::string_view what) {
  const std::string& memory = console_.out_of_memory();
  return absl::UnavailableError(
      absl::StrCat(failure_report(memory.empty() ? what : printable(memory), console_,
                                  boot_.machine().complaints()),
                   console_report(console_, options_.console_log)));
}

}  // namespace microbeam
