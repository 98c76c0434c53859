// SPDX-License-Identifier: Apache-2.0
// Addresses of both families against inet_pton(3), and printed as inet_ntop(3) prints them.
#include <arpa/inet.h>

#include <cerrno>

#include "fuzz.h"
#include "pid1/network.h"

namespace {

using pid1::Address;

void check_printed(const Address& address) {
  const pid1::AddressText printed(address);
  const std::string text = printed.text();
  FUZZ_CHECK(text.size() < 40);
  const auto again = pid1::parse_address(text.c_str());
  FUZZ_CHECK(again.has_value() && *again == address);
  char reference[INET6_ADDRSTRLEN];
  FUZZ_CHECK(inet_ntop(address.family, address.bytes, reference, sizeof(reference)) != nullptr);
  // It writes the end of some IPv6 addresses as an IPv4 one.
  if (address.family == AF_INET6 && std::strchr(reference, '.') != nullptr) return;
  FUZZ_CHECK(text == reference);
}

void check_ipv6(const std::string& text) {
  pid1::Ipv6 address = {};
  pid1::Ipv6 reference = {};
  const bool parsed = pid1::parse_ipv6(text.c_str(), address);
  const bool expected = inet_pton(AF_INET6, text.c_str(), reference.bytes) == 1;
  // Leading zeros in a dotted end are taken here.
  const bool is_dotted = text.find('.') != std::string::npos;
  FUZZ_CHECK(parsed == expected || (parsed && is_dotted));
  FUZZ_CHECK(!expected || address == reference);
}

void check_network(const std::string& text) {
  const auto parsed = pid1::parse_network(text.c_str());
  const auto plain = pid1::parse_address(text.substr(0, text.find('/')).c_str());
  if (!parsed.has_value()) {
    FUZZ_CHECK(parsed.error().code == EINVAL);
    return;
  }
  FUZZ_CHECK(plain.has_value() && *plain == (*parsed).address);
  FUZZ_CHECK((*parsed).prefix <= 8 * (*parsed).address.size());
  const pid1::AddressText address((*parsed).address);
  const std::string printed = std::string(address.text()) + "/" + std::to_string((*parsed).prefix);
  const auto again = pid1::parse_network(printed.c_str());
  FUZZ_CHECK(again.has_value() && (*again).address == (*parsed).address);
  FUZZ_CHECK((*again).prefix == (*parsed).prefix);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::text_of(data, size));
  check_ipv6(text);
  check_network(text);
  const auto parsed = pid1::parse_address(text.c_str());
  if (parsed.has_value()) check_printed(*parsed);
  if (size < 16) return 0;
  pid1::Ipv6 any = {};
  std::memcpy(any.bytes, data, sizeof(any.bytes));
  check_printed(Address(any));
  return 0;
}
