// SPDX-License-Identifier: Apache-2.0
// For tests: stands in for QEMU, and does in milliseconds what the environment variable FAKE_GUEST
// says that the guest does. It takes the port from -netdev and the control channel from -chardev,
// as QEMU would.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

void say(int fd, const std::string& text) {
  if (write(fd, text.data(), text.size()) < 0) _exit(99);
}

void console(const std::string& text) {
  say(STDOUT_FILENO, text);
}

void on_term(int) {
  say(STDERR_FILENO, "fake_qemu: terminating on signal 15 from pid 1 (x)\n");
  _exit(0);
}

// The number behind `text` in some argument, or -1.
int number_after(int argc, char** argv, const char* text) {
  for (int i = 1; i < argc; ++i) {
    if (const char* found = std::strstr(argv[i], text)) {
      return static_cast<int>(std::strtol(found + std::strlen(text), nullptr, 10));
    }
  }
  return -1;
}

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) _exit(97);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 8) != 0) {
    std::perror("fake_qemu: listen");
    std::exit(1);
  }
  return fd;
}

std::string response(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

void answer(int listener, const std::string& page, const std::string& info) {
  const int fd = accept(listener, nullptr, nullptr);
  char request[4096] = "";
  if (read(fd, request, sizeof request - 1) <= 0) {  // given up by the tool for a newer one
    close(fd);
    return;
  }
  say(fd, std::strncmp(request, "GET /info ", 10) == 0 ? info : page);
  close(fd);
}

// What QEMU's user network does for a port at which the guest does not listen.
void refuse(int listener) {
  const int fd = accept(listener, nullptr, nullptr);
  const linger abort{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  close(fd);
}

void marks() {
  console(
      "qboot\x1b[2J\x80\xff\r\nbeam-init: mark=init boottime_ns=1000000 tsc=8000000\r\nbeam-in");
  usleep(20'000);
  console(
      "it: mark=exec boottime_ns=2000000 tsc=9000000\r\nhello: mark=beam boottime_ns=3000000 "
      "age_ns=1000\r\n");
  console("hello: mark=listening boottime_ns=4000000\r\n");
  console("pid1: mark=application boottime_ns=5000000\r\n");
}

[[noreturn]] void wait_for_term() {
  while (true)
    pause();
}

// The first start finds its port taken, the second does not. FAKE_STATE names a file that tells
// them apart.
void lose_the_port_once() {
  const char* state = std::getenv("FAKE_STATE");
  if (state == nullptr || open(state, O_CREAT | O_EXCL | O_WRONLY, 0600) < 0) return;
  say(STDERR_FILENO,
      "fake_qemu: -netdev user: Could not set up host forwarding rule 'tcp:127.0.0.1'\n");
  std::exit(1);
}

// How the guest ends: its last line on the control channel, what its kernel says, QEMU's status.
struct Ending {
  const char* guest;
  const char* control;
  const char* console;
  int status;
};

constexpr Ending kEndings[] = {
    {"serves", "end poweroff 0\n", "[ 9.0] reboot: Restarting system\r\n", 0},
    {"stops-with-3", "end poweroff 3\n", "", 5},
    {"stops-without-a-word", "", "", 0},
    {"panics-at-the-end", "end poweroff 0\n", "Kernel panic - not syncing: Fatal\r\n", 5},
    {"panics-but-status-0", "end poweroff 0\n", "Kernel panic - not syncing: Fatal\r\n", 0},
    {"says-0-but-fails", "end poweroff 0\n", "", 5},
    {"ends-in-order", "end poweroff 0\n", "", 0},
    {"ends-with-3", "nonsense\nend reboot 3\n", "", 5},
    {"ends-later", "", "", 7},
    {"panics-later", "", "Kernel panic - not syncing: Attempted to kill init!\r\n", 5},
};

[[noreturn]] void end_as(const std::string& guest, int control) {
  for (const Ending& ending : kEndings) {
    if (guest != ending.guest) continue;
    console(ending.console);
    say(control, ending.control);
    _exit(ending.status);
  }
  say(control, "end poweroff 0\n");
  _exit(0);
}

bool starts_with(const std::string& text, const char* prefix) {
  return text.rfind(prefix, 0) == 0;
}

// What the guest is given as its root, and how QEMU was called.
void show_root(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    console(std::string("argument: ") + argv[i] + "\n");
    if (i == 1 || std::strcmp(argv[i - 1], "-initrd") != 0) continue;
    const int fd = open(argv[i], O_RDONLY);
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = read(fd, buffer.data(), buffer.size())) > 0;)
      console(std::string(buffer.data(), static_cast<size_t>(got)));
    close(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    console("QEMU emulator version 9.9\nCopyright nobody\n");
    return 0;
  }
  const char* variable = std::getenv("FAKE_GUEST");
  const std::string guest = variable != nullptr ? variable : "";
  if (const char* path = std::getenv("FAKE_PIDFILE")) {
    const int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    say(fd, std::to_string(getpid()) + "\n");
    close(fd);
  }
  signal(SIGTERM, guest == "stubborn" ? SIG_IGN : on_term);

  if (guest == "silent") wait_for_term();
  if (guest == "fails") {
    say(STDERR_FILENO, "fake_qemu: could not load kernel\n");
    return 3;
  }
  if (guest == "rootless") {
    console("[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n");
    return 5;
  }
  if (guest == "panics") {
    console(
        "beam-init: mark=init boottime_ns=1000000 tsc=8000000\r\nbeam-init: no release in /app\r\n"
        "Kernel panic - not syncing: Attempted to kill init!\r\n");
    return 5;
  }
  if (guest == "needs-40-mib") {
    const char* const* const memory = std::find_if(
        argv, argv + argc, [](const char* word) { return std::strcmp(word, "-m") == 0; });
    if (std::strtol(memory[1], nullptr, 10) < 40) {
      console("[ 1.0] Out of memory: Killed process 77 (beam.smp)\r\n");
      wait_for_term();
    }
  }
  if (guest == "kvm-error") {
    say(STDERR_FILENO, "KVM internal error. Suberror: 1\nemulation failure\nRAX=0\n");
    wait_for_term();
  }
  if (guest == "shows-root") show_root(argc, argv);
  if (guest == "loses-port") lose_the_port_once();

  const int listener = listen_on(number_after(argc, argv, "hostfwd=tcp:127.0.0.1:"));
  const int control = number_after(argc, argv, "socket,id=control,fd=");
  if (guest == "batch") end_as("ends-in-order", control);
  if (guest == "silent-console") {
    for (int i = 0; i < 2; ++i)
      refuse(listener);
  } else {
    marks();
  }
  const bool listens = guest != "mute" && guest != "stubborn";
  if (listens) say(control, "ready\n");
  const std::string page =
      response(guest == "unwell" ? "503 Service Unavailable" : "200 OK", "hello");
  const std::string info = guest == "tells-nothing" ? response("500 Internal Server Error", "")
                           : guest == "silent-console"
                               ? response("200 OK", "<html>")
                               : response("200 OK", R"({"otp":"27","os_pid":1,"available":2048})");
  const bool by_itself = starts_with(guest, "ends-") || guest == "panics-later";
  // Meanwhile it answers: the first connection may be one that the tool has given up.
  const int alarm = by_itself ? 500 : -1;
  std::array<pollfd, 2> entries = {pollfd{listener, POLLIN, 0},
                                   pollfd{listens ? control : -1, POLLIN, 0}};
  while (true) {
    if (poll(entries.data(), entries.size(), alarm) == 0) end_as(guest, control);
    if (entries[0].revents != 0) answer(listener, page, info);
    char request[16] = "";
    if (entries[1].revents == 0 || read(control, request, sizeof request - 1) <= 0) continue;
    if (std::strcmp(request, "stop\n") == 0 && guest != "deaf") end_as(guest, control);
  }
}
