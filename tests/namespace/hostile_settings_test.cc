// SPDX-License-Identifier: Apache-2.0
// Every setting with values that are none, command lines that are full, flags that mean nothing to
// an init: each an error that names the key or the flag.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "failing.h"

namespace microbeam {
namespace {

/// As long as the kernel's command line can be on x86 (COMMAND_LINE_SIZE is 2048, with its NUL).
constexpr size_t kCmdlineCapacity = 2047;
constexpr const char* kControl = "\x01\x1b[2J\x7f\x80\xff";

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

struct Value {
  const char* name;
  std::string text;
};

const Value kAnywhere[] = {{"Control", kControl}, {"Long", std::string(1900, '-')}};
const Value kChoices[] = {
    {"Empty", ""},     {"Unknown", "x"},  {"Capital", "YES"},         {"Two", "ro|rw"},
    {"Blank", " ro "}, {"Quote", "\"ro"}, {"ControlBehind", "ro\x01"}};
const Value kPaths[] = {{"Empty", ""}, {"Relative", "app"}, {"Dots", "../app"}, {"Blank", " /app"}};
const Value kNumbers[] = {{"Empty", ""},
                          {"Word", "soon"},
                          {"Negative", "-1"},
                          {"Broken", "1.5"},
                          {"Hexadecimal", "0x1"},
                          {"Unit", "5s"},
                          {"Huge", "99999999999999999999999"}};
const Value kHostNames[] = {{"Empty", ""},
                            {"Dash", "-a"},
                            {"DashBehind", "a-"},
                            {"Underscore", "a_b"},
                            {"Blank", "a b"},
                            {"Slash", "a/b"},
                            {"SixtyFive", std::string(65, 'a')}};

struct Setting {
  std::vector<const char*> keys;
  std::vector<Value> values;
};

template <size_t N>
std::vector<Value> with_anywhere(const Value (&values)[N]) {
  std::vector<Value> all(values, values + N);
  all.insert(all.end(), std::begin(kAnywhere), std::end(kAnywhere));
  return all;
}

/// Each key with each value.
std::vector<Case> of_settings() {
  const Setting settings[] = {
      {{"mode", "dist", "net_required", "root", "on_exit", "on_crash"}, with_anywhere(kChoices)},
      {{"release", "env_file", "cookie", "directory", "console"}, with_anywhere(kPaths)},
      {{"dist_port", "device_wait", "stop_grace"}, with_anywhere(kNumbers)},
      {{"hostname"}, with_anywhere(kHostNames)},
  };
  std::vector<Case> all;
  bool in_file = false;
  for (const Setting& setting : settings) {
    for (const std::string key : setting.keys) {
      for (const auto& [name, value] : setting.values) {
        // In turn, and what only one of them takes there. The kernel ends a quote with the line.
        in_file = (!in_file || value == "\"ro") && value.find(' ') == std::string::npos;
        all.push_back(
            {absl::StrCat(absl::StrReplaceAll(key, {{"_", ""}}), name, in_file ? "InTheFile" : ""),
             [key, value, in_file](Root& root, Start& start) {
               if (in_file) return set_config(root, absl::StrCat(key, "=", value, "\n"));
               start.cmdline = absl::StrCat("quiet beam.", key, "=\"", value, "\"");
             },
             {absl::StrCat("settings: ", in_file ? "/etc/beam-init.conf" : "kernel command line",
                           ": beam.", key, ": not a valid value: '")}});
      }
    }
  }
  return all;
}

/// What is said of one command line, or of one file.
struct Line {
  const char* name;
  std::string text;
  std::vector<std::string> said;
  const char* end = "reboot 1";
};

const Line kCommandLines[] = {
    // Keys.
    {"NoKey", "beam.", {"there is no setting beam.;"}},
    {"NoKeyButAValue", "beam.=x", {"there is no setting beam.;"}},
    {"UnknownKey", "beam.relase=/app", {"no setting beam.relase", "nearest is beam.release="}},
    {"KeyInCapitals", "beam.MODE=exec", {"no setting beam.MODE", "beam.mode="}},
    {"KeyOfControlCharacters", "beam.\x01\x1b=x", {"there is no setting beam.??;"}},
    {"KeyThatIsLong", "beam." + std::string(1500, 'k') + "=x", {"there is no setting beam.kkk"}},
    {"KeyWithoutAValue", "beam.root", {"beam.root: not a valid value: ''"}},
    {"SecondValueIsBad", "beam.root=ro beam.root=x", {"beam.root: not a valid value: 'x'"}},
    {"FirstValueIsBad", "beam.root=x beam.root=ro", {"beam.root: not a valid value: 'x'"}},
    {"QuoteThatIsOpen", "beam.root=\"ro quiet", {"beam.root: not a valid value: 'ro quiet'"}},
    {"QuoteWithinTheKey", "beam.\"root=ro", {"there is no setting beam.\"root"}},
    {"VariableWithoutAName", "beam.env.=x", {"beam.env.: not a valid value: '...'"}},
    {"RestartWithoutASupervisor", "beam.on_crash=restart", {"on_crash=restart", "beam.mode="}},
    {"RestartAtTheEndWithoutASupervisor", "beam.on_exit=restart", {"on_exit=restart"}},
    {"EndsAsItSays", "beam.on_crash=poweroff beam.root=x", {"beam.root"}, "poweroff 1"},
    {"EndsAsItSaysBehind", "beam.root=x beam.on_crash=halt", {"beam.root"}, "halt 1"},
    {"EndsInAPanic", "beam.root=x beam.on_crash=panic", {"beam.root"}, "panic 1"},
    // Users and capabilities.
    {"UserThatIsNone", "beam.user=nobody-here", {"user: ", "beam.user: ", "'nobody-here'"}},
    {"UserWithoutAGroup", "beam.user=1:x", {"beam.user: ", "'1:x'"}},
    {"UserThatIsNegative", "beam.user=-1", {"beam.user: ", "'-1'"}},
    {"UserThatIsNoUser", "beam.user=4294967295", {"beam.user: ", "'4294967295'"}},
    {"UserOfAColon", "beam.user=:", {"beam.user: ", "':'"}},
    {"UserOfControlCharacters", absl::StrCat("beam.user=", kControl), {"beam.user: "}},
    {"UserThatIsLong", "beam.user=" + std::string(1900, 'u'), {"beam.user: "}},
    {"CapabilityThatIsNone", "beam.caps=sys_boot,fly", {"user: ", "beam.caps: 'fly' is no cap"}},
    {"CapabilityThatIsEmpty", "beam.caps=,sys_boot", {"beam.caps: '' is no capability"}},
    {"CapabilityThatIsANumber", "beam.caps=22", {"beam.caps: '22' is no capability"}},
    {"CapabilityThatIsLong", "beam.caps=" + std::string(1900, 'c'), {"beam.caps: 'ccc"}},
    // Limits and settings of the kernel.
    {"LimitThatIsNone", "beam.limit.files=1", {"limits: ", "files: Invalid argument"}},
    {"LimitWithoutAName", "beam.limit.=1", {"beam.limit.: not a valid value: '1'"}},
    {"LimitThatIsEmpty", "beam.limit.nofile=", {"nofile: Invalid argument"}},
    {"LimitThatIsAWord", "beam.limit.nofile=many", {"nofile: Invalid argument"}},
    {"LimitThatIsNegative", "beam.limit.nofile=-1", {"nofile: Invalid argument"}},
    {"LimitOfThree", "beam.limit.nofile=1:2:3", {"nofile: Invalid argument"}},
    {"LimitOfAColon", "beam.limit.nofile=:", {"nofile: Invalid argument"}},
    {"LimitSoftAboveHard", "beam.limit.nofile=2:1", {"soft limit above", "nofile"}},
    {"LimitThatIsHuge", "beam.limit.nofile=18446744073709551616", {"nofile: Numerical result"}},
    {"LimitBeyondTheKernels", "beam.limit.nofile=99999999999", {"prlimit nofile"}},
    {"LimitOfNoBytes", "beam.limit.fsize=0", {"/etc/hosts: File too large"}},
    {"SysctlThatIsNone", "beam.sysctl.kernel.nosuch=1", {"kernel.nosuch: No such file"}},
    {"SysctlWithoutAName", "beam.sysctl.=1", {"beam.sysctl.: not a valid value: '1'"}},
    {"SysctlThatLeadsOut", "beam.sysctl.../../etc/hosts=1", {"sysctl name", "../../etc/hosts"}},
    {"SysctlThatIsADirectory", "beam.sysctl.net.ipv4=1", {"net.ipv4: Is a directory"}},
    {"SysctlThatIsReadOnly", "beam.sysctl.kernel.ostype=x", {"kernel.ostype: "}},
    {"SysctlThatTakesNoWord", "beam.sysctl.net.ipv4.ip_forward=x", {"net.ipv4.ip_forward: Inval"}},
    {"SysctlThatIsLong", "beam.sysctl." + std::string(1900, 's') + "=1", {"limits: text sss"}},
    // Network.
    {"NetIsEmpty", "beam.net=", {"network: beam.net=: no device"}},
    {"NetIsAComma", "beam.net=,", {"network: beam.net=,: no device"}},
    {"NetDeviceIsMissing", "beam.net=eth9", {"network: ", "eth9: No such device"}},
    {"NetDeviceIsLong", "beam.net=" + std::string(1000, 'e'), {"network: ", "eee"}},
    {"NetDeviceIsControl", absl::StrCat("beam.net=", kControl), {"network: ", "?[2J"}},
    {"NetAddressIsAWord", "beam.net=lo,here", {"lo here: Invalid argument"}},
    {"NetPrefixIsHuge", "beam.net=lo,192.0.2.1/33", {"lo 192.0.2.1/33: Invalid argument"}},
    {"NetAddressOfSixIsBroken", "beam.net=lo,fe80::1::2/64", {"lo fe80::1::2/64: Invalid"}},
    {"NetAddressIsCut", "beam.net=lo,192.0.2/24", {"lo 192.0.2/24: Invalid argument"}},
    {"NetGatewayIsEmpty", "beam.net=lo,gateway=", {"lo gateway=: Invalid argument"}},
    {"NetGatewayIsAWord", "beam.net=lo,gateway=up", {"lo gateway=up: Invalid argument"}},
    {"NetGatewayIsOutOfReach", "beam.net=lo,gateway=192.0.2.1", {"network: ", "lo: Network is"}},
    {"NetServerIsAWord", "beam.net=lo,dns=here", {"lo dns=here: Invalid argument"}},
    {"NetMtuIsEmpty", "beam.net=lo,mtu=", {"lo mtu=: Invalid argument"}},
    {"NetMtuIsHuge", "beam.net=lo,mtu=99999", {"lo mtu=99999: Numerical result"}},
    {"IpIsAWord", "ip=here", {"network: ip= client here: Invalid argument"}},
    {"IpIsCut", "ip=10.0.2", {"network: ip= client 10.0.2: Invalid argument"}},
    {"IpGatewayIsAWord", "ip=10.0.2.15::up:255.0.0.0", {"network: ip= gateway 10.0.2.15"}},
    {"IpHostNameIsNone", "ip=10.0.2.15::::a_b", {"network: ip= hostname 10.0.2.15"}},
    {"IpDeviceIsLong", "ip=10.0.2.15:::::" + std::string(16, 'e'), {"network: ip= device"}},
    {"IpAutoconfIsAWord", "ip=10.0.2.15::::::x", {"network: ip= autoconf"}},
    {"IpServerIsAWord", "ip=10.0.2.15::::::off:x", {"network: ip= dns0"}},
    {"IpOfColons", "ip=::::::", {"network: ip= with automatic"}},
    {"IpIsControl", absl::StrCat("ip=", kControl), {"network: ip= client"}},
    {"IpIsLong", "ip=" + std::string(1900, '1'), {"network: ip= client"}},
    // Volumes.
    {"MountIsEmpty", "beam.mount=", {"volumes: beam.mount=: no volume"}},
    {"MountIsAWord", "beam.mount=data", {"beam.mount=data: no volume"}},
    {"MountOfColons", "beam.mount=:::", {"beam.mount=: no volume"}},
    {"MountTargetIsRelative", "beam.mount=a:data:tmpfs", {"beam.mount=a: no volume"}},
    {"MountWithoutAType", "beam.mount=a:/tmp/d:", {"beam.mount=a: no volume"}},
    {"MountTypeIsUnknown", "beam.mount=a:/tmp/d:nofs", {"volumes: ", "/tmp/d: No such device"}},
    {"MountOptionIsUnknown", "beam.mount=a:/tmp/d:tmpfs:x=y", {"/tmp/d: Invalid argument"}},
    {"MountTargetIsTaken", "beam.mount=a:/run:tmpfs", {"something is mounted on /run"}},
    {"MountTargetIsTooDeep", "beam.mount=a:/tmp/a/b:tmpfs", {"/tmp/a/b: No such file"}},
    {"MountTargetIsAFile", "beam.mount=a:/init:tmpfs", {"volumes: ", "/init: Not a directory"}},
    {"MountTargetIsLong",
     "beam.mount=a:/" + std::string(300, 'd') + ":tmpfs",
     {"volumes: ", "ddd: File name too long"}},
    {"MountOptionsAreLong",
     "beam.mount=a:/tmp/d:tmpfs:" + std::string(600, 'o'),
     {"volumes: ", "/tmp/d: Argument list too long"}},
    {"MountDeviceIsTheConsole", "beam.mount=/dev/console:/tmp/d:ext4", {"volumes: mount /tmp/d: "}},
    {"MountDeviceIsTheConsoleOfASystemThatIsNone",
     "beam.mount=/dev/console:/tmp/d:nofs",
     {"volumes: ", "/tmp/d: No such device"}},
    {"EnvFileIsTheConsole",
     "beam.env_file=/dev/console",
     {"settings: ", "/dev/console: Resource temporarily unavailable"}},
    {"CookieIsTheConsole",
     "beam.dist=short beam.cookie=/dev/console",
     {"release: ", "/dev/console: Resource temporarily unavailable"}},
    {"MountDeviceIsMissing",
     "beam.device_wait=20 beam.mount=/dev/vdz:/tmp/d:ext4",
     {"volumes: /dev/vdz: no such device after 20 ms", "beam.device_wait="}},
    {"EnvFileDeviceIsMissing",
     "beam.device_wait=20 beam.env_file=/dev/vdz",
     {"settings: ", "/dev/vdz: No such file or directory"}},
    // Where things are.
    {"DirectoryIsMissing", "beam.directory=/nowhere", {"exec: ", "/nowhere: No such file"}},
    {"DirectoryIsAFile", "beam.directory=/init", {"exec: ", "/init: Not a directory"}},
    {"DirectoryIsMissingBelowASupervisor",
     "beam.mode=supervise beam.directory=/nowhere",
     {"exec: ", "/nowhere: No such file"}},
    {"PortThatIsNone", "beam.dist_port=65536", {"beam.dist_port: not a valid value: '65536'"}},
    {"NothingIsRestartedThatNeverStarted",
     "beam.mode=supervise beam.on_crash=restart beam.directory=/nowhere",
     {"exec: ", "/nowhere"}},
    {"SupervisorEndsAsItSays",
     "beam.mode=supervise beam.on_crash=halt beam.directory=/nowhere",
     {"exec: ", "/nowhere"},
     "halt 1"},
    {"ReleaseIsMissing", "beam.release=/nowhere", {"no release in /nowhere"}},
    {"ReleaseIsProc", "beam.release=/proc", {"no release in /proc"}},
    {"ReleaseIsLong", "beam.release=/" + std::string(1900, 'r'), {"release: ", "/rrr"}},
    {"LongNodeWithoutAHost", "beam.dist=long beam.node=n", {"beam.node=n: a long name needs"}},
    // Full, and cut.
    {"FullOfArguments", "-- " + repeated("a ", 1022), {"too many strings", "command line"}},
    {"FullOfBlanks",
     std::string(kCmdlineCapacity - 9, ' ') + "beam.rele",
     {"no setting beam.rele"}},
    {"FullOfQuotes", "beam.root=" + std::string(2037, '"'), {"beam.root: not a valid value"}},
    {"FullOfOneValue", "beam.root=" + std::string(2037, 'x'), {"beam.root: not a valid value"}},
    {"FullOfLists",
     repeated("beam.limit.core=0 ", 65),
     {"kernel command line: beam.limit.core: not a valid value"}},
    {"FullOfBinary",
     "beam.on_crash=" + repeated("\x01\xff\x80", 677),
     {"beam.on_crash: not a valid value"}},
};

/// Where the text is.
constexpr const char* kSource = "SOURCE";
constexpr const char* kNoMeaning = "has no meaning for an init";

const Line kFlags[] = {
    {"Compile", "-compile x", {"-compile", kNoMeaning}},
    {"Make", "-make", {"-make", kNoMeaning}},
    {"Manual", "-man erl", {"-man", kNoMeaning}},
    {"Detached", "-detached", {"-detached", kNoMeaning}},
    {"Version", "-version", {"-version", kNoMeaning}},
    {"PrintArguments", "-emu_args_exit", {"-emu_args_exit", kNoMeaning}},
    {"ConfigOfADescriptor", "-configfd 3", {"-configfd", kNoMeaning}},
    {"ScriptOfEverything", "-S mix", {"-S", kNoMeaning}},
    {"WithoutSmp", "-smp disable", {"-smp", kNoMeaning}},
    {"TypeOfEmulator", "-emu_type debug", {"-emu_type debug", "only 'opt'"}},
    {"FlavourWithoutAValue", "-emu_flavor", {"-emu_flavor needs a value"}},
    {"EnvWithoutAValue", "-env NAME", {"-env needs a value"}},
    {"StartEpmdMaybe", "-start_epmd maybe", {"-start_epmd takes true or false, not 'maybe'"}},
    {"ProtoWithoutAValue", "-proto_dist", {"-proto_dist needs a value"}},
    {"NoEpmdAlone", "-no_epmd", {"-no_epmd needs -proto_dist"}},
    {"ProcessesWithoutAValue", "+P", {"+P needs a value"}},
    {"IoThatIsNone", "+IOx 1", {"+IOx is not a flag of the BEAM"}},
    {"SchedulersThatAreNone", "+SDx 1", {"+SDx is not a flag of the BEAM"}},
    {"BreakThatIsNone", "+Bx", {"+Bx is not a flag of the BEAM"}},
    {"AllocatorWithoutAValue", "+MBas", {"+MBas needs a value"}},
    {"ArgsFileWithoutAName", "-args_file", {"-args_file needs a file name"}},
    {"ArgsFileIsADirectory", "-args_file /app", {"/app: Is a directory"}},
    {"ControlInAFlag", "+B\x01\x1b[2J", {"+B??[2J is not a flag"}},
    {"TwoThousandWords", repeated("-a b\n", 1200), {"too many strings", kSource}},
    {"HundredKilobytesOfWords", repeated("-a b\n", 20000), {"too many strings", kSource}},
    {"OneWordTooLong", std::string(200'000, 'x'), {"exec: ", "too long", "vm.args"}},
    {"OneWordTooLongInQuotes", "\"" + repeated("x\n", 70'000), {"exec: ", "vm.args"}},
};

const Line kStartErlData[] = {
    {"OneLetter", "1", {"is broken", "holds '1'"}},
    {"HalfAVersion", "15.2", {"is broken", "holds '15.2'"}},
    {"NoReleaseVersion", "15.2.7", {"is broken", "holds '15.2.7'"}},
    {"NothingBehindTheBlank", "15.2.7 ", {"is broken", "holds '15.2.7'"}},
    {"OneDigit", "15.2.7 0", {"the version '0'", "no /app/releases/0;"}},
    {"OneDot", "15.2.7 0.", {"the version '0.'", "no /app/releases/0.;"}},
    {"TwoDigits", "15.2.7 0.1", {"the version '0.1'", "no /app/releases/0.1;"}},
    {"WithoutTheLastDigit", "15.2.7 0.1.", {"the version '0.1.'", "no /app/releases/0.1.;"}},
    {"WithoutTheFirstDigit", "5.2.7 0.1.0", {"no ERTS", "erts-5.2.7"}},
    {"Turned", "0.1.0 15.2.7", {"the version '15.2.7'"}},
    {"OnlyBlanks", " \n\t ", {"is broken", "holds ''"}},
    {"Tab", "15.2.7\t0.1.0", {"is broken"}},
    {"Dots", "15.2.7 ..", {"is broken"}},
    {"Slash", "15.2.7 0.1.0/../0.1.0", {"is broken"}},
    {"Control", "15.2.7 \x1b[2J", {"is broken", "'15.2.7 ?[2J'"}},
    {"Long", "15.2.7 " + std::string(5000, '1'), {"release: "}},
};

const Line kConfigs[] = {
    {"LineWithoutAValue", "root=ro\nnonsense\n", {"/etc/beam-init.conf line 2"}},
    {"LineWithoutAKey", "\n\n=x\n", {"/etc/beam-init.conf line 3"}},
    {"ByteOrderMark", "\xef\xbb\xbfroot=ro\n", {"/etc/beam-init.conf: there is no setting"}},
    {"Utf16", "r\xff", {"/etc/beam-init.conf line 1"}},
    {"Prefixed", "beam.root=ro\n", {"no setting beam.beam.root", "/etc/beam-init.conf"}},
    {"Section", "[beam]\nroot=ro\n", {"/etc/beam-init.conf line 1"}},
    {"QuoteThatIsOpen", "root=\"ro\n", {"beam.root: not a valid value: '\"ro'"}},
    {"Comment", "root=ro # read-only\n", {"beam.root: not a valid value: 'ro # read-only'"}},
    {"ManyVariables", "", {"/etc/beam-init.conf: beam.env.N"}},
    {"ManyLists",
     repeated("sysctl.net.ipv4.ip_forward=0\n", 65),
     {"/etc/beam-init.conf: beam.sysctl.net.ipv4.ip_forward: not a valid value"}},
    {"NulAtTheEnd", std::string("root=ro\n\0", 9), {"/etc/beam-init.conf: it has a NUL byte"}},
};

const Line kEnvFiles[] = {
    {"LineWithoutAValue", "A=b\nhunter2\n", {"/etc/beam-init.env line 2"}},
    {"LineWithoutAName", "=hunter2\n", {"/etc/beam-init.env line 1"}},
    {"ManyVariables", "", {"too many", "/etc/beam-init.env"}},
    {"Shell", "export hunter2\n", {"/etc/beam-init.env line 1"}},
};

using Put = std::function<void(Root& root, Start& start, const std::string& text)>;

template <size_t N>
void add(std::vector<Case>& all, const char* prefix, const Line (&lines)[N], const Put& put,
         const std::string& source = "") {
  for (const Line& line : lines) {
    std::string text = line.text;
    // One that is to have very many.
    for (int i = 0; line.text.empty() && i < 300; ++i)
      text += absl::StrCat(prefix[0] == 'C' ? "env.N" : "N", i, "=hunter2\n");
    std::vector<std::string> said = line.said;
    std::ranges::replace(said, kSource, source);
    all.push_back({absl::StrCat(prefix, line.name),
                   [put, text](Root& root, Start& start) { put(root, start, text); }, said,
                   line.end});
  }
}

Put to(const std::string& file) {
  return [file](Root& root, Start&, const std::string& text) { root.write(file, text); };
}

std::vector<Case> of_texts() {
  std::vector<Case> all;
  add(all, "Cmdline", kCommandLines, [](Root&, Start& start, const std::string& text) {
    // What the kernel would cut off proves nothing.
    if (text.size() > kCmdlineCapacity) throw std::runtime_error("longer than a command line");
    start.cmdline = text;
  });
  add(all, "VmArgs", kFlags, to("/app/releases/0.1.0/vm.args"), "/app/releases/0.1.0/vm.args");
  add(
      all, "Flags", kFlags,
      [](Root& root, Start&, const std::string& text) {
        root.make_systools_release();
        set_config(root, "env.ERL_FLAGS=" + absl::StrReplaceAll(text, {{"\n", " "}}) + "\n");
      },
      "ERL_FLAGS");
  add(all, "StartErlData", kStartErlData, to("/app/releases/start_erl.data"));
  add(all, "Config", kConfigs, to("/etc/beam-init.conf"));
  add(all, "EnvFile", kEnvFiles, to("/etc/beam-init.env"));
  return all;
}

class HostileSettingsTest : public FailingTest {
 protected:
  void TearDown() override {
    EXPECT_EQ(ended.console.find("hunter2"), std::string::npos) << "a secret";
    FailingTest::TearDown();
  }
};

TEST_P(HostileSettingsTest, SayWhyAndEndTheMachine) {
  expect_failure(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Values, HostileSettingsTest, testing::ValuesIn(of_settings()), name_of);
INSTANTIATE_TEST_SUITE_P(Texts, HostileSettingsTest, testing::ValuesIn(of_texts()), name_of);

TEST(HostileInputTest, IsOfTwoHundredKindsAtLeast) {
  EXPECT_GE(of_settings().size() + of_texts().size() + hostile_files(), 200U);
}

/// Strange, and no error.
const Line kHarmless[] = {
    {"Empty", "", {}},
    {"FullOfBlanks", std::string(kCmdlineCapacity, ' '), {}},
    {"FullOfWords", repeated("x ", 1023), {}},
    {"FullOfQuotes", std::string(kCmdlineCapacity, '"'), {}},
    {"FullOfEquals", std::string(kCmdlineCapacity, '='), {}},
    {"FullOfBinary", repeated("\xff\x01\x80", 682), {}},
    {"FullOfOneVariable", "beam.env.A=" + std::string(2036, 'x'), {}},
    {"CutWithinAQuote", "beam.env.A=\"" + std::string(2035, 'x'), {}},
    {"FullOfOneArgument", "-- " + std::string(2044, 'a'), {}},
    {"TwoHundredArguments", "-- " + repeated("a ", 200), {}},
    {"NothingBehindTheDashes", "quiet --", {}},
    {"OthersPrefixes", "beam beam_root=x beamroot=x xbeam.root=x", {}},
};

class HarmlessCommandLineTest : public FailingTest {};

TEST_P(HarmlessCommandLineTest, DoesNotKeepAReleaseFromStarting) {
  GetParam().arrange(root, start);
  (void)boot_program();
  EXPECT_LT(ended.took, std::chrono::seconds(5));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, HarmlessCommandLineTest, testing::ValuesIn([] {
      std::vector<Case> all;
      for (const Line& line : kHarmless) {
        all.push_back({line.name, [&line](Root&, Start& start) { start.cmdline = line.text; }, {}});
      }
      return all;
    }()),
    name_of);

class HarmlessFlagsTest : public NamespaceTest {};

TEST_F(HarmlessFlagsTest, HundredKilobytesInOneWord) {
  root.write("/app/releases/0.1.0/vm.args", "-a " + std::string(100'000, 'x'));
  (void)boot_program();
}

TEST_F(HarmlessFlagsTest, QuoteThatTheEndOfTheCommandLineCutsOff) {
  start.cmdline = "beam.env.A=\"b c";
  EXPECT_EQ(boot_program().environment()["A"], "b c");
}

TEST_F(HarmlessFlagsTest, CarriageReturnsOfAnotherSystem) {
  set_config(root, "root=ro\r\nenv.A=b\r\n");
  root.write("/app/releases/0.1.0/vm.args", "+P 4096\r\n-a b\r\n");
  EXPECT_EQ(boot_program().environment()["A"], "b");
}

}  // namespace
}  // namespace microbeam
