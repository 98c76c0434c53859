// SPDX-License-Identifier: Apache-2.0
// sys.cc against the kernel it runs on: what needs no privilege, and the errors of what does.
#include "pid1/sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "in_child.h"
#include "pid1/file.h"
#include "pid1/mount.h"
#include "pid1/network.h"
#include "pid1/signals.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

/// A directory of its own for each test, removed at the end.
class SysTest : public testing::Test {
 protected:
  SysTest() {
    char path[] = "/tmp/pid1-sys-test-XXXXXX";
    if (::mkdtemp(path) != nullptr) directory = path;
  }

  ~SysTest() override {
    for (const std::string& path : made)
      ::remove(path.c_str());
    ::remove(directory.c_str());
  }

  std::string path(const std::string& name) {
    made.insert(made.begin(), directory + "/" + name);
    return made.front();
  }

  std::string directory;
  std::vector<std::string> made;
};

TEST_F(SysTest, OpenWriteReadClose) {
  const std::string file = path("file");
  const auto out = sys::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  ASSERT_EQ(code_of(out), 0);
  EXPECT_EQ(sys::write(*out, "hello"), 5U);
  sys::close(*out);
  EXPECT_EQ(::fcntl(*out, F_GETFD), -1) << "it is closed";
  struct stat info = {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640U);

  const auto in = sys::open(file.c_str(), O_RDONLY);
  ASSERT_EQ(code_of(in), 0);
  char buffer[16];
  EXPECT_EQ(sys::read(*in, buffer), 5U);
  EXPECT_EQ(std::string(buffer, 5), "hello");
  EXPECT_EQ(sys::read(*in, buffer), 0U);
  sys::close(*in);
}

TEST_F(SysTest, ErrorsCarryTheErrnoAndTheCall) {
  const auto missing = sys::open("/nonexistent/file", O_RDONLY);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ENOENT);
  EXPECT_STREQ(missing.error().operation, "open");
  char buffer[4];
  EXPECT_EQ(code_of(sys::read(-1, buffer)), EBADF);
  EXPECT_EQ(code_of(sys::write(-1, "x")), EBADF);
  EXPECT_EQ(code_of(sys::getdents(-1, buffer)), EBADF);
  EXPECT_EQ(code_of(sys::dup2(-1, 5)), EBADF);
  EXPECT_EQ(code_of(sys::dup2(-1, -1)), EBADF);
  EXPECT_EQ(code_of(sys::set_status_flags(-1, 0)), EBADF);
  EXPECT_EQ(code_of(sys::output_queued(-1)), EBADF);
  EXPECT_EQ(code_of(sys::set_controlling_terminal(-1)), EBADF);
  EXPECT_EQ(code_of(sys::send(-1, buffer)), EBADF);
  EXPECT_EQ(code_of(sys::receive(-1, buffer)), EBADF);
  EXPECT_EQ(code_of(sys::interface_index(-1, "lo")), EBADF);
  EXPECT_EQ(code_of(sys::socket(-1, 0, 0)), EAFNOSUPPORT);
  EXPECT_EQ(sys::execve("/nonexistent", nullptr, nullptr).code, ENOENT);
}

TEST_F(SysTest, MkdirAndAccess) {
  const std::string made_directory = path("made");
  EXPECT_EQ(code_of(sys::access(made_directory.c_str(), F_OK)), ENOENT);
  EXPECT_EQ(code_of(sys::mkdir(made_directory.c_str(), 0700)), 0);
  EXPECT_EQ(code_of(sys::mkdir(made_directory.c_str(), 0700)), EEXIST);
  EXPECT_EQ(code_of(sys::access(made_directory.c_str(), F_OK)), 0);
  EXPECT_EQ(code_of(sys::access("/etc/passwd", X_OK)), EACCES);
}

TEST_F(SysTest, GetdentsFillsRecords) {
  std::set<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.insert("file-" + std::to_string(i));
    const auto file =
        sys::open(path("file-" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT, 0600);
    ASSERT_EQ(code_of(file), 0);
    sys::close(*file);
  }
  // Through list_directory: it reads the kernel's records as struct dirent.
  std::set<std::string> names;
  ASSERT_EQ(code_of(list_directory(directory.c_str(),
                                   [&](std::string_view name) {
                                     EXPECT_TRUE(names.emplace(name).second) << name;
                                     return true;
                                   })),
            0);
  EXPECT_EQ(names, expected);
}

