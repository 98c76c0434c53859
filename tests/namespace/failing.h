// SPDX-License-Identifier: Apache-2.0
// Boots that must fail, as rows of tables.
#ifndef MICROBEAM_TESTS_NAMESPACE_FAILING_H
#define MICROBEAM_TESTS_NAMESPACE_FAILING_H

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "boot.h"

namespace microbeam {

struct Case {
  std::string name;
  std::function<void(Root&, Start&)> arrange;
  /// Each stands in the one line of the error.
  std::vector<std::string> said;
  /// What the last line of the console says, and PID 1's status must agree with.
  std::string end = "reboot 1";
};

void PrintTo(const Case& failure, std::ostream* out);
std::string name_of(const testing::TestParamInfo<Case>& info);

/// How many rows hostile_files_test.cc has.
size_t hostile_files();

void set_config(Root& root, const std::string& text);
/// Before what `start` prepares already.
void prepare_first(Start& start, const std::function<void()>& first);

/// One line that says what failed, on what, why and what to do about it, on the console and in the
/// kernel's log; the line of the end; nothing else but marks and notices that are known; and PID 1
/// has ended by itself, as that line says, within 5 s.
class FailingTest : public NamespaceTest, public testing::WithParamInterface<Case> {
 protected:
  void expect_failure(const Case& failure);
};

}  // namespace microbeam

#endif  // MICROBEAM_TESTS_NAMESPACE_FAILING_H
