// SPDX-License-Identifier: Apache-2.0
#include "wrk.h"

#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace microbeam {
namespace {

using testing::HasSubstr;

constexpr char kGood[] =
    "Running 5s test @ http://127.0.0.1:8080/\n"
    "  1 threads and 8 connections\n"
    "  Thread Stats   Avg      Stdev     Max   +/- Stdev\n"
    "    Latency     3.61ms    1.99ms  31.04ms   90.38%\n"
    "    Req/Sec     2.33k   371.94     3.00k    78.00%\n"
    "  11577 requests in 5.00s, 2.36MB read\n";

TEST(WrkTest, SaysHowManyASecond) {
  const auto rate = requests_per_second(std::string(kGood) + "Requests/sec:   2313.80\n");
  ASSERT_TRUE(rate.ok()) << rate.status();
  EXPECT_DOUBLE_EQ(*rate, 2313.8);
}

TEST(WrkTest, WhatWasNotAnsweredCountsAgainstAll) {
  for (const char* line : {"  Socket errors: connect 0, read 3, write 0, timeout 0\n",
                           "  Non-2xx or 3xx responses: 7\n"}) {
    const auto rate = requests_per_second(absl::StrCat(kGood, line, "Requests/sec:   99.00\n"));
    EXPECT_THAT(std::string(rate.status().message()), HasSubstr("wrk: "));
  }
  EXPECT_FALSE(requests_per_second(kGood).ok());
  EXPECT_FALSE(requests_per_second("").ok());
  EXPECT_FALSE(requests_per_second("Requests/sec:      0.00\n").ok());
}

}  // namespace
}  // namespace microbeam
