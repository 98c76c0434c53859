// SPDX-License-Identifier: Apache-2.0
// Mount options and lines of fstab: every word lands in the flags or in the data, and what was read
// reads the same when printed.
#include <sys/mount.h>

#include <cerrno>
#include <vector>

#include "fuzz.h"
#include "pid1/mount.h"

namespace {

/// What stands between commas outside of double quotes.
std::vector<std::string> options_of(std::string_view text) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

/// The flags of `text`, and what is left of it for the file system.
std::string data_of(std::string_view text, uint32_t& flags) {
  std::string data;
  for (const std::string& word : options_of(text)) {
    if (word.empty() || pid1::apply_mount_option(word.c_str(), flags)) continue;
    data += (data.empty() ? "" : ",") + word;
  }
  return data;
}

void check_options(std::string_view input, size_t room) {
  uint32_t expected_flags = MS_NOSUID;
  const std::string expected = data_of(input, expected_flags);
  const fuzz::Text text(input);
  const std::unique_ptr<char[]> data(new char[room]);
  uint32_t flags = MS_NOSUID;
  const auto parsed = pid1::parse_mount_options(text.data(), flags, {data.get(), room});
  FUZZ_CHECK(text.is_whole());
  if (!parsed.has_value()) {
    FUZZ_CHECK(parsed.error().code == E2BIG && expected.size() >= room);
    FUZZ_CHECK(room == 0 || std::memchr(data.get(), '\0', room) != nullptr);
    return;
  }
  FUZZ_CHECK(expected == data.get() && flags == expected_flags);
  // What went to the data is for the file system, all of it.
  uint32_t none = 0;
  FUZZ_CHECK(data_of(expected, none) == expected && none == 0);
}

/// A field as fstab wants it.
std::string escaped(std::string_view text) {
  std::string field;
  for (const char c : text) {
    char octal[5];
    std::snprintf(octal, sizeof(octal), "\\%03o", static_cast<unsigned char>(c));
    field += fuzz::is_blank(c) || c == '\\' ? std::string(octal) : std::string(1, c);
  }
  return field;
}

void check_spec(std::string_view input) {
  const fuzz::Text line(input);
  const std::unique_ptr<char[]> data(new char[input.size() + 1]);
  const auto parsed = pid1::parse_mount_spec(line.data(), {data.get(), input.size() + 1});
  FUZZ_CHECK(line.is_whole());
  if (!parsed.has_value()) {
    FUZZ_CHECK(parsed.error().code == EINVAL);
    return;
  }
  const pid1::MountSpec& spec = *parsed;
  for (const char* const part : {spec.source, spec.target, spec.type})
    FUZZ_CHECK(line.has(part) && *part != '\0');
  FUZZ_CHECK(*spec.target == '/' && spec.data == data.get());
  FUZZ_CHECK((spec.flags & MS_REMOUNT) == 0);

  char mode[8];
  std::snprintf(mode, sizeof(mode), "%o", static_cast<unsigned>(spec.directory_mode));
  const std::string printed = escaped(spec.source) + "\t" + escaped(spec.target) + " " +
                              escaped(spec.type) + "  x-mount.mkdir=" + mode +
                              (spec.optional ? ",nofail" : "") + "," + escaped(spec.data) + " 0 0";
  const fuzz::Text copy(printed);
  const std::unique_ptr<char[]> more(new char[printed.size() + 1]);
  const auto again = pid1::parse_mount_spec(copy.data(), {more.get(), printed.size() + 1});
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(std::string_view((*again).source) == spec.source);
  FUZZ_CHECK(std::string_view((*again).target) == spec.target);
  FUZZ_CHECK(std::string_view((*again).type) == spec.type);
  FUZZ_CHECK(std::string_view((*again).data) == spec.data);
  FUZZ_CHECK((*again).directory_mode == spec.directory_mode);
  FUZZ_CHECK((*again).optional == spec.optional);
  FUZZ_CHECK((*again).flags == 0);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_options(text, size % 64);
  check_spec(text);
  return 0;
}
