// SPDX-License-Identifier: Apache-2.0
#include "fake_sys.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace pid1::fake {
namespace {

constexpr size_t kCallBudget = 100'000;  // more is a loop without end
// Where the root is that another was moved over: nobody can name it, but it may be open.
const std::string kCovered = "/(covered)";

struct Program {
  jmp_buf way_out;
  Ending ending;
};
Program* running = nullptr;

[[noreturn]] void leave(Ending::How how, int status) {
  if (running == nullptr) {
    std::cerr << "exit, execve or reboot outside fake::run\n";
    std::abort();
  }
  running->ending = {how, status};
  longjmp(running->way_out, 1);
}

/// Logs a call; the errno that a fault gives it, or 0.
int enter(const char* name, std::string detail = {}) {
  Kernel& k = kernel();
  k.calls.push_back({name, std::move(detail), ++k.failable_calls});
  if (k.calls.size() > kCallBudget) {
    std::cerr << "no end after " << kCallBudget << " calls; the last:\n";
    for (size_t i = k.calls.size() - 10; i < k.calls.size(); ++i) {
      std::cerr << "  " << k.calls[i].name << " " << k.calls[i].detail << "\n";
    }
    std::abort();
  }
  for (Fault& fault : k.faults) {
    const bool hit = fault.name.empty() ? fault.nth == k.failable_calls
                                        : fault.name == name && fault.nth == k.count(name);
    if (!hit || fault.fired) continue;
    fault.fired = true;
    return fault.code;
  }
  return 0;
}

/// Logs a call that cannot fail.
void note(const char* name, std::string detail = {}) {
  kernel().calls.push_back({name, std::move(detail), 0});
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Absolute, without doubled or final slashes. The working directory is /.
std::string normal(std::string_view path) {
  if (path == ".") return kernel().working_directory;
  std::string out;
  for (const char c : "/" + std::string(path)) {
    if (c != '/' || out.empty() || out.back() != '/') out += c;
  }
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

bool is_below(const std::string& path, const std::string& directory) {
  return directory == "/" || path == directory || path.starts_with(directory + "/");
}

/// All that is known of what is at or below `from` has its name below `to` from now on.
void rename_tree(const std::string& from, const std::string& to) {
  const auto renamed = [&](const std::string& path) {
    if (!is_below(path, from) || (from == "/" && path[0] != '/')) return path;
    const std::string rest = from == "/" ? path : path.substr(from.size());
    if (rest == "/" || rest.empty()) return to;
    return to == "/" ? rest : std::string(to).append(rest);
  };
  Kernel& k = kernel();
  const auto rename_keys = [&](auto& map) {
    std::remove_reference_t<decltype(map)> copy;
    for (auto& [path, value] : map)
      copy[renamed(path)] = value;
    map = copy;
  };
  rename_keys(k.nodes);
  rename_keys(k.devices_of);
  rename_keys(k.magics);
  for (Mount& mount : k.mounts)
    mount.target = renamed(mount.target);
  for (auto& [fd, open] : k.descriptors) {
    if (open.file->path.starts_with("/")) open.file->path = renamed(open.file->path);
  }
  k.working_directory = renamed(k.working_directory);
}

/// MS_MOVE. What was at `to` is still there, for those that have it open, as kCovered.
void move_tree(const std::string& from, const std::string& to) {
  rename_tree(from, "(moving)");
  if (to == "/") {
    rename_tree("/", kCovered);
    kernel().devices_of.try_emplace(kCovered, 1);
  } else {
    std::erase_if(kernel().nodes, [&](const auto& entry) { return is_below(entry.first, to); });
  }
  rename_tree("(moving)", to);
  // The mount point is a directory again.
  const std::string point = to == "/" ? kCovered + from : from;
  kernel().add_directory(point);
}

/// Why nothing is at `path`: its directory is missing, or is none.
int absence(const std::string& path) {
  const Node* parent = kernel().find(parent_of(path));
  return parent != nullptr && parent->type != Node::Type::kDirectory ? ENOTDIR : ENOENT;
}

bool is_read_only(const std::string& path) {
  bool read_only = kernel().root_read_only;
  size_t deepest = 0;
  for (const Mount& mount : kernel().mounts) {
    if (!is_below(path, mount.target) || mount.target.size() < deepest) continue;
    deepest = mount.target.size();
    read_only = (mount.flags & MS_RDONLY) != 0;
  }
  return read_only;
}

/// Takes the tree below `target` away, and puts `contents` there.
void cover(const std::string& target, const Tree& contents) {
  std::erase_if(kernel().nodes, [&](const auto& entry) {
    return entry.first != target && is_below(entry.first, target);
  });
  for (const auto& [name, node] : contents) {
    const std::string path = normal(target + "/" + name);
    if (!kernel().nodes.contains(parent_of(path))) kernel().add_directory(parent_of(path));
    kernel().nodes[path] = std::make_shared<Node>(*node);
  }
}

Descriptor* descriptor(int fd) {
  const auto found = kernel().descriptors.find(fd);
  return found == kernel().descriptors.end() ? nullptr : &found->second;
}

Sink* sink_of(int fd) {
  const Descriptor* open = descriptor(fd);
  if (open == nullptr || open->file->node == nullptr) return nullptr;
  const Node::Type type = open->file->node->type;
  const bool takes = type == Node::Type::kDevice || type == Node::Type::kPort;
  return takes ? &open->file->node->sink : nullptr;
}

/// A descriptor for the log: by what it has open.
std::string name_of(int fd) {
  const Descriptor* open = descriptor(fd);
  return open == nullptr ? std::to_string(fd) + " (closed)" : open->file->path;
}

/// What /proc/self/fd/N leads to; `path` for any other, or where N is not open.
std::string followed(const std::string& path) {
  const std::string start = "/proc/self/fd/";
  if (!path.starts_with(start) || path.size() > start.size() + 4) return path;
  const Descriptor* open = descriptor(std::atoi(path.c_str() + start.size()));
  return open == nullptr ? path : open->file->path;
}

int install(std::shared_ptr<OpenFile> file, bool close_on_exec, int lowest = 0) {
  int fd = lowest;
  while (kernel().descriptors.contains(fd))
    ++fd;
  kernel().descriptors[fd] = {std::move(file), close_on_exec};
  return fd;
}

template <class T>
T take(std::string_view& bytes) {
  T value = {};
  memcpy(&value, bytes.data(), std::min(sizeof(value), bytes.size()));
  bytes.remove_prefix(std::min(sizeof(value), bytes.size()));
  return value;
}

/// nlmsghdr, family header, attributes (netlink(7), rtnetlink(7)).
NetlinkRequest decode(std::string_view bytes, size_t family_size) {
  NetlinkRequest request;
  request.bytes = bytes;
  const auto header = take<struct nlmsghdr>(bytes);
  EXPECT_EQ(header.nlmsg_len, request.bytes.size());
  request.type = header.nlmsg_type;
  request.flags = header.nlmsg_flags;
  request.family = bytes.substr(0, family_size);
  bytes.remove_prefix(NLMSG_ALIGN(family_size));
  while (bytes.size() >= sizeof(struct nlattr)) {
    std::string_view rest = bytes;
    const auto head = take<struct nlattr>(rest);
    EXPECT_LE(head.nla_len, bytes.size());
    request.attributes[head.nla_type] = rest.substr(0, head.nla_len - sizeof(head));
    bytes.remove_prefix(std::min<size_t>(NLA_ALIGN(head.nla_len), bytes.size()));
  }
  return request;
}

constexpr int kChown = 0;      // CAP_CHOWN
constexpr int kSetGid = 6;     // CAP_SETGID
constexpr int kSetPcap = 8;    // CAP_SETPCAP
constexpr int kSysAdmin = 21;  // CAP_SYS_ADMIN
constexpr int kSysBoot = 22;   // CAP_SYS_BOOT

bool is_capable(int capability) {
  return (kernel().capabilities.effective >> capability & 1U) != 0;
}

/// cap_task_prctl() of security/commoncap.c; 0 for an option that is not about capabilities.
Result<int> capability_prctl(int option, unsigned long a, unsigned long b) {
  Kernel& k = kernel();
  const auto is_known = [&](unsigned long capability) {
    return static_cast<long>(capability) <= k.last_capability;
  };
  if (option == PR_CAPBSET_READ) {
    if (!is_known(a)) return Error{EINVAL, "prctl"};
    return static_cast<int>(k.bounding >> a & 1U);
  }
  if (option == PR_CAPBSET_DROP) {
    if (!is_capable(kSetPcap)) return Error{EPERM, "prctl"};
    if (!is_known(a)) return Error{EINVAL, "prctl"};
    k.bounding &= ~(uint64_t{1} << a);
  } else if (option == PR_CAP_AMBIENT) {
    if (!is_known(b)) return Error{EINVAL, "prctl"};
    const uint64_t bit = uint64_t{1} << b;
    if (a == PR_CAP_AMBIENT_IS_SET) return static_cast<int>(k.ambient >> b & 1U);
    if ((k.capabilities.permitted & k.capabilities.inheritable & bit) == 0) {
      return Error{EPERM, "prctl"};
    }
    k.ambient |= bit;
  } else if (option == PR_SET_KEEPCAPS) {
    k.keeps_capabilities = a != 0;
  } else if (option == PR_SET_NO_NEW_PRIVS) {
    k.no_new_privileges = true;
  } else if (option == PR_GET_NO_NEW_PRIVS) {
    return k.no_new_privileges ? 1 : 0;
  }
  return 0;
}

std::string acknowledgement(const NetlinkRequest& request, int code) {
  struct nlmsghdr header = {};
  struct nlmsgerr answer = {};
  memcpy(&answer.msg, request.bytes.data(), sizeof(answer.msg));
  answer.error = -code;
  header.nlmsg_type = NLMSG_ERROR;
  header.nlmsg_len = NLMSG_LENGTH(sizeof(answer));
  header.nlmsg_seq = answer.msg.nlmsg_seq;
  std::string bytes(header.nlmsg_len, '\0');
  memcpy(bytes.data(), &header, sizeof(header));
  memcpy(bytes.data() + NLMSG_HDRLEN, &answer, sizeof(answer));
  return bytes;
}

}  // namespace

std::string Sink::text() const {
  std::string all;
  for (const Write& write : writes)
    all += write.bytes;
  return all;
}

std::string Mount::line() const {
  std::string words;
  for (const auto& [flag, word] : {std::pair{MS_RDONLY, "ro"},
                                   {MS_NOSUID, "nosuid"},
                                   {MS_NODEV, "nodev"},
                                   {MS_NOEXEC, "noexec"},
                                   {MS_REMOUNT, "remount"},
                                   {MS_BIND, "bind"}}) {
    if ((flags & static_cast<unsigned long>(flag)) != 0)
      words += (words.empty() ? "" : ",") + std::string(word);
  }
  const auto dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  return dash(source) + " " + target + " " + dash(type) + " " + dash(words) + " " + dash(data);
}

Kernel::Kernel() {
  add_directory("/");
  for (const char* type : {"proc", "sysfs", "devtmpfs", "devpts", "tmpfs", "mqueue"}) {
    file_systems[type];
  }
  const auto inherited = std::make_shared<OpenFile>();
  inherited->path = "inherited";
  inherited->flags = O_RDWR;
  inherited->node = std::make_shared<Node>();
  inherited->node->type = Node::Type::kDevice;
  for (int fd = 0; fd <= 2; ++fd)
    descriptors[fd] = {inherited, false};
  devices = {{"lo", 1}, {"eth0", 2}};
}

void Kernel::add_directory(const std::string& path, mode_t mode) {
  if (path != "/" && !nodes.contains(parent_of(path))) add_directory(parent_of(path));
  const auto node = std::make_shared<Node>();
  node->type = Node::Type::kDirectory;
  node->mode = mode;
  nodes[path] = node;
}

void Kernel::add_file(const std::string& path, std::string content, mode_t mode) {
  if (!nodes.contains(parent_of(path))) add_directory(parent_of(path));
  const auto node = std::make_shared<Node>();
  node->mode = mode;
  node->content = std::move(content);
  nodes[path] = node;
}

Sink& Kernel::add_device(const std::string& path) {
  add_file(path, "");
  nodes[path]->type = Node::Type::kDevice;
  return nodes[path]->sink;
}

Node& Kernel::add_node(const std::string& path, Node::Type type, std::string content) {
  add_file(path, std::move(content));
  nodes[path]->type = type;
  return *nodes[path];
}

Node* Kernel::find(std::string_view path) {
  const auto found = nodes.find(normal(path));
  return found == nodes.end() ? nullptr : found->second.get();
}

std::string Kernel::content(std::string_view path) {
  const Node* node = find(path);
  if (node != nullptr) return node->content;
  ADD_FAILURE() << "there is no " << path;
  return {};
}

std::vector<int> Kernel::open_descriptors() const {
  std::vector<int> numbers;
  for (const auto& [fd, open] : descriptors)
    numbers.push_back(fd);
  return numbers;
}

std::string Kernel::mount_lines() const {
  std::string lines;
  for (const Mount& mount : mounts)
    lines += mount.line() + "\n";
  return lines;
}

std::string Kernel::mountinfo() const {
  std::string lines;
  int id = 20;
  for (const Mount& mount : mounts) {
    std::string options = (mount.flags & MS_RDONLY) != 0 ? "ro" : "rw";
    const std::string of_file_system = options + ",size=1k";
    for (const auto& [flag, word] : {std::pair{MS_NOSUID, ",nosuid"},
                                     {MS_NODEV, ",nodev"},
                                     {MS_NOEXEC, ",noexec"},
                                     {MS_RELATIME, ",relatime"}}) {
      if ((mount.flags & static_cast<unsigned long>(flag)) != 0) options += word;
    }
    std::string target;
    for (const char c : mount.target)
      target += c == ' ' ? std::string("\\040") : std::string(1, c);
    ++id;
    const std::string number = std::to_string(id);
    for (const std::string& field :
         {number, std::string(" 1 0:"), number, std::string(" / "), target, std::string(" "),
          options, std::string(" shared:1 - "), mount.type, std::string(" "), mount.source,
          std::string(" "), of_file_system, std::string("\n")})
      lines += field;
  }
  return lines;
}

size_t Kernel::count(std::string_view name) const {
  return static_cast<size_t>(
      std::ranges::count_if(calls, [&](const Call& call) { return call.name == name; }));
}

void Kernel::die(pid_t child, int status) {
  std::erase(living, child);
  if (dispositions[SIGCHLD] == 1) return;  // nobody is told, and none stays (wait(2), NOTES)
  dead.push_back({child, status});
  pending_signals.push_back(SIGCHLD);
}

void Kernel::pass(uint64_t milliseconds) {
  now_ns += milliseconds * 1'000'000;
  for (uint64_t i = 0; i < milliseconds && on_tick; ++i)
    on_tick();
  for (const auto& [path, node] : nodes) {
    node->sink.queued -= std::min<size_t>(node->sink.queued, node->sink.sent_per_ms * milliseconds);
  }
}

Kernel& kernel() {
  static Kernel instance;
  return instance;
}

Kernel& reset() {
  return kernel() = Kernel();
}

Ending run(absl::FunctionRef<void()> program) {
  static Program slot;
  slot.ending = {};
  running = &slot;
  if (setjmp(slot.way_out) == 0) program();
  running = nullptr;
  return slot.ending;
}

const std::vector<int>& man_page_errors(const std::string& name) {
  // Section 2 of the manual; of the calls with a T or S name, ioctl_tty(2) and netdevice(7). EINTR
  // stands for itself, EIO for what a device or a network file system adds.
  static const std::map<std::string, std::vector<int>> table = {
      {"open", {EACCES, EBUSY,      EDQUOT,       EEXIST, EFBIG,  EINTR,   EINVAL, EIO,    EISDIR,
                ELOOP,  EMFILE,     ENAMETOOLONG, ENFILE, ENODEV, ENOENT,  ENOMEM, ENOSPC, ENOTDIR,
                ENXIO,  EOPNOTSUPP, EOVERFLOW,    EPERM,  EROFS,  ETXTBSY, EAGAIN}},
      {"read", {EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EIO, EISDIR}},
      {"write", {EAGAIN, EBADF, EDQUOT, EFAULT, EFBIG, EINTR, EINVAL, EIO, ENOSPC, EPERM, EPIPE}},
      {"mkdir",
       {EACCES, EDQUOT, EEXIST, EINVAL, EIO, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC,
        ENOTDIR, EPERM, EROFS}},
      {"fchmod", {EBADF, EIO, EPERM, EROFS}},
      {"chown",
       {EACCES, EBADF, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EPERM, EROFS}},
      {"unshare", {EINVAL, ENOMEM, ENOSPC, EPERM, EUSERS}},
      {"chdir", {EACCES, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR}},
      {"access",
       {EACCES, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EROFS, ETXTBSY}},
      {"getdents", {EBADF, EINVAL, EIO, ENOENT, ENOTDIR}},
      {"unlink",
       {EACCES, EBUSY, EIO, EISDIR, ELOOP, ENOENT, ENOMEM, ENOTDIR, ENOTEMPTY, EPERM, EROFS}},
      {"statx", {EACCES, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOPNOTSUPP, ENOSYS}},
      {"statfs",
       {EACCES, EINTR, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOSYS, ENOTDIR, EOVERFLOW}},
      {"mount",
       {EACCES, EBUSY, EINVAL, EIO, ELOOP, EMFILE, ENAMETOOLONG, ENODEV, ENOENT, ENOMEM, ENOTBLK,
        ENOTDIR, ENXIO, EPERM, EROFS}},
      {"unmount", {EAGAIN, EBUSY, EINVAL, ENAMETOOLONG, ENOENT, ENOMEM, EPERM}},
      {"chroot", {EACCES, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EPERM}},
      {"dup2", {EBADF, EBUSY, EINTR, EMFILE}},
      {"fcntl", {EBADF, EINVAL, EPERM}},
      {"F_DUPFD", {EBADF, EINVAL, EMFILE}},
      {"F_SETFD", {EBADF}},
      {"poll", {EINTR, EINVAL, ENOMEM}},
      {"pipe", {EMFILE, ENFILE}},
      {"setsid", {EPERM}},
      {"setpgid", {EACCES, EINVAL, EPERM, ESRCH}},
      {"TIOCSCTTY", {EPERM, ENOTTY, EIO}},
      {"TIOCSPGRP", {EPERM, ENOTTY, EINVAL}},
      {"TIOCOUTQ", {ENOTTY, EIO}},
      {"close_range", {EINVAL, EMFILE, ENOMEM, ENOSYS}},
      {"rt_sigaction", {EINVAL}},
      {"rt_sigprocmask", {EINVAL}},
      {"rt_sigtimedwait", {EINTR, EINVAL}},
      {"signalfd", {EINVAL, EMFILE, ENFILE, ENODEV, ENOMEM}},
      {"kill", {EPERM, ESRCH}},
      {"socket", {EACCES, EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT}},
      {"send", {EAGAIN, ECONNRESET, EINTR, EINVAL, EMSGSIZE, ENOBUFS, ENOMEM, EPERM}},
      {"receive", {EAGAIN, EINTR, EINVAL, ENOBUFS, ENOMEM}},
      {"SIOCGIFINDEX", {ENODEV}},
      {"sethostname", {EINVAL, EPERM}},
      {"fork", {EAGAIN, ENOMEM, ENOSYS}},
      {"wait4", {ECHILD, EINTR}},
      {"pidfd_open", {EMFILE, ENFILE, ENODEV, ENOMEM, ENOSYS, ESRCH}},
      {"prctl", {EACCES, EINVAL, EPERM, EOPNOTSUPP}},
      {"prlimit", {EINVAL, EPERM}},
      {"setgroups", {EINVAL, ENOMEM, EPERM}},
      {"setresgid", {EINVAL, EPERM}},
      {"setresuid", {EAGAIN, EINVAL, EPERM}},
      {"getresgid", {EFAULT}},
      {"getresuid", {EFAULT}},
      {"capget", {EINVAL, EPERM}},
      {"capset", {EINVAL, EPERM}},
      {"execve",
       {E2BIG, EACCES, EAGAIN, EINVAL, EIO, EISDIR, ELIBBAD, ELOOP, EMFILE, ENAMETOOLONG, ENFILE,
        ENOENT, ENOEXEC, ENOMEM, ENOTDIR, EPERM, ETXTBSY}},
      {"reboot", {EINVAL, EPERM}},
  };
  static const std::vector<int> none;
  const auto found = table.find(name);
  if (found != table.end()) return found->second;
  ADD_FAILURE() << "man_page_errors has no entry for " << name;
  return none;
}

void for_each_fault(absl::FunctionRef<void()> prepare, absl::FunctionRef<void()> operation,
                    absl::FunctionRef<void(const Injection&)> check) {
  reset();
  prepare();
  operation();
  const std::vector<Call> undisturbed = kernel().calls;
  for (const Call& call : undisturbed) {
    if (call.ordinal == 0) continue;
    for (const int code : man_page_errors(call.name)) {
      SCOPED_TRACE("call " + std::to_string(call.ordinal) + ", " + call.name + " " + call.detail +
                   ", fails: " + strerror(code));
      reset();
      prepare();
      kernel().faults.push_back({"", call.ordinal, code});
      operation();
      EXPECT_TRUE(kernel().faults.front().fired);
      check({call, code});
    }
  }
}

}  // namespace pid1::fake

// ---- the system calls -------------------------------------------------------------------------

namespace pid1::sys {

using fake::enter;
using fake::kernel;
using fake::Node;
using fake::normal;
using fake::note;

namespace {

Error error(int code, const char* operation) {
  return Error{code, operation};
}

}  // namespace

Result<int> open(const char* path, int flags, mode_t mode) {
  if (const int code = enter("open", path)) return error(code, "open");
  std::string name = fake::followed(normal(path));
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (const Node* link = kernel().find(name); link != nullptr && link->type == Node::Type::kLink) {
    if ((flags & O_NOFOLLOW) != 0) return error(ELOOP, "open");
    name = normal(link->content);
  }
  if (kernel().find(name) == nullptr) {
    if ((flags & O_CREAT) == 0) return error(fake::absence(name), "open");
    if (kernel().find(fake::parent_of(name)) == nullptr || fake::absence(name) == ENOTDIR) {
      return error(fake::absence(name), "open");
    }
    if (fake::is_read_only(name)) return error(EROFS, "open");
    kernel().add_file(name, "", mode & ~kernel().file_mask);
  }
  const std::shared_ptr<Node> node = kernel().nodes[name];
  if (const auto made = kernel().generated.find(name); made != kernel().generated.end()) {
    node->content = made->second();
  }
  if (node->open_error != 0) return error(node->open_error, "open");
  if (node->type == Node::Type::kDirectory && writes) return error(EISDIR, "open");
  if (node->type != Node::Type::kDirectory && (flags & O_DIRECTORY) != 0) {
    return error(ENOTDIR, "open");
  }
  if (node->type == Node::Type::kFile && writes && fake::is_read_only(name)) {
    return error(EROFS, "open");
  }
  if (node->type == Node::Type::kPipe && !writes) {
    EXPECT_NE(flags & O_NONBLOCK, 0) << "open of the FIFO " << name << " waits for a writer";
  }
  if (node->type == Node::Type::kPort) {
    // port_fops_open() of drivers/char/virtio_console.c: one at a time.
    for (const auto& [fd, other] : kernel().descriptors) {
      if (other.file->node == node) return error(EBUSY, "open");
    }
  }
  if ((flags & O_TRUNC) != 0) node->content.clear();
  const auto file = std::make_shared<fake::OpenFile>();
  file->path = name;
  file->node = node;
  file->flags = flags;
  file->opening = static_cast<unsigned>(kernel().calls.size());
  return fake::install(file, (flags & O_CLOEXEC) != 0);
}

void close(int fd) {
  note("close", fake::name_of(fd));
  EXPECT_EQ(kernel().descriptors.erase(fd), 1U) << "close of " << fd << ", which is not open";
}

Result<size_t> read(int fd, std::span<char> buffer) {
  if (const int code = enter("read", fake::name_of(fd))) return error(code, "read");
  const fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr || (open->file->flags & O_ACCMODE) == O_WRONLY) return error(EBADF, "read");
  fake::OpenFile& file = *open->file;
  if (file.node->type == Node::Type::kDirectory) return error(EISDIR, "read");
  if (file.node->type == Node::Type::kSignals) {
    if (kernel().pending_signals.empty()) return error(EAGAIN, "read");
    size_t used = 0;
    for (; !kernel().pending_signals.empty(); used += sizeof(struct signalfd_siginfo)) {
      if (buffer.size() - used < sizeof(struct signalfd_siginfo)) break;
      struct signalfd_siginfo info = {};
      info.ssi_signo = static_cast<uint32_t>(kernel().pending_signals.front());
      memcpy(buffer.data() + used, &info, sizeof(info));
      kernel().pending_signals.pop_front();
    }
    return used == 0 ? Result<size_t>(error(EINVAL, "read")) : used;
  }
  const bool waits = (file.flags & O_NONBLOCK) == 0;
  if (file.node->type == Node::Type::kPort) {
    std::string& sent = file.node->content;
    if (sent.empty() && !file.node->host_connected) return 0;
    EXPECT_FALSE(sent.empty() && waits) << "read of " << file.path << " waits for ever";
    if (sent.empty()) return error(EAGAIN, "read");
    const size_t size = sent.copy(buffer.data(), buffer.size());
    sent.erase(0, size);
    return size;
  }
  const std::string_view rest = std::string_view(file.node->content).substr(file.offset);
  if (rest.empty() && file.node->type == Node::Type::kDevice && file.node->sink.terminal) {
    EXPECT_FALSE(waits) << "read of the terminal " << file.path << " waits for somebody to type";
    return error(EAGAIN, "read");
  }
  if (rest.empty() && file.node->type == Node::Type::kPipe) {
    const bool waits_for_itself = std::ranges::any_of(kernel().descriptors, [&](const auto& entry) {
      const fake::OpenFile& other = *entry.second.file;
      return other.node == file.node && (other.flags & O_ACCMODE) == O_WRONLY;
    });
    EXPECT_FALSE(waits_for_itself) << "read of a pipe whose writer is the reader's own";
  }
  const size_t size = std::min({rest.size(), buffer.size(), kernel().max_transfer});
  rest.copy(buffer.data(), size);
  file.offset += size;
  return size;
}

Result<size_t> write(int fd, std::string_view data) {
  if (const int code = enter("write", fake::name_of(fd))) return error(code, "write");
  const fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr || (open->file->flags & O_ACCMODE) == O_RDONLY) return error(EBADF, "write");
  fake::OpenFile& file = *open->file;
  if (file.node->type == Node::Type::kPort && !file.node->host_connected) {
    EXPECT_NE(file.flags & O_NONBLOCK, 0) << "write to " << file.path << " waits for a host";
    return error(EAGAIN, "write");
  }
  size_t size = std::min(data.size(), kernel().max_transfer);
  if (fake::Sink* sink = fake::sink_of(fd); sink != nullptr) {
    const bool survives = (kernel().signal_mask >> (SIGTTOU - 1) & 1U) != 0;
    EXPECT_TRUE(survives || !sink->stops_background) << "SIGTTOU stops the init";
    if (sink->capacity.has_value()) size = std::min(size, *sink->capacity - sink->queued);
    if (size == 0 && !data.empty()) {
      EXPECT_NE(file.flags & O_NONBLOCK, 0) << "a write to " << file.path << " blocks for ever";
      return error(EAGAIN, "write");
    }
    if (sink->capacity.has_value() || sink->sent_per_ms > 0) sink->queued += size;
    sink->writes.push_back({file.opening, std::string(data.substr(0, size))});
    return size;
  }
  file.node->content.resize(std::max(file.node->content.size(), file.offset + size));
  file.node->content.replace(file.offset, size, data.substr(0, size));
  file.offset += size;
  return size;
}

