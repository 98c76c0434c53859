// SPDX-License-Identifier: Apache-2.0
// Every file that /init reads, damaged in every way: an error that names it, or a boot all the
// same.
#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <map>
#include <tuple>

#include "failing.h"

namespace microbeam {
namespace {

enum class Damage : uint8_t {
  kMissing,
  kDangling,
  kEmpty,
  kFifo,  // that nobody writes to
  kNull,
  kDirectory,
  kLoop,
  kBinary,
  kHuge,
  kSocket,
  kEndless,
  kForbidden,
  kCount
};

struct Kind {
  const char* name;
  /// What open(2) or read(2) says.
  const char* words;
};

constexpr std::array<Kind, static_cast<size_t>(Damage::kCount)> kKinds = {{
    {"IsMissing", "No such file or directory"},
    {"IsADanglingLink", "No such file or directory"},
    {"IsEmpty", ""},
    {"IsAFifo", ""},
    {"IsNull", ""},
    {"IsADirectory", "Is a directory"},
    {"IsALoop", "Too many levels of symbolic links"},
    {"IsBinary", "it has a NUL byte"},
    {"IsHuge", "File too large"},
    {"IsASocket", "No such device or address"},
    {"IsEndless", "File too large"},
    {"IsForbidden", "Permission denied"},
}};

/// One that is not there, and one that has nothing in it.
bool is_absent(Damage damage) {
  return damage <= Damage::kDangling;
}
bool is_empty(Damage damage) {
  return damage >= Damage::kEmpty && damage <= Damage::kNull;
}

void bind_device(const std::string& source, const std::string& target) {
  std::ofstream(target).flush();
  check(mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr), "bind " + source);
}

/// Without what lets root read everything, as in a container.
void forbid_to_override_modes() {
  for (const int capability : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH})
    check(prctl(PR_CAPBSET_DROP, capability), "prctl");
}

void damage(Root& root, Start& start, const std::string& file, Damage how) {
  // The directory is there then.
  root.write(file, "", 0755);
  if (how == Damage::kEmpty) return;
  root.remove(file);
  const std::string path = root.path(file);
  switch (how) {
    case Damage::kDangling:
      return root.symlink("/nowhere/to/be/found", file);
    case Damage::kFifo:
      check(mkfifo(path.c_str(), 0644), "mkfifo");
      return;
    case Damage::kNull:
      return bind_device("/dev/null", path);
    case Damage::kDirectory:
      return root.directory(file);
    case Damage::kLoop:
      return root.symlink(file, file);
    case Damage::kBinary:
      return root.write(file, std::string("\x7f\0\1=\2\n\xff ", 8), 0755);
    case Damage::kHuge:
      return root.write(file, "#" + std::string(2 << 20, 'x'), 0755);
    case Damage::kSocket:
      return (void)root.listen_at(file);
    case Damage::kEndless:
      return bind_device("/dev/zero", path);
    case Damage::kForbidden:
      root.write(file, "x", 0);
      return prepare_first(start, forbid_to_override_modes);
    default:
      return;
  }
}

/// A file, and what makes /init read it. "": that is no error.
struct File {
  const char* name;
  const char* path;
  const char* config;
  const char* step;
  const char* absent;
  const char* empty;
  /// Where it is something else than usual.
  std::map<Damage, const char*> other = {};
  std::function<void(Root&)> arrange = [](Root&) {};
};

void make_relx_release(Root& root) {
  root.write("/app/releases/0.1.0/no_dot_erlang.boot", "");
}

constexpr const char* kEmulator = "/usr/lib/erlang/erts-15.2.7/bin/beam.smp";
constexpr const char* kMissing = "No such file or directory";
constexpr const char* kNoCookie = "distribution needs a cookie";
constexpr const char* kNoUser = "there is no user 'web'; give one of /etc/passwd";

// What execve(2) says; the rest as above.
const std::map<Damage, const char*> kOfAProgram = {
    {Damage::kFifo, "Permission denied"},   {Damage::kNull, "Permission denied"},
    {Damage::kSocket, "Permission denied"}, {Damage::kDirectory, "Permission denied"},
    {Damage::kBinary, "Exec format error"}, {Damage::kHuge, "Exec format error"},
    {Damage::kEndless, "Permission denied"}};
