// SPDX-License-Identifier: Apache-2.0
// --mode=trial; see modes.h.
//
// /dev/kvm may exist, open and even make a virtual machine, and still be unable to run a guest:
// nested and para-virtual hosts. A guest then dies of "KVM internal error", or hangs. Only a guest
// that ran is proof, and the kernel's own panic for want of a root is the shortest thing that shows
// it: it is past the CPU's set-up, timers, memory and console.
#include <absl/status/status.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "clock.h"
#include "console.h"
#include "host_tsc.h"
#include "machine.h"
#include "modes.h"
#include "qemu.h"
#include "signals.h"

namespace microbeam {
namespace {

// Empty, or why KVM cannot even be opened.
std::string kvm_closed() {
  const UniqueFd kvm(open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (kvm.valid()) return "";
  const int error = errno;
  const char* hint = error == EACCES ? " (the group kvm may open it)" : "";
  return absl::StrCat("/dev/kvm cannot be opened: ", std::strerror(error), hint);
}

bool rootless_panic(absl::string_view panic) {
  return absl::StrContains(panic, "VFS") || absl::StrContains(panic, "No working init found");
}

std::string last_line(absl::string_view text) {
  std::string last;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    last = printable(line);
  }
  return last;
}

std::string last_console_line(const Console& console) {
  return console.tail().empty() ? "" : printable(console.tail().back());
}

// Why the trial failed, once it is over.
std::string reason(const Machine& machine, const Console& console, const Options& options) {
  if (std::string error = machine.kvm_error(); !error.empty()) return error;
  const std::string limit = absl::StrFormat("%g s", absl::ToDoubleSeconds(options.time_limit()));
  if (!machine.ended()) {
    if (console.silent()) return absl::StrCat("nothing on the console within ", limit);
    return absl::StrCat("the kernel did not end within ", limit,
                        "; the console's last line: ", last_console_line(console));
  }
  if (std::string line = last_line(machine.complaints()); !line.empty()) return line;
  const std::string status = absl::StrCat(machine.status().value_or(-1));
  if (console.silent())
    return absl::StrCat("QEMU ended with status ", status, " and an empty console");
  return absl::StrCat("QEMU ended with status ", status,
                      " without the panic for want of a root; the console's last line: ",
                      last_console_line(console));
}

}  // namespace

int trial(const Options& options) {
  if (std::string closed = options.accel == "kvm" ? kvm_closed() : ""; !closed.empty()) {
    std::cout << closed << '\n';
    return kExitFailed;
  }
  Loop loop;
  Signals signals(loop);
  Console console;
  if (!options.console_log.empty()) {
    if (absl::Status status = console.keep_in(options.console_log); !status.ok()) {
      std::cout << status.message() << '\n';
      return kExitFailed;
    }
  }
  const absl::StatusOr<std::unique_ptr<Machine>> started =
      Machine::start(loop, console, qemu_command(options, {.tsc_khz = host_tsc_khz()}), {});
  if (!started.ok()) {
    std::cout << started.status().message() << '\n';
    return kExitFailed;
  }
  Machine& machine = **started;
  const absl::Duration deadline = machine.spawned() + options.time_limit();
  while (!machine.ended() && signals.caught() == 0 && machine.kvm_error().empty() &&
         monotonic_now() < deadline) {
    loop.turn(deadline);
  }
  if (signals.caught() != 0) {
    machine.stop(signals);
    return 128 + signals.caught();
  }
  if (machine.ended() && rootless_panic(console.panic())) {
    std::cout << absl::StrFormat("a guest ran under %s (%.2f s)\n", options.accel,
                                 absl::ToDoubleSeconds(monotonic_now() - machine.spawned()))
              << std::flush;
    return 0;
  }
  const std::string why = reason(machine, console, options);
  machine.stop(signals);
  std::cout << why << '\n';
  return kExitFailed;
}

}  // namespace microbeam
