// SPDX-License-Identifier: Apache-2.0
#include "sandbox.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "erlexec.h"

namespace beam_init {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void die(const std::string& text) {
  (void)fprintf(stderr, "%s\n", text.c_str());
  abort();
}

std::string from_environment(const char* name) {
  const char* const path = getenv(name);
  if (path == nullptr || access(path, X_OK) != 0) {
    die(std::string(name) +
        " must name a program that can be executed; `scripts/microbeam test` sets it");
  }
  return path;
}

std::vector<char*> pointers(const Strings& strings) {
  std::vector<char*> list;
  for (const std::string& text : strings)
    list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

std::string read_to_end(int fd) {
  std::string text;
  char buffer[16384];
  // A fuzzer's clock interrupts.
  for (ssize_t got = 0; (got = TEMP_FAILURE_RETRY(read(fd, buffer, sizeof(buffer)))) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  return text;
}

/// Takes NAME=VALUE apart. One that is none must not get lost.
void add_variable(Variables& variables, const std::string& entry) {
  const size_t equals = entry.find('=');
  const std::string name = entry.substr(0, equals);
  const std::string value = equals == std::string::npos ? "(no =)" : entry.substr(equals + 1);
  if (!variables.emplace(name, value).second) variables[name + " twice"] = value;
}

/// The records of stand_in.cc.
std::vector<Execution> parse(const std::string& report) {
  std::vector<Execution> executed;
  for (size_t at = 0; at < report.size();) {
    const size_t line = report.find('\n', at);
    const size_t end = line + 1 + std::stoul(report.substr(at, line - at));
    Strings strings;
    for (at = line + 1; at < end; at += strings.back().size() + 1)
      strings.emplace_back(report.c_str() + at);
    Execution one;
    one.program = strings[0];
    const size_t words = std::stoul(strings[1]);
    for (size_t i = 2; i < strings.size(); ++i) {
      if (i < 2 + words) {
        one.argv.push_back(strings[i]);
      } else {
        add_variable(one.environment, strings[i]);
      }
    }
    executed.push_back(one);
  }
  return executed;
}

std::string progname_of(const Input& input) {
  const auto given = input.variables.find("PROGNAME");
  return given == input.variables.end() ? "erl" : given->second;
}

/// As much room as a boot has. Not cleared each time.
struct Room {
  char text[size_t{512} * 1024];
  char* variables[512];
  char* words[2048];
  char* argv[2048];
};

}  // namespace

Sandbox::Sandbox() : errors_(memfd_create("errors", MFD_CLOEXEC)), owner_(getpid()) {
  const std::string loader = from_environment("MICROBEAM_LOADER");
  const std::string erlexec = from_environment("MICROBEAM_ERLEXEC");
  std::string pattern = fs::temp_directory_path() / "erlexec-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr || errors_ < 0) die("no room in " + pattern);
  root_ = pattern;
  for (const std::string& directory :
       {std::string("/bin"), std::string("/lib"), std::string("/files"), std::string(kBindir)})
    fs::create_directories(root_ + directory);
  const std::string bin = root_ + kBindir + "/";
  fs::copy_file(loader, root_ + "/lib/ld-musl-x86_64.so.1");
  fs::copy_file(erlexec, bin + "erlexec");
  fs::copy_file(ERLEXEC_STAND_IN, bin + "beam.smp");
  for (const std::string& name :
       {bin + "beam.emu", bin + "beam.jit", bin + "man", root_ + "/bin/sh"})
    fs::create_hard_link(bin + "beam.smp", name);
}

Sandbox::~Sandbox() {
  if (getpid() == owner_) fs::remove_all(root_);
}

bool Sandbox::has(const std::string& program) const {
  return access((root_ + program).c_str(), X_OK) == 0;
}

void Sandbox::write_files(const Input& input) {
  fs::remove_all(root_ + "/files");
  fs::create_directory(root_ + "/files");
  for (const auto& [name, text] : input.files)
    std::ofstream(root_ + "/files/" + name) << text;
}

Real Sandbox::real(const Input& input) {
  write_files(input);
  Variables variables = input.variables;
  variables["ROOTDIR"] = kRootdir;
  variables["BINDIR"] = kBindir;
  variables["EMU"] = "beam";
  variables["PROGNAME"] = progname_of(input);
  Strings environment;
  for (const auto& [name, value] : variables)
    environment.push_back(name + "=" + value);
  Strings words = {"enter", root_, std::string(kBindir) + "/erlexec"};
  words.insert(words.end(), input.words.begin(), input.words.end());

  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0 || ftruncate(errors_, 0) != 0) die("no pipe");
  (void)lseek(errors_, 0, SEEK_SET);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, errors_, 2);
  posix_spawn_file_actions_adddup2(&actions, report[1], 3);
  pid_t pid = 0;
  const std::string stand_in = root_ + kBindir + "/beam.smp";
  const int error = posix_spawn(&pid, stand_in.c_str(), &actions, nullptr, pointers(words).data(),
                                pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) die("cannot start " + stand_in);
  close(report[1]);
  Real real;
  // Its end comes when the last process has ended, the detached ones too.
  real.executed = parse(read_to_end(report[0]));
  close(report[0]);
  if (TEMP_FAILURE_RETRY(waitpid(pid, &real.status, 0)) != pid) die("waitpid");
  (void)lseek(errors_, 0, SEEK_SET);
  real.errors = read_to_end(errors_);
  if (WIFEXITED(real.status) && WEXITSTATUS(real.status) >= 126) {
    die("cannot enter " + root_ +
        ": it needs root, or user namespaces (sysctl kernel.unprivileged_userns_clone=1)");
  }
  return real;
}

Ours Sandbox::ours(const Input& input) {
  static Room room;
  write_files(input);
  const int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (chdir((root_ + "/files").c_str()) != 0) die("chdir");

  pid1::Arena arena(room.text);
  pid1::Environment environment(arena, room.variables);
  pid1::StringVector words(room.words);
  pid1::StringVector argv(room.argv);
  Draft draft(arena, environment);
  for (const auto& [name, value] : input.variables)
    draft.set(name.c_str(), value.c_str());
  // Copies: +X becomes -X in place.
  for (const std::string& word : input.words)
    draft.add(words, draft.text("{}", word.c_str()));
  const std::string progname = progname_of(input);
  const auto outcome = build_beam_argv({kRootdir, kBindir, progname.c_str()}, words, draft, argv);

  if (fchdir(here) != 0) die("fchdir");
  close(here);
  Ours ours;
  if (outcome.is_failure()) {
    ours.refused = outcome.message();
    return ours;
  }
  ours.execution.program = argv[0];
  for (size_t i = 0; i < argv.size(); ++i)
    ours.execution.argv.emplace_back(argv[i]);
  for (size_t i = 0; i < environment.size(); ++i)
    add_variable(ours.execution.environment, environment[i]);
  return ours;
}

}  // namespace beam_init