Result<> mkdir(const char* path, mode_t mode) {
  if (const int code = enter("mkdir", path)) return error(code, "mkdir");
  const std::string name = normal(path);
  if (kernel().find(name) != nullptr) return error(EEXIST, "mkdir");
  if (kernel().find(fake::parent_of(name)) == nullptr) return error(ENOENT, "mkdir");
  if (fake::is_read_only(name)) return error(EROFS, "mkdir");
  kernel().add_directory(name, mode & ~kernel().file_mask);
  return {};
}

Result<> fchmod(int fd, mode_t mode) {
  if (const int code = enter("fchmod", fake::name_of(fd))) return error(code, "fchmod");
  const fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr) return error(EBADF, "fchmod");
  open->file->node->mode = mode;
  return {};
}

Result<> chown(const char* path, uid_t user, gid_t group) {
  if (const int code = enter("chown", path)) return error(code, "chown");
  if (fake::kernel().find(path) == nullptr) return error(ENOENT, "chown");
  if (fake::is_read_only(normal(path))) return error(EROFS, "chown");
  if (!fake::is_capable(fake::kChown)) return error(EPERM, "chown");
  fake::kernel().owners[path] = {user, group};
  return {};
}

Result<> unshare(int flags) {
  if (const int code = enter("unshare", std::to_string(flags))) return error(code, "unshare");
  return {};
}

