// SPDX-License-Identifier: Apache-2.0
// Who is measured: the inits, how each is told what to run, and what it cannot do.
#ifndef MICROBEAM_BENCH_INIT_CONTESTANT_H
#define MICROBEAM_BENCH_INIT_CONTESTANT_H

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace microbeam {

enum class Kind {
  kNone,     // the program itself is PID 1: what the others are held against
  kWrapper,  // INIT -- PROGRAM ARGUMENT...
  kInittab,  // reads /etc/inittab, for which it gets a root of its own
};

struct Contestant {
  std::string name;
  Kind kind = Kind::kWrapper;
  std::string path;  // of kNone: empty

  // BusyBox's init runs a machine: it goes on when its programs have ended, and takes SIGUSR1 as
  // the order to halt.
  [[nodiscard]] bool exits() const { return kind != Kind::kInittab; }
  [[nodiscard]] bool forwards() const { return kind != Kind::kInittab; }
  // A program that is PID 1 by itself inherits its own orphans, and leaves them.
  [[nodiscard]] bool reaps() const { return kind != Kind::kNone; }
};

// The name of the program alone, before all others.
inline constexpr absl::string_view kAlone = "none";
// The name of libpid1's example, container-init.
inline constexpr absl::string_view kOurs = "libpid1";

// Those with these names, found in PATH; `ours` is the path of container-init. Fails with what is
// not known, or is not installed and by which package it would be. kAlone is first in any case.
absl::StatusOr<std::vector<Contestant>> contestants(const std::vector<std::string>& names,
                                                    const std::string& ours);

// What PID 1 is to be started with: argv. Of kInittab the paths are those in its root.
std::vector<std::string> command_line(const Contestant& contestant,
                                      const std::vector<std::string>& program);

// BusyBox's inittab(5): the program once, with the standard streams of the init.
std::string inittab(const std::vector<std::string>& program);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_INIT_CONTESTANT_H
