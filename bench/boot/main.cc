// SPDX-License-Identifier: Apache-2.0
// microbeam-vm: boots an image under QEMU and says what happened when. The flags; the rest is in
// modes.h.
#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <iostream>
#include <string>
#include <vector>

#include "modes.h"
#include "options.h"
#include "program.h"
#include "usage.h"

ABSL_FLAG(std::string, mode, "",
          "probe: boot, print one JSON object, end; run: boot with the console here, until "
          "Ctrl-C; stop: end a machine in the background; trial: see whether a guest runs at all "
          "under --accel; bench: boot several images in turns and compare them");
ABSL_FLAG(std::string, kernel, "", "the kernel: vmlinux (PVH) or bzImage");
ABSL_FLAG(std::string, initrd, "", "the root, a cpio archive as the kernel takes it");
ABSL_FLAG(std::string, root_disk, "", "the root, a squashfs, in place of --initrd");
ABSL_FLAG(std::string, image, "microbeam", "the image's name, which is the guest's host name too");
ABSL_FLAG(int, memory, 64, "the guest's memory in MiB");
ABSL_FLAG(int, cpus, 1, "the guest's processors");
ABSL_FLAG(std::string, accel, "tcg", "tcg or kvm");
ABSL_FLAG(std::string, vm, "emu", "emu or jit, what the image's BEAM is; for the report only");
ABSL_FLAG(std::string, root, "initramfs", "the kind of root; only initramfs yet");
ABSL_FLAG(std::vector<std::string>, disk, {},
          "raw disk images or block devices: /dev/vda, /dev/vdb ...; five at most");
ABSL_FLAG(std::string, env_file, "",
          "environment for the release (NAME=VALUE lines), handed over as /etc/beam-init.env");
ABSL_FLAG(std::string, append, "", "more for the kernel's command line");
ABSL_FLAG(int, port, 0,
          "the port of 127.0.0.1 that leads to the guest's port 8080; 0: any free one");
ABSL_FLAG(bool, icount, false, "count guest instructions (repeatable; TCG and one processor only)");
ABSL_FLAG(double, timeout, 0,
          "seconds for the first answer; 0: 60, with --icount 240, in a trial 5");
ABSL_FLAG(double, stop_timeout, 0,
          "seconds for an orderly end; 0: 15, in a run 20, with --icount 60");
ABSL_FLAG(std::string, qemu, "qemu-system-x86_64", "QEMU, by name or path");
ABSL_FLAG(std::string, console_log, "",
          "the file that keeps the guest's console; a probe needs it");
ABSL_FLAG(bool, background, false,
          "run: return when the machine answers; it goes on until --mode=stop");
ABSL_FLAG(std::string, state, "", "the file by which a machine in the background is found again");

ABSL_FLAG(std::string, what, "boot",
          "bench: what is measured: boot (the way to the first answer), memory (how little is "
          "enough), load (requests a second), idle (what it costs to wait), native (the way to the "
          "first answer without a machine)");
ABSL_FLAG(std::vector<std::string>, images, {},
          "bench: image folders; the first is what the others are held against");
ABSL_FLAG(int, rounds, 10, "bench: how often each has its turn");
ABSL_FLAG(int, seconds, 5, "bench: how long a turn of load (of each kind) or idle is");
ABSL_FLAG(std::string, format, "text", "bench: text, json or csv");
ABSL_FLAG(std::string, save, "", "bench: the file that has the figures as JSON besides");

namespace {

microbeam::Options options_from_flags() {
  return {.mode = absl::GetFlag(FLAGS_mode),
          .kernel = absl::GetFlag(FLAGS_kernel),
          .initrd = absl::GetFlag(FLAGS_initrd),
          .root_disk = absl::GetFlag(FLAGS_root_disk),
          .env_file = absl::GetFlag(FLAGS_env_file),
          .disks = absl::GetFlag(FLAGS_disk),
          .image = absl::GetFlag(FLAGS_image),
          .memory_mib = absl::GetFlag(FLAGS_memory),
          .cpus = absl::GetFlag(FLAGS_cpus),
          .accel = absl::GetFlag(FLAGS_accel),
          .vm = absl::GetFlag(FLAGS_vm),
          .append = absl::GetFlag(FLAGS_append),
          .port = absl::GetFlag(FLAGS_port),
          .icount = absl::GetFlag(FLAGS_icount),
          .timeout = absl::Seconds(absl::GetFlag(FLAGS_timeout)),
          .stop_timeout = absl::Seconds(absl::GetFlag(FLAGS_stop_timeout)),
          .qemu = absl::GetFlag(FLAGS_qemu),
          .console_log = absl::GetFlag(FLAGS_console_log),
          .state = absl::GetFlag(FLAGS_state),
          .background = absl::GetFlag(FLAGS_background),
          .what = absl::GetFlag(FLAGS_what),
          .images = absl::GetFlag(FLAGS_images),
          .rounds = absl::GetFlag(FLAGS_rounds),
          .seconds = absl::GetFlag(FLAGS_seconds),
          .format = absl::GetFlag(FLAGS_format),
          .save = absl::GetFlag(FLAGS_save)};
}

int usage_error(absl::string_view message) {
  std::cerr << "microbeam-vm: " << message << "\n";
  return microbeam::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  microbeam::open_standard_streams();
  microbeam::set_usage("microbeam-vm", "boot/main.cc",
                       "boots an image under QEMU's microvm and stamps every mark of the boot.\n"
                       "microbeam-vm --mode=probe|run --kernel=FILE --initrd=FILE [FLAG...]\n"
                       "microbeam-vm --mode=stop --state=FILE\n"
                       "microbeam-vm --mode=bench --images=DIR,DIR... [FLAG...]\n"
                       "microbeam-vm --mode=trial --kernel=FILE [--accel=kvm]");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  if (arguments.size() > 1) {
    return usage_error(std::string("unexpected argument ") + arguments[1]);
  }

  microbeam::Options options = options_from_flags();
  if (const absl::Status status = microbeam::check(options); !status.ok()) {
    return usage_error(status.message());
  }
  if (options.mode == "stop") return microbeam::stop(options);
  const absl::StatusOr<std::string> qemu = microbeam::find_qemu(options.qemu);
  if (!qemu.ok()) return usage_error(qemu.status().message());
  options.qemu = *qemu;

  if (options.mode == "probe") return microbeam::probe(options);
  if (options.mode == "bench") return microbeam::bench(options);
  if (options.mode == "run") {
    return options.background ? microbeam::run_in_background(options) : microbeam::run(options);
  }
  return microbeam::trial(options);
}
