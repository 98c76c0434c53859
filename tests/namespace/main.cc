// SPDX-License-Identifier: Apache-2.0
// The test program: GoogleTest in a mount namespace of its own.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "own_mounts.h"

namespace {

void prepare() {
  const char* const init = getenv("MICROBEAM_INIT");
  if (init == nullptr || access(init, X_OK) != 0) {
    throw std::runtime_error(
        "MICROBEAM_INIT must be the path of the musl /init; `scripts/microbeam test` sets it");
  }
  microbeam::enter_own_mounts();
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  try {
    // Not a testing::Environment: where one fails GoogleTest calls every test skipped, and CTest
    // then counts as skipped what has to fail. To be listed, tests need nothing.
    if (!testing::GTEST_FLAG(list_tests)) prepare();
  } catch (const std::exception& failure) {
    (void)fprintf(stderr, "namespace_test: %s\n", failure.what());
    return 1;
  }
  return RUN_ALL_TESTS();
}
