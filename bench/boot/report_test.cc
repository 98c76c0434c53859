// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <gtest/gtest.h>

namespace microbeam {
namespace {

TEST(ReportTest, JsonOfAWholeBoot) {
  const Options options{.image = "hello"};
  const BootResult result{.http_status = 200,
                          .beam_os_pid = 1,
                          .ms = {1.0, 2.5, 3.25, 4.0625, 1000, 1001, 123456.7891},
                          .insns = {},
                          .orderly = true,
                          .qemu_status = 0};
  EXPECT_EQ(
      to_json(options, result),
      R"({"image":"hello","accel":"tcg","memory_mib":64,"cpus":1,"vm":"emu","root":"initramfs",)"
      R"("http_status":200,"beam_os_pid":1,"timeline_ms":{"kernel":1.000,"init":2.500,)"
      R"("exec":3.250,"beam":4.062,"listening":1000.000,"application":1001.000,"first_byte":123456.789},)"
      R"("timeline_insns":null,"end":{"orderly":true,"qemu_status":0}})");
}

TEST(ReportTest, JsonOfABootThatGotNowhere) {
  const Options options{.image = "a\"b", .memory_mib = 32, .cpus = 2, .accel = "kvm", .vm = "jit"};
  BootResult result;
  result.insns = Timeline<int64_t>{7000000, 353018000};
  EXPECT_EQ(
      to_json(options, result),
      R"({"image":"a\"b","accel":"kvm","memory_mib":32,"cpus":2,"vm":"jit","root":"initramfs",)"
      R"("http_status":null,"beam_os_pid":null,"timeline_ms":{"kernel":null,"init":null,)"
      R"("exec":null,"beam":null,"listening":null,"application":null,"first_byte":null},)"
      R"("timeline_insns":{"kernel":7000000,"init":353018000,"exec":null,"beam":null,)"
      R"("listening":null,"application":null,"first_byte":null},"end":{"orderly":false,"qemu_status":null}})");
}

TEST(ReportTest, TableShowsWhatWasSeenAndHowLongAfter) {
  BootResult result{.http_status = 200,
                    .beam_os_pid = {},
                    .ms = {100, {}, 350.04, {}, {}, {}, 1000},
                    .insns = {},
                    .orderly = false,
                    .qemu_status = {}};
  EXPECT_EQ(timeline_table(result),
            "  mark                ms     delta\n"
            "  kernel           100.0    +100.0\n"
            "  init                 -         -\n"
            "  exec             350.0    +250.0\n"
            "  beam                 -         -\n"
            "  listening            -         -\n"
            "  application          -         -\n"
            "  first_byte      1000.0    +650.0\n");
  result.insns = Timeline<int64_t>{7, 8};
  EXPECT_NE(timeline_table(result).find("kernel           100.0    +100.0               7\n"),
            std::string::npos);
}

TEST(ReportTest, FailureSaysWhatInitAndQemuSaid) {
  Console console;
  console.feed("booting\nbeam-init: no release in /app\x1b[0m\nlast words\n", absl::Seconds(1));
  EXPECT_EQ(failure_report("QEMU ended", console, "qemu: oh\n\n"),
            "microbeam-vm: QEMU ended\n"
            "what beam-init said:\n"
            "  beam-init: no release in /app?[0m\n"
            "what QEMU said:\n"
            "  qemu: oh\n");
  EXPECT_EQ(console_report(console, "c.log"),
            "the end of the console (all of it: c.log):\n"
            "  booting\n"
            "  beam-init: no release in /app?[0m\n"
            "  last words\n");
}

TEST(ReportTest, FailureOfASilentGuest) {
  EXPECT_EQ(failure_report("no answer", Console(), ""), "microbeam-vm: no answer\n");
  EXPECT_EQ(console_report(Console(), "c.log"), "the guest wrote nothing on its console\n");
}

}  // namespace
}  // namespace microbeam
