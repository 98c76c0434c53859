// SPDX-License-Identifier: Apache-2.0
// /init: from the kernel's first process to the BEAM, in the same process or in a child; and back
// to the end of the machine.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cerrno>
#include <string_view>

#include "build.h"
#include "end.h"
#include "erlexec.h"
#include "failure.h"
#include "network.h"
#include "pid1/console.h"
#include "pid1/environment.h"
#include "pid1/file.h"
#include "pid1/limits.h"
#include "pid1/mount.h"
#include "pid1/power.h"
#include "pid1/signals.h"
#include "pid1/sys.h"
#include "pid1/text.h"
#include "pid1/timeline.h"
#include "release.h"
#include "settings.h"
#include "start.h"
#include "supervise.h"
#include "user.h"
#include "volumes.h"

namespace beam_init {
namespace {

constexpr const char* kConfigPath = "/etc/beam-init.conf";
constexpr const char* kEnvPath = "/etc/beam-init.env";
constexpr const char* kConsole = "/dev/console";

/// The room that a boot may take. It lies in .bss: no byte of the file, and no page before its use.
struct Buffers {
  char text[1024 * 1024];
  char* environment[256];
  char* user_arguments[256];
  char* erl_arguments[512];
  char* beam_argv[4200];  // all that erlexec.cc takes from anywhere
};
constinit Buffers buffers = {};

/// Everything that one boot knows.
struct Boot {
  // First what is used most: what lies far behind is a longer instruction away.
  Release release;
  Draft draft{arena, environment};
  User user;
  Network network;
  Node node;
  const char* path = "/init";  // of this program, as the kernel was told
  const char* control = "";
  bool has_volumes = false;
  bool in_container = false;
  pid1::Arena arena{buffers.text};
  pid1::Environment environment{arena, buffers.environment};
  pid1::StringVector user_arguments{buffers.user_arguments};
  pid1::StringVector erl_arguments{buffers.erl_arguments};
  pid1::StringVector beam_argv{buffers.beam_argv};
  pid1::Mark entered;
  Settings settings{environment};
  pid1::Console console{"beam-init"};

