// SPDX-License-Identifier: Apache-2.0
// See native.h.
#include "native.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "clock.h"
#include "processors.h"

namespace microbeam {
namespace {

namespace fs = std::filesystem;

constexpr unsigned long kNamespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;

bool write_file(const std::string& path, absl::string_view text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

absl::Status error(absl::string_view what) {
  return absl::ErrnoToStatus(errno, what);
}

// Only from the namespace above can more than one user be mapped: a child has stayed there.
absl::Status enter_user_namespace() {
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) != 0) return error("cannot make a pipe");
  const pid_t owner = getpid();
  const pid_t child = fork();
  if (child < 0) return error("cannot fork");
  if (child == 0) {
    close(gate[1]);
    char byte = 0;
    if (read(gate[0], &byte, 1) != 1) _exit(1);
    const std::string proc = absl::StrCat("/proc/", owner);
    _exit(write_file(proc + "/uid_map", "0 0 65536") && write_file(proc + "/gid_map", "0 0 65536")
              ? 0
              : 1);
  }
  close(gate[0]);
  const bool entered = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
  const int why = errno;
  const bool asked = entered && write(gate[1], "x", 1) == 1;
  close(gate[1]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!entered) return absl::ErrnoToStatus(why, "cannot have user namespaces");
  if (asked && status == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "cannot map the users of the host: --what=native needs root (an image has users of its own)");
}

int last_processor = 0;

// Whoever wakes up does not wait for the end of somebody else's slice, where its own is shorter and
// the kernel looks at that (since 6.12). Not a real-time priority: whoever is kept from a processor
// by one is let in after a second, for 50 ms (fair_server, kernel/sched/deadline.c).
bool go_before_others() {
  // sched_setattr(2), which <sched.h> does not have.
  struct {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
  } attributes = {sizeof attributes, SCHED_OTHER, 0, -20, 0, 100'000, 0, 0};
  return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

absl::Status bind_file(const std::string& source, const std::string& target) {
  if (!write_file(target, "") ||
      mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return error(absl::StrCat("cannot bind ", source));
  }
  return absl::OkStatus();
}

struct LinkRequest {
  nlmsghdr header;
  ifinfomsg link;
  alignas(NLMSG_ALIGNTO) char attributes[128];
};

// Appends an attribute; returns it, for those whose size grows with what follows.
rtattr& append(LinkRequest& request, unsigned short type, absl::string_view payload) {
  auto* const attribute = reinterpret_cast<rtattr*>(reinterpret_cast<char*>(&request) +
                                                    NLMSG_ALIGN(request.header.nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = static_cast<unsigned short>(RTA_LENGTH(payload.size()));
  payload.copy(static_cast<char*>(RTA_DATA(attribute)), payload.size());
  request.header.nlmsg_len = NLMSG_ALIGN(request.header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  return *attribute;
}

// A fresh network namespace with one end of a veth pair, eth0 (rtnetlink(7)).
absl::Status enter_network() {
  if (unshare(CLONE_NEWNET) != 0) return error("cannot have a network namespace");
  LinkRequest request = {};
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.link);
  request.header.nlmsg_type = RTM_NEWLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  append(request, IFLA_IFNAME, "eth0");
  // Nested: the size of the outer one covers the inner. The peer gets a name from the kernel.
  rtattr& info = append(request, IFLA_LINKINFO, "");
  info.rta_len = static_cast<unsigned short>(
      info.rta_len + RTA_ALIGN(append(request, IFLA_INFO_KIND, "veth").rta_len));
  const UniqueFd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char rest[1024];
  } answer = {};
  if (!netlink.valid() || send(netlink.get(), &request, request.header.nlmsg_len, 0) < 0 ||
      recv(netlink.get(), &answer, sizeof answer, 0) < 0) {
    return error("netlink");
  }
  if (answer.error.error == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(-answer.error.error, "cannot add a network device (CONFIG_VETH)");
}

}  // namespace

absl::StatusOr<std::string> enter_native() {
  const bool first = go_before_others();  // and so do its children
  if (absl::Status status = enter_user_namespace(); !status.ok()) return status;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return error("cannot make the mounts private");
  // The roots' own modes are to be theirs.
  umask(0);
  const std::vector<int> all = processors();
  if (all.empty() || !keep_to({all.front()})) return error("cannot keep to one processor");
  last_processor = all.back();
  return absl::StrCat("all on processor ", last_processor, first ? ", before all others" : "");
}

absl::StatusOr<std::unique_ptr<NativeRoot>> NativeRoot::make(const std::string& image_root) {
  if (absl::Status status = enter_network(); !status.ok()) return status;
  std::unique_ptr<NativeRoot> root(new NativeRoot);
  std::string folder = (fs::temp_directory_path() / "microbeam-native.XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return error(absl::StrCat("cannot make ", folder));
  root->folder_ = folder;
  if (mount("root", folder.c_str(), "tmpfs", 0, "mode=0755") != 0)
    return error("cannot mount a tmpfs");
  std::error_code failed;
  fs::copy(image_root, folder, fs::copy_options::recursive | fs::copy_options::copy_symlinks,
           failed);
  if (failed)
    return absl::UnknownError(absl::StrCat("cannot copy ", image_root, ": ", failed.message()));
  if (absl::Status status = root->make_devices(); !status.ok()) return status;
  return root;
}

NativeRoot::~NativeRoot() {
  if (folder_.empty()) return;
  umount2(folder_.c_str(), MNT_DETACH);
  rmdir(folder_.c_str());
}

std::string NativeRoot::path(absl::string_view inside) const {
  return absl::StrCat(folder_, inside);
}

absl::StatusOr<std::string> NativeRoot::emulator() const {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(path("/usr/lib/erlang"), failed)) {
    if (absl::StartsWith(entry.path().filename().string(), "erts-"))
      return (entry.path() / "bin/beam.smp").string();
  }
  return absl::NotFoundError("the root has no /usr/lib/erlang/erts-*/bin/beam.smp");
}

absl::Status NativeRoot::make_devices() {
  const std::string dev = path("/dev");
  if (mount("dev", dev.c_str(), "tmpfs", MS_NOSUID, "mode=0755") != 0)
    return error("cannot mount a tmpfs");
  for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
    if (absl::Status status = bind_file(absl::StrCat("/dev/", name), absl::StrCat(dev, "/", name));
        !status.ok()) {
      return status;
    }
  }
  console_ = UniqueFd(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  char slave[64];
  if (!console_.valid() || unlockpt(console_.get()) != 0 ||
      ptsname_r(console_.get(), slave, sizeof slave) != 0) {
    return error("cannot make a terminal");
  }
  // Held open: without any open slave the other side reads as EIO.
  terminal_ = UniqueFd(open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal_.valid()) return error(slave);
  return bind_file(slave, dev + "/console");
}

std::vector<std::string> init_arguments(absl::string_view cmdline) {
  const size_t at = cmdline.find(" -- ");
  if (at == absl::string_view::npos) return {};
  return absl::StrSplit(cmdline.substr(at + 4), ' ', absl::SkipEmpty());
}

absl::StatusOr<std::unique_ptr<NativeInit>> NativeInit::start(const NativeRoot& root,
                                                              const std::string& cmdline) {
  if (!write_file(root.path("/cmdline"), cmdline + "\n")) return error("cannot write /cmdline");
  std::vector<std::string> argv = init_arguments(cmdline);
  argv.insert(argv.begin(), "/init");
  const auto prepare = [] {
    constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount("proc", "/proc", "proc", kFlags, nullptr) != 0 ||
        mount("/cmdline", "/proc/cmdline", nullptr, MS_BIND, nullptr) != 0) {
      return false;
    }
    const int console = open("/dev/console", O_RDWR | O_NOCTTY);
    if (console < 0) return false;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
      if (dup2(console, fd) < 0) return false;
    }
    if (console > STDERR_FILENO) close(console);
    // As the kernel leaves them to its first process.
    clearenv();
    setenv("HOME", "/", 1);
    setenv("TERM", "linux", 1);
    (void)umask(022);
    return keep_to({last_processor}) && ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0;
  };
  absl::StatusOr<Child> child = Child::spawn(
      argv,
      {.namespaces = kNamespaces, .root = root.path(""), .own_group = false, .prepare = prepare});
  if (!child.ok()) return child.status();
  std::unique_ptr<NativeInit> init(new NativeInit(*std::move(child)));
  if (absl::Status status = init->watch_over(); !status.ok()) return status;
  int status = 0;
  // Where exec has ended: execve(2) stops whoever is traced, before its first instruction.
  if (waitpid(init->child_.pid(), &status, 0) < 0 || !WIFSTOPPED(status))
    return error("/init did not stop where it begins");
  init->entered_ = monotonic_now();
  if (ptrace(PTRACE_DETACH, init->child_.pid(), nullptr, nullptr) != 0)
    return error("cannot let /init go");
  return init;
}

// What PR_SET_PDEATHSIG asks for is forgotten when a process becomes another user.
absl::Status NativeInit::watch_over() {
  int gate[2];
  if (pipe2(gate, O_CLOEXEC) != 0) return error("cannot make a pipe");
  alive_ = UniqueFd(gate[1]);
  const UniqueFd watched(gate[0]);
  guard_ = fork();
  if (guard_ < 0) return error("cannot fork");
  if (guard_ > 0) return absl::OkStatus();
  close(gate[1]);
  char byte = 0;
  while (read(gate[0], &byte, 1) < 0 && errno == EINTR) {
  }
  syscall(SYS_pidfd_send_signal, child_.handle(), SIGKILL, nullptr, 0);
  _exit(0);
}

NativeInit::~NativeInit() {
  alive_.reset();
  if (guard_ > 0) waitpid(guard_, nullptr, 0);
}

}  // namespace microbeam
