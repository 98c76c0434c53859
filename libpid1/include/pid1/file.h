// SPDX-License-Identifier: Apache-2.0
// Whole small files and directories, read and written with bounded buffers.
#ifndef PID1_FILE_H
#define PID1_FILE_H

#include <sys/types.h>

#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "pid1/result.h"

namespace pid1 {

/// Reads all of `path` into `buffer`. EFBIG when the file has more bytes than fit beside the NUL
/// that is put after them; EISDIR, ENOENT, EACCES, ELOOP ... as open(2) and read(2) say. Reads until
/// the end: files of /proc have size 0 and come in pieces.
[[nodiscard]] Result<std::string_view> read_file(const char* path, std::span<char> buffer);

/// Makes or replaces `path` with `content`.
[[nodiscard]] Result<> write_file(const char* path, std::string_view content, mode_t mode = 0644);

/// Calls `visit` with the name of each entry of the directory but . and ..; `visit` returns false
/// to end the walk.
[[nodiscard]] Result<> list_directory(const char* path,
                                      absl::FunctionRef<bool(std::string_view)> visit);

}  // namespace pid1

#endif  // PID1_FILE_H
