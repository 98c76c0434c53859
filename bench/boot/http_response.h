// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.x response, taken as its bytes come.
#ifndef MICROBEAM_BENCH_BOOT_HTTP_RESPONSE_H
#define MICROBEAM_BENCH_BOOT_HTTP_RESPONSE_H

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace microbeam {

class HttpResponse {
 public:
  // A guest that sends more is refused: the answers that this tool asks for are small.
  static constexpr size_t kMaxHead = size_t{64} << 10;
  static constexpr size_t kMaxBody = size_t{1} << 20;

  // Takes the next bytes. An error when they are not HTTP or too many; then, as after the end, no
  // more may come.
  absl::Status feed(absl::string_view bytes);
  // The peer closed: the end of a body without a length, an error in the middle of anything else.
  absl::Status finish();

  [[nodiscard]] bool whole() const { return state_ == State::kWhole; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  enum class State {
    kHead,
    kSizedBody,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailer,
    kUnsizedBody,
    kWhole
  };

  absl::Status step(bool& progress);
  absl::Status take_head(absl::string_view head);
  absl::Status take_header(absl::string_view line);
  absl::Status take_body(bool& progress);
  absl::Status take_chunk_line(absl::string_view line);

  State state_ = State::kHead;
  std::string pending_;  // came, and is not consumed yet
  int status_ = 0;
  bool chunked_ = false;
  std::optional<uint64_t> length_;
  uint64_t left_ = 0;  // of the body, or of the chunk
  std::string body_;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_HTTP_RESPONSE_H
