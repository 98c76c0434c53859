// SPDX-License-Identifier: Apache-2.0
#include "volumes.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "pid1/file.h"
#include "pid1/mount.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr unsigned kPauseMs = 10;

/// What the superblock of ext2 to ext4 says of the last time (fs/ext4/ext4.h, struct
/// ext4_super_block, 1,024 bytes behind the beginning of the device); "" when it is not one.
const char* state_of_ext4(const char* device) {
  constexpr size_t kSuperblock = 1024;
  constexpr size_t kMagic = kSuperblock + 0x38;     // s_magic, 0xef53
  constexpr size_t kState = kSuperblock + 0x3a;     // s_state: 1 unmounted clean, 2 errors seen
  constexpr size_t kFeatures = kSuperblock + 0x60;  // s_feature_incompat: 4 the journal is needed
  unsigned char bytes[2048];
  // O_NONBLOCK: it may be no disk but a terminal, on which nobody types.
  const auto fd = pid1::sys::open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (!fd.has_value()) return "";
  const auto got = pid1::sys::read(*fd, {reinterpret_cast<char*>(bytes), sizeof(bytes)});
  pid1::sys::close(*fd);
  if (got.value_or(0) < sizeof(bytes) || bytes[kMagic] != 0x53 || bytes[kMagic + 1] != 0xef) {
    return "";
  }
  if ((bytes[kState] & 2) != 0) return "it has errors: run e2fsck on it";
  if ((bytes[kFeatures] & 4) != 0) return "was not unmounted: its journal is replayed";
  return (bytes[kState] & 1) != 0 ? "clean" : "was not unmounted";
}

Outcome mount_volume(char* text, const Settings& settings, const User& user, Warn warn,
                     Draft& draft, bool& optional) {
  constexpr const char* kAdvice = "it takes DEVICE:DIR:TYPE[:OPTION,...]; with nofail it may fail";
  char* const target = pid1::split(text, ':');
  char* const type = pid1::split(target, ':');
  char* const options = pid1::split(type, ':');
  optional = pid1::is_listed(options, "nofail");
  if (*target != '/' || *type == '\0') return fail("beam.mount={}: no volume; {}", text, kAdvice);
  if (pid1::after(text, "/dev/") != nullptr) {
    if (!wait_for_device(settings, text)) {
      return fail("{}: no such device after {} ms; attach it, or give nofail or a longer "
                  "beam.device_wait=", text, settings.device_wait);
    }
    if (const char* const state = state_of_ext4(text); *state != '\0') {
      warn(draft.text("{} for {}: ext4, {}", text, target, state));
    }
  }
  char data[512];
  pid1::MountSpec spec = {.type = type,
                          .target = target,
                          .data = data,
                          .flags = MS_NOSUID | MS_NODEV,
                          .directory_mode = 0755,
                          .optional = false,
                          .source = text};
  BEAM_INIT_TRY(pid1::parse_mount_options(options, spec.flags, data), target, kAdvice);
  const auto mounted = pid1::mount(spec);
  BEAM_INIT_TRY(mounted, target, kAdvice);
  if (*mounted != pid1::MountOutcome::kMounted) {
    return fail("beam.mount={}: something is mounted on {}; choose another directory", text, target);
  }
  if ((spec.flags & MS_RDONLY) == 0) give_to_user(user, target);
  return {};
}

}  // namespace

bool wait_for_device(const Settings& settings, const char* path) {
  auto left = static_cast<unsigned>(pid1::parse_number(settings.device_wait, 0x7fffffe).value_or(0));
  while (!pid1::exists(path)) {
    if (left < kPauseMs) return false;
    pid1::sys::sleep_ms(kPauseMs);
    left -= kPauseMs;
  }
  return true;
}

Outcome mount_volumes(const Settings& settings, const User& user, Draft& draft, Warn warn,
                      bool& any) {
  return settings.for_each("mount=", [&](const Given& given) {
    bool optional = false;
    const Outcome outcome =
        mount_volume(draft.text("{}", given.value), settings, user, warn, draft, optional);
    any = any || !outcome.is_failure();
    if (!outcome.is_failure() || !optional) return outcome;
    warn(outcome.message());
    return Outcome();
  });
}

}  // namespace beam_init
