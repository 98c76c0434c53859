// SPDX-License-Identifier: Apache-2.0
// The syscall seam: every kernel call that the library makes, one thin function each. The library
// calls nothing else; a test links its own definitions of these in place of sys.cc (pid1_sys).
#ifndef PID1_SYS_H
#define PID1_SYS_H

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <string_view>

#include "pid1/result.h"

namespace pid1::sys {

/// How a signal is handled, as rt_sigaction(2) takes it. The library installs no handlers.
enum class Disposition { kDefault, kIgnore };

// Files. Paths end with a NUL. O_CLOEXEC is the caller's to give.
[[nodiscard]] Result<int> open(const char* path, int flags, mode_t mode = 0);
/// close(2). Not an error to report: on Linux the descriptor is gone even after EINTR or EIO.
void close(int fd);
[[nodiscard]] Result<size_t> read(int fd, std::span<char> buffer);
[[nodiscard]] Result<size_t> write(int fd, std::string_view data);
[[nodiscard]] Result<> mkdir(const char* path, mode_t mode);
[[nodiscard]] Result<> fchmod(int fd, mode_t mode);
[[nodiscard]] Result<> chdir(const char* path);
/// access(2) with the real user; `mode` is R_OK, X_OK, F_OK.
[[nodiscard]] Result<> access(const char* path, int mode);
/// getdents64(2): whole `struct linux_dirent64` records; 0 at the end.
[[nodiscard]] Result<size_t> getdents(int fd, std::span<char> records);

// Mounts.
[[nodiscard]] Result<> mount(const char* source, const char* target, const char* type,
                             unsigned long flags, const char* data);
/// Whether `path` is the root of a mount: statx(2)'s STATX_ATTR_MOUNT_ROOT (Linux 5.8); EOPNOTSUPP
/// on an older kernel.
[[nodiscard]] Result<bool> is_mount_root(const char* path);

// Descriptors and terminals.
[[nodiscard]] Result<> dup2(int from, int to);
/// F_SETFL. The access mode of the descriptor stays as it is (fcntl(2)).
[[nodiscard]] Result<> set_status_flags(int fd, int flags);
/// Waits until `fd` takes a write, or `milliseconds` have passed; false when they have.
[[nodiscard]] Result<bool> poll_writable(int fd, int milliseconds);
[[nodiscard]] Result<> setsid();
/// TIOCSCTTY without stealing: `fd` becomes the session's controlling terminal.
[[nodiscard]] Result<> set_controlling_terminal(int fd);
[[nodiscard]] bool is_terminal(int fd);
/// TIOCOUTQ: bytes that the terminal has not sent yet.
[[nodiscard]] Result<int> output_queued(int fd);
/// Closes every descriptor from `first` on: close_range(2) (Linux 5.9).
[[nodiscard]] Result<> close_from(unsigned first);

// Signals. Straight to the kernel: a C library keeps two or three real-time signals for itself and
// refuses to touch them (musl: 32-34), but a parent may have ignored or blocked those too.
[[nodiscard]] Result<> set_disposition(int signal, Disposition disposition);
/// Replaces the whole mask; bit n-1 blocks signal n.
[[nodiscard]] Result<> set_signal_mask(uint64_t mask);

// Network.
[[nodiscard]] Result<int> socket(int domain, int type, int protocol);
[[nodiscard]] Result<size_t> send(int fd, std::span<const char> data);
[[nodiscard]] Result<size_t> receive(int fd, std::span<char> buffer);
/// SIOCGIFINDEX; ENODEV when there is no such device.
[[nodiscard]] Result<int> interface_index(int fd, std::string_view name);
[[nodiscard]] Result<> sethostname(std::string_view name);

// Processes, time, the machine.
[[nodiscard]] pid_t getpid();
/// Collects one dead child: wait4(2) with WNOHANG and __WALL. Its pid; 0 when none is dead, ECHILD
/// when there is none at all.
[[nodiscard]] Result<pid_t> reap();
[[nodiscard]] mode_t umask(mode_t mask);
/// Returns only with an error.
[[nodiscard]] Error execve(const char* path, char* const* argv, char* const* envp);
[[nodiscard]] uint64_t clock_ns(clockid_t clock);
/// The processor's cycle counter (TSC on x86-64, CNTVCT on arm64); 0 where there is none.
[[nodiscard]] uint64_t cycle_counter();
void sleep_ms(unsigned milliseconds);
void sync();
/// reboot(2) with a RB_* command of <sys/reboot.h>. May not return.
[[nodiscard]] Result<> reboot(int command);
[[noreturn]] void exit(int status);

}  // namespace pid1::sys

#endif  // PID1_SYS_H