Result<> chdir(const char* path) {
  if (const int code = enter("chdir", path)) return error(code, "chdir");
  if (kernel().find(path) == nullptr) return error(fake::absence(normal(path)), "chdir");
  kernel().working_directory = normal(path);
  return {};
}

Result<int> open_at(int directory, const char* name, int flags) {
  if (directory == AT_FDCWD) return open(name, flags);
  const fake::Descriptor* base = fake::descriptor(directory);
  if (base == nullptr) return error(EBADF, "open");
  return open((base->file->path + "/" + name).c_str(), flags);
}

Result<> unlink_at(int directory, const char* name, int flags) {
  const fake::Descriptor* base = fake::descriptor(directory);
  if (base == nullptr && directory != AT_FDCWD) return error(EBADF, "unlink");
  const std::string path = normal(base == nullptr ? name : base->file->path + "/" + name);
  if (const int code = enter("unlink", path)) return error(code, "unlink");
  if (fake::is_read_only(path)) return error(EROFS, "unlink");
  const Node* node = kernel().find(path);
  if (node == nullptr) return error(ENOENT, "unlink");
  const bool is_directory = node->type == Node::Type::kDirectory;
  if (is_directory != ((flags & AT_REMOVEDIR) != 0)) {
    return error(is_directory ? EISDIR : ENOTDIR, "unlink");
  }
  const bool used = std::ranges::any_of(kernel().nodes, [&](const auto& entry) {
    return entry.first != path && fake::is_below(entry.first, path);
  });
  if (used) return error(ENOTEMPTY, "unlink");
  kernel().nodes.erase(path);
  return {};
}

