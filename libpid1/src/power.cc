// SPDX-License-Identifier: Apache-2.0
#include "pid1/power.h"

#include <sys/reboot.h>
#include <sys/types.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "pid1/file.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

struct VerbEntry {
  const char* name;
  Verb verb;
  uint32_t command;
  /// It does not end the process that calls it.
  bool spares_caller;
};

constexpr uint32_t kRestart2 = 0xa1b2c3d4;  // LINUX_REBOOT_CMD_RESTART2
constexpr uint32_t kKexec = 0x45584543;     // LINUX_REBOOT_CMD_KEXEC

// kernel/reboot.c: LINUX_REBOOT_CMD_HALT and _POWER_OFF are followed by do_exit(0) of the caller,
// where the hardware lets the kernel go on: of PID 1 that is "Attempted to kill init". POWER_OFF
// without anything that can switch the power off is taken as HALT.
constexpr VerbEntry kVerbs[] = {
    {"reboot", Verb::kReboot, RB_AUTOBOOT, true},
    {"poweroff", Verb::kPowerOff, RB_POWER_OFF, false},
    {"halt", Verb::kHalt, RB_HALT_SYSTEM, false},
    {"kexec", Verb::kKexec, kKexec, true},
};

/// Looks again after 1, 2, 4 ... 16 ms, up to a limit. It counts what it sleeps and reads no clock:
/// at the end of a machine somebody may well set that.
class Waiting {
 public:
  explicit Waiting(unsigned limit_ms) : left_ms_(limit_ms) {}

  /// False when the limit is reached.
  bool pause() {
    constexpr unsigned kLongest = 16;
    if (left_ms_ == 0) return false;
    const unsigned now = step_ms_ < left_ms_ ? step_ms_ : left_ms_;
    sys::sleep_ms(now);
    left_ms_ -= now;
    if (step_ms_ < kLongest) step_ms_ *= 2;
    return true;
  }

 private:
  unsigned left_ms_;
  unsigned step_ms_ = 1;
};

/// Waits for one child, up to a limit. Its wait status; EAGAIN when it still lives. ECHILD: the
/// kernel has reaped it itself, SIGCHLD being ignored.
Result<int> wait_for(pid_t child, unsigned limit_ms) {
  Waiting waiting(limit_ms);
  for (;;) {
    PID1_TRY_ASSIGN(const sys::ChildEnd end,
                    sys::uninterrupted([child] { return sys::reap(child); }));
    if (end.pid == child) return end.status;
    if (!waiting.pause()) return Error{EAGAIN, "wait4"};
  }
}

/// Collects what is dead; whether somebody is left.
bool collect(unsigned& ended) {
  for (;;) {
    const auto end = sys::reap();
    if (!end.has_value()) {
      if (end.error().code == EINTR) continue;
      return false;
    }
    if ((*end).pid == 0) return true;
    ++ended;
  }
}

/// Whether `name` is a directory of /proc for somebody to be stopped.
bool is_program(const char* name) {
  constexpr int kMostProcesses = 1 << 22;  // PID_MAX_LIMIT
  const int pid = parse_number(name, kMostProcesses).value_or(0);
  if (pid <= 1 || pid == sys::getpid()) return false;
  char path[32];
  char words[2];
  (void)fill(path, "/proc/{}/cmdline", &name);  // it fits
  const auto size = read_file(path, words);
  return size.has_value() ? *size > 0 : size.error().code == EFBIG;
}

/// Whether somebody is left besides this process and PID 1. So it is taken to be without /proc.
bool anybody_left() {
  bool found = false;
  const auto listed =
      list_directory("/proc", [&](const char* name) { found = found || is_program(name); });
  return found || !listed.has_value();
}

/// To every process but this one. Nobody there is no error.
Result<> signal_all(int signal) {
  const auto sent = sys::kill(-1, signal);
  if (!sent.has_value() && sent.error().code != ESRCH) return sent;
  return {};
}

}  // namespace