// A text up to its first NUL, for a disk has some behind it.
const std::map<Damage, const char*> kOfAnEnvFile = {
    {Damage::kBinary, "line 1: line that is not NAME=VALUE"}};

const File kFiles[] = {
    {"StartErlData", "/app/releases/start_erl.data", "", "release", "", "is broken"},
    {"VmArgs", "/app/releases/0.1.0/vm.args", "", "release", "", ""},
    {"VmArgsOfASetting", "/etc/vm.args", "env.RELEASE_VM_ARGS=/etc/vm.args", "release", kMissing,
     ""},
    {"NestedArgs", "/etc/more.args", "env.ERL_FLAGS=-args_file /etc/more.args", "release", kMissing,
     ""},
    {"SysConfig", "/app/releases/0.1.0/sys.config", "", "release", "", ""},
    {"SysConfigOfASetting", "/etc/sys.config", "env.RELEASE_SYS_CONFIG=/etc/sys", "release",
     kMissing, ""},
    {"RelxVmArgs", "/app/releases/0.1.0/vm.args.src", "", "release", "", "", {}, make_relx_release},
    {"RelxSysConfig",
     "/app/releases/0.1.0/sys.config.src",
     "",
     "release",
     "",
     "",
     {},
     make_relx_release},
    {"RelxVmArgsOfASetting",
     "/etc/vm.args",
     "env.VMARGS_PATH=/etc/vm.args",
     "release",
     kMissing,
     "",
     {},
     make_relx_release},
    {"Config", "/etc/beam-init.conf", "", "settings", "", ""},
    {"EnvFile", "/etc/beam-init.env", "", "settings", "", "", kOfAnEnvFile},
    {"EnvFileOfASetting", "/etc/secrets", "env_file=/etc/secrets", "settings", kMissing, "",
     kOfAnEnvFile},
    {"Passwd", "/etc/passwd", "user=web", "user", kNoUser, kNoUser},
    {"Hostname", "/etc/hostname", "", "host name", "", ""},
    {"Cookie", "/etc/cookie", "dist=short\ncookie=/etc/cookie", "release", kMissing, kNoCookie},
    {"CookieOfTheRelease", "/app/releases/COOKIE", "dist=short", "release", kNoCookie, kNoCookie},
    {"Emulator", kEmulator, "", "exec", kMissing, "Exec format error", kOfAProgram},
    {"EmulatorBelowASupervisor", kEmulator, "mode=supervise", "exec", kMissing, "Exec format error",
     kOfAProgram},
};

struct Row {
  Case boot;
  bool fails;
};

std::vector<Row> rows() {
  std::vector<Row> all;
  for (const File& file : kFiles) {
    for (size_t i = 0; i < kKinds.size(); ++i) {
      const auto how = static_cast<Damage>(i);
      const auto other = file.other.find(how);
      const bool is_nothing = is_absent(how) || is_empty(how);
      const std::string words = other != file.other.end() ? other->second
                                : is_absent(how)          ? file.absent
                                : is_empty(how)           ? file.empty
                                                          : kKinds.at(i).words;
      all.push_back({{absl::StrCat(file.name, kKinds.at(i).name),
                      [&file, how](Root& root, Start& start) {
                        file.arrange(root);
                        if (*file.config != '\0') set_config(root, file.config);
                        damage(root, start, file.path, how);
                      },
                      // Of an empty cookie the key is named.
                      {absl::StrCat("error: ", file.step, ": "),
                       words == kNoCookie ? "beam.cookie=FILE" : file.path, words}},
                     !(is_nothing && words.empty())});
    }
  }
  return all;
}

std::vector<Case> rows_that(bool fail) {
  std::vector<Case> some;
  for (Row& row : rows()) {
    if (row.fails == fail) some.push_back(std::move(row.boot));
  }
  return some;
}

// ---- directories, and what is mounted or written -----------------------------------------------

struct Place {
  const char* name;
  const char* path;
  /// What is said of a file in its place, a loop, a link to nothing; "": no such case.
  const char* as_file;
  const char* as_loop;
  const char* as_dangling;
};

