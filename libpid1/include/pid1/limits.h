// SPDX-License-Identifier: Apache-2.0
// What a program may use: resource limits, its place before the OOM killer, kernel settings.
#ifndef PID1_LIMITS_H
#define PID1_LIMITS_H

#include <cstdint>
#include <span>

#include "pid1/result.h"

namespace pid1 {

/// No limit: RLIM_INFINITY.
constexpr uint64_t kUnlimited = ~uint64_t{0};

/// One resource limit, as setrlimit(2) takes it: bytes, seconds, microseconds or a count, as that
/// page says for each.
struct Limit {
  int resource;  // RLIMIT_*
  uint64_t soft;
  uint64_t hard;
};

/// Parses "NAME=SOFT:HARD" or "NAME=BOTH", in place: "nofile=1024:4096", "core=0",
/// "memlock=unlimited". NAME is what follows RLIMIT_, in lower case. EINVAL for another name, for
/// what is no number, and for a soft limit above the hard one; ERANGE for 2^64 - 1 and above.
[[nodiscard]] Result<Limit> parse_limit(char* text);

/// Sets them for this process; what it forks and executes inherits them. The operation of an Error
/// names the limit ("prlimit nofile"). EPERM: a hard limit above that of now, without
/// CAP_SYS_RESOURCE; or nofile above fs.nr_open (proc(5)), which nobody may.
[[nodiscard]] Result<> apply(std::span<const Limit> limits);

/// Writes /proc/self/oom_score_adj (proc(5)): -1000 is never killed, 1000 first. Children inherit
/// it. EINVAL out of that range; EACCES below what an ancestor has set, without CAP_SYS_RESOURCE.
[[nodiscard]] Result<> set_oom_score_adj(int score);

/// Writes `value` to the file of /proc/sys that `name` means, by the rules of sysctl(8): in
/// "net.ipv4.ip_forward" the dots are slashes; in "net/ipv4/conf/eth0.100/forwarding", where a
/// slash comes first, they are not; in "net.ipv4.conf.eth0/100.forwarding" a slash is a dot. One
/// write(2), which is all that kernel.sysctl_writes_strict lets count. EINVAL for a name with an
/// empty part, or one of "." or ".."; ENAMETOOLONG from 240 bytes on; ENOENT: the kernel has none
/// such; EIO: it has taken a part of the value.
[[nodiscard]] Result<> set_sysctl(const char* name, const char* value);

}  // namespace pid1

#endif  // PID1_LIMITS_H