TEST_F(SysTest, ReadFileOfProc) {
  char buffer[4096];
  const auto text = read_file("/proc/self/stat", buffer);
  ASSERT_EQ(code_of(text), 0);
  EXPECT_TRUE(std::string(buffer).starts_with(std::to_string(::getpid()) + " ("));
}

TEST_F(SysTest, MountRoots) {
  const auto proc = sys::is_mount_root("/proc");
  if (code_of(proc) == EOPNOTSUPP) GTEST_SKIP() << "a kernel before 5.8";
  EXPECT_EQ(proc, true);
  EXPECT_EQ(sys::is_mount_root(directory.c_str()), false);
  EXPECT_EQ(code_of(sys::is_mount_root("/nonexistent")), ENOENT);
}

TEST_F(SysTest, MountIsRefusedWithoutPrivilegeOrTarget) {
  const int code = code_of(sys::mount("tmpfs", "/nonexistent", "tmpfs", 0, nullptr));
  EXPECT_TRUE(code == EPERM || code == ENOENT) << code;
}

TEST_F(SysTest, Dup2) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int target = 200;
  EXPECT_EQ(code_of(sys::dup2(ends[1], target)), 0);
  EXPECT_EQ(::fcntl(target, F_GETFD), 0) << "kept open by exec";
  EXPECT_EQ(code_of(sys::dup2(target, target)), 0) << "as dup2(2), not dup3(2)";
  EXPECT_EQ(sys::write(target, "x"), 1U);
  char byte[1];
  EXPECT_EQ(sys::read(ends[0], byte), 1U);
  for (const int fd : {ends[0], ends[1], target})
    sys::close(fd);
}

TEST_F(SysTest, StatusFlagsAndPollOfAFullPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  struct pollfd entry = {.fd = ends[1], .events = POLLOUT, .revents = 0};
  EXPECT_EQ(sys::poll({&entry, 1}, 0), 1);
  ASSERT_EQ(code_of(sys::set_status_flags(ends[1], O_NONBLOCK)), 0);
  EXPECT_EQ(::fcntl(ends[1], F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_WRONLY);
  const std::string block(65536, 'x');
  Result<size_t> put = sys::write(ends[1], block);
  while (put.has_value())
    put = sys::write(ends[1], block);
  EXPECT_EQ(put.error().code, EAGAIN);

  const uint64_t before = sys::clock_ns(CLOCK_MONOTONIC);
  EXPECT_EQ(sys::poll({&entry, 1}, 30), 0);
  EXPECT_GE(sys::clock_ns(CLOCK_MONOTONIC) - before, 30'000'000U);
  ASSERT_EQ(code_of(sys::set_status_flags(ends[1], 0)), 0);
  EXPECT_EQ(::fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
  sys::close(ends[0]);
  sys::close(ends[1]);
}

TEST_F(SysTest, TerminalOrNot) {
  const int pipe_like = ::memfd_create("none", MFD_CLOEXEC);
  EXPECT_FALSE(sys::is_terminal(pipe_like));
  EXPECT_FALSE(sys::is_terminal(-1));
  EXPECT_EQ(code_of(sys::output_queued(pipe_like)), ENOTTY);
  EXPECT_EQ(code_of(sys::set_controlling_terminal(pipe_like)), ENOTTY);
  ::close(pipe_like);
}

TEST_F(SysTest, TerminalOfASession) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) {
    GTEST_SKIP() << "no pseudo terminals here";
  }
  const std::string name = ::ptsname(master);
  EXPECT_EQ(in_child([&] {
              if (code_of(sys::setsid()) != 0) return 1;
              if (code_of(sys::setsid()) != EPERM) return 2;
              const auto terminal = sys::open(name.c_str(), O_RDWR | O_NOCTTY);
              if (!terminal.has_value()) return 3;
              if (!sys::is_terminal(*terminal)) return 4;
              if (code_of(sys::set_controlling_terminal(*terminal)) != 0) return 5;
              if (sys::output_queued(*terminal) != 0) return 6;
              const auto own = sys::open("/dev/tty", O_RDWR);
              return own.has_value() ? 0 : 7;
            }),
            0);
  ::close(master);
}

