// SPDX-License-Identifier: Apache-2.0
#include "pid1/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {

Result<size_t> read_file(const char* path, std::span<char> buffer) {
  // A FIFO that nobody writes to is empty, not a wait for ever.
  PID1_TRY_ASSIGN(const int fd, sys::open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  const absl::Cleanup close_file = [fd] { sys::close(fd); };
  size_t used = 0;
  for (;;) {
    // The last byte of the buffer tells "exactly full" from "there is more".
    if (used == buffer.size()) return Error{EFBIG, "read"};
    PID1_TRY_ASSIGN(const size_t got,
                    sys::uninterrupted([&] { return sys::read(fd, buffer.subspan(used)); }));
    if (got == 0) break;
    used += got;
  }
  buffer[used] = '\0';
  return used;
}

Result<> write_file(const char* path, std::string_view content, mode_t mode) {
  // A FIFO that nobody reads is ENXIO, not a wait for ever.
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  PID1_TRY_ASSIGN(const int fd, sys::open(path, kFlags, mode));
  const absl::Cleanup close_file = [fd] { sys::close(fd); };
  // O_CREAT's mode is for a new file; one that was there may be open to others.
  PID1_TRY(sys::fchmod(fd, mode));
  while (!content.empty()) {
    PID1_TRY_ASSIGN(const size_t put, sys::uninterrupted([&] { return sys::write(fd, content); }));
    content.remove_prefix(put);
  }
  return {};
}

Result<> write_at_once(const char* path, std::string_view text, int flags) {
  PID1_TRY_ASSIGN(const int fd, sys::open(path, O_WRONLY | O_CLOEXEC | flags));
  const absl::Cleanup close_file = [fd] { sys::close(fd); };
  PID1_TRY_ASSIGN(const size_t put, sys::uninterrupted([&] { return sys::write(fd, text); }));
  return put == text.size() ? Result<>{} : Error{EIO, "write"};
}

bool exists(const char* path) {
  const auto found = sys::access(path, F_OK);
  return found.has_value() || (found.error().code != ENOENT && found.error().code != ENOTDIR);
}

Result<int> above_standard(Result<int> opened) {
  if (!opened.has_value() || *opened > 2) return opened;
  const auto copy = sys::duplicate(*opened, 3);
  sys::close(*opened);
  return copy;
}

Result<> list_directory(const char* path, FunctionRef<void(const char*)> visit) {
  PID1_TRY_ASSIGN(const int fd, sys::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const absl::Cleanup close_directory = [fd] { sys::close(fd); };
  alignas(struct dirent) char records[2048];
  for (;;) {
    PID1_TRY_ASSIGN(const size_t got, sys::getdents(fd, records));
    if (got == 0) return {};
    for (size_t offset = 0; offset < got;) {
      // struct linux_dirent64 of getdents64(2) is laid out as struct dirent of a 64-bit C library.
      const auto* entry = reinterpret_cast<const struct dirent*>(records + offset);
      if (!is_listed(".,..", entry->d_name)) visit(entry->d_name);
      offset += entry->d_reclen;
    }
  }
}

}  // namespace pid1