Result<> status_at(int directory, const char* name, FileStatus& status) {
  const fake::Descriptor* base = directory == AT_FDCWD ? nullptr : fake::descriptor(directory);
  const std::string path =
      normal(name[0] == '/' || base == nullptr ? name : base->file->path + "/" + name);
  if (const int code = enter("statx", path)) return error(code, "statx");
  const Node* node = kernel().find(path);
  if (node == nullptr) return error(fake::absence(path), "statx");
  uint64_t device = 1;
  size_t deepest = 0;
  for (const auto& [target, number] : kernel().devices_of) {
    if (!fake::is_below(path, target) || target.size() < deepest) continue;
    deepest = target.size();
    device = number;
  }
  const mode_t type = node->type == Node::Type::kDirectory ? S_IFDIR
                      : node->type == Node::Type::kDevice  ? S_IFCHR
                      : node->type == Node::Type::kPort    ? S_IFCHR
                      : node->type == Node::Type::kPipe    ? S_IFIFO
                      : node->type == Node::Type::kLink    ? S_IFLNK
                                                           : S_IFREG;
  status = {device, std::hash<std::string>{}(path), node->mode | type};
  return {};
}

Result<> unmount(const char* target, int flags) {
  if (const int code = enter("unmount", std::string(target) + " " + std::to_string(flags))) {
    return error(code, "unmount");
  }
  if (!fake::is_capable(fake::kSysAdmin)) return error(EPERM, "unmount");
  const std::string place = normal(target);
  if (const auto refused = kernel().unmount_errors.find(place);
      refused != kernel().unmount_errors.end()) {
    return error(refused->second, "unmount");
  }
  auto& mounts = kernel().mounts;
  const auto top = std::find_if(mounts.rbegin(), mounts.rend(),
                                [&](const fake::Mount& mount) { return mount.target == place; });
  if (top == mounts.rend()) return error(EINVAL, "unmount");
  if (std::ranges::any_of(mounts, [&](const fake::Mount& mount) {
        return mount.target != place && fake::is_below(mount.target, place);
      })) {
    return error(EBUSY, "unmount");
  }
  mounts.erase(std::next(top).base());
  return {};
}

