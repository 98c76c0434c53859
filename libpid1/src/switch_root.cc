// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <climits>
#include <iterator>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "pid1/mount.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

constexpr uint32_t kRamfs = 0x858458f6;  // RAMFS_MAGIC
constexpr uint32_t kTmpfs = 0x01021994;  // TMPFS_MAGIC

constexpr const char* kMoved[] = {"/dev", "/proc", "/sys", "/run"};
constexpr size_t kMovedCount = std::size(kMoved);

Result<> move(const char* from, const char* to) {
  return sys::mount(from, to, nullptr, MS_MOVE, nullptr);
}

/// The mounts that go along: moved there, and back when something fails.
class Moves {
 public:
  Moves(const char* new_root, uint64_t old_device) : new_root_(new_root), device_(old_device) {}

  Result<> there() {
    for (; count_ < kMovedCount; ++count_) {
      const char* const from = kMoved[count_];
      sys::FileStatus status = {};
      const auto found = sys::status_at(AT_FDCWD, from, status);
      if (!found.has_value() && found.error().code != ENOENT) return found;
      is_moved_[count_] = found.has_value() && status.device != device_;
      if (!is_moved_[count_]) continue;
      char to[PATH_MAX];
      PID1_TRY(target(count_, to));
      const auto made = sys::mkdir(to, 0755);
      // On a read-only root it may be there all the same: the move is the judge.
      if (!made.has_value() && made.error().code != EEXIST && made.error().code != EROFS) {
        return made;
      }
      PID1_TRY(move(from, to));
    }
    return {};
  }

  void back() {
    while (count_-- > 0) {
      char to[PATH_MAX];
      if (is_moved_[count_] && target(count_, to).has_value()) (void)move(to, kMoved[count_]);
    }
  }

 private:
  Result<> target(size_t index, std::span<char> out) const {
    const char* const parts[] = {new_root_, kMoved[index]};
    const auto filled = fill(out, "{}{}", parts);
    if (!filled.has_value()) return filled.error();
    return {};
  }

  const char* new_root_;
  uint64_t device_;
  size_t count_ = 0;
  bool is_moved_[kMovedCount] = {};
};

unsigned delete_contents(int directory, uint64_t device, unsigned depth);

/// How many entries are left of `name`: 0 when it is gone.
unsigned delete_entry(int directory, const char* name, uint64_t device, unsigned depth) {
  // A file that something is mounted on is EBUSY (unlink(2)).
  const auto unlinked = sys::unlink_at(directory, name, 0);
  if (unlinked.has_value()) return 0;
  if (unlinked.error().code != EISDIR || depth == 0) return 1;
  sys::FileStatus status = {};
  if (!sys::status_at(directory, name, status).has_value() || status.device != device) return 1;
  const auto fd = sys::open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (!fd.has_value()) return 1;
  const unsigned left = delete_contents(*fd, device, depth - 1);
  sys::close(*fd);
  const bool removed = sys::unlink_at(directory, name, AT_REMOVEDIR).has_value();
  return removed ? left : left + 1;
}

/// Deletes what is in `directory`, at most `depth` directories down, on `device` alone. One open
/// descriptor and about 1.2 KB of stack for each.
// NOLINTNEXTLINE(misc-no-recursion): bounded by `depth`
unsigned delete_contents(int directory, uint64_t device, unsigned depth) {
  alignas(struct dirent) char records[1024];
  unsigned left = 0;
  for (;;) {
    const auto got = sys::getdents(directory, records);
    if (!got.has_value()) return left + 1;
    if (*got == 0) return left;
    for (size_t offset = 0; offset < *got;) {
      // struct linux_dirent64 of getdents64(2) is laid out as struct dirent of a 64-bit C library.
      const auto* entry = reinterpret_cast<const struct dirent*>(records + offset);
      offset += entry->d_reclen;
      if (is_listed(".,..", entry->d_name)) continue;
      left += delete_entry(directory, entry->d_name, device, depth);
    }
  }
}

}  // namespace

Result<unsigned> switch_root(const char* new_root) {
  PID1_TRY_ASSIGN(const uint32_t magic, sys::file_system_magic("/"));
  if (magic != kRamfs && magic != kTmpfs) return Error{EINVAL, "switch_root: no initramfs"};
  sys::FileStatus old_status = {};
  sys::FileStatus new_status = {};
  PID1_TRY(sys::status_at(AT_FDCWD, "/", old_status));
  PID1_TRY(sys::status_at(AT_FDCWD, new_root, new_status));
  // Or it would be deleted with the old one.
  if (old_status.device == new_status.device) return Error{EINVAL, "switch_root: no mount"};

  PID1_TRY_ASSIGN(const int old_root, sys::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const absl::Cleanup close_old_root = [old_root] { sys::close(old_root); };
  Moves moves(new_root, old_status.device);
  bool is_on_top = false;
  absl::Cleanup undo = [&] {
    if (is_on_top) (void)move(".", new_root);
    moves.back();
    (void)sys::chdir("/");
  };
  // Submounts first: once the new root covers the old one, nothing under that has a path.
  PID1_TRY(moves.there());
  // By ".": until chroot(2) every path begins at the old root. The working directory is where it
  // has to be from here on.
  PID1_TRY(sys::chdir(new_root));
  PID1_TRY(move(".", "/"));
  is_on_top = true;
  PID1_TRY(sys::chroot("."));
  std::move(undo).Cancel();
  // Only now: until here the old root can still say what went wrong.
  return delete_contents(old_root, old_status.device, kMaxDepth);
}

}  // namespace pid1
