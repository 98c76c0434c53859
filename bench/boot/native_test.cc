// SPDX-License-Identifier: Apache-2.0
#include "native.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace microbeam {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As the kernel does with those of /init.
TEST(NativeTest, ArgumentsStandBehindTheDashes) {
  EXPECT_THAT(init_arguments("quiet ip=x -- /bin/sh  /start"), ElementsAre("/bin/sh", "/start"));
  EXPECT_THAT(init_arguments("quiet --x ip=a--b"), IsEmpty());
  EXPECT_THAT(init_arguments(""), IsEmpty());
}

}  // namespace
}  // namespace microbeam
