// SPDX-License-Identifier: Apache-2.0
#include "contestant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace microbeam {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ContestantTest, TheProgramAloneIsAlwaysThereAndFirst) {
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{}, {"none"}, {"libpid1"}, {"libpid1", "none"}}) {
    const absl::StatusOr<std::vector<Contestant>> all = contestants(names, "/bin/true");
    ASSERT_TRUE(all.ok()) << all.status();
    EXPECT_EQ(all->front().name, "none");
    EXPECT_EQ(all->front().kind, Kind::kNone);
    for (size_t i = 1; i < all->size(); ++i)
      EXPECT_EQ((*all)[i].path, "/bin/true");
  }
}

TEST(ContestantTest, WhatIsMissingOrUnknownIsNamed) {
  const auto complaint = [](const std::vector<std::string>& names, const std::string& ours) {
    return std::string(contestants(names, ours).status().message());
  };
  EXPECT_THAT(complaint({"tinny"}, ""),
              HasSubstr("tinny is not known; give some of libpid1,tini,"));
  EXPECT_THAT(complaint({"libpid1"}, ""), HasSubstr("--ours="));
  EXPECT_THAT(complaint({"libpid1"}, "/etc/passwd"), HasSubstr("--ours=/etc/passwd"));
  const char* const path = getenv("PATH");
  const std::string saved = path == nullptr ? "" : path;
  setenv("PATH", "/nonexistent", 1);
  EXPECT_EQ(complaint({"busybox"}, ""),
            "busybox is not installed; type: sudo apt-get install busybox-static");
  setenv("PATH", saved.c_str(), 1);
}

TEST(ContestantTest, EachIsToldItsProgramInItsWay) {
  const std::vector<std::string> program = {"/probe", "orphans", "10"};
  EXPECT_THAT(command_line({.name = "none", .kind = Kind::kNone, .path = {}}, program),
              ElementsAre("/probe", "orphans", "10"));
  EXPECT_THAT(command_line({.name = "tini", .kind = Kind::kWrapper, .path = "/x/tini"}, program),
              ElementsAre("/x/tini", "--", "/probe", "orphans", "10"));
  EXPECT_THAT(command_line({.name = "busybox", .kind = Kind::kInittab, .path = "/x"}, program),
              ElementsAre("/init"));
  EXPECT_EQ(inittab(program), "::once:/probe orphans 10\n");
}

}  // namespace
}  // namespace microbeam
