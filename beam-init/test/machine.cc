// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <algorithm>

namespace beam_init {

using pid1::fake::Node;

namespace {

std::shared_ptr<Node> device(bool terminal) {
  const auto node = std::make_shared<Node>();
  node->type = Node::Type::kDevice;
  node->sink.terminal = terminal;
  return node;
}

}  // namespace

bool MachineTest::matches(std::string_view text, std::string_view pattern) {
  const size_t wild = pattern.find('~');
  if (wild == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, wild))) return false;
  for (size_t at = wild; at <= text.size(); ++at) {
    if (matches(text.substr(at), pattern.substr(wild + 1))) return true;
  }
  return false;
}

void MachineTest::furnish() {
  pid1::fake::Kernel& kernel = pid1::fake::kernel();
  kernel.file_systems["devtmpfs"] = {
      {"console", device(true)}, {"null", device(false)}, {"kmsg", device(false)}};
  for (const char* path : {"/proc", "/sys", "/dev", "/run", "/tmp", "/etc"}) {
    kernel.add_directory(path);
  }
  // The image's own nodes: there is a console before devtmpfs is.
  kernel.add_device("/dev/console").terminal = true;
  kernel.add_device("/dev/null");
  kernel.add_file("/app/releases/start_erl.data", "15.2.7 0.1.0");
  kernel.add_file("/app/releases/0.1.0/start.boot", "");
  kernel.add_file("/app/releases/0.1.0/start_clean.boot", "");
  kernel.add_file("/app/releases/0.1.0/hello.rel", "");
  kernel.add_file("/app/releases/0.1.0/sys.config", "%% RUNTIME_CONFIG=false\n[].\n");
  kernel.add_file("/app/releases/0.1.0/vm.args", "## nothing\n");
  kernel.add_directory("/app/lib/elixir-1.18.3/ebin");
  kernel.add_directory("/app/lib/hello-0.1.0/ebin");
  kernel.add_file("/usr/lib/erlang/erts-15.2.7/bin/beam.smp", "", 0755);
  // The end has two children: one syncs and is gone, the other calls reboot(2), which ends the run.
  kernel.on_fork = [](pid_t child) {
    pid1::fake::kernel().die(child, 0);
    pid1::fake::kernel().forks_as_child = true;
  };
  kernel.file_systems["proc"]["self/mountinfo"] = std::make_shared<Node>();
  kernel.generated["/proc/self/mountinfo"] = [] { return pid1::fake::kernel().mountinfo(); };
}

pid1::fake::Ending MachineTest::boot(const std::string& cmdline, const std::string& config) {
  const auto line = std::make_shared<Node>();
  line->content = cmdline + "\n";
  pid1::fake::kernel().file_systems["proc"]["cmdline"] = line;
  if (!config.empty()) pid1::fake::kernel().add_file("/etc/beam-init.conf", config);
  char name[] = "/init";
  char* argv[] = {name, nullptr};
  return pid1::fake::run([&] { (void)beam_init_main(1, argv, nullptr); });
}

pid1::fake::Ending MachineTest::start(Strings words, Strings environment) {
  const auto pointers = [](Strings& strings) {
    std::vector<char*> all;
    for (std::string& text : strings)
      all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  };
  std::vector<char*> argv = pointers(words);
  std::vector<char*> envp = pointers(environment);
  int status = 0;
  pid1::fake::Ending ending = pid1::fake::run(
      [&] { status = beam_init_main(static_cast<int>(words.size()), argv.data(), envp.data()); });
  if (ending.how == pid1::fake::Ending::How::kReturned) ending.status = status;
  return ending;
}

void MachineTest::add_to(const std::string& type, const std::string& path, std::string content) {
  const auto node = std::make_shared<Node>();
  const bool is_directory = path.ends_with("/");
  node->type = is_directory ? Node::Type::kDirectory : Node::Type::kFile;
  node->content = std::move(content);
  pid1::fake::kernel().file_systems[type][path.substr(0, path.size() - (is_directory ? 1 : 0))] =
      node;
}

Node& MachineTest::add_control_port() {
  add_to("sysfs", "class/virtio-ports/vport0p1/name", "org.example.other\n");
  add_to("sysfs", "class/virtio-ports/vport0p2/name", "microbeam.control\n");
  const auto node = std::make_shared<Node>();
  node->type = Node::Type::kPort;
  pid1::fake::kernel().file_systems["devtmpfs"]["vport0p2"] = node;
  return *node;
}

void MachineTest::expect_failure(const std::string& line, const std::string& cmdline,
                                 const std::string& config) {
  const pid1::fake::Ending ending = boot(cmdline, config);
  EXPECT_EQ(ending.how, pid1::fake::Ending::How::kRestarted);
  std::string text = console();
  const std::string the_end = "\nbeam-init: the end: reboot 1\n";
  ASSERT_TRUE(text.ends_with(the_end)) << text;
  text.resize(text.size() - the_end.size());
  const std::string last = text.substr(text.rfind('\n') + 1);
  EXPECT_TRUE(matches(last, "beam-init: error: " + line)) << last;
  if (pid1::fake::kernel().find("/dev/kmsg") != nullptr) {
    EXPECT_NE(kernel_log().find("<3>" + last + "<5>"), std::string::npos) << kernel_log();
  }
}

std::string MachineTest::console() {
  const Node* node = pid1::fake::kernel().find("/dev/console");
  return node == nullptr ? "" : node->sink.text();
}

std::string MachineTest::kernel_log() {
  const Node* node = pid1::fake::kernel().find("/dev/kmsg");
  return node == nullptr ? "" : node->sink.text();
}

std::string MachineTest::printed() {
  return pid1::fake::kernel().descriptors.at(1).file->node->sink.text();
}

Strings MachineTest::arguments() {
  const Strings& argv = kernel.argv;
  auto word = argv.begin();
  for (int separators = 0; word != argv.end() && separators < 3; ++word) {
    separators += *word == "--" ? 1 : 0;
  }
  if (word == argv.end()) {
    ADD_FAILURE() << "beam.smp was not executed; the console has:\n" << console();
  }
  return {word, argv.end()};
}

Strings MachineTest::emulator_flags() {
  const Strings& argv = kernel.argv;
  return argv.empty() ? argv : Strings(argv.begin() + 1, std::ranges::find(argv, "--"));
}

std::map<std::string, std::string> MachineTest::environment() {
  std::map<std::string, std::string> variables;
  for (const std::string& entry : kernel.envp) {
    const size_t equals = entry.find('=');
    EXPECT_TRUE(variables.emplace(entry.substr(0, equals), entry.substr(equals + 1)).second)
        << entry << " stands there twice";
  }
  return variables;
}

}  // namespace beam_init
