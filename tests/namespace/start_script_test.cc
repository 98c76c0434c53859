// SPDX-License-Identifier: Apache-2.0
// What /init executes is what the release's own script would have: `bin/hello start` of the release
// that Mix made, and `bin/sample foreground` of the one that relx made, are run by a real shell,
// with OTP's own erl and erlexec, in the same root.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <stdexcept>

#include "boot.h"

namespace microbeam {
namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

struct Command {
  Strings argv;
  Variables environment;
};

struct Row {
  const char* name;
  Variables variables;
  bool terminal = false;
  std::map<std::string, std::string> files = {};  // of the release, others than Mix made
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::string setting(const char* variable) {
  const char* const value = getenv(variable);
  if (value == nullptr || !fs::exists(value)) {
    throw std::runtime_error(
        absl::StrCat(variable, " names nothing; `scripts/microbeam test` sets it"));
  }
  return value;
}

constexpr const char* kRuntimeConfig = "%% RUNTIME_CONFIG=true\n[{kernel,[]}].\n";

/// What /init gives every release: the script runs with it too.
Variables usual_environment() {
  return {{"HOME", "/root"},
          {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
          {"TERM", "linux"},
          {"LANG", "C.UTF-8"},
          {"ERL_CRASH_DUMP_SECONDS", "0"}};
}

void erase_flag(Strings& argv, const std::string& flag) {
  const auto at = std::ranges::find(argv, flag);
  if (at != argv.end()) argv.erase(at, at + 2);
}

// ---- the differences that beam-init's README lists; there are no others -------------------------

/// What the script is asked besides.
using Asked = Variables (*)(const Row& row);
/// Takes out of both what is meant to differ.
using Normalize = void (*)(Command& command, const Row& row);

Variables asked_of_mix(const Row& row) {
  Variables variables = usual_environment();
  // Distribution, when nobody asks for it, is none: the script's sname would start epmd.
  variables["RELEASE_DISTRIBUTION"] = "none";
  // The root is read-only, /tmp is not.
  variables["RELEASE_TMP"] = "/tmp";
  for (const auto& [name, value] : row.variables)
    variables[name] = value;
  return variables;
}

void normalize(Command& command, const Row& row) {
  // No cookie in argv, nor one in the environment that was not given.
  erase_flag(command.argv, "-setcookie");
  // No epmd: a fixed port instead.
  for (const char* flag : {"-start_epmd", "-erl_epmd_port"})
    erase_flag(command.argv, flag);
  if (!row.variables.contains("RELEASE_COOKIE")) command.environment.erase("RELEASE_COOKIE");
  // What /init tells its own part inside the BEAM.
  std::erase_if(command.environment,
                [](const auto& variable) { return variable.first.starts_with("BEAM_INIT"); });
  // The shell's own.
  for (const char* name : {"PWD", "OLDPWD"})
    command.environment.erase(name);
}

void normalize_mix(Command& command, const Row& row) {
  normalize(command, row);
  // The copy of sys.config has the time and a random number in its name.
  const std::regex copy("-[0-9]{14}-[0-9a-f]{4}\\.runtime$");
  for (std::string& word : command.argv)
    word = std::regex_replace(word, copy, ".runtime");
  std::string& config = command.environment["RELEASE_SYS_CONFIG"];
  config = std::regex_replace(config, copy, ".runtime");
}

Variables asked_of_relx(const Row& row) {
  Variables variables = usual_environment();
  // The root is read-only, /tmp is not.
  variables["RELX_OUT_FILE_PATH"] = "/tmp";
  for (const auto& [name, value] : row.variables)
    variables[name] = value;
  return variables;
}

void normalize_relx(Command& command, const Row& row) {
  normalize(command, row);
  // The script insists on a name in vm.args; whether there is distribution is beam.dist's to say.
  for (const char* flag : {"-sname", "-name"})
    erase_flag(command.argv, flag);
  // The script's own: for its other commands, and for a libc that looks for libraries in the ERTS.
  // The paths are those of the files that were made of what these named.
  for (const char* name :
       {"NAME", "ESCRIPT_NAME", "LD_LIBRARY_PATH", "VMARGS_PATH", "RELX_CONFIG_PATH"})
    command.environment.erase(name);
  if (!row.variables.contains("RELX_OUT_FILE_PATH"))
    command.environment.erase("RELX_OUT_FILE_PATH");
  // erlexec makes ESCRIPT_NAME argv[0].
  command.argv.at(0) = "beam.smp";
}

// -------------------------------------------------------------------------------------------------

void bind_mount(const std::string& source, const std::string& target) {
  if (fs::is_directory(source)) {
    fs::create_directories(target);
  } else {
    fs::create_directories(fs::path(target).parent_path());
    std::ofstream(target, std::ios::app).flush();
  }
  check(mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr),
        "bind " + source);
}

/// The last of the records of tests/erlexec/stand_in.cc: relx's script asks the BEAM for its name.
Command parse(std::string report) {
  size_t line = report.find('\n');
  if (line == std::string::npos) throw std::runtime_error("the script executed no beam.smp");
  for (size_t end = 0; (end = line + 1 + std::stoul(report)) < report.size();) {
    report.erase(0, end);
    line = report.find('\n');
  }
  Strings strings;
  for (size_t at = line + 1; at < report.size(); at += strings.back().size() + 1)
    strings.emplace_back(report.c_str() + at);
  Command command;
  const size_t words = std::stoul(strings.at(1));
  for (size_t i = 2; i < strings.size(); ++i) {
    if (i < 2 + words) {
      command.argv.push_back(strings[i]);
    } else {
      const size_t equals = strings[i].find('=');
      command.environment[strings[i].substr(0, equals)] = strings[i].substr(equals + 1);
    }
  }
  return command;
}

class StartScriptTest : public NamespaceTest {
 protected:
  StartScriptTest() : StartScriptTest("MICROBEAM_RELEASE", {"/app/bin/hello", "start"}) {}

