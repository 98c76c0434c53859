// SPDX-License-Identifier: Apache-2.0
// A file descriptor with an owner, and system calls whose failure is an exception.
#ifndef MICROBEAM_TESTS_NAMESPACE_DESCRIPTOR_H
#define MICROBEAM_TESTS_NAMESPACE_DESCRIPTOR_H

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace microbeam {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// What a system call returned. GoogleTest turns the exception into a failure of the test.
inline long check(long returned, const std::string& what) {
  if (returned < 0) throw std::system_error(errno, std::generic_category(), what);
  return returned;
}

}  // namespace microbeam

#endif  // MICROBEAM_TESTS_NAMESPACE_DESCRIPTOR_H
