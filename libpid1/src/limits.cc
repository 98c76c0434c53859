// SPDX-License-Identifier: Apache-2.0
#include "pid1/limits.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "pid1/file.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

// "prlimit NAME" by number (<asm-generic/resource.h>), each with its NUL. One string: a table would
// be twice as large.
constexpr const char* kOperations =
    "prlimit cpu\0"
    "prlimit fsize\0"
    "prlimit data\0"
    "prlimit stack\0"
    "prlimit core\0"
    "prlimit rss\0"
    "prlimit nproc\0"
    "prlimit nofile\0"
    "prlimit memlock\0"
    "prlimit as\0"
    "prlimit locks\0"
    "prlimit sigpending\0"
    "prlimit msgqueue\0"
    "prlimit nice\0"
    "prlimit rtprio\0"
    "prlimit rttime\0";
static_assert(RLIMIT_CPU == 0 && RLIMIT_NOFILE == 7 && RLIMIT_RTTIME == 15);

constexpr size_t kBeforeName = std::string_view("prlimit ").size();

Result<uint64_t> parse_amount(const char* text) {
  if (equals(text, "unlimited")) return kUnlimited;
  // The last number stands for none.
  const auto amount = parse_long_number(text, kUnlimited - 1);
  return amount.has_value() ? amount : Error{amount.error().code, "limit"};
}

/// No part of the path is empty, "." or "..".
bool is_inside(const char* path) {
  for (;;) {
    const char* const end = find(path, '/');
    const auto size = static_cast<size_t>(end - path);
    if (size == 0 || (*path == '.' && (size == 1 || (size == 2 && path[1] == '.')))) return false;
    if (*end == '\0') return true;
    path = end + 1;
  }
}

}  // namespace

Result<Limit> parse_limit(char* text) {
  char* const amounts = split(text, '=');
  int resource = 0;
  for (const char* entry = kOperations; *entry != '\0'; entry += strlen(entry) + 1, ++resource) {
    if (!equals(entry + kBeforeName, text)) continue;
    const bool two = *find(amounts, ':') != '\0';
    const char* const second = split(amounts, ':');
    PID1_TRY_ASSIGN(const uint64_t soft, parse_amount(amounts));
    PID1_TRY_ASSIGN(const uint64_t hard, parse_amount(two ? second : amounts));
    if (soft > hard) return Error{EINVAL, "soft limit above the hard one"};
    return Limit{.resource = resource, .soft = soft, .hard = hard};
  }
  return Error{EINVAL, "name of a limit"};
}

Result<> apply(std::span<const Limit> limits) {
  for (const Limit& limit : limits) {
    const auto done = sys::set_limit(limit.resource, limit.soft, limit.hard);
    if (done.has_value()) continue;
    int resource = 0;
    for (const char* entry = kOperations; *entry != '\0'; entry += strlen(entry) + 1, ++resource) {
      if (resource == limit.resource) return Error{done.error().code, entry};
    }
    return done;
  }
  return {};
}

Result<> set_oom_score_adj(int score) {
  constexpr int kMost = 1000;  // OOM_SCORE_ADJ_MAX
  if (score < -kMost || score > kMost) return Error{EINVAL, "OOM score adjustment"};
  const Decimal number(static_cast<uint64_t>(score < 0 ? -score : score));
  const char* const parts[] = {score < 0 ? "-" : "", number.text()};
  char text[8];
  (void)fill(text, "{}{}", parts);  // it fits
  return write_at_once("/proc/self/oom_score_adj", text);
}

Result<> set_sysctl(const char* name, const char* value) {
  char path[256];
  PID1_TRY(fill(path, "/proc/sys/{}", &name));
  char* const inside = path + std::string_view("/proc/sys/").size();
  bool dotted = false;
  bool decided = false;
  for (char* place = inside; *place != '\0'; ++place) {
    if (*place != '.' && *place != '/') continue;
    // The first of either tells what they mean.
    if (!decided) dotted = *place == '.';
    decided = true;
    if (dotted) *place = *place == '.' ? '/' : '.';
  }
  if (!is_inside(inside)) return Error{EINVAL, "sysctl name"};
  return write_at_once(path, value);
}

}  // namespace pid1
