// SPDX-License-Identifier: Apache-2.0
// See state.h.
#include "state.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace microbeam {
namespace {

// A lock that belongs to a process (fcntl(2)): gone with it however it goes, not inherited by QEMU,
// and F_GETLK names its owner.
struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool lock(int fd) {
  struct flock wanted = whole_file();
  return fcntl(fd, F_SETLK, &wanted) == 0;
}

// Whether `path` still leads to the open file: another runner may have removed it.
bool is_at(int fd, const std::string& path) {
  struct stat ours{};
  struct stat there{};
  return fstat(fd, &ours) == 0 && stat(path.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

}  // namespace

absl::StatusOr<MachineState> MachineState::claim(const std::string& path) {
  constexpr int kAttempts = 10;
  for (int i = 0; i < kAttempts; ++i) {
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
    if (!lock(file.get())) {
      return absl::AlreadyExistsError(
          absl::StrCat("a machine runs in the background already (", path, ")"));
    }
    if (!is_at(file.get(), path)) continue;
    if (ftruncate(file.get(), 0) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
    }
    return MachineState(path, std::move(file));
  }
  return absl::UnavailableError(
      absl::StrCat(path, " is removed again and again by another process"));
}

MachineState::~MachineState() {
  if (file_.valid()) unlink(path_.c_str());
}

void MachineState::note(absl::string_view line) const {
  const std::string text = absl::StrCat(line, "\n");
  // For people, and for the last words of stop: the lock alone says who it is.
  if (write(file_.get(), text.data(), text.size()) < 0) return;
}

absl::StatusOr<RunnerOf> RunnerOf::open(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  return RunnerOf(path, std::move(file));
}

std::optional<pid_t> RunnerOf::pid() const {
  struct flock found = whole_file();
  if (fcntl(file_.get(), F_GETLK, &found) != 0 || found.l_type == F_UNLCK || found.l_pid <= 0) {
    return {};
  }
  return found.l_pid;
}

std::optional<Ended> RunnerOf::ended() const {
  std::array<char, 4096> buffer;
  const ssize_t got = pread(file_.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return {};
  std::optional<Ended> ended;
  const absl::string_view text(buffer.data(), static_cast<size_t>(got));
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, "ended ")) continue;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    int status = 0;
    if (absl::SimpleAtoi(parts.first, &status)) ended = {status, std::string(parts.second)};
  }
  return ended;
}

void RunnerOf::remove_stale() {
  if (lock(file_.get()) && is_at(file_.get(), path_)) unlink(path_.c_str());
}

}  // namespace microbeam
