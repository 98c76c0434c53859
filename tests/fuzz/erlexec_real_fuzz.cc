// SPDX-License-Identifier: Apache-2.0
// The flags of the BEAM against the real erlexec: what it executes is what beam-init would.
#include "fuzz.h"
#include "sandbox.h"

namespace {

/// Fields that each end with a NUL: the three variables, two arguments files, words.
beam_init::Input input_of(std::string_view rest) {
  beam_init::Input input;
  input.name = "found by the fuzzer";
  for (const char* name : {"ERL_AFLAGS", "ERL_FLAGS", "ERL_ZFLAGS"})
    if (const std::string value = fuzz::take(rest); !value.empty()) input.variables[name] = value;
  for (const char* name : {"f", "g"})
    input.files[name] = fuzz::take(rest);
  while (!rest.empty())
    input.words.push_back(fuzz::take(rest));
  return input;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static beam_init::Sandbox sandbox;
  const auto input = input_of({reinterpret_cast<const char*>(data), size});
  const std::string found = difference(sandbox, input);
  if (!found.empty()) std::fprintf(stderr, "%s\n", found.c_str());
  FUZZ_CHECK(found.empty());
  return 0;
}
