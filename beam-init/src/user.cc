// SPDX-License-Identifier: Apache-2.0
#include "user.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "pid1/file.h"
#include "pid1/limits.h"
#include "pid1/privilege.h"
#include "pid1/sys.h"
#include "pid1/text.h"

namespace beam_init {
namespace {

constexpr const char* kPasswd = "/etc/passwd";
constexpr const char* kHome = "/run/beam";
constexpr int kMostId = 0x7fffffe;  // what parse_number takes

/// Ids of a line "name:x:UID:GID:..." of passwd(5), or of "UID[:GID]".
bool parse_ids(char* text, User& user) {
  char* const group = pid1::split(text, ':');
  (void)pid1::split(group, ':');
  const auto id = pid1::parse_number(text, kMostId);
  const auto group_id = *group == '\0' ? id : pid1::parse_number(group, kMostId);
  if (!id.has_value() || !group_id.has_value()) return false;
  user.id = static_cast<uid_t>(*id);
  user.group = static_cast<gid_t>(*group_id);
  return true;
}

Outcome find_capabilities(const char* list, Draft& draft, User& user) {
  for (char* rest = draft.text("{}", list); *rest != '\0';) {
    const char* const name = rest;
    rest = pid1::split(rest, ',');
    const auto capability = pid1::parse_capability(name);
    if (!capability.has_value()) {
      return fail("beam.caps: '{}' is no capability; they have the names of capabilities(7)", name);
    }
    user.capabilities |= uint64_t{1} << *capability;
  }
  return {};
}

}  // namespace

Outcome find_user(const Settings& settings, Draft& draft, User& user) {
  const char* const wanted = settings.user;
  BEAM_INIT_PASS(find_capabilities(settings.capabilities, draft, user));
  const char* const distribution = draft.get("RELEASE_DISTRIBUTION");
  if (settings.distribution != Distribution::kNone || !pid1::is_listed(",none", distribution)) {
    user.home = kHome;
  }
  if (*wanted == '\0') return {};
  bool found = parse_ids(draft.text("{}", wanted), user);
  if (!found && pid1::exists(kPasswd)) {
    char* rest = nullptr;
    BEAM_INIT_PASS(draft.read(kPasswd, "it must be as passwd(5) says", rest));
    while (*rest != '\0' && !found) {
      char* const line = rest;
      rest = pid1::split(line, '\n');
      char* const password = pid1::split(line, ':');
      found = pid1::equals(line, wanted) && parse_ids(pid1::split(password, ':'), user);
    }
  }
  if (!found) {
    return fail("beam.user: there is no user '{}'; give one of {}, or numbers UID[:GID]", wanted,
                kPasswd);
  }
  if (!user.is_root()) user.home = kHome;
  return {};
}

void give_to_user(const User& user, const char* path) {
  if (!user.is_root()) (void)pid1::sys::chown(path, user.id, user.group);
}

pid1::Result<> write_for_user(const User& user, const char* path, std::string_view text,
                              unsigned mode) {
  // It may be on a volume: what the user has put there last time may lead anywhere.
  (void)pid1::sys::unlink_at(AT_FDCWD, path, 0);
  PID1_TRY(pid1::write_file(path, text, mode));
  give_to_user(user, path);
  return {};
}

void hide_system(bool in_container) {
  // Not of every kernel: what can be hidden is.
  if (!in_container) {
    (void)pid1::set_sysctl("kernel.kptr_restrict", "2");
    (void)pid1::set_sysctl("kernel.dmesg_restrict", "1");
  }
  (void)pid1::sys::mount("proc", "/proc", "proc", MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                         "hidepid=2");
}

pid1::Result<> become_user(const User& user) {
  if (user.is_root()) return {};
  return pid1::drop_privileges(
      {.user = user.id, .group = user.group, .groups = {}, .capabilities = user.capabilities});
}

}  // namespace beam_init
