// SPDX-License-Identifier: Apache-2.0
// Addresses as text. beam-init uses none of this: --gc-sections leaves it out.
#include <cerrno>
#include <cstring>
#include <span>

#include "pid1/network.h"
#include "pid1/text.h"

namespace pid1 {
namespace {

constexpr size_t kGroups = 8;

/// The value of a hexadecimal digit, -1 for what is none.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Up to four digits, of which `text` then stands at the end. False when there are none or more.
bool parse_group(const char*& text, unsigned& value) {
  const char* const start = text;
  value = 0;
  for (; hex_value(*text) >= 0 && text <= start + 4; ++text)
    value = value << 4 | static_cast<unsigned>(hex_value(*text));
  return text != start && text <= start + 4;
}

/// The bytes behind `gap` at the end of the address, zeros in the gap.
void spread(Ipv6& address, size_t gap, size_t used) {
  const size_t behind = used - gap;
  memmove(address.bytes + sizeof(address.bytes) - behind, address.bytes + gap, behind);
  memset(address.bytes + gap, 0, sizeof(address.bytes) - used);
}

}  // namespace

bool parse_ipv6(const char* text, Ipv6& address) {
  constexpr size_t kNone = ~size_t{0};
  Ipv6 parsed = {};
  size_t used = 0;
  size_t gap = kNone;
  if (text[0] == ':' && text[1] == ':') {
    gap = 0;
    text += 2;
  }
  while (gap != used || *text != '\0') {  // it may end with the gap
    unsigned value = 0;
    const char* const start = text;
    if (used == sizeof(parsed.bytes) || !parse_group(text, value)) return false;
    Ipv4 dotted = {};
    if (*text == '.') {
      if (used + sizeof(dotted) > sizeof(parsed.bytes) || !parse_ipv4(start, dotted)) return false;
      memcpy(parsed.bytes + used, dotted.bytes, sizeof(dotted));
      used += sizeof(dotted);
      break;
    }
    parsed.bytes[used++] = static_cast<uint8_t>(value >> 8);
    parsed.bytes[used++] = static_cast<uint8_t>(value);
    if (*text == '\0') break;
    if (*text++ != ':') return false;
    if (*text != ':') continue;
    if (gap != kNone) return false;
    gap = used;
    ++text;
  }
  // The gap stands for one group at least.
  if ((gap == kNone) != (used == sizeof(parsed.bytes))) return false;
  if (gap != kNone) spread(parsed, gap, used);
  address = parsed;
  return true;
}

Result<Address> parse_address(const char* text) {
  if (Ipv4 address = {}; parse_ipv4(text, address)) return Address(address);
  if (Ipv6 address = {}; parse_ipv6(text, address)) return Address(address);
  return Error{EINVAL, "network address"};
}

Result<Network> parse_network(const char* text) {
  char copy[64];
  if (!fill(copy, "{}", &text).has_value()) return Error{EINVAL, "network address"};
  const bool has_prefix = *find(copy, '/') != '\0';
  const char* const digits = split(copy, '/');
  PID1_TRY_ASSIGN(const Address address, parse_address(copy));
  const auto bits = static_cast<int>(8 * address.size());
  const auto prefix = has_prefix ? parse_number(digits, bits) : bits;
  if (!prefix.has_value()) return Error{EINVAL, "network prefix"};
  return Network{.address = address, .prefix = static_cast<uint8_t>(*prefix)};
}

AddressText::AddressText(const Address& address) {
  size_t used = 0;
  text_[0] = '\0';
  if (address.family == AF_INET) {
    for (size_t i = 0; i < address.size(); ++i) {
      const Decimal number(address.bytes[i]);
      const char* const parts[] = {i == 0 ? "" : ".", number.text()};
      used += fill(std::span(text_).subspan(used), "{}{}", parts).value_or(0);
    }
    return;
  }
  if (address.family != AF_INET6) return;
  const auto group = [&](size_t i) {
    return static_cast<unsigned>(address.bytes[2 * i] << 8 | address.bytes[2 * i + 1]);
  };
  // The longest run of two zeros or more, the first of equals (RFC 5952, 4.2).
  size_t gap = kGroups;
  size_t longest = 1;
  for (size_t start = 0; start < kGroups; ++start) {
    size_t end = start;
    while (end < kGroups && group(end) == 0)
      ++end;
    if (end - start <= longest) continue;
    gap = start;
    longest = end - start;
  }
  for (size_t i = 0; i < kGroups; ++i) {
    if (i == gap) {
      text_[used++] = ':';
      if (i + longest == kGroups) text_[used++] = ':';
      i += longest - 1;
      continue;
    }
    if (i > 0) text_[used++] = ':';
    bool leading = true;
    for (unsigned shift = 16; shift > 0;) {
      shift -= 4;
      const unsigned digit = group(i) >> shift & 15U;
      leading = leading && digit == 0 && shift > 0;
      if (!leading) text_[used++] = "0123456789abcdef"[digit];
    }
  }
  text_[used] = '\0';
}

}  // namespace pid1
