// SPDX-License-Identifier: Apache-2.0
#include "container.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace microbeam {
namespace {

void exec_init(Words arguments) {
  arguments.insert(arguments.begin(), "/init");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& word : arguments)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  execv("/init", argv.data());
}

void use_console() {
  const long console = check(open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC), "/dev/console");
  for (int fd = 0; fd <= 2; ++fd)
    check(dup2(static_cast<int>(console), fd), "dup2");
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

}  // namespace

pid_t start_init(const Words& arguments) {
  const long pid = check(fork(), "fork");
  if (pid == 0) {
    exec_init(arguments);
    _exit(127);
  }
  return static_cast<pid_t>(pid);
}

int exit_code_of(pid_t pid) {
  int status = 0;
  check(waitpid(pid, &status, 0), "waitpid");
  return code_of(status);
}

void wait_until(const std::function<bool()>& happened) {
  for (int i = 0; i < 20'000; ++i) {
    if (happened()) return;
    usleep(1'000);
  }
  throw std::runtime_error("waited in vain");
}

bool actor_is_ready() {
  return access("/ready", F_OK) == 0;
}

int zombies_of(pid_t parent) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    // Not an istreambuf_iterator, which throws when the process has ended meanwhile (ESRCH).
    std::ostringstream text;
    text << std::ifstream(entry.path() / "stat").rdbuf();
    const std::string stat = text.str();
    const size_t end = stat.rfind(") Z ");
    if (end != std::string::npos && std::stol(stat.substr(end + 4)) == parent) ++count;
  }
  return count;
}

void block_all_signals() {
  const uint64_t all = ~uint64_t{0};
  check(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof(all)), "rt_sigprocmask");
}

void ignore_signal(int signal) {
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    uint64_t mask;
  } action = {SIG_IGN, 0, nullptr, 0};
  check(syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof(action.mask)), "rt_sigaction");
}

ContainerTest::ContainerTest() {
  const char* const init = getenv("MICROBEAM_CONTAINER_INIT");
  if (init == nullptr) throw std::runtime_error("MICROBEAM_CONTAINER_INIT is not set");
  root.install(init, "/init");
  root.install(NAMESPACE_ACTOR, "/actor");
  root.install(NAMESPACE_PROBE, "/probe");
  root.console_is_pipe();
}

int ContainerTest::run(const Words& arguments, const std::function<void()>& prepare) {
  start.arguments = {"/init"};
  start.arguments.insert(start.arguments.end(), arguments.begin(), arguments.end());
  start.prepare = [prepare] {
    use_console();
    prepare();
  };
  ended = boot(root, start);
  return code_of(ended.status);
}

Report ContainerTest::run_probe(const Words& options, const std::function<void()>& prepare) {
  Words arguments = options;
  arguments.insert(arguments.end(), {"--", "/probe"});
  EXPECT_EQ(run(arguments, prepare), 0);
  if (!ended.report.has_value()) throw std::runtime_error("the program was not reached");
  return Report(*ended.report);
}

int ContainerTest::run_below(const std::function<int()>& parent) {
  return run({}, [parent] { _exit(parent()); });
}

size_t ContainerTest::times(const std::string& text) const {
  size_t count = 0;
  for (size_t at = console().find(text); at != std::string::npos; at = console().find(text, at + 1))
    ++count;
  return count;
}

}  // namespace microbeam
