// SPDX-License-Identifier: Apache-2.0
// Uses something of the library that needs its archive, its headers, and the kernel.
#include "every_header.h"

int main() {
  char line[] = "quiet root=\"a b\" -- word";
  pid1::CmdlineReader reader(line);
  pid1::Parameter parameter;
  unsigned words = 0;
  while (reader.next(parameter))
    ++words;

  bool found = false;
  const auto listed = pid1::list_directory("/proc/self", [&](const char* name) {
    if (pid1::equals(name, "status")) found = true;
  });
  if (!listed.has_value() || !found) return 1;

  char text[64];
  const pid1::Decimal number(words);
  const char* const part = number.text();
  const auto size = pid1::fill(text, "{} words\n", &part);
  return size.has_value() && pid1::sys::write(1, {text, *size}) == *size ? 0 : 1;
}
