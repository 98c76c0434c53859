// SPDX-License-Identifier: Apache-2.0
// Micro-benchmarks: a message on the console.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "pid1/console.h"
#include "repeat.h"
#include "unique_fd.h"

namespace microbeam {
namespace {

// 0, 1 and 2 as they were, for the console takes them.
class KeepStandardStreams {
 public:
  KeepStandardStreams() {
    for (int fd = 0; fd <= 2; ++fd)
      kept_[fd] = UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  }
  KeepStandardStreams(const KeepStandardStreams&) = delete;
  KeepStandardStreams& operator=(const KeepStandardStreams&) = delete;
  ~KeepStandardStreams() {
    for (int fd = 0; fd <= 2; ++fd)
      dup2(kept_[fd].get(), fd);
  }

 private:
  UniqueFd kept_[3];
};

// To a pipe, and the reading of it, which is as much again.
void say_to_a_pipe(benchmark::State& state) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    state.SkipWithError("no pipe");
    return;
  }
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  const KeepStandardStreams keep;
  pid1::Console console("bench");
  const std::string path = "/proc/self/fd/" + std::to_string(writer.get());
  if (!console.adopt(path.c_str()).has_value()) {
    state.SkipWithError("the console is not the pipe");
    return;
  }
  char line[pid1::Console::kLineCapacity];
  for ([[maybe_unused]] auto _ : state) {
    console.say(pid1::Level::kWarning, "cannot mount {} on {}: {}", "tmpfs", "/run", "no memory");
    if (read(reader.get(), line, sizeof line) <= 0) {
      state.SkipWithError("nothing was said");
      break;
    }
  }
}
BENCHMARK(say_to_a_pipe)->Apply(repeat);

}  // namespace
}  // namespace microbeam
