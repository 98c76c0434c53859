// SPDX-License-Identifier: Apache-2.0
// See cpio.h.
#include "cpio.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

namespace microbeam {
namespace {

void append_entry(std::string& archive, const CpioEntry& entry, uint32_t inode) {
  constexpr uint32_t kUnused = 0;
  // Magic; then each as eight hexadecimal digits: inode, mode, uid, gid, links, time, size, the
  // device's two numbers, those of the node, the name with its NUL, a checksum.
  absl::StrAppend(&archive, "070701");
  for (const uint32_t field : {inode, entry.mode, kUnused, kUnused, uint32_t{1}, kUnused,
                               static_cast<uint32_t>(entry.data.size()), kUnused, kUnused, kUnused,
                               kUnused, static_cast<uint32_t>(entry.name.size() + 1), kUnused}) {
    absl::StrAppendFormat(&archive, "%08X", field);
  }
  absl::StrAppend(&archive, entry.name, absl::string_view("\0", 1));
  absl::StrAppend(&archive, cpio_padding(archive.size()));
  absl::StrAppend(&archive, entry.data);
  absl::StrAppend(&archive, cpio_padding(archive.size()));
}

}  // namespace

std::string cpio_padding(size_t size) {
  return std::string((4 - size % 4) % 4, '\0');
}

std::string cpio_archive(const std::vector<CpioEntry>& entries) {
  std::string archive;
  uint32_t inode = 0;
  for (const CpioEntry& entry : entries)
    append_entry(archive, entry, ++inode);
  append_entry(archive, {.name = "TRAILER!!!", .mode = 0}, 0);
  return archive;
}

}  // namespace microbeam