Result<> chroot(const char* path) {
  if (const int code = enter("chroot", path)) return error(code, "chroot");
  const std::string place = normal(path);
  const Node* node = kernel().find(place);
  if (node == nullptr) return error(fake::absence(place), "chroot");
  if (node->type != Node::Type::kDirectory) return error(ENOTDIR, "chroot");
  kernel().root = place;
  if (place == "/") return {};
  fake::rename_tree("/", fake::kCovered);
  fake::rename_tree(fake::kCovered + place, "/");
  return {};
}

Result<uint32_t> file_system_magic(const char* path) {
  if (const int code = enter("statfs", path)) return error(code, "statfs");
  if (kernel().find(path) == nullptr) return error(ENOENT, "statfs");
  const std::string name = normal(path);
  if (const auto known = kernel().magics.find(name); known != kernel().magics.end()) {
    return known->second;
  }
  static const std::map<std::string, uint32_t> by_type = {
      {"proc", 0x9fa0},         {"sysfs", 0x62656572},  {"tmpfs", 0x01021994}, {"devpts", 0x1cd1},
      {"devtmpfs", 0x01021994}, {"mqueue", 0x19800202}, {"ramfs", 0x858458f6}};
  const fake::Mount* over = nullptr;  // the deepest that it is on
  for (const fake::Mount& mount : kernel().mounts) {
    if (!fake::is_below(name, mount.target)) continue;
    if (over == nullptr || mount.target.size() >= over->target.size()) over = &mount;
  }
  const auto known = over == nullptr ? by_type.end() : by_type.find(over->type);
  return known == by_type.end() ? 0xef53U : known->second;
}

Result<pid_t> fork() {
  if (const int code = enter("fork")) return error(code, "fork");
  bool as_child = kernel().forks_as_child;
  if (!kernel().fork_sides.empty()) {
    as_child = kernel().fork_sides.front();
    kernel().fork_sides.pop_front();
  }
  if (as_child) {
    kernel().pid = kernel().next_pid++;
    return 0;
  }
  const pid_t pid = kernel().next_pid++;
  kernel().living.push_back(pid);
  if (kernel().on_fork) kernel().on_fork(pid);
  return pid;
}

Result<> set_process_group(pid_t pid, pid_t group) {
  if (const int code = enter("setpgid")) return error(code, "setpgid");
  const pid_t who = pid == 0 ? kernel().pid : pid;
  kernel().groups[who] = group == 0 ? who : group;
  return {};
}

Result<ChildEnd> reap(pid_t child) {
  if (const int code = enter("wait4")) return error(code, "wait4");
  auto& dead = kernel().dead;
  const auto is_meant = [&](pid_t pid) { return child == -1 || pid == child; };
  const auto first = std::ranges::find_if(dead, is_meant, &ChildEnd::pid);
  if (first == dead.end()) {
    if (std::ranges::none_of(kernel().living, is_meant)) return error(ECHILD, "wait4");
    return ChildEnd{};
  }
  const ChildEnd end = *first;
  dead.erase(first);
  return end;
}

