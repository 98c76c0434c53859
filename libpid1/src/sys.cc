// SPDX-License-Identifier: Apache-2.0
#include "pid1/sys.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <termios.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <type_traits>

namespace pid1::sys {
namespace {

// Straight to the kernel, which returns -errno: a C library's wrappers add cancellation points,
// errno and, for some, a loop or a second meaning, and are half of a small program.
// Registers: syscall(2), "Architecture calling conventions".
#if defined(__x86_64__)
// One sequence for each number of arguments: a register that is not used is not set.
template <class... Arguments>
long kernel(long number, Arguments... arguments) {
  static_assert(sizeof...(arguments) <= 5);
  const long list[] = {static_cast<long>(arguments)..., 0};
  long result = number;
  if constexpr (sizeof...(arguments) == 0) {
    asm volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
  } else if constexpr (sizeof...(arguments) == 1) {
    asm volatile("syscall" : "+a"(result) : "D"(list[0]) : "rcx", "r11", "memory");
  } else if constexpr (sizeof...(arguments) == 2) {
    asm volatile("syscall" : "+a"(result) : "D"(list[0]), "S"(list[1]) : "rcx", "r11", "memory");
  } else if constexpr (sizeof...(arguments) == 3) {
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(list[0]), "S"(list[1]), "d"(list[2])
                 : "rcx", "r11", "memory");
  } else {
    register long r10 asm("r10") = list[3];
    register long r8 asm("r8") = list[4];
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(list[0]), "S"(list[1]), "d"(list[2]), "r"(r10), "r"(r8)
                 : "rcx", "r11", "memory");
  }
  return result;
}
#elif defined(__aarch64__)
long kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
#else
#error "no system call sequence for this machine"
#endif

long address(const volatile void* pointer) {
  return reinterpret_cast<long>(pointer);
}

/// The answer of the kernel as a Result: void, or the number it returned.
template <class T = void>
Result<T> answer(long returned, const char* operation) {
  if (returned < 0) return Error{static_cast<int>(-returned), operation};
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return static_cast<T>(returned);
  }
}

// include/uapi/asm-generic/signal.h: what rt_sigaction(2) really takes; sigsetsize is 8.
struct KernelSigaction {
  long handler;
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

constexpr long kAnyChild = 0x40000000;  // __WALL: a clone(2) child without SIGCHLD too

// <linux/capability.h>, which pulls in more than it has: version 3, this thread.
struct CapabilityHeader {
  uint32_t version = 0x20080522;
  int pid = 0;
};
struct CapabilityWords {
  uint32_t effective;
  uint32_t permitted;
  uint32_t inheritable;
};

}  // namespace

Result<int> open(const char* path, int flags, mode_t mode) {
  return answer<int>(kernel(SYS_openat, AT_FDCWD, address(path), flags | O_LARGEFILE, mode, 0),
                     "open");
}

void close(int fd) {
  (void)kernel(SYS_close, fd);
}

Result<size_t> read(int fd, std::span<char> buffer) {
  return answer<size_t>(
      kernel(SYS_read, fd, address(buffer.data()), static_cast<long>(buffer.size())), "read");
}

Result<size_t> write(int fd, std::string_view data) {
  return answer<size_t>(kernel(SYS_write, fd, address(data.data()), static_cast<long>(data.size())),
                        "write");
}

Result<> mkdir(const char* path, mode_t mode) {
  return answer(kernel(SYS_mkdirat, AT_FDCWD, address(path), mode), "mkdir");
}

Result<> fchmod(int fd, mode_t mode) {
  return answer(kernel(SYS_fchmod, fd, mode), "fchmod");
}

Result<> chown(const char* path, uid_t user, gid_t group) {
  return answer(kernel(SYS_fchownat, AT_FDCWD, address(path), user, group, 0), "chown");
}

Result<> chdir(const char* path) {
  return answer(kernel(SYS_chdir, address(path)), "chdir");
}

Result<> access(const char* path, int mode) {
  return answer(kernel(SYS_faccessat, AT_FDCWD, address(path), mode), "access");
}

Result<size_t> getdents(int fd, std::span<char> records) {
  return answer<size_t>(
      kernel(SYS_getdents64, fd, address(records.data()), static_cast<long>(records.size())),
      "read directory");
}

Result<int> open_at(int directory, const char* name, int flags) {
  return answer<int>(kernel(SYS_openat, directory, address(name), flags | O_LARGEFILE, 0, 0),
                     "open");
}

