// SPDX-License-Identifier: Apache-2.0
// The file systems of a system under a PID 1: mounted from a table, read back from the kernel,
// unmounted at the end; and the way out of an initramfs.
#ifndef PID1_MOUNT_H
#define PID1_MOUNT_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "pid1/function_ref.h"
#include "pid1/result.h"

namespace pid1 {

/// One mount(2). The target is made with `directory_mode` where it is missing.
struct MountSpec {
  const char* type;
  const char* target;
  const char* data;
  uint32_t flags;
  uint16_t directory_mode : 15;
  /// A kernel without this file system (ENODEV) is not an error.
  bool optional : 1;
  /// The lower half of statfs(2)'s f_type (<linux/magic.h>), by which what is already there is told
  /// apart; 0: not asked.
  uint16_t magic = 0;
  /// The device, directory or share; nullptr for file systems that have none: /proc/mounts then
  /// shows their type there.
  const char* source = nullptr;
};

enum class MountOutcome {
  kMounted,
  /// It is mounted there: by an earlier init, or by the container engine. Left as it is.
  kAlreadyMounted,
  /// A file system of another type is mounted there. Left as it is too: it may hold what a starter
  /// has put there (a directory of the host on /run), but it is not what the table says.
  kOccupied,
  /// `optional`, and the kernel has no such file system.
  kNotSupported,
};

/// proc, sysfs, devtmpfs, devpts, /dev/shm, /dev/mqueue, /run and /tmp, parents first, with
/// nosuid/nodev/noexec wherever the file system's purpose allows. DEVTMPFS_MOUNT of the kernel does
/// not cover an initramfs (drivers/base/Kconfig), so /dev is always here.
[[nodiscard]] std::span<const MountSpec> default_mounts();

/// Mounts one. EBUSY (the same file system is already there) is success. Errors of mkdir(2) and
/// mount(2). Types are told apart by their magic: a tmpfs on /dev, as container engines put there,
/// passes for a devtmpfs, which is a tmpfs with other contents (drivers/base/devtmpfs.c).
[[nodiscard]] Result<MountOutcome> mount(const MountSpec& spec);

/// Remounts the file system at `target` read-only (nosuid kept). EBUSY while a file on it is open
/// for writing.
[[nodiscard]] Result<> remount_read_only(const char* target);

/// Mounts the file or directory `source` over `target`.
[[nodiscard]] Result<> bind_mount(const char* source, const char* target);

/// Applies one option of mount(8) to the MS_ flags of mount(2): "nosuid" sets, "suid" clears, "rw"
/// clears MS_RDONLY and nothing else. False, and no flag is touched, for a word that is none: it is
/// for the file system. Words for mount(8) alone (auto, nofail, user, _netdev, x-...) are true.
[[nodiscard]] bool apply_mount_option(const char* word, uint32_t& flags);

/// Splits `text`, in place, at commas outside of double quotes; a later word wins over an earlier
/// one. Flags are applied to `flags`, beginning with what it holds; the other words go to `data`,
/// with commas between them. E2BIG when they do not fit there beside the NUL. The kernel takes a
/// page of them (mount(2): PAGE_SIZE, 4,096).
[[nodiscard]] Result<> parse_mount_options(char* text, uint32_t& flags, std::span<char> data);

/// Parses one line of fstab(5), in place: SOURCE TARGET TYPE [OPTIONS [DUMP [PASS]]], with \040 and
/// the like for blanks inside of them. `nofail` makes it optional, `x-mount.mkdir=MODE` is the mode
/// (octal) of a directory that is missing, 0755 without. EINVAL: fewer than three fields, a target
/// that does not begin with '/', a bad mode, `remount`, which is not for a table, or `bind` with
/// other flags, which mount(2) would ignore without a word. E2BIG: the
/// options do not fit in `data`. The result's texts are parts of `line` and `data`. Empty lines and
/// comments are the caller's to skip.
[[nodiscard]] Result<MountSpec> parse_mount_spec(char* line, std::span<char> data);

/// One line of /proc/self/mountinfo (proc(5)). The texts are good until the next is read.
struct MountEntry {
  int id;
  int parent;          // the mount that it stands on
  const char* root;    // what of the file system is seen: "/", or a part of it (bind, subvolume)
  const char* target;  // as seen from the root of the process
  const char* type;    // "ext4", "fuse.sshfs"
  const char* source;  // "" is possible: mount(2) takes an empty one
  /// MS_ flags of the mount, with MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK and MS_LAZYTIME of the
  /// file system.
  uint32_t flags;
  /// The file system itself. A mount can be read-only (MS_RDONLY in `flags`) where it is not.
  bool read_only;
};

/// Reads mountinfo from an open descriptor. Lines may have any length: of options, only the words
/// that are flags are kept, one at a time.
class MountinfoReader {
 public:
  /// root, target, type and source of one line have to fit in `texts`, each with a NUL.
  static constexpr size_t kUsualCapacity = 3 * 4096 + 64;  // three of PATH_MAX, and a type

