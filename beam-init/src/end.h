// SPDX-License-Identifier: Apache-2.0
// The end of a machine, in order, whoever was PID 1 before; and the port over which its host asks
// for it.
#ifndef BEAM_INIT_END_H
#define BEAM_INIT_END_H

#include "build.h"
#include "failure.h"
#include "pid1/console.h"
#include "settings.h"

namespace beam_init {

/// The virtio port with this name (/sys/class/virtio-ports/*/name), as its device; "" without one.
/// One line each: from the host `stop`, `poweroff`, `reboot`, to it `ready`, `end VERB STATUS`.
constexpr const char* kControlName = "microbeam.control";
[[nodiscard]] const char* find_control_port(Draft& draft);

/// Whether this is the PID 1 of a namespace only: there is no keyboard then, so that nobody can ask
/// what Ctrl-Alt-Del is to do (kernel/reboot.c). That is off afterwards: it sends SIGINT.
bool is_in_container();

/// Everything that an end needs to know.
struct Ending {
  End end = End::kReboot;
  int status = 1;  // of the BEAM, as a shell gives it
  unsigned grace_ms = 10'000;
  const char* control = "";  // the device of the port
  /// A root process that unmounts for an ordinary user: the pipe to it (see start_ender); -1: none.
  int ender = -1;
};

/// Processes stopped, data on disk, volumes unmounted, the host told, the machine ended. Does not
/// return. A PID 1 that must not end the machine (in a container without CAP_SYS_BOOT) exits.
///
/// Where QEMU has no ACPI to power off by, a restart is what ends it, and how it restarts tells
/// success from failure: with `reboot=p` the kernel writes to port 0xcf9, where QEMU has a device
/// that makes it exit with 5 (isa-debug-exit); so does a panic. After status 0 the type is changed
/// to a triple fault, with which it exits with 0.
[[noreturn]] void end_machine(pid1::Console& console, const Ending& ending);

/// A child, root with all its powers, that waits at the pipe it returns: for "END STATUS", and does
/// the part of end_machine that an ordinary user cannot. PID 1 has SIGCHLD ignored.
pid1::Result<int> start_ender(pid1::Console& console, unsigned grace_ms, const char* control);

}  // namespace beam_init

#endif  // BEAM_INIT_END_H