Result<Stopped> stop_processes(const StopOptions& options) {
  if (sys::getpid() != 1 && !options.for_pid1) return Error{EPERM, "stop_processes"};
  Stopped stopped = {.ended = 0, .all = false};
  const auto is_left = [&] {
    return collect(stopped.ended) || (options.for_pid1 && anybody_left());
  };
  // The kernel holds off fork(2) while it sends to all: none slips through (kernel/signal.c, under
  // tasklist_lock; copy_process starts over with a signal pending).
  PID1_TRY(signal_all(SIGTERM));
  PID1_TRY(signal_all(SIGCONT));
  for (Waiting grace(options.grace_ms);;) {
    stopped.all = !is_left();
    if (stopped.all) return stopped;
    if (!grace.pause()) break;
  }
  for (Waiting last(options.kill_ms);;) {
    PID1_TRY(signal_all(SIGKILL));
    const bool goes_on = last.pause();
    stopped.all = !is_left();
    if (stopped.all || !goes_on) return stopped;
  }
}

Result<bool> sync_within(unsigned limit_ms) {
  PID1_TRY_ASSIGN(const pid_t child, sys::fork());
  if (child == 0) {
    sys::sync();
    sys::exit(0);
  }
  const auto status = wait_for(child, limit_ms);
  return status.has_value() || status.error().code != EAGAIN;
}

Result<> prepare_restart(bool failed) {
  char type[16];
  if (failed || !exists(kRestartType)) return {};
  PID1_TRY(read_file(kRestartType, type));
  if (after(type, "pci") == nullptr) return {};
  return write_at_once(kRestartType, "triple");
}

void end_in_order(const EndOptions& options, FunctionRef<void(const char*, Error)> complain) {
  const auto check = [&](const char* what, const auto& result) {
    if (!result.has_value()) complain(what, result.error());
    return result.has_value();
  };
  check("/", sys::chdir("/"));
  const auto stopped = stop_processes(options.stop);
  if (check("processes", stopped) && !(*stopped).all) complain("processes", {ETIMEDOUT, "SIGKILL"});
  const auto synced = sync_within(options.sync_ms);
  if (check("sync", synced) && !*synced) {
    complain("sync", {ETIMEDOUT, "a file system takes no data, nothing is unmounted"});
  }
  if (synced == true) check("mounts", unmount_all(options.unmount, complain));
  check(kRestartType, prepare_restart(options.failed));
}

Result<Verb> parse_verb(const char* text) {
  for (const VerbEntry& entry : kVerbs) {
    if (equals(entry.name, text)) return entry.verb;
  }
  return Error{EINVAL, "verb"};
}

Error end_machine(Verb verb, const char* argument) {
  const VerbEntry& entry = kVerbs[static_cast<unsigned>(verb)];
  if (argument != nullptr && verb != Verb::kReboot) return {EINVAL, "reboot"};
  const uint32_t command = argument != nullptr ? kRestart2 : entry.command;
  const auto child = sys::fork();
  if (!child.has_value() && !entry.spares_caller) return child.error();
  if (child.value_or(0) == 0) {
    const auto ordered = sys::reboot(static_cast<int>(command), argument);
    const int code = ordered.has_value() ? 0 : ordered.error().code;
    // Without a child, for want of memory, a restart is still possible.
    if (!child.has_value()) return {code != 0 ? code : ETIMEDOUT, "reboot"};
    sys::exit(code);
  }
  const auto status = wait_for(*child, kEndLimitMs);
  if (!status.has_value()) {
    return {status.error().code == EAGAIN ? ETIMEDOUT : status.error().code, "reboot"};
  }
  constexpr int kSignal = 0x7f;  // wait(2): 0 in these bits, and the code above them, after an exit
  if ((*status & kSignal) != 0) return {EIO, "reboot"};
  const int code = *status >> 8 & 0xff;
  return {code != 0 ? code : ETIMEDOUT, "reboot"};
}

}  // namespace pid1