Result<> wait_for(pid_t pid) {
  if (const int code = enter("wait4", std::to_string(pid))) return error(code, "wait4");
  if (std::ranges::count(kernel().living, pid) > 0) {
    const bool killed = std::ranges::count(kernel().kills, std::pair{pid, SIGKILL}) > 0;
    EXPECT_TRUE(killed) << "wait4 waits for ever: " << pid;
    kernel().die(pid, SIGKILL);
  }
  const auto gone =
      std::erase_if(kernel().dead, [&](const ChildEnd& end) { return end.pid == pid; });
  if (gone == 0) return error(ECHILD, "wait4");
  return {};
}

Result<int> pidfd_open(pid_t pid) {
  if (const int code = enter("pidfd_open")) return error(code, "pidfd_open");
  if (!kernel().knows_pidfd) return error(ENOSYS, "pidfd_open");
  const auto file = std::make_shared<fake::OpenFile>();
  file->path = "pidfd";
  file->node = std::make_shared<Node>();
  file->node->type = Node::Type::kProcess;
  file->node->process = pid;
  return fake::install(file, true);
}

Result<int> prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  if (const int code = enter("prctl", std::to_string(option))) return error(code, "prctl");
  kernel().prctls[option] = {a, b, c, d};
  return fake::capability_prctl(option, a, b);
}

Result<> set_limit(int resource, uint64_t soft, uint64_t hard) {
  if (const int code = enter("prlimit")) return error(code, "prlimit");
  if (soft > hard) return error(EINVAL, "prlimit");
  kernel().limits[resource] = {soft, hard};
  return {};
}

Result<> set_groups(std::span<const gid_t> groups) {
  if (const int code = enter("setgroups")) return error(code, "setgroups");
  if (!fake::is_capable(fake::kSetGid)) return error(EPERM, "setgroups");
  kernel().group_ids.assign(groups.begin(), groups.end());
  return {};
}

Result<> set_group_id(gid_t group) {
  if (const int code = enter("setresgid")) return error(code, "setresgid");
  if (!fake::is_capable(fake::kSetGid)) return error(EPERM, "setresgid");
  kernel().group_id = group;
  return {};
}

Result<> set_user_id(uid_t user) {
  if (const int code = enter("setresuid")) return error(code, "setresuid");
  // cap_emulate_setxuid() of security/commoncap.c.
  if (kernel().user_id == 0 && user != 0) {
    if (!kernel().keeps_capabilities) kernel().capabilities.permitted = 0;
    kernel().capabilities.effective = 0;
    kernel().ambient = 0;
  }
  kernel().user_id = user;
  return {};
}

Result<Ids> group_ids() {
  if (const int code = enter("getresgid")) return error(code, "getresgid");
  return Ids{kernel().group_id, kernel().group_id, kernel().group_id};
}

Result<Ids> user_ids() {
  if (const int code = enter("getresuid")) return error(code, "getresuid");
  if (kernel().before_verification) kernel().before_verification();
  return Ids{kernel().user_id, kernel().user_id, kernel().user_id};
}

Result<> get_capabilities(CapabilitySets& sets) {
  if (const int code = enter("capget")) return error(code, "capget");
  sets = kernel().capabilities;
  return {};
}

Result<> set_capabilities(const CapabilitySets& sets) {
  if (const int code = enter("capset")) return error(code, "capset");
  if ((sets.effective & ~sets.permitted) != 0 ||
      (sets.permitted & ~kernel().capabilities.permitted) != 0 ||
      (sets.inheritable & ~(kernel().capabilities.inheritable | kernel().bounding)) != 0) {
    return error(EPERM, "capset");
  }
  kernel().capabilities = sets;
  kernel().ambient &= sets.permitted & sets.inheritable;
  return {};
}

Result<> kill(pid_t pid, int signal) {
  const std::string detail = std::to_string(pid) + " " + std::to_string(signal);
  if (const int code = enter("kill", detail)) return error(code, "kill");
  kernel().kills.emplace_back(pid, signal);
  if (kernel().on_kill) kernel().on_kill(pid, signal);
  return {};
}

Result<> access(const char* path, int mode) {
  if (const int code = enter("access", path)) return error(code, "access");
  const Node* node = kernel().find(path);
  if (node == nullptr) return error(fake::absence(normal(path)), "access");
  if (mode == X_OK && (node->mode & 0111) == 0) return error(EACCES, "access");
  return {};
}

Result<size_t> getdents(int fd, std::span<char> records) {
  if (const int code = enter("getdents", fake::name_of(fd))) return error(code, "getdents");
  const fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr) return error(EBADF, "getdents");
  fake::OpenFile& file = *open->file;
  if (file.node->type != Node::Type::kDirectory) return error(ENOTDIR, "getdents");
  std::vector<std::string>& names = file.names;
  if (file.offset == 0) names = {".", ".."};
  for (const auto& [path, node] : kernel().nodes) {
    if (file.offset == 0 && path != "/" && fake::parent_of(path) == file.path) {
      names.push_back(path.substr(path.rfind('/') + 1));
    }
  }
  // struct linux_dirent64: u64 inode, s64 offset, u16 size of the record, u8 type, name and NUL.
  constexpr size_t kNameOffset = 19;
  size_t used = 0;
  for (; file.offset < names.size(); ++file.offset) {
    const std::string& name = names[file.offset];
    const auto size = static_cast<uint16_t>((kNameOffset + name.size() + 1 + 7) / 8 * 8);
    if (used + size > records.size()) break;
    char* record = records.data() + used;
    memset(record, 0, size);
    memcpy(record + 16, &size, sizeof(size));
    memcpy(record + kNameOffset, name.data(), name.size());
    used += size;
  }
  if (used == 0 && file.offset < names.size()) return error(EINVAL, "getdents");
  return used;
}

Result<> mount(const char* source, const char* target, const char* type, unsigned long flags,
               const char* data) {
  const auto text = [](const char* given) { return std::string(given == nullptr ? "" : given); };
  if (const int code = enter("mount", target)) return error(code, "mount");
  if (!fake::is_capable(fake::kSysAdmin)) return error(EPERM, "mount");
  const std::string place = normal(target);
  if (kernel().find(place) == nullptr) return error(ENOENT, "mount");
  const auto top = std::find_if(kernel().mounts.rbegin(), kernel().mounts.rend(),
                                [&](const fake::Mount& mount) { return mount.target == place; });
  if ((flags & MS_MOVE) != 0) {
    const std::string from = normal(source);
    kernel().calls.back().detail = from + " " + place;
    if (std::ranges::none_of(kernel().mounts,
                             [&](const fake::Mount& mount) { return mount.target == from; })) {
      return error(EINVAL, "mount");
    }
    fake::move_tree(from, place);
    return {};
  }
  if ((flags & MS_REMOUNT) != 0) {
    if (const auto refused = kernel().remount_errors.find(place);
        refused != kernel().remount_errors.end()) {
      return error(refused->second, "mount");
    }
    if (top != kernel().mounts.rend()) {
      top->flags = flags & ~static_cast<unsigned long>(MS_REMOUNT);
      if (data != nullptr) top->data = data;
    } else if (place == "/") {
      kernel().root_read_only = (flags & MS_RDONLY) != 0;
    } else {
      return error(EINVAL, "mount");
    }
    kernel().calls.back().detail =
        fake::Mount{text(source), place, text(type), flags, text(data)}.line();
    return {};
  }
  constexpr unsigned long kPropagation = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
  if ((flags & kPropagation) != 0) {
    kernel().calls.back().detail = place + ((flags & MS_PRIVATE) != 0 ? " private" : " other");
    if (place != "/" && top == kernel().mounts.rend()) return error(EINVAL, "mount");
    return {};
  }
  if ((flags & MS_BIND) != 0) {
    const std::string from = normal(text(source));
    if (kernel().find(from) == nullptr) return error(ENOENT, "mount");
    kernel().nodes[place] = kernel().nodes[from];
  } else {
    const auto known = kernel().file_systems.find(text(type));
    if (known == kernel().file_systems.end()) return error(ENODEV, "mount");
    const bool shared = top != kernel().mounts.rend() && top->type == text(type) &&
                        top->source == text(source) && text(type) != "tmpfs";
    if (shared) return error(EBUSY, "mount");
    fake::cover(place, known->second);
  }
  kernel().mounts.push_back({text(source), place, text(type), flags, text(data)});
  return {};
}

