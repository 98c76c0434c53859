// SPDX-License-Identifier: Apache-2.0
// See http_response.h; the framing is RFC 9112, sections 2 and 6.
#include "http_response.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <vector>

namespace microbeam {
namespace {

absl::Status malformed(absl::string_view what, absl::string_view line) {
  return absl::DataLossError(absl::StrCat("not an HTTP response: ", what, " \"",
                                          absl::CHexEscape(line.substr(0, 80)), "\""));
}

bool all_digits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

}  // namespace

absl::Status HttpResponse::feed(absl::string_view bytes) {
  pending_.append(bytes.data(), bytes.size());
  bool progress = true;
  while (progress && !whole()) {
    progress = false;
    if (absl::Status status = step(progress); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status HttpResponse::finish() {
  if (state_ == State::kUnsizedBody) state_ = State::kWhole;
  if (whole()) return absl::OkStatus();
  if (state_ == State::kHead && pending_.empty()) {
    return absl::UnavailableError("closed without an answer");
  }
  return absl::DataLossError("closed in the middle of the answer");
}

absl::Status HttpResponse::step(bool& progress) {
  switch (state_) {
    case State::kHead: {
      const size_t end = pending_.find("\r\n\r\n");
      // What is not HTTP need not come to an end to be known.
      if (!absl::StartsWith(pending_, absl::string_view("HTTP/1.").substr(0, pending_.size()))) {
        return malformed("it begins with", pending_);
      }
      if (std::min(end, pending_.size()) > kMaxHead) {
        return absl::ResourceExhaustedError("the head of the answer is longer than 64 KiB");
      }
      if (end == std::string::npos) return absl::OkStatus();
      progress = true;
      const std::string head = pending_.substr(0, end);
      pending_.erase(0, end + 4);
      return take_head(head);
    }
    case State::kChunkSize:
    case State::kChunkEnd:
    case State::kTrailer: {
      const size_t end = pending_.find("\r\n");
      if (end == std::string::npos) {
        if (pending_.size() <= kMaxHead) return absl::OkStatus();
        return malformed("no end of a chunk's line", pending_);
      }
      progress = true;
      const std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 2);
      return take_chunk_line(line);
    }
    case State::kSizedBody:
    case State::kChunk:
    case State::kUnsizedBody:
      return take_body(progress);
    case State::kWhole:
      break;
  }
  return absl::OkStatus();
}

absl::Status HttpResponse::take_head(absl::string_view head) {
  const std::vector<absl::string_view> lines = absl::StrSplit(head, "\r\n");
  const std::vector<absl::string_view> words = absl::StrSplit(lines[0], absl::MaxSplits(' ', 2));
  if (words.size() < 2 || words[1].size() != 3 || !all_digits(words[1]) ||
      !absl::SimpleAtoi(words[1], &status_)) {
    return malformed("the status line is", lines[0]);
  }
  chunked_ = false;
  length_.reset();
  for (size_t i = 1; i < lines.size(); ++i) {
    if (absl::Status status = take_header(lines[i]); !status.ok()) return status;
  }
  if (status_ < 200) {
    state_ = State::kHead;  // 1xx: the answer itself follows
  } else if (status_ == 204 || status_ == 304) {
    state_ = State::kWhole;
  } else if (chunked_) {
    state_ = State::kChunkSize;
  } else if (length_) {
    left_ = *length_;
    state_ = left_ == 0 ? State::kWhole : State::kSizedBody;
  } else {
    state_ = State::kUnsizedBody;
  }
  return absl::OkStatus();
}

absl::Status HttpResponse::take_header(absl::string_view line) {
  const std::pair<absl::string_view, absl::string_view> header =
      absl::StrSplit(line, absl::MaxSplits(':', 1));
  const absl::string_view value = absl::StripAsciiWhitespace(header.second);
  if (absl::EqualsIgnoreCase(header.first, "transfer-encoding")) {
    chunked_ = absl::EndsWithIgnoreCase(value, "chunked");
  } else if (absl::EqualsIgnoreCase(header.first, "content-length")) {
    uint64_t length = 0;
    if (!all_digits(value) || !absl::SimpleAtoi(value, &length)) {
      return malformed("the length is", line);
    }
    length_ = length;
  }
  return absl::OkStatus();
}

absl::Status HttpResponse::take_body(bool& progress) {
  const bool sized = state_ != State::kUnsizedBody;
  const size_t take =
      sized ? static_cast<size_t>(std::min<uint64_t>(left_, pending_.size())) : pending_.size();
  if (take == 0) return absl::OkStatus();
  if (body_.size() + take > kMaxBody) {
    return absl::ResourceExhaustedError("the answer is longer than 1 MiB");
  }
  body_.append(pending_, 0, take);
  pending_.erase(0, take);
  if (!sized) return absl::OkStatus();
  left_ -= take;
  if (left_ == 0) {
    progress = true;
    state_ = state_ == State::kChunk ? State::kChunkEnd : State::kWhole;
  }
  return absl::OkStatus();
}

absl::Status HttpResponse::take_chunk_line(absl::string_view line) {
  if (state_ == State::kChunkEnd) {
    if (!line.empty()) return malformed("after a chunk comes", line);
    state_ = State::kChunkSize;
  } else if (state_ == State::kTrailer) {
    if (line.empty()) state_ = State::kWhole;
  } else {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(';', 1));
    if (!absl::SimpleHexAtoi(parts[0], &left_)) return malformed("the chunk's size is", line);
    state_ = left_ == 0 ? State::kTrailer : State::kChunk;
  }
  return absl::OkStatus();
}

}  // namespace microbeam
