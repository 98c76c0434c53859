// SPDX-License-Identifier: Apache-2.0
// The file systems that a PID 1 owes its system, as a table.
#ifndef PID1_MOUNT_H
#define PID1_MOUNT_H

#include <cstdint>
#include <span>

#include "pid1/result.h"

namespace pid1 {

/// One mount(2). The target is made with `directory_mode` where it is missing.
struct MountSpec {
  /// The source too: these file systems have none, and /proc/mounts shows their type there.
  const char* type;
  const char* target;
  const char* data;
  uint32_t flags;
  uint16_t directory_mode;
  /// A kernel without this file system (ENODEV) is not an error.
  bool optional;
};

enum class MountOutcome {
  kMounted,
  /// Something is mounted there: by an earlier init, or by the container engine. Left as it is.
  kAlreadyMounted,
  /// `optional`, and the kernel has no such file system.
  kNotSupported,
};

/// proc, sysfs, devtmpfs, devpts, /dev/shm, /dev/mqueue, /run and /tmp, parents first, with
/// nosuid/nodev/noexec wherever the file system's purpose allows. DEVTMPFS_MOUNT of the kernel does
/// not cover an initramfs (drivers/base/Kconfig), so /dev is always here.
[[nodiscard]] std::span<const MountSpec> default_mounts();

/// Mounts one. EBUSY (the same file system is already there) is success. Errors of mkdir(2) and
/// mount(2).
[[nodiscard]] Result<MountOutcome> mount(const MountSpec& spec);

/// Remounts the file system at `target` read-only (nosuid kept). EBUSY while a file on it is open
/// for writing.
[[nodiscard]] Result<> remount_read_only(const char* target);

/// Mounts the file or directory `source` over `target`.
[[nodiscard]] Result<> bind_mount(const char* source, const char* target);

}  // namespace pid1

#endif  // PID1_MOUNT_H
