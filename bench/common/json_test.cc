// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

TEST(JsonTest, StringsAreQuotedAndEscaped) {
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"");
  EXPECT_EQ(json_string("\xc3\xa4\x7f"), "\"\xc3\xa4\\u007f\"");
}

TEST(JsonTest, FindsTheIntegerOfAKey) {
  EXPECT_EQ(json_integer(R"({"os_pid":1})", "os_pid"), 1);
  EXPECT_EQ(json_integer("{ \"a\": {\"os_pid\" :\n 42 } }", "os_pid"), 42);
  EXPECT_EQ(json_integer(R"({"os_pid":-7})", "os_pid"), -7);
}

TEST(JsonTest, WhatIsNotAnIntegerIsNothing) {
  for (const char* json : {"", "{}", R"({"os_pid":null})", R"({"os_pid":"1"})", R"({"os_pid":1.5})",
                           R"({"os_pid":1e3})", R"({"os_pid")", R"({"os_pid":)", R"({"os_pid)",
                           R"({"xos_pid":1})", R"(["os_pid",1])"}) {
    EXPECT_FALSE(json_integer(json, "os_pid")) << json;
  }
}

TEST(JsonTest, TextInsideAStringIsNoKey) {
  EXPECT_EQ(json_integer(R"({"a":"\"os_pid\":9 \\","os_pid":1})", "os_pid"), 1);
  EXPECT_EQ(json_integer(R"({"os_pid":"os_pid","b":{"os_pid":2}})", "b"), std::nullopt);
}

}  // namespace
}  // namespace microbeam