Result<bool> is_mount_root(const char* path) {
  if (const int code = enter("statx", path)) return error(code, "statx");
  if (kernel().find(path) == nullptr) return error(ENOENT, "statx");
  if (!kernel().tells_mount_roots) return error(EOPNOTSUPP, "statx");
  const std::string name = normal(path);
  return name == "/" || std::ranges::any_of(kernel().mounts, [&](const fake::Mount& mount) {
           return mount.target == name;
         });
}

Result<> dup2(int from, int to) {
  if (const int code = enter("dup2", fake::name_of(from) + " " + std::to_string(to))) {
    return error(code, "dup2");
  }
  const fake::Descriptor* open = fake::descriptor(from);
  if (open == nullptr) return error(EBADF, "dup2");
  if (from != to) kernel().descriptors[to] = {open->file, false};
  return {};
}

Result<int> duplicate(int fd, int lowest) {
  if (const int code = enter("F_DUPFD", fake::name_of(fd))) return error(code, "F_DUPFD");
  const fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr) return error(EBADF, "F_DUPFD");
  return fake::install(open->file, true, lowest);
}

Result<> set_close_on_exec(int fd, bool closes) {
  if (const int code = enter("F_SETFD", fake::name_of(fd))) return error(code, "F_SETFD");
  fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr) return error(EBADF, "F_SETFD");
  open->close_on_exec = closes;
  return {};
}

Result<> set_status_flags(int fd, int flags) {
  if (const int code = enter("fcntl", fake::name_of(fd))) return error(code, "fcntl");
  const fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr) return error(EBADF, "fcntl");
  open->file->flags = (open->file->flags & O_ACCMODE) | flags;
  return {};
}

Result<int> poll(std::span<struct pollfd> entries, int milliseconds) {
  std::string names;
  for (const struct pollfd& entry : entries)
    names += (names.empty() ? "" : " ") + fake::name_of(entry.fd);
  if (const int code = enter("poll", names)) return error(code, "poll");
  const auto ready = [](const struct pollfd& entry) {
    const fake::Descriptor* open = fake::descriptor(entry.fd);
    if (open == nullptr) return entry.fd < 0 ? 0 : POLLNVAL;
    const Node& node = *open->file->node;
    const fake::Sink& sink = node.sink;
    const bool full = sink.capacity.has_value() && sink.queued >= *sink.capacity;
    // port_fops_poll(): without a host a read does not wait, so there is POLLIN beside POLLHUP.
    const bool is_port = node.type == Node::Type::kPort;
    const bool readable = is_port ? !node.content.empty() || !node.host_connected
                          : node.type == Node::Type::kSignals ? !kernel().pending_signals.empty()
                          : node.type == Node::Type::kProcess
                              ? std::ranges::count(kernel().living, node.process) == 0
                              : true;
    const bool hung_up = node.type == Node::Type::kPipe && !kernel().parent_lives;
    return (hung_up ? POLLERR : 0) | (is_port && !node.host_connected ? POLLHUP : 0) |
           ((entry.events & POLLIN) != 0 && readable ? POLLIN : 0) |
           ((entry.events & POLLOUT) != 0 && !full ? POLLOUT : 0);
  };
  constexpr int kForEver = 600'000;
  for (int waited = 0;; ++waited) {
    int count = 0;
    for (struct pollfd& entry : entries) {
      entry.revents = static_cast<short>(ready(entry));
      count += entry.revents != 0 ? 1 : 0;
    }
    if (count > 0 || waited == milliseconds) return count;
    if (waited == kForEver) {
      ADD_FAILURE() << "poll waits for ever: " << names;
      return error(EINTR, "poll");
    }
    kernel().pass(1);
  }
}

Result<Pipe> pipe() {
  if (const int code = enter("pipe")) return error(code, "pipe");
  const auto node = std::make_shared<Node>();
  node->type = Node::Type::kPipe;
  if (!kernel().pipe_contents.empty()) {
    node->content = kernel().pipe_contents.front();
    kernel().pipe_contents.pop_front();
  }
  const auto end = [&](int flags) {
    const auto file = std::make_shared<fake::OpenFile>();
    file->path = "pipe";
    file->node = node;
    file->flags = flags;
    return fake::install(file, true);
  };
  const int reader = end(O_RDONLY);
  return Pipe{reader, end(O_WRONLY)};
}

Result<> set_foreground_group(int fd, pid_t group) {
  if (const int code = enter("TIOCSPGRP", fake::name_of(fd))) return error(code, "TIOCSPGRP");
  const fake::Sink* sink = fake::sink_of(fd);
  if (sink == nullptr || !sink->terminal) return error(ENOTTY, "TIOCSPGRP");
  kernel().foreground_group = group;
  return {};
}

Result<uint64_t> signal_mask() {
  if (const int code = enter("rt_sigprocmask")) return error(code, "rt_sigprocmask");
  return kernel().signal_mask;
}

uint64_t exchange_signal_mask(uint64_t mask) {
  note("rt_sigprocmask");
  return std::exchange(kernel().signal_mask, mask);
}

Result<int> wait_signal(uint64_t mask) {
  if (const int code = enter("rt_sigtimedwait")) return error(code, "rt_sigtimedwait");
  EXPECT_EQ(kernel().signal_mask & mask, mask) << "a signal that is not blocked kills or is lost";
  const auto pending = std::ranges::find_if(
      kernel().pending_signals, [&](int signal) { return (mask >> (signal - 1) & 1) != 0; });
  if (pending == kernel().pending_signals.end()) {
    ADD_FAILURE() << "waits for a signal for ever";
    return error(EINVAL, "rt_sigtimedwait");
  }
  const int signal = *pending;
  kernel().pending_signals.erase(pending);
  return signal;
}

Result<int> signalfd(uint64_t mask) {
  if (const int code = enter("signalfd")) return error(code, "signalfd");
  EXPECT_EQ(kernel().signal_mask & mask, mask) << "a signal that is not blocked kills or is lost";
  const auto file = std::make_shared<fake::OpenFile>();
  file->path = "signalfd";
  file->node = std::make_shared<Node>();
  file->node->type = Node::Type::kSignals;
  return fake::install(file, true);
}