TEST_F(SysTest, CloseFrom) {
  EXPECT_EQ(in_child([] {
              if (::dup2(1, 100) < 0 || ::dup2(1, 200) < 0) return 1;
              const auto done = sys::close_from(150);
              if (code_of(done) == ENOSYS) return 0;  // before Linux 5.9
              if (!done.has_value()) return 2;
              if (::fcntl(100, F_GETFD) < 0) return 3;
              if (::fcntl(200, F_GETFD) >= 0) return 4;
              if (::dup2(1, 99) < 0 || ::dup2(1, 101) < 0) return 5;
              if (!sys::close_from(100, 100).has_value()) return 6;
              if (::fcntl(99, F_GETFD) < 0 || ::fcntl(101, F_GETFD) < 0) return 7;
              if (code_of(sys::close_from(101, 100)) != EINVAL) return 8;
              return ::fcntl(100, F_GETFD) < 0 ? 0 : 9;
            }),
            0);
}

// 32 to 34 belong to the C library, which refuses to touch them; a parent may have ignored them.
TEST_F(SysTest, EverySignalIsResetInTheKernelsEyes) {
  EXPECT_EQ(in_child([] {
              for (int signal = 1; signal <= 64; ++signal) {
                if (signal == SIGKILL || signal == SIGSTOP) continue;
                if (!sys::set_disposition(signal, sys::Disposition::kIgnore).has_value()) return 1;
              }
              if (!sys::set_signal_mask(~uint64_t{0}).has_value()) return 2;
              const uint64_t all_but_kill_and_stop =
                  ~(uint64_t{1} << (SIGKILL - 1) | uint64_t{1} << (SIGSTOP - 1));
              if (status_mask("SigIgn:") != all_but_kill_and_stop) return 3;
              if (status_mask("SigBlk:") != all_but_kill_and_stop) return 4;
              if (!reset_signals().has_value()) return 5;
              if (status_mask("SigIgn:") != 0 || status_mask("SigBlk:") != 0) return 6;
              if (status_mask("SigCgt:") != 0) return 7;
              if (!ignore_child_exits().has_value()) return 8;
              return status_mask("SigIgn:") == uint64_t{1} << (SIGCHLD - 1) ? 0 : 9;
            }),
            0);
  EXPECT_EQ(code_of(sys::set_disposition(SIGKILL, sys::Disposition::kIgnore)), EINVAL);
  EXPECT_EQ(code_of(sys::set_disposition(65, sys::Disposition::kDefault)), EINVAL);
}

TEST_F(SysTest, NetlinkRequestAndAnswer) {
  const auto fd = sys::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (!fd.has_value()) GTEST_SKIP() << "no netlink sockets here";
  EXPECT_EQ(::fcntl(*fd, F_GETFD), FD_CLOEXEC);
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {};
  request.header = {.nlmsg_len = sizeof(request),
                    .nlmsg_type = RTM_GETLINK,
                    .nlmsg_flags = NLM_F_REQUEST,
                    .nlmsg_seq = 7,
                    .nlmsg_pid = 0};
  request.link.ifi_index = 1;
  EXPECT_EQ(sys::send(*fd, {reinterpret_cast<const char*>(&request), sizeof(request)}),
            sizeof(request));
  alignas(struct nlmsghdr) char answer[8192];
  const auto got = sys::receive(*fd, answer);
  ASSERT_EQ(code_of(got), 0);
  ASSERT_GE(*got, sizeof(struct nlmsghdr));
  EXPECT_EQ(reinterpret_cast<const struct nlmsghdr*>(answer)->nlmsg_seq, 7U);
  sys::close(*fd);
}

TEST_F(SysTest, InterfaceIndex) {
  const auto fd = sys::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (!fd.has_value()) GTEST_SKIP() << "no sockets here";
  EXPECT_EQ(sys::interface_index(*fd, "lo"), 1);
  EXPECT_EQ(code_of(sys::interface_index(*fd, "nosuch0")), ENODEV);
  EXPECT_EQ(code_of(sys::interface_index(*fd, "")), ENODEV);
  EXPECT_EQ(code_of(sys::interface_index(*fd, "a-name-of-more-than-15-bytes")), ENODEV);
  sys::close(*fd);
}

