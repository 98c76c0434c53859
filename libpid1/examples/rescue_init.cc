// SPDX-License-Identifier: Apache-2.0
// /init of an initramfs for a machine in need. Says what it knows, goes on to the system on root=
// (a device with ext4, or a line of fstab(5) in quotes), else to a shell; rescue.end= is the end.
#include <csignal>

#include "pid1/cmdline.h"
#include "pid1/console.h"
#include "pid1/mount.h"
#include "pid1/power.h"
#include "pid1/reap.h"
#include "pid1/spawn.h"
#include "pid1/sys.h"
#include "pid1/text.h"
#include "pid1/timeline.h"

using namespace pid1;

static Console console("rescue-init");
static const char *root = "", *verb = "reboot";
static char cmdline[8192], line[8192], data[4096];

/// Whether it went well; else says what did not.
static bool done(const char* what, const auto& result) {
  const Error why = result.has_value() ? Error{0, ""} : result.error();
  if (why.code != 0)
    console.say(Level::kError, "{}: {}: {}", what, why.operation, errno_words(why.code));
  return why.code == 0;
}

static Result<> say_what_is_known(const Mark& entered) {
  PID1_TRY(format_mark(entered, mark_now("now").boottime_ns, line));
  console.say(Level::kInfo, "{}", line);
  PID1_TRY(list_mounts([](const MountEntry& entry) {
    console.say(Level::kInfo, "mounted on {}: {} {}", entry.target, entry.type, entry.source);
  }));
  PID1_TRY(read_cmdline(cmdline));
  console.say(Level::kInfo, "command line: {}", cmdline);
  CmdlineReader words(cmdline);
  for (Parameter word; words.next(word);) {
    if (equals(word.name, "root") && word.value != nullptr) root = word.value;
    if (equals(word.name, "rescue.end") && word.value != nullptr) verb = word.value;
  }
  return {};
}

static Result<> go_on(char** envp) {
  PID1_TRY(fill(line, contains(root, " ") ? "{}" : "{} /new-root ext4 ro", &root));
  PID1_TRY_ASSIGN(const MountSpec spec, parse_mount_spec(line, data));
  PID1_TRY(mount(spec));
  PID1_TRY(switch_root(spec.target));
  PID1_TRY(reset_signals());
  char* argv[] = {const_cast<char*>("/sbin/init"), nullptr};
  return sys::execve(*argv, argv, envp);
}

static Result<> run_shell(char** envp) {
  char* argv[] = {const_cast<char*>("/bin/sh"), nullptr};
  PID1_TRY_ASSIGN(const pid_t shell, spawn({*argv, argv, envp}));
  for (int signal = 0; signal != SIGTERM && signal != SIGINT && signal != SIGPWR;) {
    if (reap_all(shell).value_or({}).main_ended) break;
    signal = wait_signal(kAllSignals).value_or(SIGTERM);
  }
  return {};
}

int main(int, char**, char** envp) {
  const Mark entered = mark_now("init");
  (void)block_signals(kAllSignals);  // requests to stop wait until they are read: none is too early
  (void)reset_dispositions();
  for (const MountSpec& spec : default_mounts())
    done(spec.target, mount(spec));
  console.use_kernel_log();
  done("/dev/console", console.adopt());
  (void)disable_ctrl_alt_del();  // it asks this process then, by SIGINT
  done("/proc", say_what_is_known(entered));
  if (*root == '\0' || !done(root, go_on(envp))) done("/bin/sh", run_shell(envp));

  console.say(Level::kNotice, "the end: {}", verb);
  end_in_order({}, [](const char* what, Error why) { done(what, Result<>(why)); });
  console.drain(1000);
  done("end", Result<>(end_machine(parse_verb(verb).value_or(Verb::kReboot))));
  return 1;  // in a container the end; on a machine a panic, with all of this above it
}
