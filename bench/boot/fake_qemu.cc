// SPDX-License-Identifier: Apache-2.0
// For tests: stands in for QEMU, and does in milliseconds what the environment variable FAKE_GUEST
// says that the guest does. It takes the port from -netdev as QEMU would.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

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

int host_port(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (const char* rule = std::strstr(argv[i], "hostfwd=tcp:127.0.0.1:")) {
      return static_cast<int>(
          std::strtol(rule + std::strlen("hostfwd=tcp:127.0.0.1:"), nullptr, 10));
    }
  }
  return 0;
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

void answer(int listener, const std::string& status, const std::string& info) {
  const int fd = accept(listener, nullptr, nullptr);
  char request[4096] = "";
  if (read(fd, request, sizeof request - 1) <= 0) {  // given up by the tool for a newer one
    close(fd);
    return;
  }
  const std::string body = std::strncmp(request, "GET /info ", 10) == 0 ? info : "hello";
  say(fd, "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
              body);
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

}  // namespace

int main(int argc, char** argv) {
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
    return 0;
  }
  if (guest == "panics") {
    console(
        "beam-init: mark=init boottime_ns=1000000 tsc=8000000\r\nbeam-init: no release in /app\r\n"
        "Kernel panic - not syncing: Attempted to kill init!\r\n");
    return 0;
  }
  if (guest == "kvm-error") {
    say(STDERR_FILENO, "KVM internal error. Suberror: 1\nemulation failure\nRAX=0\n");
    wait_for_term();
  }
  if (guest == "loses-port") lose_the_port_once();

  const int listener = listen_on(host_port(argc, argv));
  if (guest == "silent-console") {
    for (int i = 0; i < 2; ++i)
      refuse(listener);
  } else {
    marks();
  }
  const std::string status = guest == "unwell" ? "503 Service Unavailable" : "200 OK";
  const std::string info = guest == "silent-console" ? "<html>" : R"({"otp":"27","os_pid":1})";
  if (guest == "ends-later") {
    // Meanwhile it answers: the first connection may be one that the tool has given up.
    signal(SIGALRM, [](int) { _exit(7); });
    ualarm(500'000, 0);
  }
  while (true)
    answer(listener, status, info);
}
