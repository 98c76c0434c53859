// SPDX-License-Identifier: Apache-2.0
// Stands in a root where erlexec would find beam.smp, the shell or man: tells how it was executed,
// on descriptor 3, and ends with status 0. As `enter ROOT PROGRAM WORDS` it goes to that root and
// executes PROGRAM WORDS there.
//
// A record is "SIZE\n" and that many bytes, strings that each end with a NUL: the path that was
// executed, the number of words, the words, the environment.
#include <sched.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace {

constexpr int kReport = 3;

/// What runs in there may be anything that an input asks for: it gets little, for a short time.
/// erlexec reads arguments files that name each other until it has no memory left.
void set_limits() {
  constexpr rlim_t kMemory = rlim_t{64} << 20;
  constexpr rlimit kLimits[] = {{1, 1}, {kMemory, kMemory}, {kMemory, kMemory}};
  (void)setrlimit(RLIMIT_CPU, &kLimits[0]);
  (void)setrlimit(RLIMIT_AS, &kLimits[1]);
  (void)setrlimit(RLIMIT_FSIZE, &kLimits[2]);
  (void)alarm(20);
}

int enter(char** words) {
  // An ordinary user may do it as root of a user namespace.
  if (chroot(words[1]) != 0 && (unshare(CLONE_NEWUSER) != 0 || chroot(words[1]) != 0)) return 126;
  if (chdir("/files") != 0) return 126;
  set_limits();
  execve(words[2], words + 2, environ);
  return 127;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && strcmp(argv[0], "enter") == 0) return enter(argv);
  std::string record;
  const auto add = [&](const char* text) { record.append(text, strlen(text) + 1); };
  add(reinterpret_cast<const char*>(getauxval(AT_EXECFN)));
  add(std::to_string(argc).c_str());
  for (int i = 0; i < argc; ++i)
    add(argv[i]);
  for (char* const* entry = environ; *entry != nullptr; ++entry)
    add(*entry);
  record = std::to_string(record.size()) + "\n" + record;
  for (size_t done = 0; done < record.size();) {
    const ssize_t put = write(kReport, record.data() + done, record.size() - done);
    if (put <= 0) return 1;
    done += static_cast<size_t>(put);
  }
  // relx's script asks where the Erlang of the system is.
  for (int i = 0; i < argc; ++i)
    if (strstr(argv[i], "code:root_dir()") != nullptr) (void)!write(1, "/usr/lib/erlang", 15);
  return 0;
}
