// SPDX-License-Identifier: Apache-2.0
#include "pid1/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace pid1::sys {
namespace {

std::unexpected<Error> failure(std::string_view operation, std::string_view subject = {}) {
  return std::unexpected(Error{errno, operation, subject});
}

Result<> status(long returned, std::string_view operation, std::string_view subject = {}) {
  if (returned < 0) return failure(operation, subject);
  return {};
}

template <class T>
Result<T> value(T returned, std::string_view operation, std::string_view subject = {}) {
  if (returned < 0) return failure(operation, subject);
  return returned;
}

Result<size_t> count(ssize_t returned, std::string_view operation) {
  if (returned < 0) return failure(operation);
  return static_cast<size_t>(returned);
}

// include/uapi/asm-generic/signal.h: what rt_sigaction(2) really takes; sigsetsize is 8.
struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

}  // namespace

Result<int> open(const char* path, int flags, mode_t mode) {
  return value(::open(path, flags, mode), "open", path);
}

void close(int fd) { ::close(fd); }

Result<size_t> read(int fd, std::span<char> buffer) {
  return count(::read(fd, buffer.data(), buffer.size()), "read");
}

Result<size_t> write(int fd, std::string_view data) {
  return count(::write(fd, data.data(), data.size()), "write");
}

Result<> mkdir(const char* path, mode_t mode) { return status(::mkdir(path, mode), "mkdir", path); }

Result<> chmod(const char* path, mode_t mode) { return status(::chmod(path, mode), "chmod", path); }

Result<> chdir(const char* path) { return status(::chdir(path), "chdir", path); }

Result<> access(const char* path, int mode) { return status(::access(path, mode), "access", path); }

Result<size_t> getdents(int fd, std::span<char> records) {
  return count(::syscall(SYS_getdents64, fd, records.data(), records.size()), "getdents64");
}

Result<> mount(const char* source, const char* target, const char* type, unsigned long flags,
               const char* data) {
  return status(::mount(source, target, type, flags, data), "mount", target);
}

Result<bool> is_mount_root(const char* path) {
  struct statx info = {};
  PID1_TRY(status(::statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, 0, &info), "statx", path));
  if ((info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0) {
    return std::unexpected(Error{EOPNOTSUPP, "statx", path});
  }
  return (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<> dup2(int from, int to) { return status(::dup2(from, to), "dup2"); }

Result<> set_status_flags(int fd, int flags) {
  return status(::fcntl(fd, F_SETFL, flags), "fcntl F_SETFL");
}

Result<bool> poll_writable(int fd, int milliseconds) {
  struct pollfd entry = {.fd = fd, .events = POLLOUT, .revents = 0};
  const int ready = ::poll(&entry, 1, milliseconds);
  if (ready < 0) return failure("poll");
  return ready > 0;
}

Result<> setsid() { return status(::setsid(), "setsid"); }

Result<> set_controlling_terminal(int fd) {
  return status(::ioctl(fd, TIOCSCTTY, 0), "ioctl TIOCSCTTY");
}

bool is_terminal(int fd) {
  struct winsize size = {};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0;
}

Result<int> output_queued(int fd) {
  int bytes = 0;
  PID1_TRY(status(::ioctl(fd, TIOCOUTQ, &bytes), "ioctl TIOCOUTQ"));
  return bytes;
}

Result<> close_range_on_exec(unsigned first) {
  constexpr unsigned kCloseOnExec = 4;  // CLOSE_RANGE_CLOEXEC
  return status(::syscall(SYS_close_range, first, ~0U, kCloseOnExec), "close_range");
}

Result<> set_disposition(int signal, Disposition disposition) {
  // SIG_DFL and SIG_IGN are casts of numbers to a function pointer; so is it in <signal.h>.
  KernelSigaction action = {};
  action.handler = reinterpret_cast<void (*)(int)>(disposition == Disposition::kIgnore ? 1L : 0L);
  return status(::syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof(action.mask)),
                "rt_sigaction");
}

Result<> set_signal_mask(uint64_t mask) {
  constexpr int kSetMask = 2;  // SIG_SETMASK
  return status(::syscall(SYS_rt_sigprocmask, kSetMask, &mask, nullptr, sizeof(mask)),
                "rt_sigprocmask");
}

Result<int> socket(int domain, int type, int protocol) {
  return value(::socket(domain, type, protocol), "socket");
}

Result<size_t> send(int fd, std::span<const char> data) {
  return count(::send(fd, data.data(), data.size(), MSG_NOSIGNAL), "send");
}

Result<size_t> receive(int fd, std::span<char> buffer) {
  return count(::recv(fd, buffer.data(), buffer.size(), 0), "recv");
}

Result<int> interface_index(int fd, std::string_view name) {
  struct ifreq request = {};
  if (name.empty() || name.size() >= sizeof(request.ifr_name)) {
    return std::unexpected(Error{ENODEV, "network device", name});
  }
  name.copy(request.ifr_name, name.size());
  PID1_TRY(status(::ioctl(fd, SIOCGIFINDEX, &request), "network device", name));
  return request.ifr_ifindex;
}

Result<> sethostname(std::string_view name) {
  return status(::sethostname(name.data(), name.size()), "sethostname", name);
}

pid_t getpid() { return ::getpid(); }

mode_t umask(mode_t mask) { return ::umask(mask); }

Error execve(const char* path, char* const* argv, char* const* envp) {
  ::execve(path, argv, envp);
  return Error{errno, "execve", path};
}

uint64_t clock_ns(clockid_t clock) {
  struct timespec now = {};
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t cycle_counter() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return 0;
#endif
}

void sleep_ms(unsigned milliseconds) {
  struct timespec left = {.tv_sec = static_cast<time_t>(milliseconds / 1000),
                          .tv_nsec = static_cast<long>(milliseconds % 1000) * 1'000'000};
  while (::nanosleep(&left, &left) < 0 && errno == EINTR) {
  }
}

void sync() { ::sync(); }

Result<> reboot(int command) { return status(::reboot(command), "reboot"); }

void exit(int status) { ::_exit(status); }

}  // namespace pid1::sys