Result<> unlink_at(int directory, const char* name, int flags) {
  return answer(kernel(SYS_unlinkat, directory, address(name), flags), "unlink");
}

Result<> status_at(int directory, const char* name, FileStatus& status) {
  constexpr long kWanted = 0x103;  // STATX_TYPE | STATX_MODE | STATX_INO
  struct statx info = {};
  PID1_TRY(answer(kernel(SYS_statx, directory, address(name), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
                         kWanted, address(&info)),
                  "statx"));
  status = {.device = uint64_t{info.stx_dev_major} << 32 | info.stx_dev_minor,
            .inode = info.stx_ino,
            .mode = info.stx_mode};
  return {};
}

Result<> mount(const char* source, const char* target, const char* type, unsigned long flags,
               const char* data) {
  return answer(kernel(SYS_mount, address(source), address(target), address(type),
                       static_cast<long>(flags), address(data)),
                "mount");
}

Result<bool> is_mount_root(const char* path) {
  // musl's <sys/stat.h> has the call without the flag, and <linux/stat.h> cannot stand beside it.
  constexpr uint64_t kMountRoot = 0x2000;  // STATX_ATTR_MOUNT_ROOT
  struct statx info = {};
  PID1_TRY(answer(kernel(SYS_statx, AT_FDCWD, address(path), AT_NO_AUTOMOUNT, 0, address(&info)),
                  "statx"));
  if ((info.stx_attributes_mask & kMountRoot) == 0) {
    return Error{EOPNOTSUPP, "statx"};
  }
  return (info.stx_attributes & kMountRoot) != 0;
}

Result<> unmount(const char* target, int flags) {
  return answer(kernel(SYS_umount2, address(target), flags), "unmount");
}

Result<> chroot(const char* path) {
  return answer(kernel(SYS_chroot, address(path)), "chroot");
}

Result<> unshare(int flags) {
  return answer(kernel(SYS_unshare, flags), "unshare");
}

Result<uint32_t> file_system_magic(const char* path) {
  struct statfs info = {};
  PID1_TRY(answer(kernel(SYS_statfs, address(path), address(&info)), "statfs"));
  return static_cast<uint32_t>(info.f_type);
}

Result<> dup2(int from, int to) {
  // dup3(2), which every machine has, refuses what dup2 allows.
  if (from == to) return answer(kernel(SYS_fcntl, from, F_GETFD), "dup2");
  return answer(kernel(SYS_dup3, from, to, 0), "dup2");
}

Result<int> duplicate(int fd, int lowest) {
  return answer<int>(kernel(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest), "fcntl F_DUPFD");
}

Result<> set_close_on_exec(int fd, bool closes) {
  return answer(kernel(SYS_fcntl, fd, F_SETFD, closes ? FD_CLOEXEC : 0), "fcntl F_SETFD");
}

Result<> set_status_flags(int fd, int flags) {
  return answer(kernel(SYS_fcntl, fd, F_SETFL, flags), "fcntl F_SETFL");
}

Result<int> poll(std::span<struct pollfd> entries, int milliseconds) {
  struct timespec limit = {.tv_sec = milliseconds / 1000,
                           .tv_nsec = milliseconds % 1000 * 1'000'000L};
  return answer<int>(kernel(SYS_ppoll, address(entries.data()), static_cast<long>(entries.size()),
                            milliseconds < 0 ? 0 : address(&limit), 0, 0),
                     "poll");
}

Result<Pipe> pipe() {
  int ends[2] = {};
  PID1_TRY(answer(kernel(SYS_pipe2, address(ends), O_CLOEXEC), "pipe"));
  return Pipe{.reader = ends[0], .writer = ends[1]};
}

Result<> setsid() {
  return answer(kernel(SYS_setsid), "setsid");
}

Result<> set_controlling_terminal(int fd) {
  return answer(kernel(SYS_ioctl, fd, TIOCSCTTY, 0), "ioctl TIOCSCTTY");
}

bool is_terminal(int fd) {
  struct winsize size = {};
  return kernel(SYS_ioctl, fd, TIOCGWINSZ, address(&size)) == 0;
}

Result<> set_foreground_group(int fd, pid_t group) {
  return answer(kernel(SYS_ioctl, fd, TIOCSPGRP, address(&group)), "ioctl TIOCSPGRP");
}