constexpr const char* kNoDirectory = "Not a directory";
constexpr const char* kLoop = "Too many levels of symbolic links";
constexpr const char* kNoErts = "no ERTS for the release";

constexpr Place kPlaces[] = {
    {"Release", "/app", "/app/releases: Not a directory",
     "/app/releases/start_erl.data: Too many levels", "no release in /app"},
    {"Releases", "/app/releases", "/app/releases: Not a directory",
     "/app/releases/start_erl.data: Too many levels", "no release in /app"},
    {"Version", "/app/releases/0.1.0", "/app/releases/0.1.0: Not a directory",
     "/app/releases/0.1.0: Too many levels", "there is no /app/releases/0.1.0"},
    {"Libraries", "/app/lib", "/app/lib: Not a directory", "/app/lib: Too many levels", ""},
    {"Erts", "/usr/lib/erlang/erts-15.2.7", kNoErts, kLoop, kNoErts},
    {"ErtsBin", "/usr/lib/erlang/erts-15.2.7/bin", "beam.smp: Not a directory", kLoop, kNoErts},
    {"BootFile", "/app/releases/0.1.0/start.boot", "", "",
     "the release has no /app/releases/0.1.0/start.boot"},
    {"Proc", "/proc", kNoDirectory, kLoop, kMissing},
    {"Sys", "/sys", kNoDirectory, kLoop, kMissing},
    {"Shm", "/dev/shm", kNoDirectory, kLoop, kMissing},
    {"Mqueue", "/dev/mqueue", kNoDirectory, kLoop, kMissing},
    {"Run", "/run", kNoDirectory, kLoop, kMissing},
    {"Tmp", "/tmp", kNoDirectory, kLoop, kMissing},
    {"Etc", "/etc", "/etc/hosts: Not a directory", "/etc/beam-init.conf: Too many levels",
     "/etc/hosts: No such file"},
    {"Hosts", "/etc/hosts", "", "/etc/hosts: Too many levels", "/etc/hosts: No such file"},
};

std::vector<Case> places() {
  std::vector<Case> all;
  const auto add = [&](const Place& place, const char* as, const char* said, const auto& put) {
    if (*said == '\0') return;
    const std::string path = place.path;
    all.push_back({absl::StrCat(place.name, as),
                   [path, put](Root& root, Start& start) {
                     if (path == "/proc") start.cmdline.reset();
                     root.remove(path);
                     put(root, path);
                   },
                   {said, path.substr(0, path.find('/', 1))}});
  };
  for (const Place& place : kPlaces) {
    add(place, "IsAFile", place.as_file,
        [](Root& root, const std::string& path) { root.write(path, "x"); });
    add(place, "IsALoop", place.as_loop,
        [](Root& root, const std::string& path) { root.symlink(path, path); });
    add(place, "IsADanglingLink", place.as_dangling,
        [](Root& root, const std::string& path) { root.symlink("/nowhere/at/all", path); });
  }
  return all;
}

// ---- a disk that is full, or read-only ---------------------------------------------------------

/// A tmpfs that takes nothing more.
std::function<void()> full(const std::string& directory) {
  return [directory] {
    mount_at("tmpfs", directory, 0, "size=4k,nr_inodes=2");
    std::ofstream(directory + "/full") << std::string(4096, '.') << std::flush;
  };
}

std::function<void()> read_only(const std::string& directory) {
  return [directory] { mount_at("tmpfs", directory, MS_RDONLY); };
}

struct Space {
  const char* name;
  const char* config;
  std::vector<std::function<void()>> prepare;
  std::vector<std::string> said;
  std::function<void(Root&)> arrange = [](Root&) {};
};

void need_runtime_config(Root& root) {
  root.write("/app/releases/0.1.0/sys.config", "%% RUNTIME_CONFIG=true\n[].\n");
}

void make_relx_source(Root& root) {
  make_relx_release(root);
  root.write("/app/releases/0.1.0/vm.args.src", "-a ${B}\n");
}

void have_cookie(Root& root) {
  root.write("/app/releases/COOKIE", "c");
}

