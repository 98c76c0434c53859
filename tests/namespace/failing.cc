// SPDX-License-Identifier: Apache-2.0
#include "failing.h"

#include <absl/strings/str_split.h>
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <csignal>
#include <regex>

namespace microbeam {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr auto kLimit = std::chrono::seconds(5);
/// A longer message is cut: what to do may be missing.
constexpr size_t kCut = 850;

/// Of a boot that fails, too.
bool is_known(const std::string& line) {
  static const std::regex known(
      "beam-init: (mark=(init|exec) boottime_ns=[0-9]+ tsc=[0-9]+ age_ns=[0-9]+"
      "|no [a-z]+( in this kernel; /dev/[a-z]+ is left out|: /[a-z/]+ has another file system)"
      "|-name and -sname of the release are left out: .*"
      // Without /proc nobody knows what there is to unmount.
      "|mounts: open: (Not a directory|No such file or directory|Too many levels of symbolic links)"
      ")");
  return std::regex_match(line, known);
}

/// How reboot(2) in a pid namespace ends its PID 1 (pid_namespaces(7)), or how that exits itself.
bool is_end(int status, const std::string& end) {
  if (end.starts_with("panic")) return WIFEXITED(status) && WEXITSTATUS(status) == 1;
  return WIFSIGNALED(status) && WTERMSIG(status) == (end.starts_with("reboot") ? SIGHUP : SIGINT);
}

}  // namespace

void PrintTo(const Case& failure, std::ostream* out) {
  *out << failure.name;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

void set_config(Root& root, const std::string& text) {
  root.write("/etc/beam-init.conf", text);
}

void prepare_first(Start& start, const std::function<void()>& first) {
  start.prepare = [first, then = start.prepare] {
    first();
    then();
  };
}

void FailingTest::expect_failure(const Case& failure) {
  failure.arrange(root, start);
  root.console_is_pipe();
  ended = boot(root, start, kLimit);
  EXPECT_FALSE(ended.report.has_value()) << "the program was started";
  EXPECT_TRUE(is_end(ended.status, failure.end)) << ended.status;

  ASSERT_THAT(ended.console, EndsWith("\n"));
  std::vector<std::string> lines = absl::StrSplit(ended.console, '\n', absl::SkipEmpty());
  const std::string end = "beam-init: the end: " + failure.end;
  std::erase_if(lines, is_known);
  ASSERT_EQ(lines.size(), 2U) << "the error and the end, and nothing else";
  EXPECT_EQ(lines.back(), end);

  const std::string& error = lines.front();
  EXPECT_THAT(error, testing::StartsWith("beam-init: error: "));
  for (const std::string& said : failure.said)
    EXPECT_THAT(error, HasSubstr(said));
  if (error.size() < kCut) {
    EXPECT_THAT(error, testing::ContainsRegex("; |: give |takes |needs "))
        << "no word of what to do";
  }
  EXPECT_THAT(error, Not(HasSubstr(" : "))) << "said of nothing";
  EXPECT_THAT(ended.kernel_log, HasSubstr("<3>" + error + "<5>" + end));
}

}  // namespace microbeam
