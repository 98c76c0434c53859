// SPDX-License-Identifier: Apache-2.0
// SIGINT, SIGTERM and SIGHUP as something to wait for, so that the machine is ended before the tool
// is.
#ifndef MICROBEAM_BENCH_BOOT_SIGNALS_H
#define MICROBEAM_BENCH_BOOT_SIGNALS_H

#include "loop.h"
#include "unique_fd.h"

namespace microbeam {

class Signals {
 public:
  // Blocks them for the whole process, and ignores SIGPIPE (a closed standard output is an error of
  // write(2) like any other). A SIGHUP that is ignored (nohup) stays ignored.
  explicit Signals(Loop& loop);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The signal that came first, or 0.
  [[nodiscard]] int caught() const { return caught_; }
  // How many came: a second Ctrl-C means "now".
  [[nodiscard]] int count() const { return count_; }

 private:
  void read_one();

  Loop& loop_;
  UniqueFd fd_;
  int caught_ = 0;
  int count_ = 0;
};

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_SIGNALS_H
