// SPDX-License-Identifier: Apache-2.0
// The flags of the BEAM: split against another writing of erlexec's rules, then sorted into an
// argv.
#include <vector>

#include "erlexec.h"
#include "fuzz.h"
#include "pid1/text.h"

namespace {

constexpr size_t kSlots = 64;

/// A NULL-terminated vector with room, an environment, and a text of their own.
struct Room {
  char bytes[8192];
  char* environment_slots[16];
  char* word_slots[kSlots];
  char* argv_slots[2 * kSlots];
  pid1::Arena arena{bytes};
  pid1::Environment environment{arena, environment_slots};
  beam_init::Draft draft{arena, environment};
  pid1::StringVector words{word_slots};
  pid1::StringVector argv{argv_slots};
};

std::vector<std::string> words_of(std::string_view text, bool comments) {
  std::vector<std::string> words;
  bool in_word = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (fuzz::is_blank(c) || (comments && c == '#')) {
      in_word = false;
      if (c == '#') i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '"' || c == '\'') {
      const size_t end = std::min(text.find(c, i + 1), text.size());
      words.back() += text.substr(i + 1, end - i - 1);
      i = end;
    } else if (c == '\\') {
      if (++i < text.size()) words.back() += text[i];
    } else {
      words.back() += c;
    }
  }
  return words;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(fuzz::text_of(data, size));
  const bool comments = size % 2 == 0;
  const auto expected = words_of(input, comments);
  const std::unique_ptr<Room> room(new Room);  // not cleared: 8 KB each time
  beam_init::split_flags(input.c_str(), beam_init::kSpecial + (comments ? 0 : 1), room->draft,
                         room->words);
  if (room->draft.outcome().is_failure()) {
    FUZZ_CHECK(expected.size() >= kSlots || input.size() >= sizeof(room->bytes));
    return 0;
  }
  FUZZ_CHECK(room->words.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    FUZZ_CHECK(expected[i] == room->words[i]);

  // The files that an input names are none of a fuzzer's business. +- becomes a separator, as in
  // erlexec: such a line is not looked at either.
  for (const auto& word : expected)
    if (word == "-args_file" || word == "+-") return 0;
  const beam_init::Emulator emulator = {.root = "/r", .bindir = "/r/b", .progname = "erl"};
  const auto outcome = beam_init::build_beam_argv(emulator, room->words, room->draft, room->argv);
  if (outcome.is_failure()) {
    FUZZ_CHECK(std::strlen(outcome.message()) > 0);
    return 0;
  }
  const pid1::StringVector& argv = room->argv;
  FUZZ_CHECK(argv.data()[argv.size()] == nullptr);
  FUZZ_CHECK(std::string_view(argv[0]).starts_with("/r/b/beam."));
  // Flags for the emulator before the first separator, none of them with its '+'.
  size_t separator = 1;
  while (separator < argv.size() && std::string_view(argv[separator]) != "--")
    ++separator;
  FUZZ_CHECK(separator + 2 < argv.size());
  FUZZ_CHECK(std::string_view(argv[separator + 1]) == "-root");
  FUZZ_CHECK(std::string_view(argv[separator + 2]) == "/r");
  // All behind -extra comes last, and as it was.
  size_t extra = 0;
  while (extra < expected.size() && expected[extra] != "-extra")
    ++extra;
  if (extra + 1 < expected.size()) {
    const size_t count = expected.size() - extra;  // with -extra itself
    FUZZ_CHECK(argv.size() > count);
    for (size_t i = 0; i < count; ++i)
      FUZZ_CHECK(expected[extra + i] == argv[argv.size() - count + i]);
  }
  return 0;
}
