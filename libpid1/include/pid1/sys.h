// SPDX-License-Identifier: Apache-2.0
// The syscall seam: every kernel call that the library makes, one thin function each. The library
// calls nothing else; a test links its own definitions of these in place of sys.cc (pid1_sys).
#ifndef PID1_SYS_H
#define PID1_SYS_H

#include <poll.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <string_view>

#include "pid1/result.h"

namespace pid1::sys {

/// How a signal is handled, as rt_sigaction(2) takes it. The library installs no handlers.
enum class Disposition { kDefault, kIgnore };

/// A child that died: its process id and wait(2)'s status. Nothing was dead: 0, 0.
struct ChildEnd {
  pid_t pid;
  int status;
};

/// The two ends of a pipe.
struct Pipe {
  int reader;
  int writer;
};

/// What is at a path, as statx(2) tells it; a symbolic link is not followed.
struct FileStatus {
  uint64_t device;  // the file system that it is on
  uint64_t inode;
  mode_t mode;
};

/// The three ids of a process (credentials(7)).
struct Ids {
  unsigned real;
  unsigned effective;
  unsigned saved;
};

/// Bit n is capability n (capabilities(7), <linux/capability.h>).
struct CapabilitySets {
  uint64_t effective;
  uint64_t permitted;
  uint64_t inheritable;
};

/// Makes a call again for as long as a signal interrupts it (EINTR).
template <class Call>
[[nodiscard]] auto uninterrupted(Call call) {
  for (;;) {
    const auto answer = call();
    if (answer.has_value() || answer.error().code != EINTR) return answer;
  }
}

// Files. Paths end with a NUL. O_CLOEXEC is the caller's to give.
[[nodiscard]] Result<int> open(const char* path, int flags, mode_t mode = 0);
/// close(2). Not an error to report: on Linux the descriptor is gone even after EINTR or EIO.
void close(int fd);
[[nodiscard]] Result<size_t> read(int fd, std::span<char> buffer);
[[nodiscard]] Result<size_t> write(int fd, std::string_view data);
[[nodiscard]] Result<> mkdir(const char* path, mode_t mode);
[[nodiscard]] Result<> fchmod(int fd, mode_t mode);
/// fchownat(2) of what the path leads to.
[[nodiscard]] Result<> chown(const char* path, uid_t user, gid_t group);
[[nodiscard]] Result<> chdir(const char* path);
/// access(2) with the real user; `mode` is R_OK, X_OK, F_OK.
[[nodiscard]] Result<> access(const char* path, int mode);
/// getdents64(2): whole `struct linux_dirent64` records; 0 at the end.
[[nodiscard]] Result<size_t> getdents(int fd, std::span<char> records);
/// openat(2): `name` below the open `directory`.
[[nodiscard]] Result<int> open_at(int directory, const char* name, int flags);
/// unlinkat(2); `flags` is 0, or AT_REMOVEDIR for a directory.
[[nodiscard]] Result<> unlink_at(int directory, const char* name, int flags);
/// `directory` may be AT_FDCWD.
[[nodiscard]] Result<> status_at(int directory, const char* name, FileStatus& status);

// Mounts.
[[nodiscard]] Result<> mount(const char* source, const char* target, const char* type,
                             unsigned long flags, const char* data);
/// Whether `path` is the root of a mount: statx(2)'s STATX_ATTR_MOUNT_ROOT (Linux 5.8); EOPNOTSUPP
/// on an older kernel.
[[nodiscard]] Result<bool> is_mount_root(const char* path);

/// umount2(2) with its MNT_ and UMOUNT_ flags.
[[nodiscard]] Result<> unmount(const char* target, int flags);
[[nodiscard]] Result<> chroot(const char* path);
/// unshare(2) with its CLONE_ flags.
[[nodiscard]] Result<> unshare(int flags);
/// statfs(2)'s f_type, a *_MAGIC of <linux/magic.h>.
[[nodiscard]] Result<uint32_t> file_system_magic(const char* path);

// Descriptors and terminals.
[[nodiscard]] Result<> dup2(int from, int to);
/// F_DUPFD_CLOEXEC: a copy of `fd` with the lowest free number from `lowest` on, close-on-exec.
[[nodiscard]] Result<int> duplicate(int fd, int lowest);
/// F_SETFD: whether execve(2) closes it.
[[nodiscard]] Result<> set_close_on_exec(int fd, bool closes);
/// F_SETFL. The access mode of the descriptor stays as it is (fcntl(2)).
[[nodiscard]] Result<> set_status_flags(int fd, int flags);
/// poll(2): how many of `entries` are ready, 0 when `milliseconds` have passed first; a negative
/// number waits without end.
[[nodiscard]] Result<int> poll(std::span<struct pollfd> entries, int milliseconds);
/// pipe2(2), both ends close-on-exec.
[[nodiscard]] Result<Pipe> pipe();
[[nodiscard]] Result<> setsid();
/// TIOCSCTTY without stealing: `fd` becomes the session's controlling terminal.
[[nodiscard]] Result<> set_controlling_terminal(int fd);
[[nodiscard]] bool is_terminal(int fd);
/// TIOCSPGRP: `group` becomes the terminal's foreground process group (tcsetpgrp(3)).
[[nodiscard]] Result<> set_foreground_group(int fd, pid_t group);
/// TIOCOUTQ: bytes that the terminal has not sent yet.
[[nodiscard]] Result<int> output_queued(int fd);
/// Closes every descriptor from `first` to `last`: close_range(2) (Linux 5.9).
[[nodiscard]] Result<> close_from(unsigned first, unsigned last = ~0U);

// Signals. Straight to the kernel: a C library keeps two or three real-time signals for itself and
// refuses to touch them (musl: 32-34), but a parent may have ignored or blocked those too.
[[nodiscard]] Result<> set_disposition(int signal, Disposition disposition);
/// Replaces the whole mask; bit n-1 blocks signal n.
[[nodiscard]] Result<> set_signal_mask(uint64_t mask);
[[nodiscard]] Result<uint64_t> signal_mask();
/// Both at once: the mask that was. It cannot fail.
uint64_t exchange_signal_mask(uint64_t mask);
/// signalfd(2), close-on-exec and nonblocking: reads give struct signalfd_siginfo records of
/// signals that are pending and in `mask`.
[[nodiscard]] Result<int> signalfd(uint64_t mask);
/// rt_sigtimedwait(2) without a limit: takes a pending signal of `mask`, which is blocked.
[[nodiscard]] Result<int> wait_signal(uint64_t mask);
/// kill(2): a process, -GROUP, or -1 for every process but init and the caller. Signal 0 asks.
[[nodiscard]] Result<> kill(pid_t pid, int signal);

// Network.
[[nodiscard]] Result<int> socket(int domain, int type, int protocol);
[[nodiscard]] Result<size_t> send(int fd, std::span<const char> data);
[[nodiscard]] Result<size_t> receive(int fd, std::span<char> buffer);
/// SIOCGIFINDEX; ENODEV when there is no such device.
[[nodiscard]] Result<int> interface_index(int fd, std::string_view name);
[[nodiscard]] Result<> sethostname(std::string_view name);

// Processes, time, the machine.
[[nodiscard]] pid_t getpid();
/// fork(2), without the handlers that a C library would run. 0 in the child.
[[nodiscard]] Result<pid_t> fork();
/// setpgid(2).
[[nodiscard]] Result<> set_process_group(pid_t pid, pid_t group);
/// Collects one dead child, any or that one: wait4(2) with WNOHANG and __WALL. ECHILD when there is
/// no such child at all.
[[nodiscard]] Result<ChildEnd> reap(pid_t child = -1);
/// Collects the child `pid`, and no other: wait4(2) with __WALL, which waits until it has died.
[[nodiscard]] Result<> wait_for(pid_t pid);
/// pidfd_open(2) (Linux 5.3), close-on-exec: poll says POLLIN when the process has died.
[[nodiscard]] Result<int> pidfd_open(pid_t pid);
/// prctl(2), all five arguments: what an option does not use must be 0.
[[nodiscard]] Result<int> prctl(int option, unsigned long a = 0, unsigned long b = 0,
                                unsigned long c = 0, unsigned long d = 0);
/// prlimit(2) of the calling process: soft and hard limit of a RLIMIT_*; ~0 is RLIM_INFINITY.
[[nodiscard]] Result<> set_limit(int resource, uint64_t soft, uint64_t hard);
/// setgroups(2).
[[nodiscard]] Result<> set_groups(std::span<const gid_t> groups);
/// setresgid(2) and setresuid(2): real, effective and saved at once.
[[nodiscard]] Result<> set_group_id(gid_t group);
[[nodiscard]] Result<> set_user_id(uid_t user);
/// getresgid(2) and getresuid(2).
[[nodiscard]] Result<Ids> group_ids();
[[nodiscard]] Result<Ids> user_ids();
/// capget(2) and capset(2) of the calling thread, version 3.
[[nodiscard]] Result<> get_capabilities(CapabilitySets& sets);
[[nodiscard]] Result<> set_capabilities(const CapabilitySets& sets);
[[nodiscard]] mode_t umask(mode_t mask);
/// Returns only with an error.
[[nodiscard]] Error execve(const char* path, char* const* argv, char* const* envp);
[[nodiscard]] uint64_t clock_ns(clockid_t clock);
/// The processor's cycle counter (TSC on x86-64, CNTVCT on arm64); 0 where there is none.
[[nodiscard]] uint64_t cycle_counter();
void sleep_ms(unsigned milliseconds);
void sync();
/// reboot(2) with a RB_* command of <sys/reboot.h>; `argument` is for LINUX_REBOOT_CMD_RESTART2.
/// May not return.
[[nodiscard]] Result<> reboot(int command, const char* argument = nullptr);
[[noreturn]] void exit(int status);

}  // namespace pid1::sys

#endif  // PID1_SYS_H
