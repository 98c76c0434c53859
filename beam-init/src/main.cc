// SPDX-License-Identifier: Apache-2.0
// /init: from the kernel's first process to the BEAM, in the same process.
#include <sys/reboot.h>

#include <cerrno>
#include <string_view>

#include "build.h"
#include "erlexec.h"
#include "failure.h"
#include "pid1/console.h"
#include "pid1/environment.h"
#include "pid1/file.h"
#include "pid1/mount.h"
#include "pid1/network.h"
#include "pid1/signals.h"
#include "pid1/sys.h"
#include "pid1/text.h"
#include "pid1/timeline.h"
#include "release.h"
#include "settings.h"
#include "start.h"

namespace beam_init {
namespace {

constexpr const char* kConfigPath = "/etc/beam-init.conf";
constexpr const char* kHostnamePath = "/etc/hostname";
constexpr const char* kDefaultHostname = "beam";
constexpr unsigned kDrainLimitMs = 1000;

/// The room that a boot may take. It lies in .bss: no byte of the file, and no page before its use.
struct Buffers {
  char text[1024 * 1024];
  char* environment[256];
  char* user_arguments[256];
  char* erl_arguments[512];
  char* beam_argv[1024];
};
constinit Buffers buffers = {};

/// Everything that one boot knows.
struct Boot {
  // First what is used most: what lies far behind is a longer instruction away.
  Release release;
  Settings settings{environment};
  Draft draft{arena, environment};
  pid1::IpConfig ip;
  pid1::Arena arena{buffers.text};
  pid1::Environment environment{arena, buffers.environment};
  pid1::StringVector user_arguments{buffers.user_arguments};
  pid1::StringVector erl_arguments{buffers.erl_arguments};
  pid1::StringVector beam_argv{buffers.beam_argv};
  pid1::Mark entered;
  pid1::Console console{"beam-init"};
};

void say_mark(Boot& boot, const pid1::Mark& mark) {
  char text[160];
  const uint64_t now = pid1::mark_now("now").boottime_ns;
  (void)pid1::format_mark(mark, now, text);  // it fits
  boot.console.say(pid1::Level::kInfo, "{}", text);
}

// ---- the steps of a boot, in order ------------------------------------------------------------

Outcome mount_file_systems(Boot& boot) {
  // What a starter has left open would keep the root from becoming read-only, and be handed on; its
  // working directory would keep a file system mounted.
  (void)pid1::sys::close_from(3);
  BEAM_INIT_TRY(pid1::sys::chdir("/"), "/", "this is a defect of the kernel");
  // A directory's mode is what its MountSpec says, whatever mask the kernel or an engine left.
  (void)pid1::sys::umask(0);
  for (const pid1::MountSpec& spec : pid1::default_mounts()) {
    const auto outcome = pid1::mount(spec);
    BEAM_INIT_TRY(outcome, spec.target, "the kernel or the root file system lacks it");
    if (*outcome >= pid1::MountOutcome::kOccupied) {
      boot.console.say(pid1::Level::kInfo,
                       *outcome == pid1::MountOutcome::kOccupied
                           ? "no {}: {} has another file system"
                           : "no {} in this kernel; {} is left out",
                       spec.type, spec.target);
    }
  }
  (void)pid1::sys::umask(022);
  return {};
}

Outcome adopt_console(Boot& boot) {
  boot.console.use_kernel_log();
  // A machine without a console (console=null) is no reason not to serve.
  if (const auto adopted = boot.console.adopt("/dev/console"); !adopted.has_value()) {
    boot.console.say(pid1::Level::kWarning,
                     "/dev/console: {}; standard input and output are /dev/null",
                     pid1::errno_words(adopted.error().code));
    // With one of them closed the BEAM spins for ever at its start.
    BEAM_INIT_TRY(pid1::sys::dup2(2, 2), "of standard output",
                  "neither /dev/console nor /dev/null can be opened");
  }
  say_mark(boot, boot.entered);
  return {};
}

Outcome read_settings(Boot& boot) {
  set_default_environment(boot.draft);
  char* cmdline = nullptr;
  BEAM_INIT_PASS(boot.draft.read("/proc/cmdline", "is /proc mounted?", cmdline));
  char* const again = boot.draft.text("{}", cmdline);
  Outcome outcome;
  if (pid1::exists(kConfigPath)) {
    char* text = nullptr;
    outcome = boot.draft.read(kConfigPath, "it holds KEY=VALUE lines", text);
    if (!outcome.is_failure()) outcome = apply_config(boot.settings, text, kConfigPath);
  }
  if (!outcome.is_failure()) {
    outcome = apply_cmdline(boot.settings, cmdline, boot.user_arguments, boot.draft);
  }
  // How the machine is to end holds wherever it stands, and for an error in the file too.
  if (outcome.is_failure()) apply_policy(boot.settings, again);
  return outcome;
}

Outcome set_signals(Boot&) {
  BEAM_INIT_TRY(pid1::reset_signals(), "", "this is a defect of beam-init");
  // The BEAM ignores SIGCHLD itself, but only once it runs (erts/emulator/sys/unix/sys.c); what
  // dies before would stay a zombie for ever. The disposition is inherited through exec.
  BEAM_INIT_TRY(pid1::ignore_child_exits(), "", "this is a defect of beam-init");
  // EINVAL in a pid namespace, where there is no keyboard to ask for it.
  (void)pid1::disable_ctrl_alt_del();
  return {};
}

Outcome bring_network_up(Boot& boot) {
  BEAM_INIT_TRY(pid1::bring_loopback_up(), "lo", "the kernel needs CONFIG_NET and CONFIG_INET");
  const char* const ip = boot.settings.ip;
  if (*ip == '\0') return {};
  const auto asked = pid1::parse_ip(boot.draft.text("{}", ip), boot.ip);
  BEAM_INIT_TRY(asked, ip,
                "only a static ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:DEVICE:off is understood");
  if (!*asked) return {};
  BEAM_INIT_TRY(pid1::configure(boot.ip), ip, "check ip= and the machine's network device");
  BEAM_INIT_TRY(pid1::write_resolv_conf(boot.ip), "/etc/resolv.conf",
                "/etc or /run must be writable");
  return {};
}

Outcome name_host(Boot& boot) {
  const char* name = boot.settings.hostname;
  if (*name == '\0') name = boot.ip.hostname;
  if (*name == '\0' && pid1::exists(kHostnamePath)) {
    char* text = nullptr;
    BEAM_INIT_PASS(boot.draft.read(kHostnamePath, "its first line is the host name", text));
    (void)pid1::split(text, '\n');
    name = pid1::trim(text);
  }
  if (*name == '\0') name = kDefaultHostname;
  if (!pid1::is_hostname(name)) {
    return fail("'{}' is not a host name; it takes 1 to 64 letters, digits, '-' and '.'", name);
  }
  BEAM_INIT_TRY(pid1::set_hostname(name, boot.ip.address), "/etc/hosts",
                "/etc or /run must be writable");
  return {};
}

Outcome prepare_release(Boot& boot) {
  boot.release.root = boot.settings.release;
  BEAM_INIT_PASS(find_release(boot.release, boot.draft));
  BEAM_INIT_PASS(build_erl_arguments(boot.release, boot.user_arguments, pid1::sys::is_terminal(1),
                                     boot.draft, boot.erl_arguments));
  const Emulator emulator{boot.release.erts_root, boot.release.bindir, "erl"};
  return build_beam_argv(emulator, boot.erl_arguments, boot.draft, boot.beam_argv);
}

Outcome lock_root(Boot& boot) {
  if (!boot.settings.read_only_root) return {};
  BEAM_INIT_TRY(pid1::remount_read_only("/"), "/ read-only",
                "give beam.root=rw to leave the root writable");
  return {};
}

Outcome exec_beam(Boot& boot) {
  say_mark(boot, pid1::mark_now("exec"));
  const pid1::Error error =
      pid1::sys::execve(boot.beam_argv.data()[0], boot.beam_argv.data(), boot.environment.data());
  return fail(error, boot.beam_argv.data()[0],
              "the file, or the dynamic linker that it names, is missing or for another machine");
}

struct Step {
  const char* name;
  Outcome (*run)(Boot&);
};

constexpr Step kSteps[] = {
    {"mounts", mount_file_systems}, {"console", adopt_console},    {"settings", read_settings},
    {"signals", set_signals},       {"network", bring_network_up}, {"host name", name_host},
    {"release", prepare_release},   {"root", lock_root},           {"exec", exec_beam},
};

// ---- the ways out -----------------------------------------------------------------------------

/// Ends the machine after a failed step: by a restart (in a pid namespace the kernel then kills the
/// namespace, pid_namespaces(7)), or, if so set or if that cannot be, by the exit of PID 1, which
/// is a kernel panic with the message above it.
[[noreturn]] void end_machine(Boot& boot) {
  // A restart drops what the serial line has not sent yet.
  boot.console.drain(kDrainLimitMs);
  if (boot.settings.on_crash == OnCrash::kReboot) {
    pid1::sys::sync();
    const auto failed = pid1::sys::reboot(RB_AUTOBOOT);
    if (!failed.has_value()) {
      boot.console.say(pid1::Level::kError, "reboot: {}; exiting",
                       pid1::errno_words(failed.error().code));
    }
  }
  pid1::sys::exit(1);
}

[[noreturn]] void run_as_pid1(Boot& boot) {
  for (const Step& step : kSteps) {
    const Outcome outcome = step.run(boot);
    if (!outcome.is_failure()) continue;
    if (!boot.console.adopted()) (void)adopt_console(boot);
    boot.console.say(pid1::Level::kError, "error: {}: {}", step.name, outcome.message());
    break;
  }
  end_machine(boot);
}

int print(int fd, const char* pattern, const char* a = nullptr, const char* b = nullptr,
          const char* c = nullptr) {
  static char line[1024];
  const char* const parts[] = {a, b, c};
  std::string_view text(line, pid1::fill(line, pattern, parts).value_or(0));
  while (!text.empty()) {
    const auto put = pid1::sys::uninterrupted([&] { return pid1::sys::write(fd, text); });
    if (!put.has_value()) return 1;
    text.remove_prefix(*put);
  }
  return 0;
}

int print_help() {
  int failed = print(1, "beam-init " BEAM_INIT_VERSION
                        ": /init of a machine whose PID 1 is the BEAM\n\n"
                        "It is started by the kernel, not by hand: as PID 1 it mounts the system's "
                        "file systems,\nbrings the network up, finds the Erlang or Elixir release "
                        "and executes beam.smp.\n\n"
                        "Settings, as beam.KEY=VALUE on the kernel command line or KEY=VALUE lines "
                        "in\n/etc/beam-init.conf (the command line wins):\n");
  for (const Setting& setting : setting_table()) {
    failed |= print(1, "  beam.{}{}\n      {}\n", setting.key, setting.argument, setting.meaning);
  }
  return failed | print(1,
                        "  ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:DEVICE:off[:DNS0[:DNS1]]\n"
                        "      static network address, in the kernel's own syntax\n"
                        "  -- ARGUMENTS\n"
                        "      appended to the arguments of erl\n");
}

}  // namespace
}  // namespace beam_init

int main(int argc, char** argv, char**) {
  using namespace beam_init;
  const pid1::Mark entered = pid1::mark_now("init");
  // What the kernel makes init's arguments is not looked at: see pid1/cmdline.h.
  if (pid1::sys::getpid() == 1) {
    Boot boot;
    boot.entered = entered;
    run_as_pid1(boot);
  }

  const char* const option = argc == 2 ? argv[1] : "";
  if (pid1::equals(option, "--help")) return print_help();
  if (pid1::equals(option, "--version")) return print(1, "beam-init " BEAM_INIT_VERSION "\n");
  (void)print(2, "beam-init: not PID 1; the kernel starts it as /init. Try beam-init --help\n");
  return 2;
}
