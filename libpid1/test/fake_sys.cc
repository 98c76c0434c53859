// SPDX-License-Identifier: Apache-2.0
#include "fake_sys.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
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
    kernel().nodes[normal(target + "/" + name)] = std::make_shared<Node>(*node);
  }
}

Descriptor* descriptor(int fd) {
  const auto found = kernel().descriptors.find(fd);
  return found == kernel().descriptors.end() ? nullptr : &found->second;
}

Sink* sink_of(int fd) {
  const Descriptor* open = descriptor(fd);
  if (open == nullptr || open->file->node == nullptr) return nullptr;
  return open->file->node->type == Node::Type::kDevice ? &open->file->node->sink : nullptr;
}

/// A descriptor for the log: by what it has open.
std::string name_of(int fd) {
  const Descriptor* open = descriptor(fd);
  return open == nullptr ? std::to_string(fd) + " (closed)" : open->file->path;
}

int install(std::shared_ptr<OpenFile> file, bool close_on_exec) {
  int fd = 0;
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

size_t Kernel::count(std::string_view name) const {
  return static_cast<size_t>(
      std::ranges::count_if(calls, [&](const Call& call) { return call.name == name; }));
}

void Kernel::pass(uint64_t milliseconds) {
  now_ns += milliseconds * 1'000'000;
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

void for_each_fault(absl::FunctionRef<void()> prepare, absl::FunctionRef<void()> operation,
                    std::initializer_list<int> codes,
                    absl::FunctionRef<void(const Injection&)> check) {
  reset();
  prepare();
  operation();
  const std::vector<Call> undisturbed = kernel().calls;
  for (const Call& call : undisturbed) {
    if (call.ordinal == 0) continue;
    for (const int code : codes) {
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
  const std::string name = normal(path);
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (kernel().find(name) == nullptr) {
    if ((flags & O_CREAT) == 0) return error(fake::absence(name), "open");
    if (kernel().find(fake::parent_of(name)) == nullptr || fake::absence(name) == ENOTDIR) {
      return error(fake::absence(name), "open");
    }
    if (fake::is_read_only(name)) return error(EROFS, "open");
    kernel().add_file(name, "", mode & ~kernel().file_mask);
  }
  const std::shared_ptr<Node> node = kernel().nodes[name];
  if (node->open_error != 0) return error(node->open_error, "open");
  if (node->type == Node::Type::kDirectory && writes) return error(EISDIR, "open");
  if (node->type != Node::Type::kDirectory && (flags & O_DIRECTORY) != 0) {
    return error(ENOTDIR, "open");
  }
  if (node->type == Node::Type::kFile && writes && fake::is_read_only(name)) {
    return error(EROFS, "open");
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
  const std::string_view rest = std::string_view(file.node->content).substr(file.offset);
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
  size_t size = std::min(data.size(), kernel().max_transfer);
  if (fake::Sink* sink = fake::sink_of(fd); sink != nullptr) {
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

Result<> chdir(const char* path) {
  if (const int code = enter("chdir", path)) return error(code, "chdir");
  if (kernel().find(path) == nullptr) return error(fake::absence(normal(path)), "chdir");
  kernel().working_directory = normal(path);
  return {};
}

Result<pid_t> reap() {
  if (const int code = enter("wait4")) return error(code, "wait4");
  if (kernel().zombies == 0) return error(ECHILD, "wait4");
  --kernel().zombies;
  return 100;
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
  std::vector<std::string> names = {".", ".."};
  for (const auto& [path, node] : kernel().nodes) {
    if (path != "/" && fake::parent_of(path) == file.path) {
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
  const std::string place = normal(target);
  if (kernel().find(place) == nullptr) return error(ENOENT, "mount");
  const auto top = std::find_if(kernel().mounts.rbegin(), kernel().mounts.rend(),
                                [&](const fake::Mount& mount) { return mount.target == place; });
  if ((flags & MS_REMOUNT) != 0) {
    if (top != kernel().mounts.rend()) {
      top->flags = flags & ~static_cast<unsigned long>(MS_REMOUNT);
    } else if (place == "/") {
      kernel().root_read_only = (flags & MS_RDONLY) != 0;
    } else {
      return error(EINVAL, "mount");
    }
    kernel().calls.back().detail =
        fake::Mount{text(source), place, text(type), flags, text(data)}.line();
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

Result<> set_status_flags(int fd, int flags) {
  if (const int code = enter("fcntl", fake::name_of(fd))) return error(code, "fcntl");
  const fake::Descriptor* open = fake::descriptor(fd);
  if (open == nullptr) return error(EBADF, "fcntl");
  open->file->flags = (open->file->flags & O_ACCMODE) | flags;
  return {};
}

Result<bool> poll_writable(int fd, int milliseconds) {
  if (const int code = enter("poll", fake::name_of(fd))) return error(code, "poll");
  const fake::Sink* sink = fake::sink_of(fd);
  if (sink == nullptr || !sink->capacity.has_value()) return true;
  for (int waited = 0; sink->queued >= *sink->capacity; ++waited) {
    if (waited == milliseconds) return false;
    kernel().pass(1);
  }
  return true;
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

Result<> close_from(unsigned first) {
  if (const int code = enter("close_range", std::to_string(first))) {
    return error(code, "close_range");
  }
  std::erase_if(kernel().descriptors,
                [&](const auto& entry) { return static_cast<unsigned>(entry.first) >= first; });
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
  if (node == nullptr) return {ENOENT, "execve"};
  if ((node->mode & 0111) == 0) return {EACCES, "execve"};
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

Result<> reboot(int command) {
  if (const int code = enter("reboot", std::to_string(command))) return error(code, "reboot");
  kernel().reboots.push_back(command);
  if (command == RB_DISABLE_CAD) return {};
  fake::leave(fake::Ending::How::kRestarted, command);
}

void exit(int status) {
  note("exit", std::to_string(status));
  fake::leave(fake::Ending::How::kExited, status);
}

}  // namespace pid1::sys
