// SPDX-License-Identifier: Apache-2.0
#include "end.h"

#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "pid1/file.h"
#include "pid1/limits.h"
#include "pid1/mount.h"
#include "pid1/power.h"
#include "pid1/signals.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr unsigned kDrainMs = 1'000;
constexpr unsigned kEnderMs = 60'000;

/// `line` is "END STATUS".
void tell_host(const char* control, const char* line) {
  if (*control == '\0') return;
  char text[64];
  const size_t size = pid1::fill(text, "end {}\n", &line).value_or(0);
  (void)pid1::write_at_once(control, {text, size}, O_NONBLOCK);
}

/// Everything up to the machine's own end.
void settle(pid1::Console& console, const Ending& ending, const char* line, bool for_pid1) {
  // An ordinary user can unmount nothing; that is what the ender is for, if there is anything.
  const bool is_root = (*pid1::sys::user_ids()).effective == 0;
  const bool in_container = is_in_container();
  const pid1::EndOptions options = {
      .stop = {.grace_ms = ending.grace_ms, .for_pid1 = for_pid1},
      .unmount = {.passes = is_root ? 10U : 0U, .remount = is_root && !in_container},
      // How the host restarts is not for a container to change.
      .failed = ending.status != 0 || in_container};
  pid1::end_in_order(options, [&](const char* what, pid1::Error why) {
    if (!is_root && why.code == EPERM) return;
    // What an engine has mounted for a container goes with it.
    if (in_container && why.code == EBUSY) return;
    console.say(pid1::Level::kError, "{}: {}: {}", what, why.operation,
                pid1::errno_words(why.code));
  });
  tell_host(ending.control, line);
}

/// Without ACPI the kernel takes a power-off of x86 for a halt (kernel/reboot.c), and the machine
/// monitor goes on.
bool can_power_off() {
#if defined(__x86_64__)
  return pid1::exists("/sys/firmware/acpi") || is_in_container();
#else
  return true;
#endif
}

[[noreturn]] void leave(pid1::Console& console, End end, int status) {
  console.drain(kDrainMs);
  if (end == End::kPowerOff && !can_power_off()) end = End::kReboot;
  constexpr pid1::Verb kVerbs[] = {pid1::Verb::kPowerOff, pid1::Verb::kReboot, pid1::Verb::kHalt};
  if (end <= End::kHalt) {
    const pid1::Error failed = pid1::end_machine(kVerbs[static_cast<int>(end)]);
    console.say(pid1::Level::kError, "reboot: {}; exiting", pid1::errno_words(failed.code));
  }
  pid1::sys::exit(status);
}

/// "poweroff 0", in `out`.
const char* describe(const Ending& ending, std::span<char> out) {
  char word[16];
  const pid1::Decimal status(static_cast<unsigned>(ending.status));
  const char* const parts[] = {word_at(kEnds, static_cast<unsigned>(ending.end), word),
                               status.text()};
  (void)pid1::fill(out, "{} {}", parts);
  return out.data();
}

/// The ender's life. `request` ends when PID 1 does without a word; then the kernel panics.
[[noreturn]] void wait_to_end(pid1::Console& console, int request, unsigned grace_ms,
                              const char* control) {
  char line[32] = {};
  const auto got =
      pid1::sys::uninterrupted([&] { return pid1::sys::read(request, {line, sizeof(line) - 1}); });
  char* const status = pid1::split(line, ' ');
  const int end = pid1::index_of(kEnds, line, '|');
  if (got.value_or(0) == 0 || end < 0) pid1::sys::exit(1);
  const Ending ending = {.end = static_cast<End>(end),
                         .status = pid1::parse_number(status, 255).value_or(1),
                         .grace_ms = grace_ms,
                         .control = control};
  settle(console, ending, describe(ending, line), true);
  leave(console, ending.end, ending.status);
}

}  // namespace

bool is_in_container() {
  return !pid1::disable_ctrl_alt_del().has_value();
}

const char* find_control_port(Draft& draft) {
  const char* found = "";
  (void)pid1::list_directory("/sys/class/virtio-ports", [&](const char* port) {
    char name[64];
    const auto read = pid1::read_file(draft.text("/sys/class/virtio-ports/{}/name", port), name);
    if (read.has_value() && pid1::equals(pid1::trim(name), kControlName)) {
      found = draft.text("/dev/{}", port);
    }
  });
  return found;
}

void end_machine(pid1::Console& console, const Ending& ending) {
  (void)pid1::block_signals(pid1::kAllSignals);
  char line[32];
  describe(ending, line);
  console.say(pid1::Level::kNotice, "the end: {}", line);
  if (ending.ender >= 0) {
    const auto asked = pid1::sys::write(ending.ender, line);
    if (asked.has_value()) pid1::sys::sleep_ms(kEnderMs);
  }
  // No child's status matters any more, and waiting for them needs SIGCHLD (wait(2), NOTES).
  (void)pid1::reset_dispositions();
  settle(console, ending, line, false);
  leave(console, ending.end, ending.status);
}

pid1::Result<int> start_ender(pid1::Console& console, unsigned grace_ms, const char* control) {
  PID1_TRY_ASSIGN(const pid1::sys::Pipe pipe, pid1::sys::pipe());
  PID1_TRY_ASSIGN(const pid_t child, pid1::sys::fork());
  if (child == 0) {
    (void)pid1::block_signals(pid1::kAllSignals);
    // The kernel, short of memory, kills whom it may until the BEAM gives up, which it may not
    // (process 1). Nothing is gained by this one, and the volumes are lost with it. No loss where
    // that is not allowed.
    (void)pid1::set_oom_score_adj(-1000);
    pid1::sys::close(pipe.writer);
    wait_to_end(console, pipe.reader, grace_ms, control);
  }
  pid1::sys::close(pipe.reader);
  PID1_TRY(pid1::sys::set_close_on_exec(pipe.writer, false));
  return pipe.writer;
}

}  // namespace beam_init
