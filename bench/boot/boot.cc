// SPDX-License-Identifier: Apache-2.0
// See boot.h.
#include "boot.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>

#include "clock.h"
#include "host_tsc.h"
#include "initrd.h"
#include "port.h"
#include "qemu.h"

namespace microbeam {
namespace {

constexpr int kMaxStarts = 5;

std::string seconds(absl::Duration duration) {
  return absl::StrFormat("%.1f s", absl::ToDoubleSeconds(duration));
}

}  // namespace

absl::Status Boot::start() {
  const absl::StatusOr<int> port = free_port(options_.port);
  if (!port.ok()) return port.status();
  port_ = *port;
  ++starts_;
  first_answer_.reset();
  machine_.reset();
  control_.reset();
  if (absl::Status status = prepare_root(); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Control>> control = Control::open(loop_);
  if (!control.ok()) return control.status();
  control_ = *std::move(control);
  const std::vector<std::string> command = qemu_command(
      options_, {.port = port_, .tsc_khz = host_tsc_khz(), .control = control_->guest_fd()});
  Machine::Wiring wiring{.may_read = hooks_.may_read, .inherited = {control_->guest_fd()}};
  if (root_.valid()) wiring.inherited.push_back(root_.get());
  absl::StatusOr<std::unique_ptr<Machine>> machine =
      Machine::start(loop_, console_, command, std::move(wiring));
  if (!machine.ok()) return machine.status();
  machine_ = *std::move(machine);
  control_->handed_over();
  first_answer_ =
      std::make_unique<FirstAnswer>(loop_, FirstAnswer::Plan{.port = port_,
                                                             .spawned = machine_->spawned(),
                                                             .icount = options_.icount,
                                                             .time_limit = options_.time_limit()});
  return absl::OkStatus();
}

absl::Status Boot::prepare_root() {
  if (options_.env_file.empty() || root_.valid()) return absl::OkStatus();
  const bool disk = !options_.root_disk.empty();
  absl::StatusOr<UniqueFd> root = disk
                                      ? environment_disk(options_.env_file)
                                      : initrd_with_environment(options_.initrd, options_.env_file);
  if (!root.ok()) return root.status();
  root_ = *std::move(root);
  (disk ? options_.env_disk : options_.initrd) = absl::StrCat("/proc/self/fd/", root_.get());
  return absl::OkStatus();
}

absl::StatusOr<Boot::Outcome> Boot::until_answer(absl::Duration deadline) {
  while (true) {
    const absl::Duration now = monotonic_now();
    first_answer_->look(console_.marks(), now);
    if (first_answer_->answer() != nullptr) return Outcome::kAnswered;
    if (hooks_.give_up()) return Outcome::kGivenUp;
    if (machine_->ended()) {
      control_->drain();
      if (!lost_port()) return Outcome::kQemuEnded;
      if (absl::Status status = start(); !status.ok()) return status;
      continue;
    }
    if (!machine_->kvm_error().empty()) return Outcome::kGuestStopped;
    if (now >= deadline) return Outcome::kTimedOut;
    loop_.turn(std::min(deadline, first_answer_->next_look()));
  }
}

Boot::Outcome Boot::until_end() {
  while (!machine_->ended()) {
    if (hooks_.give_up()) return Outcome::kGivenUp;
    if (!machine_->kvm_error().empty()) return Outcome::kGuestStopped;
    loop_.turn(absl::InfiniteDuration());
  }
  control_->drain();
  return Outcome::kQemuEnded;
}

void Boot::stop(const Signals& signals) {
  if (machine_->ended()) return;
  const int signals_before = signals.count();
  const auto interrupted = [&] { return signals.count() != signals_before; };
  wait(options_.ready_limit(), [&] { return interrupted() || control_->ready(); });
  if (!control_->ready()) {
    unanswered_ =
        "nobody in the guest listens on the control port (the application pid1 does): "
        "the machine was ended without notice";
  } else if (!control_->ask("stop")) {
    unanswered_ = "the guest takes nothing from the control port: the machine was killed";
  } else {
    wait(options_.stop_limit(), interrupted);
    unanswered_ = absl::StrCat("the guest did not end within ", seconds(options_.stop_limit()),
                               " of being asked to stop: the machine was killed");
  }
  if (interrupted()) unanswered_ = "the machine was killed at a second signal";
  if (machine_->ended()) unanswered_.clear();
  machine_->stop(signals);
  control_->drain();
}

void Boot::wait(absl::Duration limit, const std::function<bool()>& done) {
  const absl::Duration deadline = monotonic_now() + limit;
  while (!done() && !machine_->ended() && machine_->kvm_error().empty() &&
         monotonic_now() < deadline) {
    loop_.turn(deadline);
  }
}

bool Boot::orderly() const {
  const std::optional<GuestEnd>& end = control_->end();
  return machine_->ended_by_itself() && machine_->status() == 0 && end && end->status == 0 &&
         console_.panic().empty();
}

std::string Boot::describe_end() const {
  if (!unanswered_.empty()) return unanswered_;
  const std::optional<GuestEnd>& end = control_->end();
  if (orderly()) return absl::StrCat("ended in order: ", end.value_or(GuestEnd{}).verb);
  if (!console_.panic().empty()) return printable(console_.panic());
  const std::optional<int> status = machine_->status();
  const std::string qemu =
      absl::StrCat("QEMU ended with status ", status ? absl::StrCat(*status) : "unknown");
  if (end)
    return absl::StrCat("the BEAM ended with status ", end->status, " (", end->verb, "), ", qemu);
  return absl::StrCat(qemu, status == kUnpreparedStatus
                                ? ": a restart that nobody prepared, without a word of why"
                                : " without a word of the guest");
}

std::string Boot::url() const {
  return absl::StrCat("http://127.0.0.1:", port_, "/");
}

BootResult Boot::result() const {
  BootResult result;
  std::optional<absl::Duration> first_byte;
  if (const HttpGet* answer = first_answer_->answer()) {
    result.http_status = answer->response().status();
    first_byte = answer->first_byte();
  }
  result.ms = timeline_ms(console_.marks(), machine_->spawned(), first_byte,
                          options_.icount ? GuestClock::kIcount : GuestClock::kReal);
  if (options_.icount) result.insns = timeline_insns(console_.marks());
  result.orderly = orderly();
  if (machine_->ended()) result.qemu_status = machine_->status();
  return result;
}

std::string Boot::describe(Outcome outcome) const {
  if (outcome == Outcome::kQemuEnded) {
    const std::optional<int> status = machine_->status();
    std::string told;
    if (const std::optional<GuestEnd>& end = control_->end()) {
      told = absl::StrCat("; the BEAM's status was ", end->status);
    }
    return absl::StrCat("QEMU ended with status ", status ? absl::StrCat(*status) : "unknown",
                        first_answer_->answer() != nullptr ? "" : " before the answer", ", ",
                        seconds(monotonic_now() - machine_->spawned()), " after its start", told);
  }
  if (outcome == Outcome::kGuestStopped) {
    return absl::StrCat("the guest cannot go on: ", machine_->kvm_error(),
                        "; this host's KVM cannot run it, give --accel=tcg");
  }
  if (outcome == Outcome::kGivenUp) return "interrupted before the answer";
  std::string sentence = absl::StrCat("no answer from ", url(), " within ",
                                      seconds(options_.time_limit()), " (--timeout); ");
  if (console_.marks().empty()) {
    absl::StrAppend(&sentence, "no mark was seen on the console");
  } else {
    absl::StrAppend(&sentence, "the last mark was ", printable(console_.marks().back().name));
  }
  const absl::Status& failure = first_answer_->last_failure();
  if (!failure.ok()) absl::StrAppend(&sentence, "; the last try: ", failure.message());
  return sentence;
}

bool Boot::lost_port() const {
  return options_.port == 0 && starts_ < kMaxStarts && console_.silent() &&
         absl::StrContains(machine_->complaints(), "Could not set up host forwarding rule");
}

}  // namespace microbeam
