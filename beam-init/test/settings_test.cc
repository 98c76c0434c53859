// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>

#include "machine.h"

namespace beam_init {
namespace {

using pid1::fake::Ending;

constexpr const char* kConfig = "/etc/beam-init.conf";

class SettingsTest : public MachineTest {};

TEST_F(SettingsTest, TableIsWhole) {
  std::set<std::string> keys;
  for (const Setting& setting : setting_table()) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    for (const char* text : {setting.key, setting.argument, setting.meaning}) {
      EXPECT_STRNE(text, "") << setting.key;
    }
    EXPECT_TRUE(keys.size() == 1 ||
                std::string("=.").find(std::string(setting.key).back()) != std::string::npos);
  }
  EXPECT_GE(keys.size(), 20U);
}

TEST_F(SettingsTest, VolumesAreToldApartByTheirDirectoryNetworksByTheirDevice) {
  const auto given = [](std::initializer_list<std::pair<const char*, const char*>> pairs) {
    char text[8];
    char* entries[1];
    pid1::Arena arena{text};
    pid1::Environment environment{arena, entries};
    Settings settings{environment};
    std::vector<std::string> values(pairs.size());
    std::string all;
    size_t i = 0;
    for (const auto& [key, value] : pairs) {
      values[i] = value;
      EXPECT_FALSE(apply_setting(settings, key, values[i++].data(), "test").is_failure());
    }
    for (const char* key : {"mount=", "net="}) {
      (void)settings.for_each(key, [&](const Given& one) {
        all += one.value + std::string(" ");
        return Outcome();
      });
    }
    return all;
  };
  EXPECT_EQ(given({{"mount", "tmpfs:/a:tmpfs"}, {"mount", "tmpfs:/b:tmpfs"}}),
            "tmpfs:/a:tmpfs tmpfs:/b:tmpfs ");
  EXPECT_EQ(given({{"mount", "/dev/vda:/data:ext4"}, {"mount", "/dev/vdb:/data:ext4:noatime"}}),
            "/dev/vdb:/data:ext4:noatime ");
  EXPECT_EQ(given({{"mount", "nothing"}, {"mount", "a:/data"}}), "nothing a:/data ");
  EXPECT_EQ(given({{"net", "eth0,10.0.0.1/8"}, {"net", "eth1"}, {"net", "eth0,mtu=1400"}}),
            "eth0,mtu=1400 eth1 ");
}

TEST_F(SettingsTest, HelpNamesEachSetting) {
  kernel.pid = 1234;
  char name[] = "beam-init";
  char option[] = "--help";
  char* argv[] = {name, option, nullptr};
  ASSERT_EQ(beam_init_main(2, argv, nullptr), 0);
  const std::string help = kernel.descriptors.at(1).file->node->sink.text();
  for (const Setting& setting : setting_table()) {
    EXPECT_NE(help.find(std::string("beam.") + setting.key), std::string::npos) << setting.key;
    EXPECT_NE(help.find(setting.meaning), std::string::npos) << setting.key;
  }
}

TEST_F(SettingsTest, ReadmeNamesEachSetting) {
  const std::ifstream file(BEAM_INIT_README);
  ASSERT_TRUE(file.is_open()) << BEAM_INIT_README;
  std::ostringstream content;
  content << file.rdbuf();
  for (const Setting& setting : setting_table()) {
    // The row of the table, made of the same words.
    std::string argument;
    for (const char* letter = setting.argument; *letter != '\0'; ++letter) {
      if (*letter == '|') argument += '\\';  // Markdown's own
      argument += *letter;
    }
    const std::string row =
        std::string("| `beam.") + setting.key + argument + "` | " + setting.meaning + " |";
    EXPECT_NE(content.str().find(row), std::string::npos)
        << "beam-init/README.md must have this row:\n"
        << row;
  }
}

TEST_F(SettingsTest, UnknownKeyNamesTheNearest) {
  const struct {
    const char* key;
    const char* nearest;
  } cases[] = {
      {"relase", "release=DIR"},
      {"Release", "release=DIR"},
      {"releasedir", "release=DIR"},
      {"hostnam", "hostname=NAME"},
      {"host-name", "hostname=NAME"},
      {"oncrash", "on_crash=poweroff|reboot|halt|panic|restart"},
      {"on-crash", "on_crash=poweroff|reboot|halt|panic|restart"},
      {"rot", "root=ro|rw"},
      {"env", "env.NAME=VALUE"},
      {"envv.X", "env.NAME=VALUE"},
      {"ENV.X", "env.NAME=VALUE"},
  };
  for (const auto& entry : cases) {
    pid1::fake::reset();
    furnish();
    expect_failure(std::string("settings: kernel command line: there is no setting beam.") +
                       entry.key + "; the nearest is beam." + entry.nearest,
                   std::string("beam.") + entry.key + "=1");
  }
}

TEST_F(SettingsTest, UnknownKeysOfAnyLength) {
  for (const std::string& key : {std::string(), std::string("x"), std::string(200, 'k')}) {
    pid1::fake::reset();
    furnish();
    expect_failure("settings: kernel command line: there is no setting beam." + key +
                       "; the nearest is beam.~",
                   "beam." + key + "=1");
  }
}

TEST_F(SettingsTest, BadValues) {
  const struct {
    const char* setting;
    const char* message;
  } cases[] = {
      {"beam.root=maybe", "beam.root: not a valid value: 'maybe'; it takes ro|rw: ~"},
      {"beam.root", "beam.root: not a valid value: ''; it takes ro|rw: ~"},
      {"beam.root=", "beam.root: not a valid value: ''; it takes ro|rw: ~"},
      {"beam.root=r", "beam.root: not a valid value: 'r'; it takes ro|rw: ~"},
      {"beam.root=ro,rw", "beam.root: not a valid value: 'ro,rw'; it takes ro|rw: ~"},
      {"beam.on_crash=explode",
       "beam.on_crash: not a valid value: 'explode'; it takes poweroff|reboot|halt|panic|restart: "
       "~"},
      {"beam.on_crash=p",
       "beam.on_crash: not a valid value: 'p'; it takes poweroff|reboot|halt|panic|restart: ~"},
      {"beam.release=app",
       "beam.release: not a valid value: 'app'; it takes DIR: ~an absolute directory~"},
      {"beam.release=",
       "beam.release: not a valid value: ''; it takes DIR: ~an absolute directory~"},
      {"beam.hostname=a_b",
       "beam.hostname: not a valid value: 'a_b'; it takes NAME: host name: 1 to 64 letters, "
       "digits, '-' and '.'~"},
  };
  for (const auto& entry : cases) {
    pid1::fake::reset();
    furnish();
    expect_failure(std::string("settings: kernel command line: ") + entry.message, entry.setting);
    pid1::fake::reset();
    furnish();
    const bool assignment = std::string(entry.setting).find('=') != std::string::npos;
    if (!assignment) continue;
    expect_failure(std::string("settings: ") + kConfig + ": " + entry.message, "quiet",
                   "# a comment\n" + std::string(entry.setting).substr(5) + "\n");
  }
}

TEST_F(SettingsTest, BracesInWhatIsSaidAreNoPattern) {
  expect_failure(
      "settings: kernel command line: there is no setting beam.{}{}%s{; the nearest is beam.~",
      "beam.{}{}%s{=1");
  pid1::fake::reset();
  furnish();
  boot("beam.env.A={}{} beam.env.B={ -- {}{} {");
  EXPECT_EQ(environment()["A"], "{}{}");
  EXPECT_EQ(environment()["B"], "{");
  const Strings words = arguments();
  EXPECT_NE(std::ranges::find(words, "{}{}"), words.end());
}

TEST_F(SettingsTest, ConfigLineThatIsNone) {
  expect_failure("settings: /etc/beam-init.conf line 3: ~KEY=VALUE~", "quiet",
                 "root=rw\n\nnonsense\n");
}

TEST_F(SettingsTest, ConfigThatIsTooLarge) {
  expect_failure("settings: read /etc/beam-init.conf: File too large; ~", "quiet",
                 "# " + std::string(1 << 20, 'x') + "\n");
}

TEST_F(SettingsTest, ConfigThatCannotBeRead) {
  kernel.add_directory("/etc/beam-init.conf");
  expect_failure("settings: read /etc/beam-init.conf: Is a directory; ~");
}

TEST_F(SettingsTest, NoConfigIsNoError) {
  EXPECT_EQ(boot("quiet").how, Ending::How::kExecuted);
}

TEST_F(SettingsTest, ConfigSettings) {
  boot("quiet",
       "# what the image says\n"
       "hostname = \"from-file\"\n"
       "root=rw\n"
       "env.A=1\n"
       "env.B = \"with blanks \" \n"
       "env.C=\n"
       "env.ERL_AFLAGS=+P 65536\n");
  EXPECT_EQ(kernel.hostname, "from-file");
  EXPECT_FALSE(kernel.root_read_only);
  auto variables = environment();
  EXPECT_EQ(variables["A"], "1");
  EXPECT_EQ(variables["B"], "with blanks ");
  EXPECT_TRUE(variables.contains("C"));
  EXPECT_EQ(variables["C"], "");
  EXPECT_EQ(emulator_flags(), (Strings{"-P", "65536"}));
}

TEST_F(SettingsTest, CommandLineGoesBeforeTheConfig) {
  boot("beam.hostname=line beam.env.A=line beam.root=ro",
       "hostname=file\nenv.A=file\nenv.B=file\nroot=rw\n");
  EXPECT_EQ(kernel.hostname, "line");
  EXPECT_TRUE(kernel.root_read_only);
  auto variables = environment();
  EXPECT_EQ(variables["A"], "line");
  EXPECT_EQ(variables["B"], "file");
}

TEST_F(SettingsTest, LaterGoesBeforeEarlier) {
  boot("beam.env.A=1 beam.hostname=one beam.env.A=2 beam.hostname=two ip=bad ip=off");
  EXPECT_EQ(kernel.hostname, "two");
  EXPECT_EQ(environment()["A"], "2");
}

TEST_F(SettingsTest, CommandLineQuotes) {
  boot("beam.env.A=\"a b\" beam.env.B=\"\" \"beam.env.C=c d\" beam.env.D=x=y beam.env.E");
  auto variables = environment();
  EXPECT_EQ(variables["A"], "a b");
  EXPECT_EQ(variables["B"], "");
  EXPECT_EQ(variables["C"], "c d");
  EXPECT_EQ(variables["D"], "x=y");
  EXPECT_EQ(variables["E"], "");
}

TEST_F(SettingsTest, WordsOfOthersAreLeftAlone) {
  EXPECT_EQ(boot("BOOT_IMAGE=/vmlinuz ro quiet rcu.x=1 ipv6.disable=1 xbeam.root=1 beam beamx=1 "
                 "console=ttyS0 nopti -x")
                .how,
            Ending::How::kExecuted);
}

TEST_F(SettingsTest, KernelsEnvironmentIsNotTaken) {
  // The kernel makes KEY=VALUE words its init's environment, and adds HOME=/ and TERM=linux.
  boot("FOO=bar HOME=/elsewhere");
  auto variables = environment();
  EXPECT_FALSE(variables.contains("FOO"));
  EXPECT_EQ(variables["HOME"], "/root");
  EXPECT_EQ(variables["TERM"], "linux");
}

// ---- a value of env.* may be a secret

constexpr const char* kSecret = "hunter2";

void expect_no_secret() {
  for (const auto& [path, node] : pid1::fake::kernel().nodes) {
    if (node->type != pid1::fake::Node::Type::kDevice) continue;
    EXPECT_EQ(node->sink.text().find(kSecret), std::string::npos) << path << node->sink.text();
  }
}

TEST_F(SettingsTest, SecretsAreNeverInAMessage) {
  const std::string secret = kSecret;
  for (const std::string& line : {"beam.env.=" + secret, "beam.env.A=" + secret + " beam.root=x",
                                  "beam.env.A=" + secret + " beam.release=/nowhere",
                                  "beam.env.A=" + secret + " beam.nosuch=1"}) {
    pid1::fake::reset();
    furnish();
    EXPECT_EQ(boot(line).how, Ending::How::kRestarted) << line;
    expect_no_secret();
  }
  for (const std::string& config :
       {"env.=" + secret + "\n", "env.TOKEN " + secret + "\n", "env.TOKEN:" + secret + "\n",
        secret + "\n", "env.A=" + secret + "\nnonsense\n", "env.A=" + secret + "\nroot=x\n",
        "env.A=x\nnv.A=" + secret + "\n"}) {
    pid1::fake::reset();
    furnish();
    EXPECT_EQ(boot("quiet", config).how, Ending::How::kRestarted) << config;
    expect_no_secret();
  }
}

TEST_F(SettingsTest, EnvironmentThatIsFull) {
  std::string line;
  for (int i = 0; i < 400; ++i)
    line += "beam.env.N" + std::to_string(i) + "=" + kSecret + " ";
  EXPECT_EQ(boot(line).how, Ending::How::kRestarted);
  EXPECT_NE(console().find("error: settings: kernel command line: beam.env.N"), std::string::npos)
      << console();
  expect_no_secret();
}

TEST_F(SettingsTest, NulInTheConfig) {
  const std::string config("env.A=x\0y\n", 10);
  EXPECT_EQ(boot("quiet", config).how, Ending::How::kRestarted) << "nothing is cut silently";
}

TEST_F(SettingsTest, ArgumentsAfterTheSeparatorGoToErl) {
  boot("quiet -- -myflag \"a b\" +P 9 -x=y");
  const Strings words = arguments();
  const auto flag = std::ranges::find(words, "-myflag");
  ASSERT_NE(flag, words.end());
  EXPECT_EQ(*(flag + 1), "a b");
  EXPECT_EQ(*(flag + 2), "-x=y");
  EXPECT_EQ(emulator_flags(), (Strings{"-P", "9"}));
}

}  // namespace
}  // namespace beam_init
