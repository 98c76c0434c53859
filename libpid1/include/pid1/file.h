// SPDX-License-Identifier: Apache-2.0
// Whole small files and directories, read and written with bounded buffers.
#ifndef PID1_FILE_H
#define PID1_FILE_H

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "pid1/function_ref.h"
#include "pid1/result.h"

namespace pid1 {

/// Reads all of `path` into `buffer`. EFBIG when the file has more bytes than fit beside the NUL
/// that is put after them; EISDIR, ENOENT, EACCES, ELOOP ... as open(2) and read(2) say. Reads
/// until the end: files of /proc have size 0 and come in pieces. Waits for nobody: a FIFO without a
/// writer is empty, a terminal without input EAGAIN. Returns how many bytes there were.
[[nodiscard]] Result<size_t> read_file(const char* path, std::span<char> buffer);

/// Makes or replaces `path` with `content`; its mode is `mode`, also where it was there before.
/// Waits for nobody: a FIFO without a reader is ENXIO.
[[nodiscard]] Result<> write_file(const char* path, std::string_view content, mode_t mode = 0644);

/// Writes `text` to a file that is there, with one write(2), which the files of /proc and /sys take
/// for the whole; they refuse fchmod(2). EIO: a part was taken. `flags` are more of open(2)'s.
[[nodiscard]] Result<> write_at_once(const char* path, std::string_view text, int flags = 0);

/// Whether something is at `path`. True also when that cannot be told (EACCES, EIO): what is then
/// done with it says why.
[[nodiscard]] bool exists(const char* path);

/// `opened`, out of the way of 0, 1 and 2: the kernel gives away the lowest free number, so when
/// those were closed at the start an init's own descriptor would be the standard input of its
/// programs. What has one of these numbers is moved, close-on-exec, and the number closed. An error
/// is handed on; EMFILE.
[[nodiscard]] Result<int> above_standard(Result<int> opened);

/// Calls `visit` with the name of each entry of the directory but . and .. .
[[nodiscard]] Result<> list_directory(const char* path, FunctionRef<void(const char*)> visit);

}  // namespace pid1

#endif  // PID1_FILE_H
