// SPDX-License-Identifier: Apache-2.0
#include "pid1/file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "fixture.h"

namespace pid1 {
namespace {

/// The content; "?" for an error.
std::string content_of(const char* path, std::span<char> buffer) {
  const auto size = read_file(path, buffer);
  return size.has_value() ? std::string(buffer.data(), *size) : "?";
}

using FileTest = fake::KernelTest;

TEST_F(FileTest, ReadsAllOfAFile) {
  kernel.add_file("/etc/hostname", "hello\n");
  char buffer[16];
  const auto text = read_file("/etc/hostname", buffer);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(*text, 6U);
  EXPECT_STREQ(buffer, "hello\n");
}

TEST_F(FileTest, ReadsAFileThatComesInPieces) {
  kernel.add_file("/proc/cmdline", std::string(1000, 'x'));
  kernel.max_transfer = 7;
  char buffer[1001];
  EXPECT_EQ(content_of("/proc/cmdline", buffer), std::string(1000, 'x'));
}

TEST_F(FileTest, ReadsAnEmptyFile) {
  kernel.add_file("/empty", "");
  char buffer[1] = {'x'};
  EXPECT_EQ(content_of("/empty", buffer), "");
  EXPECT_EQ(buffer[0], '\0');
}

TEST_F(FileTest, KeepsNulsWithin) {
  kernel.add_file("/binary", std::string("a\0b", 3));
  char buffer[16];
  EXPECT_EQ(content_of("/binary", buffer), std::string_view("a\0b", 3));
}

TEST_F(FileTest, FileMustFitBesideTheNul) {
  kernel.add_file("/four", "abcd");
  char exact[5];
  EXPECT_EQ(content_of("/four", exact), "abcd");
  char small[4];
  EXPECT_EQ(code_of(read_file("/four", small)), EFBIG);
  EXPECT_EQ(code_of(read_file("/four", {})), EFBIG);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(FileTest, ReadSaysWhyItFailed) {
  kernel.add_directory("/directory");
  char buffer[16];
  const auto missing = read_file("/missing", buffer);
  EXPECT_EQ(code_of(missing), ENOENT);
  EXPECT_STREQ(missing.error().operation, "open");
  const auto directory = read_file("/directory", buffer);
  EXPECT_EQ(code_of(directory), EISDIR);
  EXPECT_STREQ(directory.error().operation, "read");
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(FileTest, ReadGoesOnAfterASignal) {
  kernel.add_file("/file", "abc");
  kernel.faults = {{.name = "read", .nth = 1, .code = EINTR},
                   {.name = "read", .nth = 2, .code = EINTR}};
  char buffer[16];
  EXPECT_EQ(content_of("/file", buffer), "abc");
}

TEST_F(FileTest, WriteMakesAFileWithItsMode) {
  kernel.add_directory("/etc");
  EXPECT_EQ(code_of(write_file("/etc/new", "text", 0600)), 0);
  EXPECT_EQ(kernel.content("/etc/new"), "text");
  EXPECT_EQ(kernel.find("/etc/new")->mode, 0600U);
}

TEST_F(FileTest, WriteReplacesALongerFile) {
  kernel.add_file("/etc/hosts", "something much longer");
  EXPECT_EQ(code_of(write_file("/etc/hosts", "short")), 0);
  EXPECT_EQ(kernel.content("/etc/hosts"), "short");
}

TEST_F(FileTest, WriteGoesOnAfterAShortWriteAndASignal) {
  kernel.max_transfer = 3;
  kernel.faults = {{.name = "write", .nth = 2, .code = EINTR}};
  EXPECT_EQ(code_of(write_file("/file", "abcdefgh")), 0);
  EXPECT_EQ(kernel.content("/file"), "abcdefgh");
}

TEST_F(FileTest, WriteOfNothingMakesTheFile) {
  EXPECT_EQ(code_of(write_file("/file", "")), 0);
  EXPECT_EQ(kernel.content("/file"), "");
}

TEST_F(FileTest, WriteSaysWhyItFailed) {
  EXPECT_EQ(code_of(write_file("/missing/file", "x")), ENOENT);
  kernel.root_read_only = true;
  EXPECT_EQ(code_of(write_file("/file", "x")), EROFS);
  kernel.root_read_only = false;
  kernel.faults = {{.name = "write", .code = ENOSPC}};
  EXPECT_EQ(code_of(write_file("/file", "x")), ENOSPC);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(FileTest, DescriptorsAreClosedOnExecAndTakeNoTerminal) {
  kernel.add_file("/file", "x");
  char buffer[16];
  bool close_on_exec = false;
  // list_directory is the one that calls back while its descriptor is open.
  EXPECT_EQ(code_of(list_directory(
                "/", [&](const char*) { close_on_exec = kernel.descriptors.at(3).close_on_exec; })),
            0);
  EXPECT_TRUE(close_on_exec);
  EXPECT_EQ(code_of(read_file("/file", buffer)), 0);
  EXPECT_EQ(kernel.open_descriptors(), (std::vector<int>{0, 1, 2}));
}

TEST_F(FileTest, Exists) {
  kernel.add_file("/file", "");
  kernel.add_directory("/directory");
  EXPECT_TRUE(exists("/file"));
  EXPECT_TRUE(exists("/directory"));
  EXPECT_FALSE(exists("/missing"));
  EXPECT_FALSE(exists("/missing/file"));
  EXPECT_FALSE(exists("/file/below"));
}

TEST_F(FileTest, WhatCannotBeToldExists) {
  kernel.faults = {{.name = "access", .nth = 1, .code = EIO},
                   {.name = "access", .nth = 2, .code = EACCES}};
  EXPECT_TRUE(exists("/missing"));
  EXPECT_TRUE(exists("/missing"));
  EXPECT_FALSE(exists("/missing"));
}

std::vector<std::string> names_in(const char* path) {
  std::vector<std::string> names;
  EXPECT_EQ(code_of(list_directory(path, [&](const char* name) { names.emplace_back(name); })), 0);
  return names;
}

TEST_F(FileTest, ListsADirectoryWithoutDots) {
  kernel.add_file("/app/releases/0.1.0/start.boot", "");
  kernel.add_file("/app/releases/start_erl.data", "");
  kernel.add_file("/app/releases/.hidden", "");
  EXPECT_EQ(names_in("/app/releases"),
            (std::vector<std::string>{".hidden", "0.1.0", "start_erl.data"}));
  EXPECT_EQ(names_in("/app/releases/0.1.0"), (std::vector<std::string>{"start.boot"}));
}

TEST_F(FileTest, ListsAnEmptyDirectory) {
  kernel.add_directory("/empty");
  EXPECT_EQ(names_in("/empty"), (std::vector<std::string>{}));
}

TEST_F(FileTest, ListsMoreEntriesThanOneCallReturns) {
  std::vector<std::string> expected;
  for (int i = 100; i < 400; ++i) {
    expected.push_back("entry-" + std::string(static_cast<size_t>(i) % 90, 'x') +
                       std::to_string(i));
    kernel.add_file("/many/" + expected.back(), "");
  }
  std::ranges::sort(expected);
  EXPECT_EQ(names_in("/many"), expected);
  EXPECT_GT(kernel.count("getdents"), 3U);
}

TEST_F(FileTest, ListsNamesOfTheGreatestLength) {
  kernel.add_file("/long/" + std::string(255, 'n'), "");
  EXPECT_EQ(names_in("/long"), (std::vector<std::string>{std::string(255, 'n')}));
}

TEST_F(FileTest, ListSaysWhyItFailed) {
  kernel.add_file("/file", "");
  const auto never = [](std::string_view) { return true; };
  EXPECT_EQ(code_of(list_directory("/missing", never)), ENOENT);
  EXPECT_EQ(code_of(list_directory("/file", never)), ENOTDIR);
}

}  // namespace
}  // namespace pid1
