// SPDX-License-Identifier: Apache-2.0
// A file descriptor with an owner.
#ifndef MICROBEAM_BENCH_COMMON_UNIQUE_FD_H
#define MICROBEAM_BENCH_COMMON_UNIQUE_FD_H

#include <unistd.h>

#include <utility>

namespace microbeam {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_COMMON_UNIQUE_FD_H
