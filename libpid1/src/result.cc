// SPDX-License-Identifier: Apache-2.0
#include "pid1/result.h"

#include <array>
#include <cerrno>
#include <string_view>

#include "pid1/text.h"

namespace pid1 {
namespace {

struct Words {
  int code;
  std::string_view text;
};

// strerror(3) needs the C library's locale, and that its start-up; an init has neither. What the
// calls of sys.h can return, in the words that everybody knows.
constexpr Words kWords[] = {
    {EPERM, "Operation not permitted"},
    {ENOENT, "No such file or directory"},
    {EINTR, "Interrupted system call"},
    {EIO, "Input/output error"},
    {ENXIO, "No such device or address"},
    {E2BIG, "Argument list too long"},
    {ENOEXEC, "Exec format error"},
    {EBADF, "Bad file descriptor"},
    {ECHILD, "No child processes"},
    {EAGAIN, "Resource temporarily unavailable"},
    {ENOMEM, "Cannot allocate memory"},
    {EACCES, "Permission denied"},
    {EFAULT, "Bad address"},
    {ENOTBLK, "Block device required"},
    {EBUSY, "Device or resource busy"},
    {EEXIST, "File exists"},
    {ENODEV, "No such device"},
    {ENOTDIR, "Not a directory"},
    {EISDIR, "Is a directory"},
    {EINVAL, "Invalid argument"},
    {ENFILE, "Too many open files in system"},
    {EMFILE, "Too many open files"},
    {ENOTTY, "Inappropriate ioctl for device"},
    {ETXTBSY, "Text file busy"},
    {EFBIG, "File too large"},
    {ENOSPC, "No space left on device"},
    {EROFS, "Read-only file system"},
    {EPIPE, "Broken pipe"},
    {ERANGE, "Numerical result out of range"},
    {ENAMETOOLONG, "File name too long"},
    {ENOSYS, "Function not implemented"},
    {ELOOP, "Too many levels of symbolic links"},
    {EPROTO, "Protocol error"},
    {EOPNOTSUPP, "Operation not supported"},
    {EAFNOSUPPORT, "Address family not supported by protocol"},
    {EADDRNOTAVAIL, "Cannot assign requested address"},
    {ENETDOWN, "Network is down"},
    {ENETUNREACH, "Network is unreachable"},
    {ENOBUFS, "No buffer space available"},
    {ETIMEDOUT, "Connection timed out"},
};

/// The table as it is stored: for each entry the code in one byte, the text, a NUL. A table of
/// pointers is twice as large.
constexpr size_t packed_size() {
  size_t size = 1;  // a NUL ends it
  for (const Words& words : kWords)
    size += words.text.size() + 2;
  return size;
}

constexpr auto kPacked = [] {
  std::array<char, packed_size()> packed = {};
  size_t used = 0;
  for (const Words& words : kWords) {
    packed[used++] = static_cast<char>(words.code);
    for (const char c : words.text)
      packed[used++] = c;
    packed[used++] = '\0';
  }
  return packed;
}();

}  // namespace

const char* errno_words(int code) {
  for (const char* entry = kPacked.data(); *entry != '\0'; ++entry) {
    if (*entry++ == code) return entry;
    while (*entry != '\0')
      ++entry;
  }
  static char unknown[32];
  const Decimal number(static_cast<unsigned>(code));
  const char* const parts[] = {number.text()};
  (void)fill(unknown, "errno {}", parts);
  return unknown;
}

}  // namespace pid1
