// SPDX-License-Identifier: Apache-2.0
// An in-memory kernel behind pid1::sys, with faults at chosen calls. A program that links it takes
// nothing of sys.cc out of libpid1.a; all else of the library is what ships.
#ifndef PID1_TEST_FAKE_SYS_H
#define PID1_TEST_FAKE_SYS_H

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "pid1/sys.h"

namespace pid1::fake {

/// A call that was made. `ordinal` counts, from 1, those that can fail; the others have 0.
struct Call {
  std::string name;
  std::string detail;  // its arguments, as far as a test reads them
  unsigned ordinal = 0;
};

/// The `nth` call (from 1) of `name`, or of any that can fail when `name` is empty, fails with
/// `code` and does nothing.
struct Fault {
  std::string name;
  unsigned nth = 1;
  int code = 0;
  bool fired = false;
};

/// What a device takes: a terminal, a pipe, the kernel's log.
struct Sink {
  struct Write {
    unsigned opening;  // which open(2) it came through: the kernel's log limits the rate of each
    std::string bytes;
  };
  std::vector<Write> writes;
  bool terminal = false;
  bool stops_background = false;   // TOSTOP, and the init is in the background
  std::optional<size_t> capacity;  // nothing: never full
  size_t queued = 0;
  size_t sent_per_ms = 0;

  [[nodiscard]] std::string text() const;
};

struct Node {
  /// kPort: of virtio-console. kLink: symbolic, to the path that is its content.
  enum class Type { kFile, kDirectory, kDevice, kPipe, kSignals, kProcess, kPort, kLink };
  Type type = Type::kFile;
  mode_t mode = 0;
  std::string content;
  Sink sink;
  bool host_connected = true;  // of a port: somebody has the other side
  int open_error = 0;          // as a console without a terminal behind it has
  pid_t process = 0;           // whose pidfd it is
};

using Tree = std::map<std::string, std::shared_ptr<Node>>;

/// A mount, in order; a later one with the same target stands on the earlier.
struct Mount {
  std::string source, target, type;
  unsigned long flags = 0;
  std::string data;

  /// "SOURCE TARGET TYPE nosuid,nodev,noexec DATA", with - for nothing.
  [[nodiscard]] std::string line() const;
};

struct OpenFile {
  std::string path;
  std::shared_ptr<Node> node;  // none: a socket
  int flags = 0;
  size_t offset = 0;
  unsigned opening = 0;
  std::vector<std::string> names;  // of a directory, as they were when reading began
};

struct Descriptor {
  std::shared_ptr<OpenFile> file;
  bool close_on_exec = false;
};

/// A request on an rtnetlink socket, taken apart.
struct NetlinkRequest {
  uint16_t type = 0;
  uint16_t flags = 0;
  std::string family;                          // the bytes of ifinfomsg, ifaddrmsg, rtmsg
  std::map<uint16_t, std::string> attributes;  // type -> payload
  std::string bytes;                           // all of it, as sent
};

/// How a program under `run` ended.
struct Ending {
  enum class How { kReturned, kExited, kRestarted, kExecuted };
  How how = How::kReturned;
  int status = 0;  // of exit; the command of reboot
};

/// The whole state. A test sets it up, and reads it afterwards.
struct Kernel {
  /// A root directory, the file systems of an ordinary kernel, 0 to 2 open on an inherited pipe,
  /// network devices lo (1) and eth0 (2).
  Kernel();

  // Files. Parent directories are made.
  void add_directory(const std::string& path, mode_t mode = 0755);
  void add_file(const std::string& path, std::string content, mode_t mode = 0644);
  Sink& add_device(const std::string& path);
  /// A node of a type that the others do not make.
  Node& add_node(const std::string& path, Node::Type type, std::string content = {});
  [[nodiscard]] Node* find(std::string_view path);
  /// Its content; fails the test when there is no such file.
  [[nodiscard]] std::string content(std::string_view path);
  [[nodiscard]] std::vector<int> open_descriptors() const;
  /// The mounts, one line() each.
  [[nodiscard]] std::string mount_lines() const;
  /// The mounts as /proc/self/mountinfo has them.
  [[nodiscard]] std::string mountinfo() const;
  /// How often `name` was called.
  [[nodiscard]] size_t count(std::string_view name) const;
  /// Time goes on, and terminals send what they hold.
  void pass(uint64_t milliseconds);

  Tree nodes;
  std::map<int, Descriptor> descriptors;
  std::map<std::string, Tree> file_systems;  // type -> what is in it when it is mounted
  std::vector<Mount> mounts;
  bool root_read_only = false;
  bool tells_mount_roots = true;   // false: a kernel before 5.8
  size_t max_transfer = SIZE_MAX;  // the most that one read or write moves

