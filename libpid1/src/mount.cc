// SPDX-License-Identifier: Apache-2.0
#include "pid1/mount.h"

#include <sys/mount.h>

#include <cerrno>

#include "pid1/sys.h"

namespace pid1 {
namespace {

constexpr uint32_t kLocked = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr uint32_t kDevices = MS_NOSUID | MS_NOEXEC;

// The lower halves of those of <linux/magic.h>.
constexpr uint16_t kProc = 0x9fa0;
constexpr uint16_t kSysfs = 0x6572;
constexpr uint16_t kTmpfs = 0x1994;
constexpr uint16_t kDevpts = 0x1cd1;
constexpr uint16_t kMqueue = 0x0202;

// noexec on /run, /tmp and /dev/shm holds for mmap(PROT_EXEC) too. The BEAM's JIT does not mind: it
// maps its code from a memfd (erts/emulator/beam/jit/beam_jit_main.cpp).
constexpr MountSpec kDefaultMounts[] = {
    {"proc", "/proc", nullptr, kLocked, 0555, false, kProc},
    {"sysfs", "/sys", nullptr, kLocked, 0555, false, kSysfs},
    {"devtmpfs", "/dev", "mode=0755", kDevices, 0755, false, kTmpfs},
    {"devpts", "/dev/pts", "gid=5,mode=0620,ptmxmode=0666", kDevices, 0755, true, kDevpts},
    {"tmpfs", "/dev/shm", "mode=1777,size=25%", kLocked, 01777, false, kTmpfs},
    {"mqueue", "/dev/mqueue", nullptr, kLocked, 01777, true, kMqueue},
    {"tmpfs", "/run", "mode=0755,size=10%", kLocked, 0755, false, kTmpfs},
    {"tmpfs", "/tmp", "mode=1777,size=25%", kLocked, 01777, false, kTmpfs},
};

}  // namespace

std::span<const MountSpec> default_mounts() {
  return kDefaultMounts;
}

Result<MountOutcome> mount(const MountSpec& spec) {
  const auto made = sys::mkdir(spec.target, spec.directory_mode);
  // EROFS before EEXIST: a read-only root answers so even for a directory that is there (mkdir(2)
  // leaves the order open), and then mount(2) itself is the judge.
  if (!made.has_value() && made.error().code != EEXIST && made.error().code != EROFS) {
    return made.error();
  }
  // mount(2) stacks a second file system on the first without a word; EBUSY comes only for the very
  // same one. What a container engine has prepared there must stay in sight.
  if (sys::is_mount_root(spec.target).value_or(false)) {
    const auto magic = sys::file_system_magic(spec.target).value_or(0);
    if (spec.magic == 0 || static_cast<uint16_t>(magic) == spec.magic)
      return MountOutcome::kAlreadyMounted;
    return MountOutcome::kOccupied;
  }
  const auto done = sys::mount(spec.source != nullptr ? spec.source : spec.type, spec.target,
                               spec.type, spec.flags, spec.data);
  if (done.has_value()) return MountOutcome::kMounted;
  if (done.error().code == EBUSY) return MountOutcome::kAlreadyMounted;
  if (done.error().code == ENODEV && spec.optional) return MountOutcome::kNotSupported;
  return done.error();
}

Result<> remount_read_only(const char* target) {
  return sys::mount(nullptr, target, nullptr, MS_REMOUNT | MS_RDONLY | MS_NOSUID, nullptr);
}

Result<> bind_mount(const char* source, const char* target) {
  return sys::mount(source, target, nullptr, MS_BIND, nullptr);
}

}  // namespace pid1
