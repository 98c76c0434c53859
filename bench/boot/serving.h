// SPDX-License-Identifier: Apache-2.0
// A machine that has answered once with HTTP 200, and goes on.
#ifndef MICROBEAM_BENCH_BOOT_SERVING_H
#define MICROBEAM_BENCH_BOOT_SERVING_H

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "boot.h"
#include "console.h"
#include "options.h"
#include "report.h"
#include "what.h"

namespace microbeam {

// Ended without ceremony when it is dropped.
class Serving {
 public:
  // Boots it. Fails, with all that is known, when it does not come so far: within the time limit of
  // `options`, and before it is out of memory.
  static absl::StatusOr<std::unique_ptr<Serving>> boot(const Turn& turn, const Options& options);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  // The body of the answer to GET `path`, which has to be a 200.
  absl::StatusOr<std::string> get(absl::string_view path);
  // Leaves it alone for so long.
  absl::Status wait(absl::Duration duration);
  // Runs a program of the host to its end, at most for so long; what it wrote to its standard
  // output.
  absl::StatusOr<std::string> run(const std::vector<std::string>& argv, absl::Duration limit);

  [[nodiscard]] BootResult result() const { return boot_.result(); }
  [[nodiscard]] std::string url() const { return boot_.url(); }
  [[nodiscard]] pid_t pid() { return boot_.machine().pid(); }
  // Of QEMU (PSS).
  [[nodiscard]] std::optional<int64_t> pss_kib();

 private:
  Serving(const Turn& turn, const Options& options);

  // Whether there is no point in waiting any longer.
  [[nodiscard]] bool over();
  absl::Status failure(absl::string_view what);

  Turn turn_;
  Options options_;
  Console console_;
  Boot boot_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_SERVING_H