  /// A component, and what a person would type.
  StartScriptTest(const char* component, Strings script)
      : release_(setting(component)), script_(std::move(script)), otp_(setting("MICROBEAM_OTP")) {
    root.remove("/app");
    root.directory("/app");
    for (const char* part : {"bin", "releases"})
      fs::copy(release_ + "/" + part, root.path(absl::StrCat("/app/", part)),
               fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    for (const auto& entry : fs::directory_iterator(release_ + "/lib"))
      root.directory("/app/lib/" + entry.path().filename().string() + "/ebin");
    std::ifstream(root.path("/app/releases/start_erl.data")) >> erts_ >> version_;
    // The component has none: it would be the same in every image.
    root.write("/app/releases/COOKIE", "component");
    root.remove("/usr/lib/erlang");
    root.install(NAMESPACE_PROBE, bindir() + "/beam.smp");
  }

  [[nodiscard]] std::string bindir() const { return "/usr/lib/erlang/erts-" + erts_ + "/bin"; }

  void check_row(const Row& row, Asked asked = asked_of_mix, Normalize same = normalize_mix) {
    SCOPED_TRACE(row.name);
    for (const auto& [name, text] : row.files) {
      if (text == kRuntimeConfig) reboots_after_configuration();
      root.write("/app/releases/" + version_ + "/" + name, text);
    }
    Command real = run_script(row, asked(row));
    Command ours = boot_init(row);
    same(real, row);
    same(ours, row);
    EXPECT_EQ(absl::StrJoin(ours.argv, "\n"), absl::StrJoin(real.argv, "\n"));
    EXPECT_EQ(ours.environment, real.environment);
  }

 private:
  /// What Mix makes of `reboot_system_after_config: true`: such a sys.config, and in the script:
  void reboots_after_configuration() {
    std::ifstream in(root.path("/app/bin/hello"));
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const std::string changed = absl::StrReplaceAll(
        text,
        {{"\"-mode $RELEASE_MODE\"", "\"-elixir config_provider_reboot_mode $RELEASE_MODE\""}});
    ASSERT_NE(changed, text);
    root.write("/app/bin/hello", changed, 0755);
  }

  Command boot_init(const Row& row) {
    std::string config;
    for (const auto& [name, value] : row.variables)
      config += "env." + name + "=\"" + value + "\"\n";
    root.write("/etc/beam-init.conf", config);
    if (row.terminal) {
      root.console_is_terminal();
    } else {
      root.console_is_pipe();
    }
    const Report report = boot_program();
    return {report.all("argv"), report.environment()};
  }

  Command run_script(const Row& row, const Variables& asked) {
    int report[2];
    int ends[2];
    check(pipe(report), "pipe");
    check(pipe(ends), "pipe");
    if (row.terminal) root.console_is_terminal();
    const pid_t pid = fork();
    if (pid == 0) {
      close(report[0]);
      const int output = row.terminal ? root.terminal_slave() : ends[1];
      for (int fd = 0; fd <= 2; ++fd)
        dup2(output, fd);
      dup2(report[1], 3);
      close_range(4, ~0U, 0);
      try {
        become_script(asked);
      } catch (const std::exception& failure) {
        (void)!write(3, failure.what(), strlen(failure.what()));
      }
      _exit(127);
    }
    close(report[1]);
    close(ends[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(report[0], buffer, sizeof(buffer))) > 0;)
      text.append(buffer, static_cast<size_t>(got));
    std::string said;
    for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof(buffer))) > 0;)
      said.append(buffer, static_cast<size_t>(got));
    close(report[0]);
    close(ends[0]);
    int status = 0;
    check(waitpid(pid, &status, 0), "waitpid");
    EXPECT_EQ(status, 0) << said << text;
    return parse(text);
  }

