// SPDX-License-Identifier: Apache-2.0
// Micro-benchmarks: the kernel's command line.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>

#include "pid1/cmdline.h"
#include "repeat.h"

namespace microbeam {
namespace {

// As microbeam-vm gives it, `state.range(0)` times over.
void parse_cmdline(benchmark::State& state) {
  std::string line;
  for (int64_t i = 0; i < state.range(0); ++i) {
    line +=
        "console=ttyS0 quiet panic=-1 tsc_early_khz=2000000 no_timer_check lpj=4000000 "
        "ip=10.0.2.15::10.0.2.2:255.255.255.0:hello:eth0:off beam.env=\"A=1 B=2\" ";
  }
  std::string text = line;
  for ([[maybe_unused]] auto _ : state) {
    // In place: each time from a fresh copy.
    memcpy(text.data(), line.data(), line.size() + 1);
    pid1::CmdlineReader reader(text.data());
    pid1::Parameter parameter = {};
    while (reader.next(parameter))
      benchmark::DoNotOptimize(parameter);
  }
}
BENCHMARK(parse_cmdline)->Arg(1)->Arg(13)->Apply(repeat);

}  // namespace
}  // namespace microbeam