void have_hosts(Root& root) {
  root.write("/etc/hosts", "");
  root.directory("/dev/shm");
}

constexpr const char* kFull = "No space left on device";
constexpr const char* kReadOnly = "Read-only file system";

const Space kSpaces[] = {
    {"RunIsFullOfAUser", "user=1000", {full("/run")}, {"user: ", "/run/beam", kFull}},
    {"RunIsReadOnlyOfAUser", "user=1000", {read_only("/run")}, {"user: ", "/run/beam", kReadOnly}},
    {"RunIsFullOfACookie", "dist=short", {full("/run")}, {"/run/beam", kFull}, have_cookie},
    {"HomeIsReadOnlyOfACookie",
     "dist=short\nenv.HOME=/run",
     {read_only("/run")},
     {"/run", kReadOnly},
     have_cookie},
    {"HomeIsMissingOfACookie",
     "dist=short\nenv.HOME=/home/nobody",
     {},
     {"release: ", "/home/nobody/.erlang.cookie", kMissing, "HOME"},
     have_cookie},
    {"CookieIsADirectory",
     "dist=short\nenv.HOME=/home",
     {},
     {"release: ", "/home/.erlang.cookie: Is a directory"},
     [](Root& root) {
       have_cookie(root);
       root.directory("/home/.erlang.cookie");
     }},
    {"TmpIsFullOfRuntimeConfig",
     "",
     {full("/tmp")},
     {"release: ", "/tmp/hello-0.1.0.runtime.config", kFull, "RELEASE_TMP"},
     need_runtime_config},
    {"TmpIsReadOnlyOfRuntimeConfig",
     "",
     {read_only("/tmp")},
     {"release: ", "/tmp/hello-0.1.0.runtime.config", kReadOnly, "RELEASE_TMP"},
     need_runtime_config},
    {"TmpIsFullOfRelx",
     "",
     {full("/tmp")},
     {"release: ", "/tmp/vm.args", kFull, "RELX_OUT_FILE_PATH"},
     make_relx_source},
    {"TmpIsReadOnlyOfRelx",
     "",
     {read_only("/tmp")},
     {"release: ", "/tmp/vm.args", kReadOnly, "RELX_OUT_FILE_PATH"},
     make_relx_source},
    {"OutPathIsMissingOfRelx",
     "env.RELX_OUT_FILE_PATH=/nowhere",
     {},
     {"release: ", "/nowhere/vm.args", kMissing, "RELX_OUT_FILE_PATH"},
     make_relx_source},
    {"EverythingIsReadOnly",
     "",
     {read_only("/run"), read_only("/tmp"), remount_root_read_only},
     {"host name: ", "/etc/hosts", kReadOnly},
     have_hosts},
    {"EverythingIsFull",
     "",
     {full("/run"), full("/tmp"), remount_root_read_only},
     {"host name: ", "/etc/hosts", kFull},
     have_hosts},
    {"NowhereToMakeAMountPoint",
     "",
     {remount_root_read_only},
     {"mounts: ", "/tmp", kMissing},
     [](Root& root) { root.remove("/tmp"); }},
};

std::vector<Case> spaces() {
  std::vector<Case> all;
  for (const Space& space : kSpaces) {
    all.push_back({space.name,
                   [&space](Root& root, Start& start) {
                     space.arrange(root);
                     set_config(root, space.config);
                     start.prepare = [&space] {
                       for (const auto& prepare : space.prepare)
                         prepare();
                     };
                   },
                   space.said});
  }
  return all;
}

// ---- every kind of release, in both modes ------------------------------------------------------

struct Kindred {
  const char* name;
  std::function<void(Root&)> make;
  const char* cmdline = "quiet";
};

const Kindred kReleases[] = {
    {"Mix", [](Root&) {}},
    {"Relx", make_relx_release},
    {"Systools", [](Root& root) { root.make_systools_release(); }},
    {"None", [](Root& root) { root.remove("/app"); }, "quiet -- -noshell"},
};

struct Fault {
  const char* name;
  std::string config;
  std::vector<std::string> said;
  std::function<void(Root&)> arrange = [](Root&) {};
};

