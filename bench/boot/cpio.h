// SPDX-License-Identifier: Apache-2.0
// A cpio archive of the form "newc", as the kernel unpacks it over an initramfs
// (Documentation/driver-api/early-userspace/buffer-format.rst).
#ifndef MICROBEAM_BENCH_BOOT_CPIO_H
#define MICROBEAM_BENCH_BOOT_CPIO_H

#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <vector>

namespace microbeam {

struct CpioEntry {
  absl::string_view name;  // without a leading slash
  uint32_t mode;           // type and permissions, as in stat(2)
  absl::string_view data = {};
};

// Everything belongs to root and is as old as the epoch. Its length is a multiple of 4.
std::string cpio_archive(const std::vector<CpioEntry>& entries);

// The bytes that bring `size` to a multiple of 4: the kernel looks for an uncompressed archive
// behind another one only there, and skips zeros on the way.
std::string cpio_padding(size_t size);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_CPIO_H