  /// `fd` stays the caller's to close.
  MountinfoReader(int fd, std::span<char> texts) : texts_(texts), fd_(fd) {}

  /// False at the end. EOVERFLOW: the texts of this line do not fit; EINVAL: it is not a line of
  /// mountinfo; both are of this line alone, and the next call reads the next. Errors of read(2).
  [[nodiscard]] Result<bool> next(MountEntry& entry);

 private:
  int next_byte();
  bool begin_field();
  int next_of_field();
  int number();
  const char* text();
  uint32_t options(bool& read_only);

  std::span<char> texts_;
  size_t used_ = 0;
  int fd_;
  int failure_ = 0;  // errno of read(2)
  int problem_ = 0;  // of this line
  bool line_ended_ = false;
  size_t place_ = 0;
  size_t filled_ = 0;
  char input_[4096];  // the kernel gives no more in one read (fs/seq_file.c: a page)
};

/// Reads `table` to its end. What `visit` gets is good until it returns; a line with texts that are
/// longer than MountinfoReader::kUsualCapacity is left out. About 17 KB of stack.
[[nodiscard]] Result<> list_mounts(FunctionRef<void(const MountEntry&)> visit,
                                   const char* table = "/proc/self/mountinfo");

/// Decodes \040 and the like in `text`, in place: fstab(5) and mountinfo have them for blank, tab,
/// newline, backslash and '#'.
void decode_escapes(char* text);

struct UnmountOptions {
  /// How often the whole table is gone through, at most. A mount that was busy may not be so when
  /// another is gone: the one on it, or the one of a file on it.
  unsigned passes = 10;
  /// The wait after a pass that could unmount nothing: what a killed process had open is closed a
  /// little after its death.
  unsigned pause_ms = 100;
  /// What stays is remounted read-only. Not in a container: there a bind mount may be a part of a
  /// file system of the host, which would become read-only for everybody.
  bool remount = true;
};

/// Unmounts all that mountinfo tells, the last first, reading it again for each. Never /, /dev,
/// /proc, /sys and /run, nor file systems without storage (devpts, cgroup2, tmpfs ...) below these
/// four: an init needs them to the last. Then remounts read-only what has storage and is still
/// writable, the other flags kept. No heap: 20 KB of stack, however many mounts there are.
///
/// Returns how many stayed writable; `stays` is told of each, with the last errno. Errors: of
/// open(2) and read(2) of `table`; without /proc, remount_read_only("/") is what can be done. A
/// network file system whose server is gone can block umount(2) for as long as it pleases.
[[nodiscard]] Result<unsigned> unmount_all(const UnmountOptions& options,
                                           FunctionRef<void(const char* target, Error error)> stays,
                                           const char* table = "/proc/self/mountinfo");

/// How many directories below one another switch_root can delete.
constexpr unsigned kMaxDepth = 64;

/// Leaves an initramfs for the file system mounted at `new_root`: moves /dev, /proc, /sys and /run
/// there, where they are mounts, moves it over /, makes it root and working directory, and deletes
/// all of the old root, whose memory is free then; other file systems that are mounted there are
/// not entered. rootfs cannot be unmounted and pivot_root(2) refuses it (EINVAL), hence MS_MOVE
/// (Documentation/filesystems/ramfs-rootfs-initramfs.rst).
///
/// Returns how many entries of the old root could not be deleted: mount points, and what is deeper
/// than kMaxDepth directories. With an error, all is as before: EINVAL when / is neither ramfs nor
/// tmpfs, or `new_root` is not on another file system; errors of mkdir(2) and mount(2), ENOENT
/// among them when the new root has no /dev, /proc, /sys or /run for what is to be moved there, and
/// is read-only.
[[nodiscard]] Result<unsigned> switch_root(const char* new_root);

}  // namespace pid1

#endif  // PID1_MOUNT_H
