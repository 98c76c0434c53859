// SPDX-License-Identifier: Apache-2.0
#include "pid1/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace pid1 {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{EINVAL, "half"};
  return number / 2;
}

Result<> both_even(int a, int b) {
  PID1_TRY(half(a));
  PID1_TRY(half(b));
  return {};
}

Result<int> sum_of_halves(int a, int b) {
  PID1_TRY_ASSIGN(const int x, half(a));
  PID1_TRY_ASSIGN(const int y, half(b));
  return x + y;
}

TEST(Result, TryGoesOnAfterSuccess) {
  EXPECT_TRUE(both_even(2, 4).has_value());
  EXPECT_EQ(sum_of_halves(2, 4), 3);
}

TEST(Result, TryReturnsTheFirstError) {
  const auto failed = both_even(2, 3);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, EINVAL);
  EXPECT_STREQ(failed.error().operation, "half");
  EXPECT_FALSE(sum_of_halves(1, 2).has_value());
  EXPECT_FALSE(sum_of_halves(2, 1).has_value());
}

TEST(ErrnoWords, AreThoseOfTheCLibraryOrTheNumber) {
  for (int code = 1; code < 134; ++code) {
    const std::string words(errno_words(code));
    EXPECT_TRUE(words == std::strerror(code) || words == "errno " + std::to_string(code)) << words;
  }
  EXPECT_STREQ(errno_words(12345), "errno 12345");
}

TEST(ErrnoWords, OfWhatAnInitMeets) {
  // execve(2), mount(2), mkdir(2), open(2), rtnetlink(7): a number alone would help nobody.
  for (const int code :
       {EPERM, ENOENT, EIO,    ENXIO,        E2BIG,      ENOEXEC,      EBADF,       ENOMEM,  EACCES,
        EBUSY, EEXIST, ENODEV, ENOTDIR,      EISDIR,     EINVAL,       EMFILE,      EFBIG,   ENOSPC,
        EROFS, ELOOP,  ENOSYS, ENAMETOOLONG, EOPNOTSUPP, EAFNOSUPPORT, ENETUNREACH, ENETDOWN}) {
    EXPECT_STREQ(errno_words(code), std::strerror(code));
  }
}

}  // namespace
}  // namespace pid1
