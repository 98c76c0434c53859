// SPDX-License-Identifier: Apache-2.0
// See trial.h.
#include "trial.h"

#include <absl/strings/str_cat.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "clock.h"

namespace microbeam {
namespace {

namespace fs = std::filesystem;

bool write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

// Root of a user namespace in which only this user and group exist.
bool enter_user_namespace() {
  const uid_t user = getuid();
  const gid_t group = getgid();
  return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", absl::StrCat("0 ", user, " 1")) &&
         write_file("/proc/self/gid_map", absl::StrCat("0 ", group, " 1"));
}

bool wait_until_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, static_cast<int>(absl::ToInt64Milliseconds(kTrialLimit))) == 1;
}

double microseconds(absl::Duration duration) {
  return absl::ToDoubleMicroseconds(duration);
}

}  // namespace

absl::Status enter_namespaces() {
  if (unshare(CLONE_NEWNS) != 0 && !enter_user_namespace()) {
    return absl::ErrnoToStatus(
        errno,
        "namespaces need root, or user namespaces for ordinary users (sysctl "
        "kernel.unprivileged_userns_clone=1)");
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make the mounts private");
  }
  return absl::OkStatus();
}

absl::StatusOr<Arena> Arena::make(const std::string& probe, const std::string& inittab_init) {
  Arena arena;
  arena.probe_ = probe;
  void* const page =
      mmap(nullptr, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return absl::ErrnoToStatus(errno, "cannot share memory");
  arena.executed_ns_ = static_cast<int64_t*>(page);
  if (inittab_init.empty()) return arena;

  std::string folder = (fs::temp_directory_path() / "microbeam-init-bench.XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make the folder ", folder));
  }
  arena.root_ = folder;
  std::error_code error;
  fs::create_directory(arena.root_ + "/etc", error);
  if (!error) fs::copy_file(inittab_init, arena.root_ + "/init", error);
  if (!error) fs::copy_file(probe, arena.root_ + "/probe", error);
  if (error) {
    return absl::UnknownError(absl::StrCat("cannot fill ", arena.root_, ": ", error.message()));
  }
  return arena;
}

Arena::Arena(Arena&& other) noexcept
    : probe_(std::move(other.probe_)),
      root_(std::exchange(other.root_, {})),
      executed_ns_(std::exchange(other.executed_ns_, nullptr)) {}

Arena::~Arena() {
  if (executed_ns_ != nullptr) munmap(executed_ns_, sizeof *executed_ns_);
  std::error_code ignored;
  if (!root_.empty()) fs::remove_all(root_, ignored);
}

Trial::Trial(Child child, const Contestant& contestant, int64_t executed_ns)
    : child_(std::move(child)), name_(contestant.name), executed_ns_(executed_ns) {}

absl::StatusOr<Trial> Trial::start(const Arena& arena, const Contestant& contestant,
                                   std::vector<std::string> mode) {
  const bool own_root = contestant.kind == Kind::kInittab;
  mode.insert(mode.begin(), own_root ? "/probe" : arena.probe());
  if (own_root && !write_file(arena.root() + "/etc/inittab", inittab(mode))) {
    return absl::UnknownError(absl::StrCat("cannot write ", arena.root(), "/etc/inittab"));
  }
  absl::StatusOr<Child> child =
      Child::spawn(command_line(contestant, mode), {.namespaces = CLONE_NEWPID,
                                                    .root = own_root ? arena.root() : "",
                                                    .executed_ns = arena.executed_ns()});
  if (!child.ok()) return child.status();
  return Trial(*std::move(child), contestant, *arena.executed_ns());
}

absl::StatusOr<int64_t> Trial::stamp() {
  int64_t stamp = 0;
  if (!wait_until_readable(child_.out())) return failure("its program has reported nothing");
  if (read(child_.out(), &stamp, sizeof stamp) != sizeof stamp) {
    return failure("its program has ended too early");
  }
  return stamp;
}

absl::StatusOr<double> Trial::stamp_us() {
  const absl::StatusOr<int64_t> at = stamp();
  if (!at.ok()) return at.status();
  return static_cast<double>(*at - executed_ns_) / 1000;
}

absl::StatusOr<double> Trial::signal_us() {
  const absl::Duration sent = monotonic_now();
  // To the init alone, not to its group.
  if (syscall(SYS_pidfd_send_signal, child_.handle(), SIGUSR1, nullptr, 0) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat(name_, ": cannot send a signal"));
  }
  const absl::StatusOr<int64_t> at = stamp();
  if (!at.ok()) return at.status();
  return microseconds(absl::Nanoseconds(*at) - sent);
}

absl::StatusOr<double> Trial::end_us() {
  if (!wait_until_readable(child_.handle())) return failure("it does not end");
  const absl::Duration ended = monotonic_now();
  const std::optional<int> status = child_.try_reap();
  if (status != 0) return failure(absl::StrCat("it ended with status ", status.value_or(-1)));
  return microseconds(ended - absl::Nanoseconds(executed_ns_));
}

absl::Status Trial::failure(absl::string_view what) {
  std::array<char, 1024> said;
  const ssize_t got = read(child_.err(), said.data(), said.size());
  return absl::InternalError(
      absl::StrCat(name_, ": ", what, got > 0 ? "; it said: " : "",
                   absl::string_view(said.data(), got > 0 ? static_cast<size_t>(got) : 0)));
}

}  // namespace microbeam
