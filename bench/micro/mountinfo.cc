// SPDX-License-Identifier: Apache-2.0
// Micro-benchmarks: the table of mounts.
#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "pid1/mount.h"
#include "repeat.h"
#include "unique_fd.h"

namespace microbeam {
namespace {

// A table of `state.range(0)` mounts. Read from memory: what the kernel takes to write it is not
// ours.
void read_mountinfo(benchmark::State& state) {
  std::string table;
  for (int64_t i = 0; i < state.range(0); ++i) {
    table += "36 35 98:0 /a\\040root /mnt/with\\040blank/" + std::to_string(i) +
             " rw,noatime master:1 shared:7 - ext4 /dev/root rw,errors=continue\n";
  }
  const UniqueFd fd(memfd_create("mountinfo", MFD_CLOEXEC));
  if (write(fd.get(), table.data(), table.size()) != static_cast<ssize_t>(table.size())) {
    state.SkipWithError("no memory");
    return;
  }
  char texts[pid1::MountinfoReader::kUsualCapacity];
  for ([[maybe_unused]] auto _ : state) {
    lseek(fd.get(), 0, SEEK_SET);
    pid1::MountinfoReader reader(fd.get(), texts);
    pid1::MountEntry entry = {};
    int64_t count = 0;
    while (reader.next(entry) == true)
      ++count;
    if (count != state.range(0)) {
      state.SkipWithError("mounts are missing");
      break;
    }
  }
}
BENCHMARK(read_mountinfo)->Arg(30)->Arg(1000)->Apply(repeat);

}  // namespace
}  // namespace microbeam
