// SPDX-License-Identifier: Apache-2.0
// --what=native: from the first instruction of /init to the BEAM and to the first answer, without a
// machine.
#include <absl/cleanup/cleanup.h>
#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "clock.h"
#include "console.h"
#include "http_get.h"
#include "native.h"
#include "qemu.h"
#include "report.h"
#include "timeline.h"
#include "what.h"

namespace microbeam {
namespace {

// How often the port is tried: what a figure may be too large by. A try costs the host's other
// processor some ten microseconds.
constexpr absl::Duration kInterval = absl::Microseconds(200);

// Whether somebody listens there. On the loopback device the answer is immediate.
bool listens(int port) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

// One start, from its root to the first answer.
class Start {
 public:
  explicit Start(const Turn& turn)
      : turn_(turn), deadline_(monotonic_now() + turn.contestant.options.time_limit()) {}
  ~Start() {
    for (const int fd : watched_)
      turn_.loop.forget(fd);
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;

  absl::StatusOr<Figures> run() {
    for (const auto step : {&Start::begin, &Start::wait_for_exec, &Start::wait_for_listening,
                            &Start::wait_for_answer}) {
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    const absl::Duration entered = init_->entered();
    return Figures{absl::ToDoubleMicroseconds(executed_ - entered), by_its_marks(),
                   absl::ToDoubleMilliseconds(listening_ - entered),
                   absl::ToDoubleMilliseconds(answered_ - entered)};
  }

 private:
  absl::Status begin() {
    const Contestant& contestant = turn_.contestant;
    if (absl::Status status = console_.keep_in(contestant.options.console_log); !status.ok())
      return status;
    auto root = NativeRoot::make(contestant.folder + "/root");
    if (!root.ok()) return root.status();
    root_ = *std::move(root);
    const absl::StatusOr<std::string> emulator = root_->emulator();
    if (!emulator.ok()) return emulator.status();
    // execve(2) opens the program, whoever calls it, and nobody else does.
    exec_ = UniqueFd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (inotify_add_watch(exec_.get(), emulator->c_str(), IN_OPEN) < 0)
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot watch ", *emulator));
    auto init = NativeInit::start(*root_, kernel_command_line(contestant.options, std::nullopt));
    if (!init.ok()) return init.status();
    init_ = *std::move(init);
    watch(exec_.get(), [this] {
      executed_ = monotonic_now();
      forget(exec_.get());
    });
    return absl::OkStatus();
  }

  // Without sleeping: this processor is nobody else's, and one that sleeps may be woken ten
  // milliseconds late where it is virtual, twenty times what is measured. For the same reason the
  // console waits: poll(2) on a terminal whose other end has just been written to sleeps until a
  // worker of the kernel has moved what was written.
  absl::Status wait_for_exec() {
    while (executed_ == absl::ZeroDuration() && !over())
      turn_.loop.turn(monotonic_now());
    if (executed_ == absl::ZeroDuration()) return failure("executed no BEAM");
    watch(root_->console(), [this] { read_console(); });
    return absl::OkStatus();
  }

  absl::Status wait_for_listening() {
    while (!over()) {
      const absl::Duration now = monotonic_now();
      if (listens(kGuestPort)) {
        listening_ = now;
        return absl::OkStatus();
      }
      turn_.loop.turn(std::min(deadline_, now + kInterval));
    }
    return failure("nobody listens");
  }

  absl::Status wait_for_answer() {
    HttpGet get(turn_.loop, kGuestPort, "/");
    while (!get.ended() && !over())
      turn_.loop.turn(deadline_);
    if (!get.ended() || !get.status().ok() || get.response().status() != 200)
      return failure(absl::StrCat("no answer: ", get.status().message()));
    answered_ = get.first_byte().value_or(listening_);
    return absl::OkStatus();
  }

  // From the one to the other by the clocks that /init has read, where it writes marks.
  [[nodiscard]] std::optional<double> by_its_marks() const {
    const Mark* const init = find_mark(console_.marks(), "init");
    const Mark* const exec = find_mark(console_.marks(), "exec");
    if (init == nullptr || exec == nullptr) return {};
    return static_cast<double>(exec->boottime_ns - init->boottime_ns) / 1000;
  }

  bool over() {
    if (!status_) status_ = init_->process().try_reap();
    return status_ || turn_.signals.caught() != 0 || monotonic_now() >= deadline_;
  }

  absl::Status failure(absl::string_view what) {
    read_console();
    const std::string ended = status_ ? absl::StrCat("; PID 1 ended with status ", *status_) : "";
    return absl::UnavailableError(
        absl::StrCat(failure_report(absl::StrCat(what, ended), console_, ""),
                     console_report(console_, turn_.contestant.options.console_log)));
  }

  void read_console() {
    std::array<char, 4096> buffer;
    ssize_t got = 0;
    while ((got = read(root_->console(), buffer.data(), buffer.size())) > 0)
      console_.feed({buffer.data(), static_cast<size_t>(got)}, monotonic_now());
  }

  void watch(int fd, std::function<void()> ready) {
    watched_.push_back(fd);
    turn_.loop.watch(fd, {[] { return static_cast<short>(POLLIN); }, std::move(ready)});
  }

  void forget(int fd) { turn_.loop.forget(fd); }

  const Turn& turn_;
  absl::Duration deadline_;
  Console console_;
  std::unique_ptr<NativeRoot> root_;
  UniqueFd exec_;
  std::unique_ptr<NativeInit> init_;
  std::vector<int> watched_;
  std::optional<int> status_;
  absl::Duration executed_;
  absl::Duration listening_;
  absl::Duration answered_;
};

absl::StatusOr<Figures> native_turn(const Turn& turn) {
  return Start(turn).run();
}

}  // namespace

What what_native() {
  using Extra = Measure::Extra;
  return {.name = "native",
          .measures = {{.name = "exec",
                        .unit = "us",
                        .title = "/init's first instruction to the exec of the BEAM",
                        .extra = Extra::kTimes},
                       {.name = "marks",
                        .unit = "us",
                        .title = "the same by the marks of /init",
                        .extra = Extra::kTimes},
                       {.name = "listening",
                        .unit = "ms",
                        .title = "/init's first instruction to the server listening",
                        .extra = Extra::kTimes},
                       {.name = "first_byte",
                        .unit = "ms",
                        .title = "/init's first instruction to the first byte of the answer",
                        .extra = Extra::kTimes}},
          .warm_up = true,
          .in_machines = false,
          .prepare = enter_native,
          .turn = native_turn};
}

}  // namespace microbeam
