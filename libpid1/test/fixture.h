// SPDX-License-Identifier: Apache-2.0
// What every test of the library has: a fresh kernel, and errors as plain numbers.
#ifndef PID1_TEST_FIXTURE_H
#define PID1_TEST_FIXTURE_H

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "fake_sys.h"

namespace pid1::fake {

class KernelTest : public testing::Test {
 protected:
  KernelTest() : kernel(reset()) {}

  Kernel& kernel;
};

}  // namespace pid1::fake

namespace pid1 {

/// The errno of a result, 0 for success.
template <class T>
int code_of(const Result<T>& result) {
  return result.has_value() ? 0 : result.error().code;
}

/// A failure that the operation's header says it takes for success. 0: any errno.
struct Tolerance {
  const char* call;
  int code;
  const char* detail = "";  // what the detail of the call begins with
};

/// Runs `operation` with each call it makes failing in each way of its man page: it ends, returns
/// that errno (or success, where it is tolerated), and leaves no descriptor, child or mount behind.
inline void expect_faults_told(absl::FunctionRef<void()> prepare,
                               absl::FunctionRef<Result<>()> operation,
                               std::initializer_list<Tolerance> tolerated = {}) {
  Result<> result = {};
  int cases = 0;
  size_t mounts = 0;
  fake::for_each_fault(
      [&] {
        prepare();
        mounts = fake::kernel().mounts.size();
      },
      [&] { result = operation(); },
      [&](const fake::Injection& injection) {
        ++cases;
        const bool is_tolerated = std::ranges::any_of(tolerated, [&](const Tolerance& entry) {
          return entry.call == injection.call.name &&
                 injection.call.detail.starts_with(entry.detail) &&
                 (entry.code == 0 || entry.code == injection.code);
        });
        EXPECT_EQ(code_of(result), is_tolerated ? 0 : injection.code);
        EXPECT_EQ(fake::kernel().open_descriptors(), (std::vector<int>{0, 1, 2}));
        EXPECT_TRUE(fake::kernel().living.empty()) << "a child is left";
        if (result.has_value()) return;
        EXPECT_STRNE(result.error().operation, "");
        EXPECT_LE(fake::kernel().mounts.size(), mounts) << "a mount is left";
      });
  EXPECT_GT(cases, 0);
}

}  // namespace pid1

#endif  // PID1_TEST_FIXTURE_H
