// SPDX-License-Identifier: Apache-2.0
// A root file system for one /init: a tmpfs of the test's own, with a /dev and a release in it.
#ifndef MICROBEAM_TESTS_NAMESPACE_ROOT_H
#define MICROBEAM_TESTS_NAMESPACE_ROOT_H

#include <sys/types.h>

#include <string>

#include "descriptor.h"

namespace microbeam {

/// Holds /init, an Elixir release "hello" 0.1.0 in /app, and the probe as beam.smp of ERTS 15.2.7
/// in /usr/lib/erlang. /dev is a tmpfs with null, kmsg (a pipe that the test reads) and console,
/// a terminal unless another is chosen. Paths are those within the root.
class Root {
 public:
  Root();
  ~Root();
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  /// Where it is for the test.
  [[nodiscard]] std::string path(const std::string& inside) const { return "/mnt" + inside; }

  /// Makes or replaces a file; missing directories are made.
  void write(const std::string& file, const std::string& content, mode_t mode = 0644);
  void directory(const std::string& name);
  void symlink(const std::string& target, const std::string& name);
  void install(const std::string& host_file, const std::string& file);
  /// Makes a socket.
  [[nodiscard]] Descriptor listen_at(const std::string& name);
  /// With everything in it.
  void remove(const std::string& name);

  /// As systools makes it: no Elixir, no sys.config, no vm.args.
  void make_systools_release();

  // What /dev/console is, instead of the terminal.
  /// Another terminal, after it was one of these.
  void console_is_terminal();
  /// A pipe. Unlike a terminal it loses nothing when its writer ends, nor adds carriage returns.
  void console_is_pipe();
  /// A pipe that is full, and that nobody reads.
  void console_is_full_pipe();
  /// No such file.
  void no_console();

  /// Both sides of the terminal, or of the pipe; -1 when there is nothing to read.
  [[nodiscard]] int console() const { return console_.get(); }
  [[nodiscard]] int terminal_slave() const { return slave_.get(); }
  [[nodiscard]] int kernel_log() const { return kernel_log_.get(); }
  /// Listens for the probe.
  [[nodiscard]] int report() const { return report_.get(); }

 private:
  void make_devices();
  void make_terminal();
  void make_release();
  void remove_console();

  Descriptor console_;
  Descriptor unread_;
  Descriptor slave_;
  Descriptor kernel_log_;
  Descriptor report_;
};

}  // namespace microbeam

#endif  // MICROBEAM_TESTS_NAMESPACE_ROOT_H
