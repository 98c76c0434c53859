// SPDX-License-Identifier: Apache-2.0
#include "pid1/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "absl/cleanup/cleanup.h"
#include "pid1/sys.h"

namespace pid1 {
namespace {

/// read(2), again after EINTR.
Result<size_t> read_some(int fd, std::span<char> buffer) {
  for (;;) {
    const auto got = sys::read(fd, buffer);
    if (got.has_value() || got.error().code != EINTR) return got;
  }
}

}  // namespace

Result<std::string_view> read_file(const char* path, std::span<char> buffer) {
  PID1_TRY_ASSIGN(const int fd, sys::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  const absl::Cleanup close_file = [fd] { sys::close(fd); };
  size_t used = 0;
  for (;;) {
    // The last byte of the buffer tells "exactly full" from "there is more".
    if (used == buffer.size()) return std::unexpected(Error{EFBIG, "read"});
    PID1_TRY_ASSIGN(const size_t got, read_some(fd, buffer.subspan(used)));
    if (got == 0) break;
    used += got;
  }
  buffer[used] = '\0';
  return std::string_view{buffer.data(), used};
}

Result<> write_file(const char* path, std::string_view content, mode_t mode) {
  PID1_TRY_ASSIGN(const int fd,
                  sys::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, mode));
  const absl::Cleanup close_file = [fd] { sys::close(fd); };
  while (!content.empty()) {
    const auto put = sys::write(fd, content);
    if (put.has_value()) {
      content.remove_prefix(*put);
    } else if (put.error().code != EINTR) {
      return std::unexpected(put.error());
    }
  }
  return {};
}

Result<> list_directory(const char* path, absl::FunctionRef<bool(std::string_view)> visit) {
  PID1_TRY_ASSIGN(const int fd, sys::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const absl::Cleanup close_directory = [fd] { sys::close(fd); };
  alignas(struct dirent) char records[2048];
  for (;;) {
    PID1_TRY_ASSIGN(const size_t got, sys::getdents(fd, records));
    if (got == 0) return {};
    for (size_t offset = 0; offset < got;) {
      // struct linux_dirent64 of getdents64(2) is laid out as struct dirent of a 64-bit C library.
      const auto* entry = reinterpret_cast<const struct dirent*>(records + offset);
      const std::string_view name = entry->d_name;
      if (name != "." && name != ".." && !visit(name)) return {};
      offset += entry->d_reclen;
    }
  }
}

}  // namespace pid1