  /// In a mount namespace of its own: the root gets the machine's shell and tools, and OTP.
  void become_script(const Variables& variables) {
    check(unshare(CLONE_NEWNS), "unshare");
    const std::string usr = root.path("/usr");
    bind_mount("/usr/bin", usr + "/bin");
    bind_mount("/usr/lib/x86_64-linux-gnu", usr + "/lib/x86_64-linux-gnu");
    bind_mount("/usr/lib64", usr + "/lib64");
    bind_mount("/etc/alternatives", root.path("/etc/alternatives"));
    bind_mount("/dev/urandom", root.path("/dev/urandom"));
    bind_mount(setting("MICROBEAM_LOADER"), usr + "/lib/ld-musl-x86_64.so.1");
    bind_mount(otp_ + "/bin/erl", usr + "/lib/erlang/bin/erl");
    bind_mount(setting("MICROBEAM_ERLEXEC"), root.path(bindir() + "/erlexec"));
    bind_mount(NAMESPACE_STAND_IN, root.path(bindir() + "/beam.smp"));
    for (const char* name : {"bin", "lib", "lib64"})
      fs::create_directory_symlink(absl::StrCat("usr/", name), root.path(absl::StrCat("/", name)));
    fs::create_directories(usr + "/local/bin");
    fs::create_symlink("/usr/lib/erlang/bin/erl", usr + "/local/bin/erl");
    check(chroot(root.path("").c_str()), "chroot");
    check(chdir("/"), "chdir");
    Strings strings;
    std::vector<char*> environment;
    for (const auto& [name, value] : variables)
      strings.push_back(absl::StrCat(name, "=", value));
    for (std::string& text : strings)
      environment.push_back(text.data());
    environment.push_back(nullptr);
    std::vector<char*> argv;
    for (const std::string& word : script_)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    check(alarm(60), "alarm");
    check(execve(argv[0], argv.data(), environment.data()), "execve " + script_[0]);
  }

  std::string release_;
  Strings script_;
  std::string otp_;
  std::string erts_;
  std::string version_;
};

class StartScriptRowTest : public StartScriptTest, public testing::WithParamInterface<Row> {};

