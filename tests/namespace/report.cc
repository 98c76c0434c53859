// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <sstream>
#include <stdexcept>

namespace microbeam {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  return absl::StrSplit(text, separator, absl::SkipEmpty());
}

Mount parse_mount(const std::string& line) {
  Mount mount;
  std::istringstream words(line);
  std::string id;
  std::string parent;
  std::string device;
  std::string flags;
  std::string options;
  words >> id >> parent >> device >> mount.root >> mount.target >> flags;
  // Optional fields (shared:N, master:N) end with a single hyphen.
  for (std::string word; words >> word && word != "-";) {
  }
  words >> mount.type >> mount.source >> options;
  if (!words) throw std::runtime_error("not a line of mountinfo: " + line);
  mount.flags = absl::StrSplit(flags, ',');
  mount.options = absl::StrSplit(options, ',');
  return mount;
}

}  // namespace

Report::Report(const std::string& bytes) {
  for (const std::string& record : split(bytes, '\0')) {
    records_.push_back(absl::StrSplit(record, absl::MaxSplits('=', 1)));
  }
  (void)one("end");
}

std::vector<std::string> Report::all(const std::string& key) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : records_) {
    if (name == key) values.push_back(value);
  }
  return values;
}

std::string Report::one(const std::string& key) const {
  const std::vector<std::string> values = all(key);
  if (values.size() == 1) return values.front();
  throw std::runtime_error(absl::StrCat("the report has ", values.size(), " records ", key));
}

std::map<std::string, std::string> Report::environment() const {
  std::map<std::string, std::string> variables;
  for (const std::string& entry : all("env")) {
    const std::pair<std::string, std::string> variable =
        absl::StrSplit(entry, absl::MaxSplits('=', 1));
    if (!variables.insert(variable).second) throw std::runtime_error("twice: " + entry);
  }
  return variables;
}

std::string Report::status(const std::string& field) const {
  for (const std::string& line : split(file("/proc/self/status"), '\n')) {
    if (line.starts_with(field + ":\t")) return line.substr(field.size() + 2);
  }
  throw std::runtime_error("/proc/self/status has no " + field);
}

uint64_t Report::signals(const std::string& field) const {
  return std::stoull(status(field), nullptr, 16);
}

long Report::stat(size_t index) const {
  // Field 2, the name, may hold anything, spaces and parentheses too.
  const std::string text = file("/proc/self/stat");
  const std::vector<std::string> fields = absl::StrSplit(text.substr(text.rfind(')') + 2), ' ');
  return std::stol(fields.at(index - 3));
}

std::vector<OpenFile> Report::open_files() const {
  std::vector<OpenFile> files;
  for (const std::string& record : all("fd")) {
    OpenFile file = {};
    std::istringstream words(record);
    words >> file.number >> std::oct >> file.flags >> std::dec >> file.device >> std::ws;
    std::getline(words, file.target);
    files.push_back(file);
  }
  return files;
}

std::vector<std::string> Report::other_processes() const {
  (void)one("orphans");
  return all("process");
}

std::vector<Mount> Report::mounts() const {
  std::vector<Mount> mounts;
  for (const std::string& line : split(file("/proc/self/mountinfo"), '\n')) {
    mounts.push_back(parse_mount(line));
  }
  return mounts;
}

Mount Report::mount(const std::string& target) const {
  std::vector<Mount> found;
  for (Mount& mount : mounts()) {
    if (mount.target == target) found.push_back(std::move(mount));
  }
  if (found.size() == 1) return found.front();
  throw std::runtime_error(
      absl::StrCat(found.size(), " mounts at ", target, ":\n", file("/proc/self/mountinfo")));
}

}  // namespace microbeam