  bool session_leader = false;
  std::string working_directory = "/";
  std::string root = "/";                      // chroot
  std::map<std::string, uint32_t> magics;      // statfs(2)'s f_type by path; others: 0xef53, ext4
  std::map<std::string, uint64_t> devices_of;  // mount target -> device number; others: 1
  std::map<std::string, int> unmount_errors;   // target -> errno, until it is erased
  std::map<std::string, int> remount_errors;   // the same of MS_REMOUNT
  /// Files whose content is made when they are opened, as those of /proc are.
  std::map<std::string, std::function<std::string()>> generated;

  // Processes. fork() returns next_pid, and the child lives until a test or `on_fork` ends it with
  // die(), or 0 when `forks_as_child` is set: then the caller goes on as that child.
  pid_t next_pid = 100;
  bool forks_as_child = false;
  std::deque<bool> fork_sides;  // the same of the forks that come next, one each
  std::function<void(pid_t)> on_fork;
  std::vector<pid_t> living;          // children
  std::deque<sys::ChildEnd> dead;     // children that nobody has collected
  void die(pid_t child, int status);  // wait(2)'s status; SIGCHLD becomes pending
  /// Called for each kill(2) that succeeds.
  std::function<void(pid_t, int)> on_kill;
  std::vector<std::pair<pid_t, int>> kills;
  std::deque<int> pending_signals;  // what a signalfd gives
  /// Called with each millisecond that passes in poll or sleep.
  std::function<void()> on_tick;
  std::map<pid_t, pid_t> groups;  // process -> group, by setpgid
  pid_t foreground_group = 0;
  bool parent_lives = true;  // false: the other ends of the pipes of a child are closed
  std::deque<std::string> pipe_contents;  // what is in the pipes that are made next, one each
  bool knows_pidfd = true;
  std::map<int, std::vector<unsigned long>> prctls;  // option -> arguments of its last call
  std::map<int, std::pair<uint64_t, uint64_t>> limits;
  std::vector<gid_t> group_ids;
  gid_t group_id = 0;
  uid_t user_id = 0;
  std::map<std::string, std::pair<uid_t, gid_t>> owners;  // by chown
  // Capabilities, as capabilities(7) has them follow the calls.
  int last_capability = 40;
  sys::CapabilitySets capabilities = {(uint64_t{1} << 41) - 1, (uint64_t{1} << 41) - 1, 0};
  uint64_t bounding = (uint64_t{1} << 41) - 1;
  uint64_t ambient = 0;
  bool keeps_capabilities = false;
  bool no_new_privileges = false;
  std::function<void()> before_verification;  // called when the ids are read back
  std::string reboot_argument;
  std::string controlling_terminal;
  int dispositions[65] = {};  // 0 default, 1 ignored, as inherited
  uint64_t signal_mask = 0;

  std::map<std::string, int> devices;
  std::vector<NetlinkRequest> requests;
  std::map<uint16_t, int> request_errors;  // type of the request -> errno of its answer
  std::deque<std::string> raw_answers;     // taken, if there are any, in place of proper ones
  std::deque<std::string> pending_answers;
  std::string hostname = "(none)";

  pid_t pid = 1;
  bool in_pid_namespace = false;
  mode_t file_mask = 022;
  uint64_t now_ns = 1'000'000'000;
  uint64_t cycles = 3'000'000'000;
  unsigned syncs = 0;
  std::vector<int> reboots;
  std::string executed;
  std::vector<std::string> argv, envp;

  std::vector<Call> calls;
  unsigned failable_calls = 0;
  std::vector<Fault> faults;
};

/// The one behind pid1::sys.
[[nodiscard]] Kernel& kernel();

/// A fresh one in its place; references to it stay good.
Kernel& reset();

/// Runs `program` until it returns or leaves for good, by exit, execve or reboot: those jump back
/// here, over frames that hold nothing to be destroyed.
Ending run(absl::FunctionRef<void()> program);

/// One fault of a series: which call failed, and how.
struct Injection {
  Call call;
  int code = 0;
};

/// The errnos that the man page of a call lists, and EINTR where it can block; `name` as in Call.
/// Fails the test when it has no entry.
[[nodiscard]] const std::vector<int>& man_page_errors(const std::string& name);

/// Calls `operation` in a fresh world for each call it makes and each errno of that call's man
/// page, with that call failing so; then `check`. A loop without end aborts the program with the
/// last calls.
void for_each_fault(absl::FunctionRef<void()> prepare, absl::FunctionRef<void()> operation,
                    absl::FunctionRef<void(const Injection&)> check);

}  // namespace pid1::fake

#endif  // PID1_TEST_FAKE_SYS_H
