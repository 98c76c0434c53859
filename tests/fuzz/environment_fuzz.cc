// SPDX-License-Identifier: Apache-2.0
// Environment against a map: one entry for a name, and what does not fit changes nothing.
#include <map>

#include "fuzz.h"
#include "pid1/environment.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const size_t room = size % 97;
  const std::unique_ptr<char[]> bytes(new char[room]);
  char* slots[5];
  pid1::Arena arena({bytes.get(), room});
  pid1::Environment environment(arena, slots);
  std::map<std::string, std::string> expected;
  while (!rest.empty()) {
    const std::string name = fuzz::take(rest);
    const std::string value = fuzz::take(rest);
    const auto set = environment.set(name.c_str(), value.c_str());
    if (set.has_value()) {
      FUZZ_CHECK(!name.empty() && name.find('=') == std::string::npos);
      expected[name] = value;
    } else {
      FUZZ_CHECK(set.error().operation != nullptr);
    }
    FUZZ_CHECK(environment.size() == expected.size());
    for (const auto& [key, kept] : expected)
      FUZZ_CHECK(kept == environment.get(key.c_str()));
  }
  size_t count = 0;
  for (char* const* entry = environment.data(); *entry != nullptr; ++entry, ++count) {
    FUZZ_CHECK(*entry >= bytes.get() && *entry + std::strlen(*entry) < bytes.get() + room);
  }
  FUZZ_CHECK(count == expected.size());
  return 0;
}