Result<int> output_queued(int fd) {
  int bytes = 0;
  PID1_TRY(answer(kernel(SYS_ioctl, fd, TIOCOUTQ, address(&bytes)), "ioctl TIOCOUTQ"));
  return bytes;
}

Result<> close_from(unsigned first, unsigned last) {
  return answer(kernel(SYS_close_range, first, last, 0), "close_range");
}

Result<> set_disposition(int signal, Disposition disposition) {
  const KernelSigaction action = {.handler = disposition == Disposition::kIgnore ? 1 : 0,
                                  .flags = 0,
                                  .restorer = nullptr,
                                  .mask = 0};  // SIG_DFL is 0, SIG_IGN is 1
  return answer(kernel(SYS_rt_sigaction, signal, address(&action), 0, sizeof(action.mask), 0),
                "rt_sigaction");
}

Result<> set_signal_mask(uint64_t mask) {
  constexpr long kSetMask = 2;  // SIG_SETMASK
  return answer(kernel(SYS_rt_sigprocmask, kSetMask, address(&mask), 0, sizeof(mask), 0),
                "rt_sigprocmask");
}

Result<uint64_t> signal_mask() {
  uint64_t mask = 0;
  PID1_TRY(
      answer(kernel(SYS_rt_sigprocmask, 0, 0, address(&mask), sizeof(mask), 0), "rt_sigprocmask"));
  return mask;
}

uint64_t exchange_signal_mask(uint64_t mask) {
  constexpr long kSetMask = 2;  // SIG_SETMASK
  uint64_t before = 0;
  (void)kernel(SYS_rt_sigprocmask, kSetMask, address(&mask), address(&before), sizeof(mask), 0);
  return before;
}

Result<int> signalfd(uint64_t mask) {
  // SFD_CLOEXEC and SFD_NONBLOCK are O_CLOEXEC and O_NONBLOCK.
  return answer<int>(
      kernel(SYS_signalfd4, -1, address(&mask), sizeof(mask), O_CLOEXEC | O_NONBLOCK, 0),
      "signalfd");
}

Result<int> wait_signal(uint64_t mask) {
  return answer<int>(kernel(SYS_rt_sigtimedwait, address(&mask), 0, 0, sizeof(mask), 0),
                     "rt_sigtimedwait");
}

Result<> kill(pid_t pid, int signal) {
  return answer(kernel(SYS_kill, pid, signal), "kill");
}

Result<int> socket(int domain, int type, int protocol) {
  return answer<int>(kernel(SYS_socket, domain, type, protocol), "socket");
}

// sendto(2) and recvfrom(2) are write and read on a connected or netlink socket; MSG_NOSIGNAL has
// no meaning there.
Result<size_t> send(int fd, std::span<const char> data) {
  return answer<size_t>(kernel(SYS_write, fd, address(data.data()), static_cast<long>(data.size())),
                        "send");
}

Result<size_t> receive(int fd, std::span<char> buffer) {
  return answer<size_t>(
      kernel(SYS_read, fd, address(buffer.data()), static_cast<long>(buffer.size())), "receive");
}

Result<int> interface_index(int fd, std::string_view name) {
  struct ifreq request = {};
  if (name.empty() || name.size() >= sizeof(request.ifr_name)) {
    return Error{ENODEV, "network device"};
  }
  name.copy(request.ifr_name, name.size());
  PID1_TRY(answer(kernel(SYS_ioctl, fd, SIOCGIFINDEX, address(&request)), "network device"));
  return request.ifr_ifindex;
}

Result<> sethostname(std::string_view name) {
  return answer(kernel(SYS_sethostname, address(name.data()), static_cast<long>(name.size())),
                "sethostname");
}

pid_t getpid() {
  return static_cast<pid_t>(kernel(SYS_getpid));
}

Result<pid_t> fork() {
  // clone(2) with nothing shared is fork(2), which arm64 has not.
  return answer<pid_t>(kernel(SYS_clone, SIGCHLD, 0, 0, 0, 0), "fork");
}

Result<> set_process_group(pid_t pid, pid_t group) {
  return answer(kernel(SYS_setpgid, pid, group), "setpgid");
}

Result<ChildEnd> reap(pid_t child) {
  constexpr long kNoHang = 1;  // WNOHANG
  int status = 0;
  PID1_TRY_ASSIGN(const pid_t pid, answer<pid_t>(kernel(SYS_wait4, child, address(&status),
                                                        kAnyChild | kNoHang, 0, 0),
                                                 "wait4"));
  return ChildEnd{.pid = pid, .status = status};
}

