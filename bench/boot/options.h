// SPDX-License-Identifier: Apache-2.0
// What to boot and how: the flags of microbeam-vm, checked.
#ifndef MICROBEAM_BENCH_BOOT_OPTIONS_H
#define MICROBEAM_BENCH_BOOT_OPTIONS_H

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

namespace microbeam {

// So many transports of the machine are left for disks (qemu.cc).
inline constexpr size_t kMaxDisks = 5;

struct Options {
  std::string mode = {};  // "probe", "run", "stop", "trial" or "bench"
  std::string kernel = {};
  // A trial has no root, any other boot one of these two; or it is the first of the disks of a
  // bench.
  std::string initrd = {};
  std::string root_disk = {};           // a squashfs
  std::string env_file = {};            // environment for the release, from the host; empty: none
  std::string env_disk = {};            // the same as a disk, made of it for a root_disk (boot.cc)
  std::vector<std::string> disks = {};  // raw, /dev/vda first
  bool snapshot = false;                // what is written to the disks is gone with the machine
  std::string image = {};
  int memory_mib = 64;
  int cpus = 1;
  std::string accel = "tcg";  // or "kvm"
  std::string vm = "emu";     // or "jit"; a label only
  std::string append = {};
  int port = 0;  // of the host; 0: any free one
  bool icount = false;
  absl::Duration timeout = absl::ZeroDuration();       // zero: the default of the mode
  absl::Duration stop_timeout = absl::ZeroDuration();  // the same
  std::string qemu = "qemu-system-x86_64";
  std::string console_log = {};  // empty: not kept
  std::string state = {};        // names a machine in the background (state.h)
  bool background = false;
  // Of a bench: what is measured, image folders, how often each has its turn, how long one turn of
  // load or idle is, how the figures are printed, and the file that has them as JSON besides.
  std::string what = "boot";  // or "memory", "load", "idle", "native"
  std::vector<std::string> images = {};
  int rounds = 10;
  int seconds = 5;
  std::string format = "text";  // or "json", "csv"
  std::string save = {};        // empty: none

  // What is said of the root.
  [[nodiscard]] const char* root() const { return root_disk.empty() ? "initramfs" : "squashfs"; }
  [[nodiscard]] absl::Duration time_limit() const;
  // How long the machine may take to end once it was asked to.
  [[nodiscard]] absl::Duration stop_limit() const;
  // How long a machine that answers may take to listen on its control port.
  [[nodiscard]] absl::Duration ready_limit() const { return stop_limit() / 3; }
};

// OK, or what is wrong with which flag and what to give instead. Looks at the files too.
absl::Status check(const Options& options);

// The path of QEMU, given by name or path; or what to do when it is not there.
absl::StatusOr<std::string> find_qemu(const std::string& program);

}  // namespace microbeam

#endif  // MICROBEAM_BENCH_BOOT_OPTIONS_H
