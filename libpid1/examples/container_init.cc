// SPDX-License-Identifier: Apache-2.0
// PID 1 of a container, in the manner of tini: runs a program, hands the signals that it gets on to
// it, reaps orphans, and ends with the program's exit code.
#include <fcntl.h>

#include <csignal>

#include "pid1/console.h"
#include "pid1/reap.h"
#include "pid1/spawn.h"
#include "pid1/sys.h"
#include "pid1/text.h"

using namespace pid1;

static constexpr const char* kHelp =
    "container-init 0.1.0\nusage: container-init [OPTION]... [--] PROGRAM [ARGUMENT]...\n"
    "  -s  adopt orphans even when not PID 1   -p SIGNAL  get SIGNAL when the parent dies\n"
    "  -g  signals go to the program's group   -e CODE    an exit code that counts as 0\n"
    "  -v  say what happens                    -w         say when orphans were reaped\n";

static bool given[128], expected[256];  // options by letter, exit codes that count as 0
static int parent_death_signal;

/// Where the program stands among the words; nullptr, and a message, for what makes no sense.
static char** parse(char** word) {
  for (; *word != nullptr && **word == '-' && !equals(*word, "--"); ++word) {
    const char* const option = *word;
    for (const char* flag = option + 1; *flag != '\0'; ++flag) {
      const bool takes_value = *flag == 'p' || *flag == 'e';  // -e3 or -e 3
      const char* const value = takes_value && flag[1] == '\0' && word[1] ? *++word : flag + 1;
      const auto number = *flag == 'p' ? parse_signal(value) : parse_number(value, 255);
      if (*find("egpsvw", *flag) == '\0' || (takes_value && !number.has_value()))
        return print(2, "container-init: makes no sense: {} {}\n", option, value), nullptr;
      given[static_cast<unsigned char>(*flag)] = true;
      if (*flag == 'p') parent_death_signal = *number;
      if (*flag == 'e') expected[*number] = true;
      if (takes_value) break;
    }
  }
  return *word != nullptr && equals(*word, "--") ? word + 1 : word;
}

static void report(const char* what, int number) {
  print(2, "container-init: {} {}\n", what, Decimal(static_cast<unsigned>(number)).text());
}

int main(int, char** argv, char** envp) {
  const bool help = argv[1] != nullptr && is_listed("-h,--help,--version", argv[1]);
  char** const program = help ? nullptr : parse(argv + 1);
  if (program == nullptr || *program == nullptr) return print(help ? 1 : 2, kHelp), help ? 0 : 2;

  // From here on signals wait to be read: none is lost between two lines. And SIGCHLD must not be
  // ignored, as a starter may have left it, or the kernel throws exit codes away (wait(2), NOTES).
  (void)block_signals(kAllSignals);
  (void)reset_dispositions();
  // 0, 1 and 2 open, or the next file opened would take their number; and nothing else.
  for (int fd = 0; fd < 3;)
    fd = sys::open("/dev/null", O_RDWR).value_or(3);
  (void)sys::close_from(3);
  if (!given['s'] && sys::getpid() != 1)
    print(2, "container-init: neither PID 1 nor -s: orphans go elsewhere\n");
  if (given['s']) (void)become_subreaper();
  if (given['p']) (void)die_with_parent(parent_death_signal);

  const char* path = "/usr/local/bin:/usr/bin:/bin";
  for (char** entry = envp; *entry != nullptr; ++entry)
    if (const char* const value = after(*entry, "PATH="); value != nullptr) path = value;
  const auto child = spawn(
      {.program = *program, .argv = program, .envp = envp, .search_path = path, .terminal = 0});
  if (!child.has_value()) {
    print(2, "container-init: {}: {}\n", *program, errno_words(child.error().code));
    return exec_exit_code(child.error());
  }
  (void)sys::chdir("/");  // or the file system of this directory could not be unmounted
  for (;;) {
    const Reaped reaped = reap_all(*child).value_or({true, 1 << 8, 0, true});
    if (given['w'] && reaped.others > 0) report("reaped", static_cast<int>(reaped.others));
    const int code = exit_code(reaped.main_status);
    if (given['v'] && reaped.main_ended) report("exit code", code);
    if (reaped.main_ended) return expected[code] ? 0 : code;
    const int signal = wait_signal(kAllSignals).value_or(SIGKILL);
    if (signal == SIGCHLD) continue;
    if (given['v']) report("handing on signal", signal);
    (void)forward_signal(given['g'] ? -*child : *child, signal);
  }
}
