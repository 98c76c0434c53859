// SPDX-License-Identifier: Apache-2.0
// parse_limit: what is accepted is in order, and reads the same when printed.
#include "pid1/limits.h"

#include <sys/resource.h>

#include <cerrno>

#include "fuzz.h"

namespace {

std::string amount(uint64_t value) {
  return value == pid1::kUnlimited ? "unlimited" : std::to_string(value);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = fuzz::text_of(data, size);
  const fuzz::Text text(input);
  const auto parsed = pid1::parse_limit(text.data());
  FUZZ_CHECK(text.is_whole());
  if (!parsed.has_value()) {
    FUZZ_CHECK(parsed.error().code == EINVAL || parsed.error().code == ERANGE);
    return 0;
  }
  const pid1::Limit& limit = *parsed;
  FUZZ_CHECK(limit.resource >= 0 && limit.resource < RLIM_NLIMITS && limit.soft <= limit.hard);
  const std::string name(input.substr(0, input.find('=')));
  const std::string printed = name + "=" + amount(limit.soft) + ":" + amount(limit.hard);
  const fuzz::Text copy(printed);
  const auto again = pid1::parse_limit(copy.data());
  FUZZ_CHECK(again.has_value() && (*again).resource == limit.resource);
  FUZZ_CHECK((*again).soft == limit.soft && (*again).hard == limit.hard);
  // Nothing of the input was passed over.
  std::string plain(input.substr(name.size() + 1));
  if (plain.find(':') == std::string::npos) plain += ":" + plain;
  const size_t colon = plain.find(':');
  for (std::string part : {plain.substr(0, colon), plain.substr(colon + 1)}) {
    if (part == "unlimited") continue;
    part.erase(0, std::min(part.find_first_not_of('0'), part.size() - 1));
    FUZZ_CHECK(part == amount(limit.soft) || part == amount(limit.hard));
  }
  return 0;
}