const Row kRows[] = {
    {"nothing", {}},
    {"terminal", {}, true},
    {"no_color", {{"NO_COLOR", "1"}}, true},
    {"no_color_empty", {{"NO_COLOR", ""}}, true},
    {"mode", {{"RELEASE_MODE", "interactive"}}},
    {"vm_args",
     {{"RELEASE_VM_ARGS", "/app/releases/0.1.0/mine"}},
     false,
     {{"mine", "+P 99999 # x\n-a 'b c'\n"}}},
    {"boot_script", {{"RELEASE_BOOT_SCRIPT", "start_clean"}}},
    {"boot_script_clean", {{"RELEASE_BOOT_SCRIPT_CLEAN", "other"}}},
    {"release_name", {{"RELEASE_NAME", "other"}}},
    {"node", {{"RELEASE_NODE", "n1@h.example"}}},
    {"program", {{"RELEASE_PROG", "p"}}},
    {"tmp", {{"RELEASE_TMP", "/run"}}, false, {{"sys.config", kRuntimeConfig}}},
    {"cookie", {{"RELEASE_COOKIE", "oatmeal"}}},
    {"remote_vm_args", {{"RELEASE_REMOTE_VM_ARGS", "/x"}}},
    {"elixir_erl_options", {{"ELIXIR_ERL_OPTIONS", "+fnu  -kernel x y +P 5000"}}},
    {"elixir_erl_options_are_not_unquoted", {{"ELIXIR_ERL_OPTIONS", R"(-x 'a b' \c #d "e)"}}},
    {"erl_aflags", {{"ERL_AFLAGS", "+P 5000 -a 'b c'"}}},
    {"erl_flags", {{"ERL_FLAGS", "+Q 5000 -extra x"}}},
    {"erl_zflags", {{"ERL_ZFLAGS", "-env A B\t-z"}}},
    {"all_flags", {{"ERL_AFLAGS", "-a"}, {"ERL_FLAGS", "-f"}, {"ERL_ZFLAGS", "-z"}}},
    {"epmd_port", {{"ERL_EPMD_PORT", "4370"}}},
    {"home", {{"HOME", "/home/app"}}},
    {"path", {{"PATH", "/usr/local/bin:/usr/bin:/usr/lib/erlang/bin"}}},
    {"runtime_config", {}, false, {{"sys.config", kRuntimeConfig}}},
    {"runtime_config_mode",
     {{"RELEASE_MODE", "interactive"}},
     false,
     {{"sys.config", kRuntimeConfig}}},
    {"runtime_config_name", {{"RELEASE_NAME", "other"}}, false, {{"sys.config", kRuntimeConfig}}},
    {"sys_config",
     {{"RELEASE_SYS_CONFIG", "/app/releases/0.1.0/mine"}},
     false,
     {{"mine.config", "[].\n"}}},
    {"sys_config_runtime",
     {{"RELEASE_SYS_CONFIG", "/app/releases/0.1.0/mine"}},
     false,
     {{"mine.config", kRuntimeConfig}}},
    {"flags_of_vm_args", {}, false, {{"vm.args", "## c\n-env X \"y z\"\n+sbt db\n-extra q\n"}}},
    {"sname", {{"RELEASE_DISTRIBUTION", "sname"}, {"HOME", "/tmp"}}},
    {"name",
     {{"RELEASE_DISTRIBUTION", "name"}, {"RELEASE_NODE", "n1@h.example"}, {"HOME", "/tmp"}}},
    {"variable_of_the_application", {{"DATABASE_URL", "ecto://u:p@h/d?ssl=true"}}},
};

TEST_P(StartScriptRowTest, IsTheSame) {
  check_row(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Mix, StartScriptRowTest, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(StartScriptTest, OtherVersionOfTheRelease) {
  fs::copy(root.path("/app/releases/0.1.0"), root.path("/app/releases/0.2.0"),
           fs::copy_options::recursive);
  root.write("/app/releases/0.2.0/vm.args", "-of 0.2.0\n");
  check_row({"version", {{"RELEASE_VSN", "0.2.0"}}});
}

class RelxScriptTest : public StartScriptTest, public testing::WithParamInterface<Row> {
 protected:
  RelxScriptTest()
      : StartScriptTest("MICROBEAM_RELX", {"/app/bin/sample", "foreground"}),
        // For the script's logger(1), which ends it when nobody listens.
        log_(root.listen_at("/dev/log")) {}

 private:
  Descriptor log_;
};

const Row kRelxRows[] = {
    {"nothing", {{"COOKIE", "c"}}},
    {"filled_in",
     {{"COOKIE", "c"}, {"PROCESSES", "5000"}, {"PORT", "80"}, {"NAME_OF_IT", "a & b"}}},
    {"mode", {{"COOKIE", "c"}, {"CODE_LOADING_MODE", "interactive"}}},
    {"flags", {{"COOKIE", "c"}, {"ERL_FLAGS", "-f 'a b'"}, {"ERL_ZFLAGS", "-extra z"}}},
    {"own_boot_script", {{"COOKIE", "c"}}, false, {{"sample.boot", ""}}},
    {"plain_vm_args",
     {{"VMARGS_PATH", "/app/releases/1.2.0/my.args"}},
     false,
     {{"my.args", "-sname x@y\n-setcookie c\n-a ${NOT}\n"}}},
    {"plain_vm_args_filled_in",
     {{"VMARGS_PATH", "/app/releases/1.2.0/my.args"}, {"RELX_REPLACE_OS_VARS", "true"}},
     false,
     {{"my.args", "-sname x@y\n-setcookie c\n-a ${NOT:-{1,2}}\n"}}},
};

TEST_P(RelxScriptTest, IsTheSame) {
  check_row(GetParam(), asked_of_relx, normalize_relx);
}

INSTANTIATE_TEST_SUITE_P(Relx, RelxScriptTest, testing::ValuesIn(kRelxRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace microbeam