  [[nodiscard]] auto warn() {
    return [this](const char* message) { console.say(pid1::Level::kWarning, "{}", message); };
  }
};

void say_mark(Boot& boot, const pid1::Mark& mark) {
  char text[160];
  const uint64_t now = pid1::mark_now("now").boottime_ns;
  (void)pid1::format_mark(mark, now, text);  // it fits
  boot.console.say(pid1::Level::kInfo, "{}", text);
}

unsigned number(const char* text) {
  constexpr int kMost = 0x7fffffe;
  return static_cast<unsigned>(pid1::parse_number(text, kMost).value_or(0));
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

/// A machine without a console (console=null) is no reason not to serve.
Outcome adopt(Boot& boot, const char* path) {
  if (const auto adopted = boot.console.adopt(path); !adopted.has_value()) {
    boot.console.say(pid1::Level::kWarning, "{}: {}; standard input and output are /dev/null", path,
                     pid1::errno_words(adopted.error().code));
    // With one of them closed the BEAM spins for ever at its start.
    BEAM_INIT_TRY(pid1::sys::dup2(2, 2), "of standard output",
                  "neither the console nor /dev/null can be opened");
  }
  return {};
}

Outcome adopt_console(Boot& boot) {
  boot.console.use_kernel_log();
  BEAM_INIT_PASS(adopt(boot, kConsole));
  say_mark(boot, boot.entered);
  return {};
}

/// What the host has put there: a file, of which nothing is to be found any more once it is read,
/// or a disk.
Outcome read_env_file(Boot& boot) {
  const char* path = boot.settings.env_file;
  const bool is_default = *path == '\0';
  if (is_default) path = kEnvPath;
  if (is_default && !pid1::exists(path)) return {};
  if (!is_default && pid1::after(path, "/dev/") != nullptr) {
    (void)wait_for_device(boot.settings, path);
  }
  char* text = boot.arena.rest().data();
  const auto size = pid1::read_file(path, boot.arena.rest());
  BEAM_INIT_TRY(size, path, "it holds NAME=VALUE lines, at most half a megabyte");
  boot.arena.keep(*size + 1);
  if (is_default && pid1::sys::getpid() == 1) (void)pid1::sys::unlink_at(AT_FDCWD, path, 0);
  return apply_env_file(boot.settings, text, path);
}

/// `cmdline`, and what the files say.
Outcome apply_settings(Boot& boot, char* cmdline) {
  set_default_environment(boot.draft);
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
  if (!outcome.is_failure()) outcome = read_env_file(boot);
  const Settings& settings = boot.settings;
  if (!outcome.is_failure() && settings.mode == Mode::kExec &&
      (settings.on_exit == End::kRestart || settings.on_crash == End::kRestart)) {
    outcome = fail(
        "on_exit=restart and on_crash=restart need a parent that restarts; give "
        "beam.mode=supervise");
  }
  // How the machine is to end holds wherever it stands, and for an error in the file too.
  if (outcome.is_failure()) apply_policy(boot.settings, again);
  return outcome;
}

Outcome read_settings(Boot& boot) {
  char* cmdline = nullptr;
  BEAM_INIT_PASS(boot.draft.read("/proc/cmdline", "is /proc mounted?", cmdline));
  boot.control = find_control_port(boot.draft);
  // The kernel's newline is no part of a value whose quote the end of the line has cut off.
  cmdline = pid1::trim(cmdline);
  BEAM_INIT_PASS(apply_settings(boot, cmdline));
  return *boot.settings.console == '\0' ? Outcome() : adopt(boot, boot.settings.console);
}

Outcome set_signals(Boot& boot) {
  BEAM_INIT_TRY(pid1::reset_signals(), "", "this is a defect of beam-init");
  // The BEAM ignores SIGCHLD itself, but only once it runs (erts/emulator/sys/unix/sys.c); what
  // dies before would stay a zombie for ever. The disposition is inherited through exec.
  BEAM_INIT_TRY(pid1::ignore_child_exits(), "", "this is a defect of beam-init");
  boot.in_container = is_in_container();
  return {};
}

/// Makes `directory`, which only the user enters.
Outcome make_home(Boot& boot, const char* directory) {
  const auto made = pid1::sys::mkdir(directory, 0700);
  if (!made.has_value() && made.error().code != EEXIST) {
    return fail(made.error(), directory, "/run must be writable");
  }
  give_to_user(boot.user, directory);
  return {};
}

Outcome choose_user(Boot& boot) {
  BEAM_INIT_PASS(find_user(boot.settings, boot.draft, boot.user));
  if (pid1::after(boot.user.home, "/run/") != nullptr) {
    BEAM_INIT_PASS(make_home(boot, boot.user.home));
  }
  boot.draft.set_defaults("HOME={}", boot.user.home);
  return {};
}

Outcome set_limits(Boot& boot) {
  if (!boot.user.is_root()) hide_system(boot.in_container);
  // A core of the BEAM would hold all its secrets, and fill the memory that the root is made of.
  constexpr pid1::Limit kNoCore[] = {{.resource = RLIMIT_CORE, .soft = 0, .hard = 0}};
  BEAM_INIT_TRY(pid1::apply(kNoCore), "", "this is a defect of beam-init");
  BEAM_INIT_PASS(boot.settings.for_each("limit.", [&](const Given& given) {
    constexpr const char* kAdvice = "it takes a limit of setrlimit(2) as NAME=SOFT:HARD";
    const auto limit = pid1::parse_limit(boot.draft.text("{}={}", given.name, given.value));
    BEAM_INIT_TRY(limit, given.name, kAdvice);
    BEAM_INIT_TRY(pid1::apply({&*limit, 1}), given.value, kAdvice);
    return Outcome();
  }));
  return boot.settings.for_each("sysctl.", [](const Given& given) {
    BEAM_INIT_TRY(pid1::set_sysctl(given.name, given.value), given.name,
                  "it takes a setting of the running kernel, below /proc/sys");
    return Outcome();
  });
}

Outcome set_network(Boot& boot) {
  return bring_network_up(boot.settings, boot.draft, boot.warn(), boot.network);
}

Outcome set_name(Boot& boot) {
  return name_host(boot.settings, boot.draft, boot.network);
}

Outcome add_volumes(Boot& boot) {
  return mount_volumes(boot.settings, boot.user, boot.draft, boot.warn(), boot.has_volumes);
}

Outcome prepare_release(Boot& boot) {
  Release& release = boot.release;
  Draft& draft = boot.draft;
  release.root = boot.settings.release;
  BEAM_INIT_PASS(find_release(release, draft, boot.user_arguments.size() > 0));
  BEAM_INIT_PASS(name_node(boot.settings, boot.network, release, draft, boot.node));
  BEAM_INIT_PASS(build_erl_arguments(release, boot.user, boot.user_arguments,
                                     pid1::sys::is_terminal(1), boot.node, draft,
                                     boot.erl_arguments));
  BEAM_INIT_PASS(build_beam_argv(emulator_of(release, draft), boot.erl_arguments, draft,
                                 boot.beam_argv, &boot.node));
  if (boot.node.name_dropped) {
    boot.console.say(pid1::Level::kNotice,
                     "-name and -sname of the release are left out: distribution is off; "
                     "beam.dist=short or long turns it on");
  }
  return write_cookie(boot.settings, boot.user, release, boot.node, draft);
}

Outcome lock_root(Boot& boot) {
  if (boot.settings.root_writable) return {};
  BEAM_INIT_TRY(pid1::remount_read_only("/"), "/ read-only",
                "give beam.root=rw to leave the root writable");
  return {};
}

/// What the BEAM is told of this boot, and of how to end: pid1, the OTP application, reads it.
void add_own_variables(Boot& boot, const pid1::Mark& now) {
  Draft& draft = boot.draft;
  const Settings& settings = boot.settings;
  const pid1::Decimal marks[] = {pid1::Decimal(boot.entered.boottime_ns),
                                 pid1::Decimal(boot.entered.cycles), pid1::Decimal(now.boottime_ns),
                                 pid1::Decimal(now.cycles)};
  const bool execs = settings.mode == Mode::kExec;
  draft.set("BEAM_INIT_MODE", execs ? "exec" : "supervise");
  draft.set("BEAM_INIT_MARKS", draft.text("init:{}:{},exec:{}:{}", marks[0].text(), marks[1].text(),
                                          marks[2].text(), marks[3].text()));
  if (!execs) return;
  char on_exit[16];
  char on_crash[16];
  draft.set_defaults("BEAM_INIT={} BEAM_INIT_GRACE_MS={}", boot.path, settings.stop_grace);
  draft.set_defaults("BEAM_INIT_ON_EXIT={} BEAM_INIT_ON_CRASH={}",
                     word_at(kEnds, static_cast<unsigned>(settings.on_exit), on_exit),
                     word_at(kEnds, static_cast<unsigned>(settings.on_crash), on_crash));
  if (*boot.control != '\0') draft.set("BEAM_INIT_CONTROL", boot.control);
}

const char* working_directory(const Boot& boot) {
  if (*boot.settings.directory != '\0') return boot.settings.directory;
  return boot.release.kind == Release::Kind::kRelx ? boot.release.root : "/";
}

Outcome exec_beam(Boot& boot) {
  const User& user = boot.user;
  // How the host restarts is not for a container to give away.
  const char* const type = boot.in_container ? "" : pid1::kRestartType;
  for (const char* path : {kConsole, boot.settings.console, boot.control, type}) {
    if (*path != '\0') give_to_user(user, path);
  }
  if (!user.is_root() && boot.has_volumes) {
    const auto ender = start_ender(boot.console, number(boot.settings.stop_grace), boot.control);
    BEAM_INIT_TRY(ender, "", "for the process that unmounts volumes at the end");
    boot.draft.set("BEAM_INIT_ENDER", pid1::Decimal(static_cast<unsigned>(*ender)).text());
  }
  BEAM_INIT_PASS(boot.draft.outcome());
  BEAM_INIT_TRY(become_user(user), boot.settings.user, "check beam.user= and beam.caps=");
  const pid1::Error error =
      pid1::sys::execve(boot.beam_argv.data()[0], boot.beam_argv.data(), boot.environment.data());
  return fail(error, boot.beam_argv.data()[0], advice_on_exec(error));
}

Outcome supervise_beam(Boot& boot) {
  Draft& draft = boot.draft;
  // A dump in memory, and not much of it: the slogan is at its beginning.
  const char* crash_dump = "";
  if (*draft.get("ERL_CRASH_DUMP") == '\0') {
    crash_dump = draft.text("{}/erl_crash.dump", boot.user.is_root() ? "/run" : boot.user.home);
    draft.set("ERL_CRASH_DUMP", crash_dump);
    draft.set("ERL_CRASH_DUMP_BYTES", "65536");
    draft.set("ERL_CRASH_DUMP_SECONDS", "10");
  }
  BEAM_INIT_PASS(draft.outcome());
  return supervise({.argv = boot.beam_argv.data(),
                    .envp = boot.environment.data(),
                    .user = &boot.user,
                    .settings = &boot.settings,
                    .control = boot.control,
                    .crash_dump = crash_dump},
                   boot.console);
}

Outcome start_beam(Boot& boot) {
  const pid1::Mark now = pid1::mark_now("exec");
  say_mark(boot, now);
  add_own_variables(boot, now);
  const char* const directory = working_directory(boot);
  BEAM_INIT_TRY(pid1::sys::chdir(directory), directory, "beam.directory= must be one");
  return boot.settings.mode == Mode::kExec ? exec_beam(boot) : supervise_beam(boot);
}

struct Step {
  const char* name;
  Outcome (*run)(Boot&);
};

constexpr Step kSteps[] = {
    {"mounts", mount_file_systems}, {"console", adopt_console}, {"settings", read_settings},
    {"signals", set_signals},       {"user", choose_user},      {"limits", set_limits},
    {"network", set_network},       {"host name", set_name},    {"volumes", add_volumes},
    {"release", prepare_release},   {"root", lock_root},        {"exec", start_beam},
};

// ---- the ways out -----------------------------------------------------------------------------

[[noreturn]] void run_as_pid1(Boot& boot) {
  for (const Step& step : kSteps) {
    const Outcome outcome = step.run(boot);
    if (!outcome.is_failure()) continue;
    if (!boot.console.adopted()) (void)adopt_console(boot);
    boot.console.say(pid1::Level::kError, "error: {}: {}", step.name, outcome.message());
    break;
  }
  const End end = boot.settings.on_crash;
  end_machine(boot.console, {.end = end == End::kRestart ? End::kReboot : end,
                             .status = 1,
                             .grace_ms = 0,
                             .control = boot.control});
}

/// `--end VERB STATUS`: the BEAM, as PID 1, has become this program again (pid1, the OTP
/// application). Nothing that it had open is open any more. VERB "exit": by policy.
[[noreturn]] void end_after_beam(Boot& boot, char** argv, char** envp) {
  for (; *envp != nullptr; ++envp)
    (void)boot.environment.put(*envp);
  // The BEAM may have put anything there: 0 to 2 are no pipe.
  unsigned pipe = number(boot.draft.get("BEAM_INIT_ENDER"));
  if (pipe < 3) pipe = ~0U;
  if (pipe > 3) (void)pid1::sys::close_from(3, pipe - 1);
  if (pipe != ~0U) (void)pid1::sys::close_from(pipe + 1);
  // 0 to 2 are what they were; a file of its own for messages.
  (void)boot.console.adopt("/proc/self/fd/2");
  const char* word = argv[2] != nullptr ? argv[2] : "";
  const char* const given = *word != '\0' && argv[3] != nullptr ? argv[3] : "1";
  const int status = pid1::parse_number(given, 255).value_or(1);
  if (pid1::equals(word, "exit")) {
    word = boot.draft.get(status == 0 ? "BEAM_INIT_ON_EXIT" : "BEAM_INIT_ON_CRASH");
  }
  int end = pid1::index_of(kEnds, word, '|');
  // There is no parent that could restart anything.
  if (end < 0 || end == static_cast<int>(End::kRestart)) end = static_cast<int>(End::kReboot);
  end_machine(boot.console, {.end = static_cast<End>(end),
                             .status = status,
                             .grace_ms = number(boot.draft.get("BEAM_INIT_GRACE_MS")),
                             .control = boot.draft.get("BEAM_INIT_CONTROL"),
                             .ender = static_cast<int>(pipe)});
}

int print_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto put = pid1::sys::uninterrupted([&] { return pid1::sys::write(fd, text); });
    if (!put.has_value()) return 1;
    text.remove_prefix(*put);
  }
  return 0;
}

int print(int fd, const char* pattern, const char* a = nullptr, const char* b = nullptr,
          const char* c = nullptr) {
  static char line[1024];
  const char* const parts[] = {a, b, c};
  return print_whole(fd, {line, pid1::fill(line, pattern, parts).value_or(0)});
}

/// The words, each on a line of its own. They are of any length.
int print_words(char* const* words) {
  int failed = 0;
  for (; *words != nullptr; ++words) {
    failed |= print_whole(1, "  ");
    failed |= print_whole(1, *words);
    failed |= print_whole(1, "\n");
  }
  return failed;
}

int print_help() {
  int failed =
      print(1, "beam-init " BEAM_INIT_VERSION
               ": /init of a machine whose PID 1 is the BEAM\n\n"
               "The kernel starts it: as PID 1 it mounts the system's file systems, brings "
               "the network up,\nfinds the Erlang or Elixir release and executes "
               "beam.smp. By hand:\n\n"
               "  beam-init --check ROOT [CMDLINE]\n"
               "      looks at the root file system ROOT and prints what would be "
               "executed\n\n"
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

/// Into `root`, where /run and /tmp are in memory, for this process alone.
Outcome enter_root(const char* root) {
  constexpr const char* kAdvice = "it takes root, or a kernel that lets users make namespaces";
  const bool is_root = (*pid1::sys::user_ids()).effective == 0;
  BEAM_INIT_TRY(pid1::sys::unshare(is_root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER), root,
                kAdvice);
  BEAM_INIT_TRY(pid1::sys::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), root,
                kAdvice);
  BEAM_INIT_TRY(pid1::sys::chroot(root), root, "it must be a directory");
  BEAM_INIT_TRY(pid1::sys::chdir("/"), root, "it must be a directory");
  for (const char* directory : {"/run", "/tmp"}) {
    if (!pid1::exists(directory)) continue;
    BEAM_INIT_TRY(pid1::sys::mount("tmpfs", directory, "tmpfs", 0, nullptr), directory, kAdvice);
  }
  return {};
}

/// All that can be told without a machine.
Outcome check(Boot& boot, const char* root, const char* cmdline) {
  BEAM_INIT_PASS(enter_root(root));
  BEAM_INIT_PASS(apply_settings(boot, boot.draft.text("{}", cmdline)));
  BEAM_INIT_PASS(choose_user(boot));
  boot.network.address = own_address(boot.settings, boot.draft);
  BEAM_INIT_PASS(prepare_release(boot));
  const char* const program = boot.beam_argv.data()[0];
  BEAM_INIT_TRY(pid1::sys::access(program, X_OK), program, "the ERTS is not whole");
  return {};
}

int print_check(Boot& boot, const char* root, const char* cmdline) {
  const Outcome outcome = check(boot, root, cmdline);
  if (outcome.is_failure()) {
    (void)print(2, "beam-init: {}\n", outcome.message());
    return 1;
  }
  int failed =
      print(1, "as {}, in {}:\n", *boot.settings.user == '\0' ? "root" : boot.settings.user,
            working_directory(boot));
  failed |= print_words(boot.beam_argv.data());
  failed |= print(1, "with the environment:\n");
  return failed | print_words(boot.environment.data());
}

}  // namespace
}  // namespace beam_init

int main(int argc, char** argv, char** envp) {
  using namespace beam_init;
  const pid1::Mark entered = pid1::mark_now("init");
  const char* const option = argc >= 2 ? argv[1] : "";
  Boot boot;
  boot.entered = entered;
  // Otherwise what the kernel makes init's arguments is not looked at: see pid1/cmdline.h.
  if (pid1::sys::getpid() == 1) {
    if (pid1::equals(option, "--end")) end_after_beam(boot, argv, envp);
    if (argc > 0) boot.path = argv[0];
    run_as_pid1(boot);
  }

  if (pid1::equals(option, "--check") && (argc == 3 || argc == 4)) {
    return print_check(boot, argv[2], argc == 4 ? argv[3] : "");
  }
  if (argc == 2 && pid1::equals(option, "--help")) return print_help();
  if (argc == 2 && pid1::equals(option, "--version"))
    return print(1, "beam-init " BEAM_INIT_VERSION "\n");
  (void)print(2, "beam-init: not PID 1; the kernel starts it as /init. Try beam-init --help\n");
  return 2;
}
