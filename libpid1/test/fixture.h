// SPDX-License-Identifier: Apache-2.0
// What every test of the library has: a fresh kernel, and errors as plain numbers.
#ifndef PID1_TEST_FIXTURE_H
#define PID1_TEST_FIXTURE_H

#include <gtest/gtest.h>

#include <string>

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

}  // namespace pid1

#endif  // PID1_TEST_FIXTURE_H