TEST_F(SysTest, WithoutPrivilege) {
  EXPECT_EQ(in_child([] {
              if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;
              if (code_of(sys::sethostname("no")) != EPERM) return 2;
              if (code_of(sys::reboot(RB_DISABLE_CAD)) != EPERM) return 3;
              if (code_of(sys::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr)) != EPERM) return 4;
              if (code_of(sys::unmount("/proc", 0)) != EPERM) return 5;
              return code_of(sys::chroot("/")) == EPERM ? 0 : 6;
            }),
            0);
}

TEST_F(SysTest, HostNameAndMountsOfItsOwn) {
  const int status = in_namespaces([&] {
    if (!sys::sethostname("pid1-test").has_value()) return 1;
    struct utsname names = {};
    ::uname(&names);
    if (std::string(names.nodename) != "pid1-test") return 2;
    const MountSpec spec = {"tmpfs", directory.c_str(), "size=1m", MS_NOSUID, 0755, false};
    if (mount(spec) != MountOutcome::kMounted) return 3;
    if (mount(spec) != MountOutcome::kAlreadyMounted) return 4;
    if (!write_file((directory + "/f").c_str(), "x").has_value()) return 5;
    if (!remount_read_only(directory.c_str()).has_value()) return 6;
    return code_of(write_file((directory + "/g").c_str(), "x")) == EROFS ? 0 : 7;
  });
  if (status == 77) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(status, 0);
}

/// Flags of a network device, as ioctl(2) SIOCGIFFLAGS tells them.
int flags_of(const char* device) {
  struct ifreq request = {};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int done = ::ioctl(fd, SIOCGIFFLAGS, &request);
  ::close(fd);
  return done == 0 ? request.ifr_flags : 0;
}

// The kernel's own reading of the requests that network_test.cc compares byte by byte.
TEST_F(SysTest, NetworkOfItsOwn) {
  const int status = in_namespaces([] {
    if ((flags_of("lo") & IFF_UP) != 0) return 1;
    if (!bring_loopback_up().has_value()) return 2;
    if ((flags_of("lo") & IFF_UP) == 0) return 3;
    char ip[] = "10.9.8.7::10.9.8.1:255.255.255.0::lo:off";
    IpConfig config;
    if (!parse_ip(ip, config).value_or(false) || !configure(config).has_value()) return 4;
    if (!configure(config).has_value()) return 5;  // EEXIST
    // 10.9.8.7 is ours now: it can be bound.
    struct sockaddr_in address = {};
    address.sin_family = AF_INET;
    memcpy(&address.sin_addr, "\x0a\x09\x08\x07", 4);
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (::bind(fd, reinterpret_cast<struct sockaddr*>(&address), sizeof(address)) != 0) return 6;
    char routes[4096];
    const auto text = read_file("/proc/self/net/route", routes);
    // Gateway 10.9.8.1 in the kernel's hexadecimal.
    return text.has_value() && contains(routes, "lo\t00000000\t0108090A") ? 0 : 7;
  });
  if (status == 77) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(status, 0);
}

TEST_F(SysTest, ProcessAndMask) {
  EXPECT_EQ(sys::getpid(), ::getpid());
  const mode_t before = ::umask(027);
  EXPECT_EQ(sys::umask(022), 027U);
  EXPECT_EQ(::umask(before), 022U);
}