Result<> wait_for(pid_t pid) {
  return answer(kernel(SYS_wait4, pid, 0, kAnyChild, 0, 0), "wait4");
}

Result<int> pidfd_open(pid_t pid) {
  return answer<int>(kernel(SYS_pidfd_open, pid, 0), "pidfd_open");
}

Result<int> prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  return answer<int>(kernel(SYS_prctl, option, static_cast<long>(a), static_cast<long>(b),
                            static_cast<long>(c), static_cast<long>(d)),
                     "prctl");
}

Result<> set_limit(int resource, uint64_t soft, uint64_t hard) {
  const uint64_t limit[] = {soft, hard};  // struct rlimit64
  return answer(kernel(SYS_prlimit64, 0, resource, address(limit), 0, 0), "prlimit");
}

Result<> set_groups(std::span<const gid_t> groups) {
  return answer(kernel(SYS_setgroups, static_cast<long>(groups.size()), address(groups.data())),
                "setgroups");
}

Result<> set_group_id(gid_t group) {
  return answer(kernel(SYS_setresgid, group, group, group), "setresgid");
}

Result<> set_user_id(uid_t user) {
  return answer(kernel(SYS_setresuid, user, user, user), "setresuid");
}

Result<Ids> group_ids() {
  Ids ids = {};
  PID1_TRY(answer(
      kernel(SYS_getresgid, address(&ids.real), address(&ids.effective), address(&ids.saved)),
      "getresgid"));
  return ids;
}

Result<Ids> user_ids() {
  Ids ids = {};
  PID1_TRY(answer(
      kernel(SYS_getresuid, address(&ids.real), address(&ids.effective), address(&ids.saved)),
      "getresuid"));
  return ids;
}

Result<> get_capabilities(CapabilitySets& sets) {
  CapabilityHeader header;
  CapabilityWords words[2] = {};
  PID1_TRY(answer(kernel(SYS_capget, address(&header), address(words)), "capget"));
  sets = {.effective = uint64_t{words[1].effective} << 32 | words[0].effective,
          .permitted = uint64_t{words[1].permitted} << 32 | words[0].permitted,
          .inheritable = uint64_t{words[1].inheritable} << 32 | words[0].inheritable};
  return {};
}

Result<> set_capabilities(const CapabilitySets& sets) {
  const CapabilityHeader header;
  CapabilityWords words[2];
  for (unsigned i = 0; i < 2; ++i) {
    words[i] = {.effective = static_cast<uint32_t>(sets.effective >> 32 * i),
                .permitted = static_cast<uint32_t>(sets.permitted >> 32 * i),
                .inheritable = static_cast<uint32_t>(sets.inheritable >> 32 * i)};
  }
  return answer(kernel(SYS_capset, address(&header), address(words)), "capset");
}

mode_t umask(mode_t mask) {
  return static_cast<mode_t>(kernel(SYS_umask, mask));
}

Error execve(const char* path, char* const* argv, char* const* envp) {
  const long returned = kernel(SYS_execve, address(path), address(static_cast<const void*>(argv)),
                               address(static_cast<const void*>(envp)));
  return Error{static_cast<int>(-returned), "execve"};
}

uint64_t clock_ns(clockid_t clock) {
  struct timespec now = {};
  (void)kernel(SYS_clock_gettime, clock, address(&now));
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t cycle_counter() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  uint64_t ticks = 0;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#endif
}

void sleep_ms(unsigned milliseconds) {
  struct timespec left = {.tv_sec = static_cast<time_t>(milliseconds / 1000),
                          .tv_nsec = static_cast<long>(milliseconds % 1000) * 1'000'000};
  while (kernel(SYS_nanosleep, address(&left), address(&left)) == -EINTR) {
  }
}

void sync() {
  (void)kernel(SYS_sync);
}

Result<> reboot(int command, const char* argument) {
  // LINUX_REBOOT_MAGIC1 and LINUX_REBOOT_MAGIC2 (reboot(2)).
  constexpr long kMagic = 0xfee1dead;
  constexpr long kMagic2 = 672274793;
  return answer(
      kernel(SYS_reboot, kMagic, kMagic2, static_cast<unsigned>(command), address(argument), 0),
      "reboot");
}

void exit(int status) {
  for (;;)
    (void)kernel(SYS_exit_group, status);
}

}  // namespace pid1::sys
