// SPDX-License-Identifier: Apache-2.0
#include "root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace microbeam {
namespace {

namespace fs = std::filesystem;

/// A FIFO of which the test holds both ends: writers never wait for a reader, or lose it.
Descriptor make_pipe(const std::string& path) {
  check(mkfifo(path.c_str(), 0600), "mkfifo " + path);
  return Descriptor(
      static_cast<int>(check(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC), path)));
}

void bind_file(const std::string& source, const std::string& target) {
  std::ofstream(target).flush();
  check(mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr), "bind " + source);
}

}  // namespace

Root::Root() {
  check(mount("root", path("").c_str(), "tmpfs", 0, "mode=0755"), "tmpfs on /mnt");
  for (const char* name : {"/dev", "/proc", "/sys", "/run", "/tmp", "/etc"})
    directory(name);
  make_devices();
  const char* const init = getenv("MICROBEAM_INIT");
  if (init == nullptr) throw std::runtime_error("MICROBEAM_INIT is not set");
  install(init, "/init");
  install(NAMESPACE_PROBE, "/usr/lib/erlang/erts-15.2.7/bin/beam.smp");
  make_release();
  report_ = listen_at("/report");
}

Root::~Root() {
  (void)umount2(path("").c_str(), MNT_DETACH);
}

void Root::make_devices() {
  check(mount("dev", path("/dev").c_str(), "tmpfs", MS_NOSUID, "mode=0755"), "tmpfs on /dev");
  // Bound, not made: an ordinary user's namespace makes no device nodes.
  bind_file("/dev/null", path("/dev/null"));
  kernel_log_ = make_pipe(path("/dev/kmsg"));
  make_terminal();
}

void Root::make_terminal() {
  console_ = Descriptor(static_cast<int>(
      check(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), "posix_openpt")));
  check(unlockpt(console_.get()), "unlockpt");
  const std::string slave = ptsname(console_.get());
  // Held open: without any open slave the other side reads as EIO.
  slave_ = Descriptor(
      static_cast<int>(check(open(slave.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC), slave)));
  bind_file(slave, path("/dev/console"));
}

void Root::make_release() {
  write("/app/releases/start_erl.data", "15.2.7 0.1.0");
  write("/app/releases/0.1.0/hello.rel", "{release,{\"hello\",\"0.1.0\"},{erts,\"15.2.7\"},[]}.\n");
  write("/app/releases/0.1.0/start.boot", "");
  write("/app/releases/0.1.0/start_clean.boot", "");
  write("/app/releases/0.1.0/sys.config", "%% RUNTIME_CONFIG=false\n[].\n");
  write("/app/releases/0.1.0/vm.args", "## flags\n+P 4096\n-kernel foo bar\n+SDio 1\n");
  directory("/app/lib/elixir-1.18.3/ebin");
}

void Root::make_systools_release() {
  remove("/app");
  write("/app/releases/start_erl.data", "15.2.7 0.1.0\n");
  write("/app/releases/0.1.0/start.boot", "");
  directory("/app/lib/hello-0.1.0/ebin");
}

void Root::write(const std::string& file, const std::string& content, mode_t mode) {
  const std::string host_path = path(file);
  fs::create_directories(fs::path(host_path).parent_path());
  std::ofstream(host_path) << content << std::flush;
  check(chmod(host_path.c_str(), mode), "chmod " + file);
  if (fs::file_size(host_path) != content.size()) throw std::runtime_error("cannot write " + file);
}

void Root::directory(const std::string& name) {
  fs::create_directories(path(name));
}

void Root::symlink(const std::string& target, const std::string& name) {
  fs::create_symlink(target, path(name));
}

void Root::install(const std::string& host_file, const std::string& file) {
  fs::create_directories(fs::path(path(file)).parent_path());
  fs::copy_file(host_file, path(file), fs::copy_options::overwrite_existing);
  check(chmod(path(file).c_str(), 0755), "chmod " + file);
}

Descriptor Root::listen_at(const std::string& name) {
  Descriptor server(static_cast<int>(
      check(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path(name).copy(address.sun_path, sizeof(address.sun_path) - 1);
  check(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), "bind");
  check(listen(server.get(), 1), "listen");
  return server;
}

void Root::remove(const std::string& name) {
  (void)umount2(path(name).c_str(), MNT_DETACH);
  fs::remove_all(path(name));
}

void Root::remove_console() {
  remove("/dev/console");
  console_ = Descriptor();
  slave_ = Descriptor();
}

void Root::no_console() {
  remove_console();
}

void Root::console_is_terminal() {
  remove_console();
  make_terminal();
}

void Root::console_is_pipe() {
  remove_console();
  console_ = make_pipe(path("/dev/console"));
}

void Root::console_is_full_pipe() {
  remove_console();
  unread_ = make_pipe(path("/dev/console"));
  const std::string block(4096, '.');
  while (::write(unread_.get(), block.data(), block.size()) > 0) {
  }
}

}  // namespace microbeam