const Fault kFaults[] = {
    {"WithoutErts", "", {"release: ", "no ERTS"}, [](Root& root) { root.remove("/usr/lib"); }},
    {"WithAnEmulatorOfText",
     "",
     {"exec: ", kEmulator, "Exec format error"},
     [](Root& root) { root.write(kEmulator, "beam\n", 0755); }},
    {"OfAnotherFlavour", "env.ERL_FLAGS=-emu_flavor x", {"exec: ", "/bin/beam.x", kMissing}},
    {"WithAFlagThatDetaches", "env.ERL_ZFLAGS=-detached", {"release: ", "-detached"}},
    {"WithAWordThatIsTooLong",
     "env.ERL_FLAGS=" + std::string(200'000, 'x'),
     {"exec: ", kEmulator, "Argument list too long; shorten vm.args"}},
    {"WithTooManyVariables", "", {"too many strings", "env."}},
    {"OfAUserWithoutAName", "user=web", {"user: ", kNoUser}},
};

std::vector<Case> releases() {
  std::vector<Case> all;
  for (const Kindred& release : kReleases) {
    for (const Fault& fault : kFaults) {
      for (const char* mode : {"exec", "supervise"}) {
        all.push_back({absl::StrCat(release.name, fault.name, "In_", mode),
                       [&release, &fault, mode](Root& root, Start& start) {
                         release.make(root);
                         fault.arrange(root);
                         start.cmdline = release.cmdline;
                         std::string config = absl::StrCat("mode=", mode, "\n", fault.config, "\n");
                         for (int i = 0; i < 250 && fault.said.front() == "too many strings"; ++i)
                           absl::StrAppend(&config, "env.N", i, "=x\n");
                         set_config(root, config);
                       },
                       fault.said});
      }
    }
  }
  return all;
}

// ---- files that are written --------------------------------------------------------------------

std::vector<Case> written() {
  std::vector<Case> all;
  for (const auto& [name, path, step] :
       {std::tuple("Hosts", "/etc/hosts", "host name: "),
        std::tuple("ResolvConf", "/etc/resolv.conf", "network: ")}) {
    for (const Damage how :
         {Damage::kDangling, Damage::kFifo, Damage::kDirectory, Damage::kLoop, Damage::kSocket}) {
      const Kind& kind = kKinds.at(static_cast<size_t>(how));
      all.push_back({absl::StrCat(name, kind.name),
                     [how, file = std::string(path)](Root& root, Start& start) {
                       set_config(root, "net=lo,dns=192.0.2.1\n");
                       damage(root, start, file, how);
                     },
                     {std::string("error: ") + step, path,
                      how == Damage::kFifo ? "No such device or address" : kind.words}});
    }
  }
  return all;
}

class HostileFilesTest : public FailingTest {};

TEST_P(HostileFilesTest, SayWhyAndEndTheMachine) {
  expect_failure(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Files, HostileFilesTest, testing::ValuesIn(rows_that(true)), name_of);
INSTANTIATE_TEST_SUITE_P(Places, HostileFilesTest, testing::ValuesIn(places()), name_of);
INSTANTIATE_TEST_SUITE_P(Written, HostileFilesTest, testing::ValuesIn(written()), name_of);
INSTANTIATE_TEST_SUITE_P(Releases, HostileFilesTest, testing::ValuesIn(releases()), name_of);
INSTANTIATE_TEST_SUITE_P(Space, HostileFilesTest, testing::ValuesIn(spaces()), name_of);

class HarmlessFilesTest : public HostileFilesTest {};

TEST_P(HarmlessFilesTest, DoNotKeepAReleaseFromStarting) {
  GetParam().arrange(root, start);
  (void)boot_program();
  EXPECT_LT(ended.took, std::chrono::seconds(5));
}

INSTANTIATE_TEST_SUITE_P(Files, HarmlessFilesTest, testing::ValuesIn(rows_that(false)), name_of);

}  // namespace

size_t hostile_files() {
  return rows_that(true).size() + places().size() + releases().size() + written().size() +
         spaces().size();
}

}  // namespace microbeam
