// SPDX-License-Identifier: Apache-2.0
#include "boot.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "own_mounts.h"

namespace microbeam {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// All that can be read now. False: the end has come.
bool read_available(int fd, std::string& into) {
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    into.append(buffer, static_cast<size_t>(got));
  }
}

// ---- in the process that becomes /init ---------------------------------------------------------

void set_cmdline(const std::string& text) {
  std::ofstream("/cmdline") << text << "\n" << std::flush;
  mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
  check(mount("/cmdline", "/proc/cmdline", nullptr, MS_BIND, nullptr), "bind /proc/cmdline");
}

void set_standard_files_to_null() {
  const long null = check(open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
  for (int fd = 0; fd <= 2; ++fd)
    check(dup2(static_cast<int>(null), fd), "dup2");
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (const std::string& text : strings)
    list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

void become_init(const Root& root, const Start& start) {
  // However the test ends, the namespace ends with it.
  check(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
  check(syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC), "close_range");
  // Not pivot_root: with the host's /proc gone from the mount namespace, the kernel lets no user
  // namespace mount another (fs/namespace.c, mnt_already_visible).
  check(chroot(root.path("").c_str()), "chroot");
  check(chdir("/"), "chdir");
  (void)umask(022);
  if (start.cmdline.has_value()) set_cmdline(*start.cmdline);
  if (!tty_group_exists()) {
    (void)mkdir("/dev/pts", 0755);
    mount_at("devpts", "/dev/pts");
  }
  set_standard_files_to_null();
  start.prepare();
  execve("/init", pointers(start.arguments).data(), pointers(start.environment).data());
  check(-1, "execve /init");
}

// ---- in the test -------------------------------------------------------------------------------

struct Init {
  pid_t pid;
  Descriptor handle;  // readable once it has ended
  Descriptor error;   // what prevented its exec
};

Init spawn(const Root& root, const Start& start) {
  int error[2];
  check(pipe2(error, O_CLOEXEC | O_NONBLOCK), "pipe2");
  Init init{.pid = 0, .handle = Descriptor(), .error = Descriptor(error[0])};
  const Descriptor theirs(error[1]);
  constexpr unsigned long kFresh =
      CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC;
  init.pid = static_cast<pid_t>(check(syscall(SYS_clone, kFresh | SIGCHLD, 0, 0, 0, 0), "clone"));
  if (init.pid == 0) {
    try {
      become_init(root, start);
    } catch (const std::exception& failure) {
      (void)!write(theirs.get(), failure.what(), strlen(failure.what()));
    }
    _exit(127);
  }
  init.handle = Descriptor(static_cast<int>(check(syscall(SYS_pidfd_open, init.pid, 0), "pidfd")));
  return init;
}

/// Reads what /init and the program write until PID 1 has ended. False: not within the limit.
bool follow(const Root& root, const Init& init, steady_clock::time_point deadline, Ended& ended) {
  Descriptor connection;
  std::string report;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    pollfd entries[] = {{init.handle.get(), POLLIN, 0},
                        {root.console(), POLLIN, 0},
                        {root.kernel_log(), POLLIN, 0},
                        {connection.valid() ? connection.get() : root.report(), POLLIN, 0}};
    if (left.count() <= 0 || poll(entries, 4, static_cast<int>(left.count())) == 0) return false;
    if (root.console() >= 0) (void)read_available(root.console(), ended.console);
    (void)read_available(root.kernel_log(), ended.kernel_log);
    if (connection.valid() && !read_available(connection.get(), report)) {
      ended.report = report;
      if (root.console() >= 0) (void)read_available(root.console(), ended.console);
      connection = Descriptor();
    } else if (!connection.valid() && !ended.report.has_value()) {
      connection =
          Descriptor(accept4(root.report(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    }
    if ((entries[0].revents & POLLIN) != 0) return true;
  }
}

// ---- rtnetlink(7) ------------------------------------------------------------------------------

struct LinkRequest {
  nlmsghdr header;
  ifinfomsg link;
  alignas(NLMSG_ALIGNTO) char attributes[128];
};

/// Appends an attribute; returns it, for those whose size grows with what follows.
rtattr& append(LinkRequest& request, unsigned short type, const std::string& payload) {
  auto* const attribute = reinterpret_cast<rtattr*>(reinterpret_cast<char*>(&request) +
                                                    NLMSG_ALIGN(request.header.nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = static_cast<unsigned short>(RTA_LENGTH(payload.size()));
  payload.copy(static_cast<char*>(RTA_DATA(attribute)), payload.size());
  request.header.nlmsg_len = NLMSG_ALIGN(request.header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  return *attribute;
}

}  // namespace

Ended boot(const Root& root, const Start& start, milliseconds limit) {
  const auto begin = steady_clock::now();
  Ended ended;
  const Init init = spawn(root, start);
  const bool in_time = follow(root, init, begin + limit, ended);
  if (!in_time) check(kill(init.pid, SIGKILL), "kill");
  check(waitpid(init.pid, &ended.status, 0), "waitpid");
  ended.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
  if (root.console() >= 0) (void)read_available(root.console(), ended.console);
  (void)read_available(root.kernel_log(), ended.kernel_log);
  ended.console = absl::StrReplaceAll(ended.console, {{"\r\n", "\n"}});

  std::string error;
  (void)read_available(init.error.get(), error);
  if (!error.empty()) throw std::runtime_error("cannot start /init: " + error);
  if (!in_time) {
    throw std::runtime_error(absl::StrCat("PID 1 had not ended after ", ended.took.count(),
                                          " ms; its console:\n", ended.console));
  }
  return ended;
}

void mount_at(const std::string& type, const std::string& target, unsigned long flags,
              const std::string& options) {
  check(mount(type.c_str(), target.c_str(), type.c_str(), flags, options.c_str()),
        "mount " + type + " on " + target);
}

void remount_root_read_only() {
  check(mount(nullptr, "/", nullptr, MS_REMOUNT | MS_RDONLY, nullptr), "remount /");
}

void add_network_device(const std::string& name) {
  LinkRequest request = {};
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(request.link));
  request.header.nlmsg_type = RTM_NEWLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  append(request, IFLA_IFNAME, name);
  // Nested: the size of the outer one covers the inner. The peer gets a name from the kernel.
  rtattr& info = append(request, IFLA_LINKINFO, "");
  info.rta_len = static_cast<unsigned short>(
      info.rta_len + RTA_ALIGN(append(request, IFLA_INFO_KIND, "veth").rta_len));

  const Descriptor netlink(static_cast<int>(
      check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink")));
  check(send(netlink.get(), &request, request.header.nlmsg_len, 0), "send");
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char rest[1024];
  } answer = {};
  check(recv(netlink.get(), &answer, sizeof(answer), 0), "recv");
  errno = -answer.error.error;
  check(answer.error.error, "add network device " + name + " (CONFIG_VETH)");
}

Report NamespaceTest::boot_program() {
  ended = boot(root, start);
  if (!ended.report.has_value()) throw std::runtime_error("/init did not reach the program");
  EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 0);
  return Report(*ended.report);
}

Report NamespaceTest::boot_supervised() {
  // See boot_failure().
  root.console_is_pipe();
  ended = boot(root, start);
  if (!ended.report.has_value()) throw std::runtime_error("/init did not start the program");
  // reboot(2) of a pid namespace with RB_POWER_OFF ends its PID 1 so.
  EXPECT_TRUE(WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == SIGINT);
  EXPECT_TRUE(ended.console.ends_with("\nbeam-init: the end: poweroff 0\n"));
  return Report(*ended.report);
}

std::string NamespaceTest::boot_failure() {
  // What a terminal has not handed on when its session leader ends is lost (drivers/tty/pty.c,
  // pty_flush_buffer); a test of messages must not depend on who is faster.
  root.console_is_pipe();
  ended = boot(root, start);
  EXPECT_FALSE(ended.report.has_value()) << "the program was started";
  return ended.console;
}

void NamespaceTest::TearDown() {
  if (!HasFailure()) return;
  printf("---- console\n%s---- kernel log\n%s\n---- status %#x, after %d ms\n",
         ended.console.c_str(), ended.kernel_log.c_str(), static_cast<unsigned>(ended.status),
         static_cast<int>(ended.took.count()));
}

}  // namespace microbeam