Result<> setsid() {
  if (const int code = enter("setsid")) return error(code, "setsid");
  if (kernel().session_leader) return error(EPERM, "setsid");
  kernel().session_leader = true;
  return {};
}

Result<> set_controlling_terminal(int fd) {
  if (const int code = enter("TIOCSCTTY", fake::name_of(fd))) return error(code, "TIOCSCTTY");
  const fake::Sink* sink = fake::sink_of(fd);
  if (sink == nullptr || !sink->terminal) return error(ENOTTY, "TIOCSCTTY");
  if (!kernel().session_leader) return error(EPERM, "TIOCSCTTY");
  kernel().controlling_terminal = fake::descriptor(fd)->file->path;
  return {};
}

bool is_terminal(int fd) {
  note("TIOCGWINSZ", fake::name_of(fd));
  const fake::Sink* sink = fake::sink_of(fd);
  return sink != nullptr && sink->terminal;
}

Result<int> output_queued(int fd) {
  if (const int code = enter("TIOCOUTQ", fake::name_of(fd))) return error(code, "TIOCOUTQ");
  const fake::Sink* sink = fake::sink_of(fd);
  if (sink == nullptr || !sink->terminal) return error(ENOTTY, "TIOCOUTQ");
  return static_cast<int>(sink->queued);
}

Result<> close_from(unsigned first, unsigned last) {
  if (const int code = enter("close_range", std::to_string(first) + " " + std::to_string(last))) {
    return error(code, "close_range");
  }
  if (first > last) return error(EINVAL, "close_range");
  std::erase_if(kernel().descriptors, [&](const auto& entry) {
    const auto fd = static_cast<unsigned>(entry.first);
    return fd >= first && fd <= last;
  });
  return {};
}

Result<> set_disposition(int signal, Disposition disposition) {
  if (const int code = enter("rt_sigaction", std::to_string(signal))) {
    return error(code, "rt_sigaction");
  }
  if (signal < 1 || signal > 64 || signal == SIGKILL || signal == SIGSTOP) {
    return error(EINVAL, "rt_sigaction");
  }
  kernel().dispositions[signal] = disposition == Disposition::kIgnore ? 1 : 0;
  return {};
}

Result<> set_signal_mask(uint64_t mask) {
  if (const int code = enter("rt_sigprocmask")) return error(code, "rt_sigprocmask");
  kernel().signal_mask = mask;
  return {};
}

Result<int> socket(int domain, int type, int protocol) {
  if (const int code = enter("socket")) return error(code, "socket");
  if (domain != AF_NETLINK || protocol != NETLINK_ROUTE) return error(EAFNOSUPPORT, "socket");
  const auto file = std::make_shared<fake::OpenFile>();
  file->path = "socket";
  return fake::install(file, (type & SOCK_CLOEXEC) != 0);
}

Result<size_t> send(int fd, std::span<const char> data) {
  if (const int code = enter("send", fake::name_of(fd))) return error(code, "send");
  const fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr || open->file->node != nullptr) return error(EBADF, "send");
  std::string_view bytes{data.data(), data.size()};
  const auto type = fake::take<struct nlmsghdr>(bytes).nlmsg_type;
  // ifinfomsg has 16 bytes, ifaddrmsg 8, rtmsg 12; the requests of each kind are four numbers.
  constexpr size_t kFamilySizes[] = {16, 8, 12};
  if (type < 16 || type >= 28) return error(EOPNOTSUPP, "send");
  fake::NetlinkRequest request =
      fake::decode({data.data(), data.size()}, kFamilySizes[(type - 16) / 4]);
  if (kernel().raw_answers.empty()) {
    const auto configured = kernel().request_errors.find(request.type);
    kernel().pending_answers.push_back(fake::acknowledgement(
        request, configured == kernel().request_errors.end() ? 0 : configured->second));
  } else {
    kernel().pending_answers.push_back(kernel().raw_answers.front());
    kernel().raw_answers.pop_front();
  }
  kernel().requests.push_back(std::move(request));
  return data.size();
}

Result<size_t> receive(int fd, std::span<char> buffer) {
  if (const int code = enter("receive", fake::name_of(fd))) return error(code, "receive");
  if (kernel().pending_answers.empty()) {
    ADD_FAILURE() << "receive blocks for ever";
    return error(EAGAIN, "receive");
  }
  const std::string answer = kernel().pending_answers.front();
  kernel().pending_answers.pop_front();
  return answer.copy(buffer.data(), buffer.size());
}

Result<int> interface_index(int fd, std::string_view name) {
  if (const int code = enter("SIOCGIFINDEX", std::string(name))) return error(code, "SIOCGIFINDEX");
  if (fake::descriptor(fd) == nullptr) return error(EBADF, "SIOCGIFINDEX");
  const auto found = kernel().devices.find(std::string(name));
  if (found == kernel().devices.end()) return error(ENODEV, "SIOCGIFINDEX");
  return found->second;
}

Result<> sethostname(std::string_view name) {
  if (const int code = enter("sethostname", std::string(name))) return error(code, "sethostname");
  kernel().hostname = name;
  return {};
}

pid_t getpid() {
  return kernel().pid;
}

mode_t umask(mode_t mask) {
  note("umask");
  return std::exchange(kernel().file_mask, mask);
}

Error execve(const char* path, char* const* argv, char* const* envp) {
  if (const int code = enter("execve", path)) return {code, "execve"};
  const Node* node = kernel().find(path);
  if (node == nullptr || *path == '\0') return {ENOENT, "execve"};
  if (node->type != Node::Type::kFile || (node->mode & 0111) == 0) return {EACCES, "execve"};
  kernel().executed = path;
  for (; *argv != nullptr; ++argv)
    kernel().argv.emplace_back(*argv);
  for (; *envp != nullptr; ++envp)
    kernel().envp.emplace_back(*envp);
  std::erase_if(kernel().descriptors, [](const auto& open) { return open.second.close_on_exec; });
  fake::leave(fake::Ending::How::kExecuted, 0);
}

uint64_t clock_ns(clockid_t) {
  return kernel().now_ns += 1000;
}

uint64_t cycle_counter() {
  return kernel().cycles += 3000;
}

void sleep_ms(unsigned milliseconds) {
  note("sleep", std::to_string(milliseconds));
  kernel().pass(milliseconds);
}

void sync() {
  note("sync");
  ++kernel().syncs;
}

Result<> reboot(int command, const char* argument) {
  if (const int code = enter("reboot", std::to_string(command))) return error(code, "reboot");
  if (!fake::is_capable(fake::kSysBoot)) return error(EPERM, "reboot");
  // reboot_pid_ns(): it knows the ends of a machine, and nothing of a keyboard.
  if (kernel().in_pid_namespace && command == RB_DISABLE_CAD) return error(EINVAL, "reboot");
  kernel().reboots.push_back(command);
  kernel().reboot_argument = argument == nullptr ? "" : argument;
  if (command == RB_DISABLE_CAD) return {};
  fake::leave(fake::Ending::How::kRestarted, command);
}

void exit(int status) {
  note("exit", std::to_string(status));
  fake::leave(fake::Ending::How::kExited, status);
}

}  // namespace pid1::sys
