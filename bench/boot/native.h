// SPDX-License-Identifier: Apache-2.0
// The root of an image without a machine: its /init as PID 1 of fresh namespaces of the host.
#ifndef MICROBEAM_BENCH_BOOT_NATIVE_H
#define MICROBEAM_BENCH_BOOT_NATIVE_H

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <memory>
#include <string>
#include <vector>

#include "child.h"
#include "unique_fd.h"

namespace microbeam {

// For the whole process: a user namespace with the first 65536 users and groups of the host, in
// which even root mounts nothing of the host's; a mount namespace; the first processor alone, so
// that what is measured has the last one to itself; and real-time priority, for both, so that what
// else the host does is not measured. Says where things run. Needs root.
absl::StatusOr<std::string> enter_native();

// A copy of an image's root, in memory, with what the host has to give: /dev with a terminal for a
// console, for devtmpfs would be the host's own; and a network with a device eth0, which this
// process joins.
class NativeRoot {
 public:
  static absl::StatusOr<std::unique_ptr<NativeRoot>> make(const std::string& image_root);
  ~NativeRoot();
  NativeRoot(const NativeRoot&) = delete;
  NativeRoot& operator=(const NativeRoot&) = delete;

  // Where it is for this process.
  [[nodiscard]] std::string path(absl::string_view inside) const;
  // The path of beam.smp.
  [[nodiscard]] absl::StatusOr<std::string> emulator() const;
  // What is written to /dev/console; non-blocking.
  [[nodiscard]] int console() const { return console_.get(); }

 private:
  NativeRoot() = default;
  absl::Status make_devices();

  std::string folder_;
  UniqueFd console_;
  UniqueFd terminal_;
};

// The /init of it. All of its namespaces ends when it is dropped, and when this process dies.
class NativeInit {
 public:
  // `cmdline` is what /proc/cmdline shows, and what stands in it behind ` -- ` are arguments of
  // /init: /proc is mounted for that, since the host's own line would be there otherwise.
  static absl::StatusOr<std::unique_ptr<NativeInit>> start(const NativeRoot& root,
                                                           const std::string& cmdline);
  ~NativeInit();
  NativeInit(const NativeInit&) = delete;
  NativeInit& operator=(const NativeInit&) = delete;

  // When the first instruction of /init was about to be executed: it had been stopped there
  // (ptrace(2)), was let go, and is not traced any more.
  [[nodiscard]] absl::Duration entered() const { return entered_; }
  [[nodiscard]] Child& process() { return child_; }

 private:
  explicit NativeInit(Child child) : child_(std::move(child)) {}
  absl::Status watch_over();

  Child child_;
  absl::Duration entered_;
  UniqueFd alive_;  // closed, the guard kills
  pid_t guard_ = -1;
};

// The words behind ` -- `.
std::vector<std::string> init_arguments(absl::string_view cmdline);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_NATIVE_H
