// SPDX-License-Identifier: Apache-2.0
// Boots that cannot succeed: each says what failed, on what, why and what to do, and then ends.
#include <elf.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstddef>
#include <fstream>

#include "failing.h"

namespace microbeam {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kEmulator = "/usr/lib/erlang/erts-15.2.7/bin/beam.smp";

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

void set_machine(Root& root, uint16_t machine) {
  std::fstream file(root.path(kEmulator), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offsetof(Elf64_Ehdr, e_machine));
  file.write(reinterpret_cast<const char*>(&machine), sizeof(machine));
}

const Case kReleaseCases[] = {
    {"NoReleaseDirectory",
     [](Root& root, Start&) { root.remove("/app"); },
     {"release: ", "no release in /app", "start_erl.data", "beam.release=DIR"}},
    {"EmptyReleaseDirectory",
     [](Root& root, Start&) {
       root.remove("/app");
       root.directory("/app/releases");
     },
     {"release: ", "no release in /app"}},
    {"ReleaseNamedBySettingIsMissing",
     [](Root& root, Start&) { set_config(root, "release=/srv\n"); },
     {"release: ", "no release in /srv"}},
    {"StartErlDataIsOneWord",
     [](Root& root, Start&) { root.write("/app/releases/start_erl.data", "15.2.7\n"); },
     {"release: ", "/app/releases/start_erl.data is broken", "ERTS_VERSION RELEASE_VERSION",
      "'15.2.7'"}},
    {"StartErlDataIsEmpty",
     [](Root& root, Start&) { root.write("/app/releases/start_erl.data", ""); },
     {"release: ", "/app/releases/start_erl.data is broken", "holds ''"}},
    {"StartErlDataIsThreeWords",
     [](Root& root, Start&) { root.write("/app/releases/start_erl.data", "15.2.7 0.1.0 more"); },
     {"release: ", "/app/releases/start_erl.data is broken"}},
    {"StartErlDataLeadsOutOfTheDirectory",
     [](Root& root, Start&) { root.write("/app/releases/start_erl.data", "../../x 0.1.0"); },
     {"release: ", "/app/releases/start_erl.data is broken", "'../../x 0.1.0'"}},
    {"StartErlDataIsBinary",
     [](Root& root, Start&) {
       root.write("/app/releases/start_erl.data", std::string("\x7f"
                                                              "ELF\0\1 \2",
                                                              8));
     },
     {"release: ", "/app/releases/start_erl.data"}},
    {"StartErlDataIsHuge",
     [](Root& root, Start&) {
       root.write("/app/releases/start_erl.data", std::string(1 << 20, 'x'));
     },
     {"release: ", "/app/releases/start_erl.data: File too large"}},
    {"StartErlDataIsADirectory",
     [](Root& root, Start&) {
       root.remove("/app/releases/start_erl.data");
       root.directory("/app/releases/start_erl.data");
     },
     {"release: ", "/app/releases/start_erl.data: Is a directory"}},
    {"StartErlDataNamesAnotherVersion",
     [](Root& root, Start&) { root.write("/app/releases/start_erl.data", "15.2.7 0.2.0"); },
     {"release: ", "'0.2.0'", "there is no /app/releases/0.2.0"}},
    {"TwoReleases",
     [](Root& root, Start&) {
       root.remove("/app/releases/start_erl.data");
       root.write("/app/releases/0.2.0/start.boot", "");
     },
     {"release: ", "more than one release in /app/releases (0.1.0, 0.2.0)", "start_erl.data"}},
    {"NoErts",
     [](Root& root, Start&) { root.remove("/usr/lib/erlang"); },
     {"release: ", "no ERTS", "/app", "/usr/lib/erlang", "erts-15.2.7"}},
    {"NoErtsWithoutStartErlData",
     [](Root& root, Start&) {
       root.remove("/usr/lib/erlang");
       root.remove("/app/releases/start_erl.data");
     },
     {"release: ", "no ERTS"}},
    {"TwoErtsWithoutStartErlData",
     [](Root& root, Start&) {
       root.install(NAMESPACE_PROBE, "/usr/lib/erlang/erts-16.0/bin/beam.smp");
       root.remove("/app/releases/start_erl.data");
     },
     {"release: ", "more than one ERTS in /usr/lib/erlang", "erts-15.2.7", "erts-16.0"}},
    {"NoBootFile",
     [](Root& root, Start&) { root.remove("/app/releases/0.1.0/start.boot"); },
     {"release: ", "/app/releases/0.1.0/start.boot", "beam.env.RELEASE_BOOT_SCRIPT"}},
    {"NoVmArgsThatASettingNames",
     [](Root& root, Start&) { set_config(root, "env.RELEASE_VM_ARGS=/etc/vm.args\n"); },
     {"release: ", "/etc/vm.args: No such file or directory"}},
    {"NoSysConfigThatASettingNames",
     [](Root& root, Start&) { set_config(root, "env.RELEASE_SYS_CONFIG=/etc/sys\n"); },
     {"release: ", "/etc/sys.config: No such file or directory"}},
    {"VmArgsOfTooManyFlags",
     [](Root& root, Start&) {
       root.write("/app/releases/0.1.0/vm.args", repeated("-kernel key value\n", 6000));
     },
     {"release: ", "too many", "flags"}},
    {"VmArgsOfOneEndlessWord",
     [](Root& root, Start&) {
       // Longer than the 128 KiB that execve(2) takes as one string.
       root.write("/app/releases/0.1.0/vm.args", "\"" + std::string(200'000, 'x'));
     },
     {"Argument list too long"}},
    {"VmArgsThatDoNotFit",
     [](Root& root, Start&) {
       root.write("/app/releases/0.1.0/vm.args", "#" + std::string(1 << 20, 'x'));
     },
     {"release: ", "/app/releases/0.1.0/vm.args: File too large"}},
    {"VmArgsThatNameThemselves",
     [](Root& root, Start&) {
       root.write("/app/releases/0.1.0/vm.args", "-args_file /app/releases/0.1.0/vm.args\n");
     },
     {"release: ", "/app/releases/0.1.0/vm.args", "does one name itself?"}},
    {"DistributionThatIsNone",
     [](Root& root, Start&) { set_config(root, "env.RELEASE_DISTRIBUTION=epmd\n"); },
     {"release: ", "RELEASE_DISTRIBUTION=epmd", "none, sname or name", "beam.dist="}},
    {"DistributionWithoutACookie",
     [](Root& root, Start&) { set_config(root, "env.RELEASE_DISTRIBUTION=sname\n"); },
     {"release: ", "needs a cookie", "beam.cookie=FILE", "/app/releases/COOKIE"}},
    {"LongNameWithoutAnAddress",
     [](Root& root, Start&) { set_config(root, "dist=long\nnode=n\n"); },
     {"release: ", "beam.node=n: a long name needs a host", "beam.node=n@HOST"}},
    {"RuntimeConfigHasNowhereToGo",
     [](Root& root, Start&) {
       root.write("/app/releases/0.1.0/sys.config", "%% RUNTIME_CONFIG=true\n[].\n");
       set_config(root, "env.RELEASE_TMP=/nowhere\n");
     },
     {"release: ", "/nowhere/hello-0.1.0.runtime.config: No such file or directory",
      "RELEASE_TMP"}},
};

const Case kExecCases[] = {
    {"NoEmulator",
     [](Root& root, Start&) { root.remove(kEmulator); },
     {"exec: ", kEmulator, "No such file or directory"}},
    {"EmulatorOfAnotherFlavour",
     [](Root& root, Start&) { root.write("/app/releases/0.1.0/vm.args", "-emu_flavor emu\n"); },
     {"exec: ", "/bin/beam.emu: No such file or directory"}},
    {"EmulatorWithoutItsInterpreter",
     [](Root& root, Start&) { root.install("/proc/self/exe", kEmulator); },
     {"exec: ", kEmulator, "No such file or directory", "dynamic linker"}},
    {"EmulatorForAnotherMachine",
     [](Root& root, Start&) { set_machine(root, EM_S390); },
     {"exec: ", kEmulator, "Exec format error"}},
    {"EmulatorThatIsText",
     [](Root& root, Start&) { root.write(kEmulator, "beam\n", 0755); },
     {"exec: ", kEmulator, "Exec format error"}},
    {"EmulatorThatIsEmpty",
     [](Root& root, Start&) { root.write(kEmulator, "", 0755); },
     {"exec: ", kEmulator, "Exec format error"}},
    {"EmulatorThatIsNotExecutable",
     [](Root& root, Start&) { check(chmod(root.path(kEmulator).c_str(), 0644), "chmod"); },
     {"exec: ", kEmulator, "Permission denied"}},
    {"EmulatorThatIsADirectory",
     [](Root& root, Start&) {
       root.remove(kEmulator);
       root.directory(kEmulator);
     },
     {"exec: ", kEmulator, "Permission denied"}},
    {"EmulatorThatIsALoop",
     [](Root& root, Start&) {
       root.remove(kEmulator);
       root.symlink("beam.smp", kEmulator);
     },
     {"exec: ", kEmulator, "Too many levels of symbolic links"}},
};

const Case kSettingCases[] = {
    {"UnknownKeyOfTheCommandLine",
     [](Root&, Start& start) { start.cmdline = "quiet beam.hostnam=x"; },
     {"settings: ", "kernel command line: there is no setting beam.hostnam", "beam.hostname="}},
    {"UnknownKeyOfTheFile",
     [](Root& root, Start&) { set_config(root, "on_crsh=panic\n"); },
     {"settings: ", "/etc/beam-init.conf: there is no setting beam.on_crsh", "beam.on_crash="}},
    {"UnknownKeyWithoutAValue",
     [](Root&, Start& start) { start.cmdline = "beam.nosuch"; },
     {"settings: ", "there is no setting beam.nosuch"}},
    {"BadValue",
     [](Root& root, Start&) { set_config(root, "root=sometimes\n"); },
     {"settings: ", "beam.root: not a valid value: 'sometimes'"}},
    {"RelativeRelease",
     [](Root& root, Start&) { set_config(root, "release=app\n"); },
     {"settings: ", "beam.release: not a valid value: 'app'", "absolute"}},
    {"BadHostName",
     [](Root& root, Start&) { set_config(root, "hostname=-x-\n"); },
     {"settings: ", "beam.hostname: not a valid value: '-x-'", "1 to 64"}},
    {"FileThatIsTooLong",
     [](Root& root, Start&) { set_config(root, "#" + std::string(1 << 20, 'x')); },
     {"settings: ", "/etc/beam-init.conf: File too large", "KEY=VALUE"}},
    {"FileThatIsADirectory",
     [](Root& root, Start&) { root.directory("/etc/beam-init.conf"); },
     {"settings: ", "/etc/beam-init.conf: Is a directory"}},
    {"HostnameOfTheImageIsBad",
     [](Root& root, Start&) { root.write("/etc/hostname", "a_b\n"); },
     {"host name: ", "a_b", "1 to 64"}},
    {"NowhereToWriteHosts",
     [](Root& root, Start&) { root.remove("/etc"); },
     {"host name: ", "/etc/hosts", "No such file or directory"}},
    {"NoHostsInARootThatIsReadOnly",
     [](Root& root, Start& start) {
       root.directory("/dev/shm");
       start.prepare = remount_root_read_only;
     },
     {"host name: ", "/etc/hosts", "Read-only file system"}},
    {"NoMountPointInARootThatIsReadOnly",
     [](Root& root, Start& start) {
       root.remove("/run");
       start.prepare = remount_root_read_only;
     },
     {"mounts: ", "/run: No such file or directory"}},
    {"ProcIsAFile",
     [](Root& root, Start& start) {
       root.remove("/proc");
       root.write("/proc", "");
       start.cmdline.reset();
     },
     {"mounts: ", "/proc", "Not a directory"}},
};

const Case kNetworkCases[] = {
    {"AddressThatIsNone",
     [](Root&, Start& start) { start.cmdline = "ip=10.0.2.256"; },
     {"network: ", "10.0.2.256", "ip=ADDRESS::GATEWAY:NETMASK:HOSTNAME:DEVICE:off"}},
    {"NetmaskWithHoles",
     [](Root&, Start& start) { start.cmdline = "ip=10.0.2.15:::255.0.255.0::eth0:off"; },
     {"network: ", "netmask"}},
    {"AddressThatAServerWouldGive",
     [](Root&, Start& start) { start.cmdline = "ip=dhcp"; },
     {"network: ", "automatic", "dhcp", "static"}},
    {"NoSuchDevice",
     [](Root&, Start& start) { start.cmdline = "ip=10.0.2.15::10.0.2.2:255.255.255.0::eth9:off"; },
     {"network: ", "eth9", "No such device"}},
    {"GatewayOutOfReach",
     [](Root&, Start& start) {
       start.cmdline = "ip=10.0.2.15::192.168.1.1:255.255.255.0::eth0:off";
       start.prepare = [] { add_network_device("eth0"); };
     },
     {"network: ", "set route", "eth0", "Network is unreachable"}},
};

class FailureTest : public FailingTest {};

TEST_P(FailureTest, SaysWhyOnceAndEndsTheMachine) {
  expect_failure(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Release, FailureTest, testing::ValuesIn(kReleaseCases), name_of);
INSTANTIATE_TEST_SUITE_P(Exec, FailureTest, testing::ValuesIn(kExecCases), name_of);
INSTANTIATE_TEST_SUITE_P(Settings, FailureTest, testing::ValuesIn(kSettingCases), name_of);
INSTANTIATE_TEST_SUITE_P(Network, FailureTest, testing::ValuesIn(kNetworkCases), name_of);

class EndTest : public NamespaceTest {
 protected:
  EndTest() { root.remove("/app"); }
};

TEST_F(EndTest, PanicIsTheExitOfPid1) {
  set_config(root, "on_crash=panic\n");
  EXPECT_THAT(boot_failure(), HasSubstr("error: release: "));
  EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 1);
}

TEST_F(EndTest, RebootThatIsRefusedIsSaidAndPid1Exits) {
  start.prepare = [] { check(prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT), "prctl"); };
  const std::string console = boot_failure();
  EXPECT_THAT(console, HasSubstr("error: release: "));
  EXPECT_THAT(console, EndsWith("beam-init: reboot: Operation not permitted; exiting\n"));
  EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 1);
}

TEST_F(EndTest, PolicyBeforeABadSettingHolds) {
  set_config(root, "on_crash=panic\nnosuch=1\n");
  EXPECT_THAT(boot_failure(), HasSubstr("no setting beam.nosuch"));
  EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 1);
}

TEST_F(EndTest, PolicyOfTheCommandLineHoldsForABadFileToo) {
  set_config(root, "nosuch=1\n");
  start.cmdline = "beam.on_crash=panic";
  EXPECT_THAT(boot_failure(), HasSubstr("no setting beam.nosuch"));
  EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 1);
}

TEST_F(EndTest, PolicyHoldsWhereverItStandsInTheCommandLine) {
  start.cmdline = "beam.nosuch=1 beam.on_crash=panic";
  EXPECT_THAT(boot_failure(), HasSubstr("no setting beam.nosuch"));
  EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 1);
}

TEST_F(EndTest, TheErrorReachesATerminalToo) {
  ended = boot(root, start);
  EXPECT_THAT(ended.console, HasSubstr("beam-init: error: release: no release in /app"));
  EXPECT_THAT(ended.console, Not(HasSubstr("mark=exec")));
}

}  // namespace
}  // namespace microbeam
