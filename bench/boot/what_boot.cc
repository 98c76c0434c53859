// SPDX-License-Identifier: Apache-2.0
// --what=boot, and with --icount: from the start of QEMU, or from reset, to the first answer.
#include <fstream>
#include <string>
#include <vector>

#include "serving.h"
#include "timeline.h"
#include "what.h"

namespace microbeam {
namespace {

using Extra = Measure::Extra;

// Reads the files that QEMU is going to read, so that a disk has no part in what is measured: what
// nobody has read since the last round may have left the page cache, and the larger, the later.
void read_ahead(const Options& options) {
  std::vector<char> buffer(size_t{1} << 20);
  for (const std::string& path : {options.kernel, options.initrd, options.root_disk}) {
    std::ifstream file(path, std::ios::binary);
    while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
    }
  }
}

absl::StatusOr<Figures> boot_turn(const Turn& turn) {
  read_ahead(turn.contestant.options);
  const auto serving = Serving::boot(turn, turn.contestant.options);
  if (!serving.ok()) return serving.status();
  const std::optional<int64_t> pss = (*serving)->pss_kib();
  const BootResult boot = (*serving)->result();
  Figures figures;
  for (const Event event : {Event::kKernel, Event::kInit, Event::kExec, Event::kBeam,
                            Event::kListening, Event::kFirstByte})
    figures.push_back(boot.ms[static_cast<size_t>(event)]);
  figures.push_back(pss);
  return figures;
}

absl::StatusOr<Figures> icount_turn(const Turn& turn) {
  const auto serving = Serving::boot(turn, turn.contestant.options);
  if (!serving.ok()) return serving.status();
  const BootResult boot = (*serving)->result();
  Figures figures;
  for (const Event event :
       {Event::kKernel, Event::kInit, Event::kExec, Event::kBeam, Event::kListening}) {
    std::optional<int64_t> at;
    if (boot.insns) at = (*boot.insns)[static_cast<size_t>(event)];
    figures.push_back(at ? std::optional<double>(static_cast<double>(*at) / 1e6) : std::nullopt);
  }
  return figures;
}

}  // namespace

What what_boot() {
  return {
      .name = "boot",
      .measures =
          {{.name = "kernel", .unit = "ms", .title = "QEMU's start to the kernel's clock"},
           {.name = "init", .unit = "ms", .title = "QEMU's start to /init"},
           {.name = "exec", .unit = "ms", .title = "QEMU's start to the exec of the BEAM"},
           {.name = "beam", .unit = "ms", .title = "QEMU's start to the start of the BEAM's clock"},
           {.name = "listening", .unit = "ms", .title = "QEMU's start to the server listening"},
           {.name = "first_byte",
            .unit = "ms",
            .title = "QEMU's start to the first byte of the answer",
            .extra = Extra::kTimes},
           {.name = "pss",
            .unit = "KiB",
            .title = "memory of QEMU once the guest has answered (PSS)",
            .extra = Extra::kTimes}},
      .warm_up = true,
      .turn = boot_turn};
}

// A first turn would be the same as the others.
What what_icount() {
  return {
      .name = "icount",
      .measures = {{.name = "kernel",
                    .unit = "M",
                    .title = "reset to the kernel's clock, instructions"},
                   {.name = "init", .unit = "M", .title = "reset to /init"},
                   {.name = "exec", .unit = "M", .title = "reset to the exec of the BEAM"},
                   {.name = "beam", .unit = "M", .title = "reset to the start of the BEAM's clock"},
                   {.name = "listening",
                    .unit = "M",
                    .title = "reset to the server listening",
                    .extra = Extra::kTimes}},
      .turn = icount_turn};
}

}  // namespace microbeam
