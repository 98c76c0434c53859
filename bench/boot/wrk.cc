// SPDX-License-Identifier: Apache-2.0
// See wrk.h.
#include "wrk.h"

#include <absl/status/status.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <optional>

#include "proc.h"
#include "program.h"

namespace microbeam {

absl::StatusOr<std::string> find_wrk() {
  if (std::optional<std::string> path = find_program("wrk")) return *std::move(path);
  return absl::NotFoundError("wrk is not installed; type: sudo apt-get install wrk");
}

absl::StatusOr<double> requests_per_second(absl::string_view output) {
  for (const char* what : {"Socket errors", "Non-2xx or 3xx responses"}) {
    if (const auto count = proc_field(output, absl::StrCat("  ", what)))
      return absl::UnavailableError(absl::StrCat("wrk: ", what, ": ", *count));
  }
  double rate = 0;
  const std::optional<std::string> said = proc_field(output, "Requests/sec");
  if (!said || !absl::SimpleAtod(*said, &rate) || rate <= 0)
    return absl::UnavailableError(absl::StrCat("wrk said no number of requests: ", output));
  return rate;
}

}  // namespace microbeam
