// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "pid1/mount.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

// What an init works with until the end.
constexpr const char* kNeeded[] = {"/dev", "/proc", "/sys", "/run"};

// Without storage: nothing of them is lost, and there is nothing to be made read-only.
constexpr char kInMemory[] =
    "autofs,binder,binfmt_misc,bpf,cgroup,cgroup2,configfs,debugfs,devpts,devtmpfs,efivarfs,"
    "fusectl,"
    "hugetlbfs,mqueue,nsfs,proc,pstore,ramfs,resctrl,rootfs,rpc_pipefs,securityfs,selinuxfs,"
    "smackfs,sysfs,tmpfs,tracefs";

// The kernel keeps those of access times when none is given (fs/namespace.c, path_mount: "The
// default atime for remount is preservation").
constexpr uint32_t kAtime = MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;

/// A mount of the table, as far as it matters here.
struct Place {
  unsigned position;  // its line, from 0
  uint32_t flags;
  bool too_long;  // longer than a path for a system call
  char target[PATH_MAX];
};

/// The root, what an init needs, and what has no storage below that.
bool is_kept(const MountEntry& entry) {
  if (equals(entry.target, "/")) return true;
  for (const char* needed : kNeeded) {
    const char* const rest = after(entry.target, needed);
    if (rest == nullptr) continue;
    if (*rest == '\0') return true;
    if (*rest == '/') return is_listed(kInMemory, entry.type);
  }
  return false;
}

bool is_unmounted(const MountEntry& entry) {
  return !is_kept(entry);
}

bool is_writable(const MountEntry& entry) {
  return !entry.read_only && !is_listed(kInMemory, entry.type);
}

bool is_left_writable(const MountEntry& entry) {
  return is_writable(entry) && is_unmounted(entry);
}

/// The last mount before line `end` that is `wanted`; false when there is none. Lines before the
/// one in hand stay where they are when that is unmounted, mounted again, or later ones go.
Result<bool> find_last(const char* table, unsigned end, bool (*wanted)(const MountEntry&),
                       Place& place) {
  PID1_TRY_ASSIGN(const int fd, sys::open(table, O_RDONLY | O_CLOEXEC));
  const absl::Cleanup close_table = [fd] { sys::close(fd); };
  char texts[MountinfoReader::kUsualCapacity];
  MountinfoReader reader(fd, texts);
  bool found = false;
  for (unsigned line = 0; line < end; ++line) {
    MountEntry entry;
    const auto more = reader.next(entry);
    if (!more.has_value() && more.error().code != EOVERFLOW) return more.error();
    if (more == false) break;
    const bool too_long = !more.has_value() || strlen(entry.target) >= sizeof(place.target);
    if (!too_long && !wanted(entry)) continue;
    found = true;
    place.position = line;
    place.too_long = too_long;
    place.flags = entry.flags;
    const char* const target = too_long ? "(a path that is too long)" : entry.target;
    memcpy(place.target, target, strlen(target) + 1);
  }
  return found;
}

Result<> unmount(const Place& place) {
  if (place.too_long) return Error{ENAMETOOLONG, "unmount"};
  return sys::unmount(place.target, UMOUNT_NOFOLLOW);
}

/// The file system, not just this mount of it (MS_BIND): what other mounts of it have open for
/// writing is in the way, and is told with EBUSY.
Result<> remount(const Place& place) {
  if (place.too_long) return Error{ENAMETOOLONG, "mount"};
  return sys::mount(nullptr, place.target, nullptr,
                    MS_REMOUNT | MS_RDONLY | (place.flags & ~kAtime), nullptr);
}

}  // namespace

Result<unsigned> unmount_all(const UnmountOptions& options,
                             FunctionRef<void(const char*, Error)> stays, const char* table) {
  Place place;
  for (unsigned pass = 0; pass < options.passes; ++pass) {
    unsigned gone = 0;
    unsigned busy = 0;
    for (unsigned end = UINT_MAX;; end = place.position) {
      PID1_TRY_ASSIGN(const bool more, find_last(table, end, is_unmounted, place));
      if (!more) break;
      const auto done = unmount(place);
      if (done.has_value()) {
        ++gone;
      } else if (done.error().code == EBUSY) {
        ++busy;
      }
    }
    // Other errors stay what they are: EPERM and EINVAL for what a container must not touch.
    if (busy == 0) break;
    if (gone == 0 && pass + 1 < options.passes) sys::sleep_ms(options.pause_ms);
  }
  unsigned writable = 0;
  for (unsigned end = UINT_MAX;; end = place.position) {
    PID1_TRY_ASSIGN(const bool more,
                    find_last(table, end, options.remount ? is_writable : is_left_writable, place));
    if (!more) return writable;
    const auto done = options.remount ? remount(place) : unmount(place);
    if (done.has_value()) continue;
    ++writable;
    stays(place.target, done.error());
  }
}

}  // namespace pid1
