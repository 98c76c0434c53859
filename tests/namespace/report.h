// SPDX-License-Identifier: Apache-2.0
// What the probe saw, taken apart: the records of probe.cc and the files of /proc among them.
#ifndef MICROBEAM_TESTS_NAMESPACE_REPORT_H
#define MICROBEAM_TESTS_NAMESPACE_REPORT_H

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace microbeam {

/// A line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
struct Mount {
  std::string root;
  std::string target;
  std::set<std::string> flags;
  std::string type;
  std::string source;
  std::set<std::string> options;  // of the file system itself
};

struct OpenFile {
  int number;
  int flags;  // F_GETFL
  dev_t device;
  std::string target;
};

/// Every look-up throws when what it looks for is missing or there twice: no test passes for want
/// of data.
class Report {
 public:
  /// The bytes that came through the socket.
  explicit Report(const std::string& bytes);

  [[nodiscard]] std::vector<std::string> all(const std::string& key) const;
  [[nodiscard]] std::string one(const std::string& key) const;
  [[nodiscard]] bool has(const std::string& key) const { return !all(key).empty(); }

  [[nodiscard]] std::string file(const std::string& path) const { return one("file:" + path); }
  /// Permissions in octal.
  [[nodiscard]] std::string mode(const std::string& path) const { return one("mode:" + path); }
  /// USER:GROUP, as numbers.
  [[nodiscard]] std::string owner(const std::string& path) const { return one("owner:" + path); }

  [[nodiscard]] std::map<std::string, std::string> environment() const;
  /// A field of /proc/self/status.
  [[nodiscard]] std::string status(const std::string& field) const;
  /// One of its signal sets.
  [[nodiscard]] uint64_t signals(const std::string& field) const;
  /// Field `index` of /proc/self/stat, counted from 1 as in proc_pid_stat(5); 3 and more.
  [[nodiscard]] long stat(size_t index) const;
  [[nodiscard]] std::vector<OpenFile> open_files() const;
  /// Other processes of the namespace after all that the probe forked have died: PID (NAME) STATE.
  [[nodiscard]] std::vector<std::string> other_processes() const;
  [[nodiscard]] std::vector<Mount> mounts() const;
  /// The only mount with this target.
  [[nodiscard]] Mount mount(const std::string& target) const;

 private:
  std::vector<std::pair<std::string, std::string>> records_;
};

}  // namespace microbeam

#endif  // MICROBEAM_TESTS_NAMESPACE_REPORT_H
