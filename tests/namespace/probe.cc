// SPDX-License-Identifier: Apache-2.0
// Stands where beam.smp would: reports the process that /init made of it, and ends with status 0.
//
// The report goes to the socket /report as records KEY=VALUE, each ended by a NUL; report.h reads
// them. A value is bytes as the kernel gave them, except that it cannot hold a NUL.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

std::string records;

void add(const std::string& key, const std::string& value) {
  records += key + "=" + value;
  records += '\0';
}

std::string read_all(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char buffer[4096];
  for (ssize_t got = 0; fd >= 0 && (got = read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(got));
  }
  close(fd);
  return text;
}

std::vector<std::string> names_in(const char* directory) {
  std::vector<std::string> names;
  DIR* const stream = opendir(directory);
  while (stream != nullptr) {
    const dirent* const entry = readdir(stream);
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  if (stream != nullptr) closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

std::string octal(unsigned number) {
  char text[16];
  (void)snprintf(text, sizeof(text), "%o", number);
  return text;
}

/// One record for each open descriptor: NUMBER FLAGS(octal) DEVICE TARGET. By fcntl(2), for reading
/// /proc/self/fd opens one more.
void add_descriptors() {
  constexpr int kBeyond = 4096;
  for (int fd = 0; fd < kBeyond; ++fd) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0) continue;
    struct stat info = {};
    if (fstat(fd, &info) != 0) continue;
    char target[4096] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    if (readlink(link.c_str(), target, sizeof(target) - 1) < 0) continue;
    add("fd", std::to_string(fd) + " " + octal(static_cast<unsigned>(flags)) + " " +
                  std::to_string(info.st_rdev) + " " + target);
  }
}

void add_file(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return;
  add("mode:" + path, octal(info.st_mode & 07777));
  add("owner:" + path, std::to_string(info.st_uid) + ":" + std::to_string(info.st_gid));
  if (!S_ISREG(info.st_mode)) return;
  // Words of /proc end with a NUL, each.
  std::string text = read_all(path);
  std::replace(text.begin(), text.end(), '\0', '\n');
  add("file:" + path, text);
}

unsigned prefix_of(const sockaddr* netmask) {
  if (netmask == nullptr) return 0;
  unsigned bits = 0;
  if (netmask->sa_family == AF_INET) {
    sockaddr_in mask = {};
    memcpy(&mask, netmask, sizeof(mask));
    bits = static_cast<unsigned>(std::popcount(mask.sin_addr.s_addr));
  } else {
    sockaddr_in6 mask = {};
    memcpy(&mask, netmask, sizeof(mask));
    for (const unsigned char byte : mask.sin6_addr.s6_addr) {
      bits += static_cast<unsigned>(std::popcount(byte));
    }
  }
  return bits;
}

/// address=DEVICE ADDRESS/PREFIX, broadcast=DEVICE ADDRESS, and link=DEVICE up|down.
void add_network() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const std::string device = std::string(entry->ifa_name) + " ";
    const int family = entry->ifa_addr == nullptr ? AF_UNSPEC : entry->ifa_addr->sa_family;
    if (family == AF_PACKET) {
      add("link", device + ((entry->ifa_flags & IFF_UP) != 0 ? "up" : "down"));
    }
    if (family != AF_INET && family != AF_INET6) continue;
    char text[INET6_ADDRSTRLEN];
    const auto words = [&](const sockaddr* address) {
      const char* const bytes = reinterpret_cast<const char*>(address);
      return std::string(inet_ntop(family,
                                   bytes + (family == AF_INET ? offsetof(sockaddr_in, sin_addr)
                                                              : offsetof(sockaddr_in6, sin6_addr)),
                                   text, sizeof(text)));
    };
    add("address",
        device + words(entry->ifa_addr) + "/" + std::to_string(prefix_of(entry->ifa_netmask)));
    if (family == AF_INET && (entry->ifa_flags & IFF_BROADCAST) != 0 &&
        entry->ifa_broadaddr != nullptr) {
      add("broadcast", device + words(entry->ifa_broadaddr));
    }
  }
  freeifaddrs(list);
}

std::vector<std::string> other_processes() {
  std::vector<std::string> others;
  for (const std::string& name : names_in("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (name == "1" || name == std::to_string(getpid())) continue;
    const std::string stat = read_all("/proc/" + name + "/stat");
    if (!stat.empty()) others.push_back(stat.substr(0, stat.find(' ', stat.rfind(')') + 2)));
  }
  return others;
}

/// Does what happens to a PID 1 all day: a child leaves a child behind, and both die. Whoever is
/// left in /proc two seconds later is a zombie, or was never to be there.
void add_what_stays_of_orphans() {
  int alive[2];
  if (pipe2(alive, O_CLOEXEC) != 0) return;
  for (int i = 0; i < 3; ++i) {
    if (fork() != 0) continue;
    if (fork() == 0) usleep(10'000);
    _exit(0);
  }
  // Its end comes when the last of them dies.
  close(alive[1]);
  char nothing = 0;
  if (read(alive[0], &nothing, 1) != 0) return;
  close(alive[0]);
  // Its own children: no init's to reap, but for one.
  while (getpid() != 1 && waitpid(-1, nullptr, 0) > 0) {
  }
  for (int i = 0; i < 200 && !other_processes().empty(); ++i)
    usleep(10'000);
  for (const std::string& process : other_processes())
    add("process", process);
  add("orphans", "3");
}

int connect_to_test() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/report"};
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    _exit(1);
  }
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  // First of all: what the probe itself does must not be in the report.
  add_descriptors();
  add("file:/proc/self/status", read_all("/proc/self/status"));
  add("file:/proc/self/stat", read_all("/proc/self/stat"));
  add("file:/proc/self/mountinfo", read_all("/proc/self/mountinfo"));
  const mode_t mask = umask(022);
  add("umask", octal(mask));

  add("pid", std::to_string(getpid()));
  for (int i = 0; i < argc; ++i)
    add("argv", argv[i]);
  for (char* const* entry = environ; *entry != nullptr; ++entry)
    add("env", *entry);
  char directory[4096] = {};
  add("cwd", getcwd(directory, sizeof(directory)) != nullptr ? directory : strerror(errno));
  utsname names = {};
  (void)uname(&names);
  add("hostname", names.nodename);

  for (const char* path : {"/etc/hosts", "/etc/resolv.conf", "/proc/net/route", "/proc/cmdline",
                           "/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/run",
                           "/tmp", "/proc/1/cmdline", "/proc/1/environ", "/proc/self/limits"}) {
    add_file(path);
  }
  const char* const home = getenv("HOME");
  if (home != nullptr) add_file(std::string(home) + "/.erlang.cookie");
  for (const char* directory_path : {"/tmp", "/run"}) {
    for (const std::string& name : names_in(directory_path)) {
      add_file(std::string(directory_path) + "/" + name);
    }
  }
  const int trial = open("/written-by-the-probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  add("root", trial >= 0 ? "writable" : strerror(errno));
  close(trial);
  add_network();
  add_what_stays_of_orphans();
  add("end", "");

  const int test = connect_to_test();
  for (size_t sent = 0; sent < records.size();) {
    const ssize_t put = send(test, records.data() + sent, records.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) return 1;
    sent += static_cast<size_t>(put);
  }
  // Not gone before the test has read the terminal: the end of its session leader empties it.
  (void)shutdown(test, SHUT_WR);
  char nothing = 0;
  (void)!read(test, &nothing, 1);
  return 0;
}
