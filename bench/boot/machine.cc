// SPDX-License-Identifier: Apache-2.0
// See machine.h.
#include "machine.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <poll.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <utility>

#include "clock.h"

namespace microbeam {
namespace {

constexpr size_t kMaxComplaints = 262144;

short when_readable() {
  return POLLIN;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Machine>> Machine::start(Loop& loop, Console& console,
                                                        const std::vector<std::string>& command,
                                                        Wiring wiring) {
  absl::StatusOr<Child> child = Child::spawn(command, {.inherited = std::move(wiring.inherited)});
  if (!child.ok()) return child.status();
  return std::unique_ptr<Machine>(
      new Machine(loop, console, *std::move(child), std::move(wiring.may_read)));
}

Machine::Machine(Loop& loop, Console& console, Child child, std::function<bool()> may_read)
    : loop_(loop),
      console_(console),
      may_read_(std::move(may_read)),
      child_(std::move(child)),
      complaint_lines_([this](const Line& line) {
        if (stopping_ && absl::StrContains(line.text, "terminating on signal 15")) return;
        if (complaints_.size() < kMaxComplaints) absl::StrAppend(&complaints_, line.text, "\n");
      }) {
  loop_.watch(child_.out(),
              {[this] { return static_cast<short>(!may_read_ || may_read_() ? POLLIN : 0); },
               [this] { read_console(); }});
  loop_.watch(child_.err(), {when_readable, [this] { read_complaints(); }});
  loop_.watch(child_.handle(), {when_readable, [this] { on_end(); }});
}

Machine::~Machine() {
  loop_.forget(child_.out());
  loop_.forget(child_.err());
  loop_.forget(child_.handle());
}

void Machine::stop(const Signals& signals) {
  if (ended_) return;
  stopping_ = true;
  child_.signal(SIGTERM);
  const int signals_before = signals.count();
  const absl::Duration deadline = monotonic_now() + kTermLimit;
  while (!ended_ && signals.count() == signals_before && monotonic_now() < deadline) {
    loop_.turn(deadline);
  }
  if (ended_) return;
  killed_ = true;
  child_.signal(SIGKILL);
  const absl::Duration last = monotonic_now() + kTermLimit;
  while (!ended_ && monotonic_now() < last)
    loop_.turn(last);
}

std::string Machine::kvm_error() const {
  for (const absl::string_view line : absl::StrSplit(complaints_, '\n')) {
    if (absl::StrContains(line, "KVM internal error") ||
        absl::StartsWith(line, "error: kvm run failed")) {
      const bool emulation = absl::StrContains(complaints_, "emulation failure");
      return absl::StrCat(printable(line), emulation ? " (emulation failure)" : "");
    }
  }
  return "";
}

bool Machine::read_console() {
  std::array<char, 65536> buffer;
  const ssize_t got = read(child_.out(), buffer.data(), buffer.size());
  if (got > 0) {
    console_.feed({buffer.data(), static_cast<size_t>(got)}, monotonic_now());
  } else if (got == 0) {
    loop_.forget(child_.out());  // closed: poll(2) would report it for ever
  }
  return got > 0;
}

bool Machine::read_complaints() {
  std::array<char, 4096> buffer;
  const ssize_t got = read(child_.err(), buffer.data(), buffer.size());
  if (got > 0) {
    complaint_lines_.feed({buffer.data(), static_cast<size_t>(got)}, monotonic_now());
  } else if (got == 0) {
    loop_.forget(child_.err());
  }
  return got > 0;
}

void Machine::on_end() {
  status_ = child_.try_reap();
  if (!status_) return;
  loop_.forget(child_.handle());
  // Its last words are in the pipes still.
  while (read_console()) {
  }
  while (read_complaints()) {
  }
  console_.finish();
  complaint_lines_.finish();
  ended_ = true;
}

}  // namespace microbeam
