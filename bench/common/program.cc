// SPDX-License-Identifier: Apache-2.0
// See program.h.
#include "program.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace microbeam {
namespace {

bool executable(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (executable(program)) return program;
  } else if (const char* search = std::getenv("PATH")) {
    for (absl::string_view folder : absl::StrSplit(search, ':', absl::SkipEmpty())) {
      std::string path = absl::StrCat(folder, "/", program);
      if (executable(path)) return path;
    }
  }
  return {};
}

void open_standard_streams() {
  int fd = 0;
  do {
    fd = open("/dev/null", O_RDONLY);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO) close(fd);
}

}  // namespace microbeam