TEST_F(SysTest, Clocks) {
  struct timespec libc = {};
  const uint64_t before = sys::clock_ns(CLOCK_BOOTTIME);
  ::clock_gettime(CLOCK_BOOTTIME, &libc);
  const uint64_t after = sys::clock_ns(CLOCK_BOOTTIME);
  const uint64_t between =
      static_cast<uint64_t>(libc.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(libc.tv_nsec);
  EXPECT_LE(before, between);
  EXPECT_LE(between, after);
  const uint64_t cycles = sys::cycle_counter();
  EXPECT_LT(cycles, sys::cycle_counter());
}

TEST_F(SysTest, SleepGoesOnAfterASignal) {
  EXPECT_EQ(in_child([] {
              struct sigaction action = {};
              action.sa_handler = [](int) {};
              ::sigaction(SIGALRM, &action, nullptr);
              ::ualarm(5'000, 5'000);
              const uint64_t before = sys::clock_ns(CLOCK_MONOTONIC);
              sys::sleep_ms(60);
              return sys::clock_ns(CLOCK_MONOTONIC) - before >= 60'000'000U ? 0 : 1;
            }),
            0);
}

TEST_F(SysTest, SyncReturns) {
  sys::sync();
}

TEST_F(SysTest, ExecvePassesArgumentsAndEnvironment) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(in_child([&] {
              if (!sys::dup2(ends[1], 1).has_value()) return 1;
              char sh[] = "/bin/sh";
              char flag[] = "-c";
              char script[] = "echo \"$0 $A\"";
              char zero[] = "zero";
              char variable[] = "A=b c";
              char* const argv[] = {sh, flag, script, zero, nullptr};
              char* const envp[] = {variable, nullptr};
              (void)sys::execve(sh, argv, envp);
              return 2;
            }),
            0);
  char buffer[32];
  const auto got = sys::read(ends[0], buffer);
  ASSERT_EQ(code_of(got), 0);
  EXPECT_EQ(std::string(buffer, *got), "zero b c\n");
  sys::close(ends[0]);
  sys::close(ends[1]);
}

TEST_F(SysTest, ExitEndsWithItsStatus) {
  EXPECT_EQ(in_child([]() -> int { sys::exit(42); }), 42);
}

