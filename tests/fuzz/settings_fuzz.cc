// SPDX-License-Identifier: Apache-2.0
// beam-init's settings, from the file and from the kernel command line: what was accepted is valid,
// what was not is said in one line.
#include "fuzz.h"
#include "pid1/network.h"
#include "pid1/text.h"
#include "settings.h"

namespace {

constexpr size_t kSlots = 8;

struct Boot {
  char bytes[512];
  char* slots[kSlots];
  pid1::Arena arena{bytes};
  pid1::Environment environment{arena, slots};
  beam_init::Settings settings{environment};
};

void check(const Boot& boot, beam_init::Outcome outcome) {
  if (outcome.is_failure()) {
    const std::string_view message = outcome.message();
    FUZZ_CHECK(!message.empty() && message.size() <= 900);
    return;
  }
  FUZZ_CHECK(*boot.settings.release == '/');
  FUZZ_CHECK(*boot.settings.hostname == '\0' || pid1::is_hostname(boot.settings.hostname));
  for (size_t i = 0; i < boot.environment.size(); ++i) {
    const std::string entry = boot.environment[i];
    const size_t equals = entry.find('=');
    FUZZ_CHECK(equals != 0 && equals != std::string::npos);
    FUZZ_CHECK(entry.substr(equals + 1) == boot.environment.get(entry.c_str()));
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = fuzz::text_of(data, size);
  {
    Boot boot;
    const fuzz::Text text(input);
    check(boot, beam_init::apply_config(boot.settings, text.data(), "/etc/beam-init.conf"));
    FUZZ_CHECK(text.is_whole());
  }
  Boot boot;
  char* slots[kSlots];
  pid1::StringVector arguments(slots);
  beam_init::Draft draft(boot.arena, boot.environment);
  const fuzz::Text text(input);
  const auto outcome = beam_init::apply_cmdline(boot.settings, text.data(), arguments, draft);
  check(boot, outcome);
  for (size_t i = 0; i < arguments.size(); ++i)
    FUZZ_CHECK(text.has(arguments[i]));
  FUZZ_CHECK(text.is_whole());

  // A boot that fails asks for the policy alone: the same as was set, where all was well.
  Boot other;
  const fuzz::Text again(input);
  beam_init::apply_policy(other.settings, again.data());
  FUZZ_CHECK(outcome.is_failure() || other.settings.on_crash == boot.settings.on_crash);
  return 0;
}
