// SPDX-License-Identifier: Apache-2.0
// One GET over one connection to 127.0.0.1, without ever blocking, and the moment of its answer's
// first byte.
#ifndef MICROBEAM_BENCH_BOOT_HTTP_GET_H
#define MICROBEAM_BENCH_BOOT_HTTP_GET_H

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>

#include "http_response.h"
#include "loop.h"
#include "unique_fd.h"

namespace microbeam {

class HttpGet {
 public:
  // Connects at once; `loop` does the rest.
  HttpGet(Loop& loop, int port, absl::string_view path);
  ~HttpGet();
  HttpGet(const HttpGet&) = delete;
  HttpGet& operator=(const HttpGet&) = delete;

  // True with the whole answer or a failure.
  [[nodiscard]] bool ended() const { return response_.whole() || !status_.ok(); }
  // OK so far, or why there is no answer.
  [[nodiscard]] const absl::Status& status() const { return status_; }
  [[nodiscard]] const HttpResponse& response() const { return response_; }
  // When the answer's first byte came. QEMU's user network accepts connections on the guest's
  // behalf, so a connection that stands says nothing about the guest; a byte does.
  [[nodiscard]] std::optional<absl::Duration> first_byte() const { return first_byte_; }
  [[nodiscard]] absl::Duration started() const { return started_; }

 private:
  void on_ready();
  void send_request();
  void receive();
  void end(absl::Status status);

  Loop& loop_;
  UniqueFd fd_;
  absl::Duration started_;
  std::string unsent_;
  bool connecting_ = true;
  std::optional<absl::Duration> first_byte_;
  HttpResponse response_;
  absl::Status status_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_HTTP_GET_H
