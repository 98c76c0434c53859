// SPDX-License-Identifier: Apache-2.0
// rescue-init (MICROBEAM_RESCUE_INIT) as PID 1: what it says, and the end of a machine, as far as a
// namespace has one: reboot(2) there kills PID 1 (pid_namespaces(7)). Suites are named after bugs.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstddef>
#include <cstring>

#include "container.h"

namespace microbeam {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A descriptor out of the namespace, kept in a socket until the test looks at it. Nothing of the
/// namespace's end closes it.
class Outside {
 public:
  Outside() {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    inside_ = Descriptor(ends[0]);
    outside_ = Descriptor(ends[1]);
  }

  void keep(int fd) {
    Message message;
    cmsghdr* const control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(control), &fd, sizeof(fd));
    check(sendmsg(inside_.get(), &message.header, 0), "sendmsg");
  }

  Descriptor take() {
    Message message;
    check(recvmsg(outside_.get(), &message.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT), "recvmsg");
    int fd = -1;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message.header)), sizeof(fd));
    return Descriptor(fd);
  }

 private:
  struct Message {
    char byte = 0;
    iovec part = {.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header = {.msg_name = nullptr,
                     .msg_namelen = 0,
                     .msg_iov = &part,
                     .msg_iovlen = 1,
                     .msg_control = control,
                     .msg_controllen = sizeof(control),
                     .msg_flags = 0};
  };

  Descriptor inside_;
  Descriptor outside_;
};

/// A file system with storage, as far as an init can tell.
void mount_overlay(const std::string& target) {
  for (const char* name : {"/lower", "/upper", "/work"})
    (void)mkdir((target + name).c_str(), 0755);
  const std::string options =
      "lowerdir=" + target + "/lower,upperdir=" + target + "/upper,workdir=" + target + "/work";
  check(mount("overlay", target.c_str(), "overlay", 0, options.c_str()), "overlay");
}

class RescueTest : public ContainerTest {
 protected:
  RescueTest() {
    const char* const init = getenv("MICROBEAM_RESCUE_INIT");
    if (init == nullptr) throw std::runtime_error("MICROBEAM_RESCUE_INIT is not set");
    root.install(init, "/init");
    root.directory("/data");
  }

  /// The signal that reboot(2) ended PID 1 with.
  int rescue(const std::string& deed, const std::function<void()>& prepare = [] {}) {
    if (!deed.empty()) {
      root.install(NAMESPACE_ACTOR, "/bin/sh");
      root.write("/deed", deed);
    }
    const int code = run({}, prepare);
    EXPECT_GT(code, 256) << "PID 1 ended by itself: a panic, were it a machine";
    return code - 256;
  }
};

TEST_F(RescueTest, SaysWhatItKnows) {
  start.cmdline = "console=ttyS0 quiet \"a word\"";
  EXPECT_EQ(rescue(""), SIGHUP);
  EXPECT_THAT(console(), HasSubstr("rescue-init: mark=init boottime_ns="));
  EXPECT_THAT(console(), HasSubstr("rescue-init: command line: console=ttyS0 quiet \"a word\"\n"));
  EXPECT_THAT(console(), HasSubstr("rescue-init: mounted on /proc: proc proc\n"));
  EXPECT_THAT(console(), HasSubstr("/bin/sh: spawn: exec: No such file or directory\n"));
  EXPECT_THAT(ended.kernel_log, HasSubstr("<5>rescue-init: the end: reboot"));
}

TEST_F(RescueTest, RootThatIsNotThereIsNamedAndAShellStarted) {
  start.cmdline = "root=\"/nosuch /new-root ext4 ro\"";
  EXPECT_EQ(rescue("exit 0"), SIGHUP);
  EXPECT_THAT(console(), HasSubstr("rescue-init: /nosuch /new-root ext4 ro: mount: "));
}

using VerbIsLost = RescueTest;

TEST_F(VerbIsLost, EachIsItsOwnEnd) {
  const std::pair<const char*, int> verbs[] = {
      {"reboot", SIGHUP}, {"poweroff", SIGINT}, {"halt", SIGINT}, {"nosuch", SIGHUP}};
  for (const auto& [verb, signal] : verbs) {
    start.cmdline = std::string("rescue.end=") + verb;
    EXPECT_EQ(rescue("exit 0"), signal) << verb;
    EXPECT_THAT(console(), HasSubstr(std::string("the end: ") + verb + "\n"));
  }
}

using RebootDuringReboot = RescueTest;

TEST_F(RebootDuringReboot, AHundredRequestsAreOneEnd) {
  EXPECT_EQ(rescue("ask-to-stop 100"), SIGHUP);
  EXPECT_EQ(times("the end: "), 1U);
}

using HungFileSystemAtSync = RescueTest;

/// Every sync(2) of the namespace asks a supervisor that never answers (seccomp_unotify(2)). A
/// stand-in: a file system that hangs for good, of FUSE say, would hold up the end of the namespace
/// itself, which waits for all of its processes.
void hang_in_sync(Outside& supervisor) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sync, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {.len = 4, .filter = program};
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  supervisor.keep(static_cast<int>(check(
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter),
      "seccomp")));
}

TEST_F(HungFileSystemAtSync, DoesNotPreventTheEnd) {
  Outside supervisor;
  EXPECT_EQ(rescue("exit 0", [&] { hang_in_sync(supervisor); }), SIGHUP);
  EXPECT_THAT(console(), HasSubstr("a file system takes no data"));
}

using BusyMounts = RescueTest;

TEST_F(BusyMounts, ThoseOfProcessesAreUnmountedOnceTheseAreGone) {
  EXPECT_EQ(rescue("live-in-data",
                   [] {
                     mount_at("tmpfs", "/data");
                     mount_overlay("/data");
                     check(mkdir("/data/inner", 0755), "mkdir");
                     mount_at("tmpfs", "/data/inner");
                   }),
            SIGHUP);
  EXPECT_THAT(console(), HasSubstr("mounted on /data: overlay overlay\n"));
  EXPECT_THAT(console(), Not(HasSubstr("rescue-init: /data")));
}

TEST_F(BusyMounts, WhatStaysBusyBecomesReadOnly) {
  Outside holder;
  const auto prepare = [&] {
    mount_at("tmpfs", "/data");
    mount_overlay("/data");
    const Descriptor directory(static_cast<int>(check(open("/data", O_RDONLY), "/data")));
    holder.keep(directory.get());
  };
  EXPECT_EQ(rescue("exit 0", prepare), SIGHUP);
  struct statvfs info = {};
  check(fstatvfs(holder.take().get(), &info), "fstatvfs");
  EXPECT_NE(info.f_flag & ST_RDONLY, 0U);
}

TEST_F(BusyMounts, WhatIsBeingWrittenIsNamedAndDoesNotPreventTheEnd) {
  Outside holder;
  const auto prepare = [&] {
    mount_at("tmpfs", "/data");
    mount_overlay("/data");
    const Descriptor file(
        static_cast<int>(check(open("/data/file", O_WRONLY | O_CREAT, 0644), "/data/file")));
    holder.keep(file.get());
  };
  EXPECT_EQ(rescue("exit 0", prepare), SIGHUP);
  EXPECT_THAT(console(), HasSubstr("rescue-init: /data: "));
  EXPECT_THAT(console(), HasSubstr("Device or resource busy\n"));
}

}  // namespace
}  // namespace microbeam
