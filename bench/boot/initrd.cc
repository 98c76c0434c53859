// SPDX-License-Identifier: Apache-2.0
// See initrd.h.
#include "initrd.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "cpio.h"

namespace microbeam {
namespace {

// Also of a pipe, into which some other program writes the secrets.
absl::StatusOr<std::string> read_all(const std::string& path, size_t limit) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<size_t>(got));
    if (text.size() > limit) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is larger than ", limit, " bytes"));
    }
  }
}

absl::Status write_all(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "cannot write to a file in memory");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> in_memory(const char* name, absl::string_view bytes) {
  UniqueFd memory(memfd_create(name, MFD_CLOEXEC));
  if (!memory.valid()) return absl::ErrnoToStatus(errno, "cannot make a file in memory");
  if (absl::Status status = write_all(memory.get(), bytes); !status.ok()) return status;
  return memory;
}

constexpr size_t kSector = 512;

}  // namespace

absl::StatusOr<UniqueFd> initrd_with_environment(const std::string& root,
                                                 const std::string& env_file) {
  const absl::StatusOr<std::string> environment = read_all(env_file, kMaxEnvironment);
  if (!environment.ok()) return environment.status();
  absl::StatusOr<std::string> bytes = read_all(root, 1UL << 32);
  if (!bytes.ok()) return bytes.status();
  absl::StrAppend(
      &*bytes, cpio_padding(bytes->size()),
      cpio_archive({{.name = "etc", .mode = S_IFDIR | 0755},
                    {.name = kEnvironmentFile, .mode = S_IFREG | 0400, .data = *environment}}));
  return in_memory("initrd", *bytes);
}

absl::StatusOr<UniqueFd> environment_disk(const std::string& env_file) {
  absl::StatusOr<std::string> text = read_all(env_file, kMaxEnvironment);
  if (!text.ok()) return text.status();
  text->resize((text->size() / kSector + 1) * kSector);
  return in_memory("environment", *text);
}

}  // namespace microbeam