TEST_F(SysTest, Duplicate) {
  const int fd = ::memfd_create("one", 0);
  const auto copy = sys::duplicate(fd, 150);
  ASSERT_EQ(code_of(copy), 0);
  EXPECT_EQ(*copy, 150);
  EXPECT_EQ(sys::duplicate(fd, 150), 151) << "150 is taken";
  EXPECT_EQ(::fcntl(150, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(code_of(sys::set_close_on_exec(150, false)), 0);
  EXPECT_EQ(::fcntl(150, F_GETFD), 0);
  EXPECT_EQ(code_of(sys::set_close_on_exec(150, true)), 0);
  EXPECT_EQ(::fcntl(150, F_GETFD), FD_CLOEXEC);
  for (const int open : {fd, 150, 151})
    sys::close(open);
  EXPECT_EQ(code_of(sys::duplicate(150, 3)), EBADF);
  EXPECT_EQ(code_of(sys::set_close_on_exec(150, true)), EBADF);
}

TEST_F(SysTest, PipeAndItsEnds) {
  const auto both = sys::pipe();
  ASSERT_EQ(code_of(both), 0);
  const auto [reader, writer] = *both;
  EXPECT_EQ(::fcntl(reader, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(writer, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(sys::write(writer, "ab"), 2U);
  char buffer[8];
  EXPECT_EQ(sys::read(reader, buffer), 2U);
  struct pollfd entry = {.fd = writer, .events = 0, .revents = 0};
  EXPECT_EQ(sys::poll({&entry, 1}, 0), 0);
  sys::close(reader);
  EXPECT_EQ(sys::poll({&entry, 1}, -1), 1);
  EXPECT_EQ(entry.revents, POLLERR) << "spawn takes it for the death of the parent";
  sys::close(writer);
}

TEST_F(SysTest, NamesBelowADirectory) {
  const std::string below = path("below");
  ASSERT_EQ(code_of(sys::mkdir(below.c_str(), 0700)), 0);
  ASSERT_EQ(code_of(write_file(path("below/file").c_str(), "x", 0640)), 0);
  ASSERT_EQ(::symlink("file", path("below/link").c_str()), 0);
  const auto fd = sys::open(directory.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(code_of(fd), 0);
  const auto inner = sys::open_at(*fd, "below", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  ASSERT_EQ(code_of(inner), 0);

  sys::FileStatus status = {};
  struct stat expected = {};
  ASSERT_EQ(code_of(sys::status_at(*inner, "file", status)), 0);
  ASSERT_EQ(::stat((below + "/file").c_str(), &expected), 0);
  EXPECT_EQ(status.inode, expected.st_ino);
  EXPECT_EQ(status.mode, expected.st_mode);
  const uint64_t device = status.device;
  ASSERT_EQ(code_of(sys::status_at(*inner, "link", status)), 0);
  EXPECT_TRUE(S_ISLNK(status.mode));
  EXPECT_EQ(status.device, device);
  ASSERT_EQ(code_of(sys::status_at(AT_FDCWD, "/proc", status)), 0);
  EXPECT_TRUE(S_ISDIR(status.mode));
  EXPECT_NE(status.device, device) << "another file system";
  EXPECT_EQ(code_of(sys::status_at(*inner, "missing", status)), ENOENT);
  EXPECT_EQ(code_of(sys::open_at(*inner, "missing", O_RDONLY)), ENOENT);
  EXPECT_EQ(code_of(sys::open_at(*inner, "link", O_RDONLY | O_NOFOLLOW)), ELOOP);

  EXPECT_EQ(code_of(sys::unlink_at(*fd, "below", 0)), EISDIR);
  EXPECT_EQ(code_of(sys::unlink_at(*fd, "below", AT_REMOVEDIR)), ENOTEMPTY);
  EXPECT_EQ(code_of(sys::unlink_at(*inner, "file", AT_REMOVEDIR)), ENOTDIR);
  EXPECT_EQ(code_of(sys::unlink_at(*inner, "link", 0)), 0);
  EXPECT_EQ(code_of(sys::unlink_at(*inner, "file", 0)), 0);
  EXPECT_EQ(code_of(sys::unlink_at(*fd, "below", AT_REMOVEDIR)), 0);
  EXPECT_EQ(code_of(sys::access(below.c_str(), F_OK)), ENOENT);
  sys::close(*inner);
  sys::close(*fd);
}

TEST_F(SysTest, FileSystemMagic) {
  EXPECT_EQ(sys::file_system_magic("/proc"), 0x9fa0U);  // PROC_SUPER_MAGIC
  EXPECT_EQ(code_of(sys::file_system_magic("/nonexistent")), ENOENT);
}

TEST_F(SysTest, UnmountAndChroot) {
  const int status = in_namespaces([&] {
    if (code_of(sys::unmount(directory.c_str(), 0)) != EINVAL) return 1;
    if (code_of(sys::unmount("/nonexistent", 0)) != ENOENT) return 2;
    const MountSpec spec = {"tmpfs", directory.c_str(), "size=1m", 0, 0755, false};
    if (mount(spec) != MountOutcome::kMounted) return 3;
    if (!write_file((directory + "/f").c_str(), "x").has_value()) return 4;
    const auto busy = sys::open((directory + "/f").c_str(), O_RDONLY | O_CLOEXEC);
    if (code_of(sys::unmount(directory.c_str(), 0)) != EBUSY) return 5;
    sys::close(busy.value_or(-1));
    if (!sys::unmount(directory.c_str(), 0).has_value()) return 6;
    if (code_of(sys::unmount(directory.c_str(), 0)) != EINVAL) return 7;
    if (code_of(sys::chroot("/nonexistent")) != ENOENT) return 8;
    const auto old_root = sys::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!sys::chroot(directory.c_str()).has_value()) return 9;
    if (code_of(sys::access("/proc", F_OK)) != ENOENT) return 10;
    return ::fchdir(old_root.value_or(-1)) == 0 && sys::chroot(".").has_value() ? 0 : 11;
  });
  if (status == 77) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(status, 0);
}

TEST_F(SysTest, PipeIsCloseOnExec) {
  const auto ends = sys::pipe();
  ASSERT_EQ(code_of(ends), 0);
  EXPECT_EQ(sys::write((*ends).writer, "x"), 1U);
  char byte[1];
  EXPECT_EQ(sys::read((*ends).reader, byte), 1U);
  for (const int fd : {(*ends).reader, (*ends).writer}) {
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    sys::close(fd);
  }
  EXPECT_EQ(in_child([] {
              struct rlimit limit = {.rlim_cur = 3, .rlim_max = 3};
              ::setrlimit(RLIMIT_NOFILE, &limit);
              return code_of(sys::pipe());
            }),
            EMFILE);
}

TEST_F(SysTest, FilesBelowAnOpenDirectory) {
  char path[] = "/tmp/pid1-sys-test-XXXXXX";
  ASSERT_NE(::mkdtemp(path), nullptr);
  const auto tree = sys::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(code_of(tree), 0);
  ASSERT_EQ(::mkdirat(*tree, "sub", 0700), 0);
  ASSERT_EQ(::symlinkat("/nonexistent", *tree, "link"), 0);

  const auto sub = sys::open_at(*tree, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(code_of(sub), 0);
  sys::close(*sub);
  EXPECT_EQ(code_of(sys::open_at(*tree, "none", O_RDONLY)), ENOENT);

  struct stat expected = {};
  ASSERT_EQ(::fstatat(*tree, "link", &expected, AT_SYMLINK_NOFOLLOW), 0);
  sys::FileStatus status = {};
  ASSERT_EQ(code_of(sys::status_at(*tree, "link", status)), 0);
  EXPECT_EQ(status.inode, expected.st_ino);
  EXPECT_EQ(status.mode, expected.st_mode) << "of the link, not of what it leads to";
  sys::FileStatus other = {};
  ASSERT_EQ(code_of(sys::status_at(AT_FDCWD, "/proc", other)), 0);
  EXPECT_NE(other.device, status.device);
  EXPECT_EQ(code_of(sys::status_at(*tree, "none", other)), ENOENT);

  EXPECT_EQ(code_of(sys::unlink_at(*tree, "sub", 0)), EISDIR);
  EXPECT_EQ(code_of(sys::unlink_at(*tree, "sub", AT_REMOVEDIR)), 0);
  EXPECT_EQ(code_of(sys::unlink_at(*tree, "link", 0)), 0);
  EXPECT_EQ(code_of(sys::unlink_at(*tree, "link", 0)), ENOENT);
  sys::close(*tree);
  EXPECT_EQ(::rmdir(path), 0);
}

TEST_F(SysTest, KindsOfFileSystem) {
  EXPECT_EQ(sys::file_system_magic("/proc"), uint32_t{PROC_SUPER_MAGIC});
  EXPECT_EQ(code_of(sys::file_system_magic("/nonexistent")), ENOENT);
}

TEST_F(SysTest, OwnerOfAFile) {
  EXPECT_EQ(code_of(sys::chown("/nonexistent", 1, 2)), ENOENT);
  const int status = in_namespaces([] {
    if (!sys::mount("tmpfs", "/tmp", "tmpfs", 0, "size=1m").has_value()) return 1;
    // In a user namespace with one user there is no other to give it to.
    if (!sys::chown("/tmp", ::getuid(), ::getgid()).has_value()) return 2;
    struct stat info = {};
    if (::stat("/tmp", &info) != 0) return 3;
    return info.st_uid == ::getuid() && info.st_gid == ::getgid() ? 0 : 4;
  });
  if (status == 77) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(status, 0);
}

TEST_F(SysTest, NamespaceOfItsOwn) {
  EXPECT_EQ(code_of(sys::unshare(-1)), EINVAL);
  EXPECT_EQ(in_child([] { return sys::unshare(0).has_value() ? 0 : 1; }), 0);
}

TEST_F(SysTest, DirectoryAndRootOfItsOwn) {
  EXPECT_EQ(in_child([] {
              if (!sys::chdir("/proc").has_value()) return 1;
              if (code_of(sys::access("self/status", F_OK)) != 0) return 2;
              return code_of(sys::chdir("/nonexistent")) == ENOENT ? 0 : 3;
            }),
            0);
  EXPECT_EQ(code_of(sys::chroot("/nonexistent")), ENOENT);
  EXPECT_EQ(code_of(sys::unmount("/nonexistent", 0)), ENOENT);
  const int status = in_namespaces([] {
    if (!sys::mount("tmpfs", "/tmp", "tmpfs", 0, "size=1m").has_value()) return 1;
    if (!(sys::file_system_magic("/tmp") == uint32_t{TMPFS_MAGIC})) return 2;
    if (!sys::mkdir("/tmp/root", 0755).has_value()) return 3;
    const auto held = sys::open("/tmp/root", O_RDONLY | O_DIRECTORY);
    if (!held.has_value()) return 4;
    if (code_of(sys::unmount("/tmp", 0)) != EBUSY) return 5;
    sys::close(*held);
    if (code_of(sys::unmount("/tmp/root", 0)) != EINVAL) return 6;  // no mount
    if (!sys::unmount("/tmp", 0).has_value()) return 7;
    if (!sys::chroot("/proc").has_value()) return 8;
    return code_of(sys::access("/self/status", F_OK));
  });
  if (status == 77) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace pid1
