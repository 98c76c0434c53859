// SPDX-License-Identifier: Apache-2.0
#include "comparison.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

Report example() {
  return {
      .what = "init",
      .machine = "Linux 6.1",
      .guest = Guest{.qemu = "7.2", .accel = "tcg", .memory_mib = 256, .cpus = 1},
      .baseline = "none",
      .binaries = {{"tini", "/usr/bin/tini", 27792}},
      .measures = {
          {.name = "exit",
           .unit = "us",
           .title = "start to exit",
           .extra = Measure::Extra::kAdded,
           .series = {{.contestant = "none", .values = {100, 300, 200}},
                      {.contestant = "tini", .values = {450}},
                      {.contestant = "busybox", .values = {}, .why_not = "does not exit"}}},
          {.name = "backlog",
           .unit = "us",
           .title = "zombies",
           .extra = Measure::Extra::kPerSecond,
           .series = {{.contestant = "tini", .values = {4, 4}}}},
          {.name = "rss",
           .unit = "KiB",
           .title = "memory",
           .series = {{.contestant = "tini", .values = {700}}}},
          {.name = "first",
           .unit = "ms",
           .title = "to the answer",
           .extra = Measure::Extra::kTimes,
           .series = {{.contestant = "none", .values = {10}},
                      {.contestant = "tini", .values = {4}}}},
          {.name = "requests",
           .unit = "/s",
           .title = "load",
           .more_is_better = true,
           .extra = Measure::Extra::kTimes,
           .series = {{.contestant = "none", .values = {10}},
                      {.contestant = "tini", .values = {25}}}},
          {.name = "instructions", .unit = "", .title = "instructions", .why_not = "no counter"}}};
}

TEST(ComparisonTest, TextHasATableForEachMeasure) {
  EXPECT_EQ(to_text(example()),
            "machine: Linux 6.1\n"
            "guest: QEMU 7.2, tcg, 256 MiB, 1 CPU\n"
            "\n"
            "binary, bytes\n"
            "  tini               27792  /usr/bin/tini\n"
            "\n"
            "exit: start to exit, us\n"
            "  contestant       n      median         p95         min         max       added\n"
            "  none             3       200.0       300.0       100.0       300.0\n"
            "  tini             1       450.0       450.0       450.0       450.0      +250.0\n"
            "  busybox       does not exit\n"
            "\n"
            "backlog: zombies, us\n"
            "  contestant       n      median         p95         min         max  per_second\n"
            "  tini             2         4.0         4.0         4.0         4.0      250000\n"
            "\n"
            "rss: memory, KiB\n"
            "  contestant       n      median         p95         min         max\n"
            "  tini             1       700.0       700.0       700.0       700.0\n"
            "\n"
            "first: to the answer, ms\n"
            "  contestant       n      median         p95         min         max       times\n"
            "  none             1        10.0        10.0        10.0        10.0\n"
            "  tini             1         4.0         4.0         4.0         4.0        2.50\n"
            "\n"
            "requests: load, /s\n"
            "  contestant       n      median         p95         min         max       times\n"
            "  none             1        10.0        10.0        10.0        10.0\n"
            "  tini             1        25.0        25.0        25.0        25.0        2.50\n"
            "\n"
            "instructions: instructions\n"
            "  not measured: no counter\n");
}

TEST(ComparisonTest, JsonSaysWhyWhatIsMissingIsMissing) {
  EXPECT_EQ(
      to_json(example()),
      R"({"what":"init","machine":"Linux 6.1",)"
      R"("guest":{"qemu":"7.2","accel":"tcg","memory_mib":256,"cpus":1},"baseline":"none",)"
      R"("binaries":[{"contestant":"tini","path":"/usr/bin/tini","bytes":27792}],"measures":[)"
      R"({"name":"exit","unit":"us","title":"start to exit","better":"less","why":null,"series":[)"
      R"({"contestant":"none","n":3,"median":200.000,"p95":300.000,"min":100.000,"max":300.000,)"
      R"("values":[100.000,300.000,200.000],"added":null},)"
      R"({"contestant":"tini","n":1,"median":450.000,"p95":450.000,"min":450.000,"max":450.000,)"
      R"("values":[450.000],"added":250.000},)"
      R"({"contestant":"busybox","n":0,"why":"does not exit"}]},)"
      R"({"name":"backlog","unit":"us","title":"zombies","better":"less","why":null,"series":[)"
      R"({"contestant":"tini","n":2,"median":4.000,"p95":4.000,"min":4.000,"max":4.000,)"
      R"("values":[4.000,4.000],"per_second":250000.000}]},)"
      R"({"name":"rss","unit":"KiB","title":"memory","better":"less","why":null,"series":[)"
      R"({"contestant":"tini","n":1,"median":700.000,"p95":700.000,"min":700.000,"max":700.000,)"
      R"("values":[700.000]}]},)"
      R"({"name":"first","unit":"ms","title":"to the answer","better":"less","why":null,"series":[)"
      R"({"contestant":"none","n":1,"median":10.000,"p95":10.000,"min":10.000,"max":10.000,)"
      R"("values":[10.000],"times":null},)"
      R"({"contestant":"tini","n":1,"median":4.000,"p95":4.000,"min":4.000,"max":4.000,)"
      R"("values":[4.000],"times":2.500}]},)"
      R"({"name":"requests","unit":"/s","title":"load","better":"more","why":null,"series":[)"
      R"({"contestant":"none","n":1,"median":10.000,"p95":10.000,"min":10.000,"max":10.000,)"
      R"("values":[10.000],"times":null},)"
      R"({"contestant":"tini","n":1,"median":25.000,"p95":25.000,"min":25.000,"max":25.000,)"
      R"("values":[25.000],"times":2.500}]},)"
      R"({"name":"instructions","unit":"","title":"instructions","better":"less",)"
      R"("why":"no counter","series":[]}]})");
}

TEST(ComparisonTest, CsvHasALineForEachSeries) {
  EXPECT_EQ(to_csv(example()),
            "measure,unit,contestant,n,median,p95,min,max\n"
            "exit,us,none,3,200.000,300.000,100.000,300.000\n"
            "exit,us,tini,1,450.000,450.000,450.000,450.000\n"
            "exit,us,busybox,0,,,,\n"
            "backlog,us,tini,2,4.000,4.000,4.000,4.000\n"
            "rss,KiB,tini,1,700.000,700.000,700.000,700.000\n"
            "first,ms,none,1,10.000,10.000,10.000,10.000\n"
            "first,ms,tini,1,4.000,4.000,4.000,4.000\n"
            "requests,/s,none,1,10.000,10.000,10.000,10.000\n"
            "requests,/s,tini,1,25.000,25.000,25.000,25.000\n");
}

// Nothing to be held against: no difference is made up.
TEST(ComparisonTest, WithoutTheProgramAloneNothingIsAdded) {
  Report report = example();
  report.measures.front().series.erase(report.measures.front().series.begin());
  EXPECT_EQ(to_text(report).find('+'), std::string::npos);
}

}  // namespace
}  // namespace microbeam
