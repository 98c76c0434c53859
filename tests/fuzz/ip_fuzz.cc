// SPDX-License-Identifier: Apache-2.0
// parse_ip and parse_ipv4: what is accepted is valid, and reads the same when printed.
#include <arpa/inet.h>

#include <cerrno>

#include "fuzz.h"
#include "pid1/network.h"

namespace {

using pid1::IpConfig;
using pid1::Ipv4;

std::string printed(Ipv4 address) {
  std::string text;
  for (const uint8_t byte : address.bytes)
    text += std::to_string(byte) + ".";
  text.pop_back();
  return text;
}

std::string printed(const IpConfig& config) {
  const uint32_t bits = config.prefix == 0 ? 0 : ~uint32_t{0} << (32 - config.prefix);
  const Ipv4 mask = {{static_cast<uint8_t>(bits >> 24), static_cast<uint8_t>(bits >> 16),
                      static_cast<uint8_t>(bits >> 8), static_cast<uint8_t>(bits)}};
  return printed(config.address) + "::" + printed(config.gateway) + ":" + printed(mask) + ":" +
         config.hostname + ":" + config.device + ":off:" + printed(config.dns[0]) + ":" +
         printed(config.dns[1]);
}

/// inet_pton(3), which refuses the leading zeros that are taken here, and are no octal.
bool reference(std::string_view text, Ipv4& address) {
  std::string plain;
  for (size_t i = 0, digits = 0; i < text.size(); ++i) {
    digits = text[i] == '.' ? 0 : digits + 1;
    if (digits > 3) return false;
    const bool leads = i == 0 || text[i - 1] == '.' || plain.empty() || plain.back() == '.';
    const bool more = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
    if (text[i] != '0' || !leads || !more) plain += text[i];
  }
  return inet_pton(AF_INET, plain.c_str(), address.bytes) == 1;
}

void check_address(const std::string& text) {
  Ipv4 address = {};
  Ipv4 expected = {};
  const bool parsed = pid1::parse_ipv4(text.c_str(), address);
  FUZZ_CHECK(parsed == reference(text, expected));
  FUZZ_CHECK(!parsed || address == expected);
}

/// A field of the line, which is empty, or an address.
void check_field(std::string_view line, unsigned number, Ipv4 address) {
  for (; number > 0; --number)
    line.remove_prefix(std::min(line.find(':'), line.size() - 1) + 1);
  const std::string field(line.substr(0, line.find(':')));
  Ipv4 expected = {};
  FUZZ_CHECK(field.empty() || reference(field, expected));
  FUZZ_CHECK(address == expected);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto input = fuzz::text_of(data, size);
  check_address(std::string(input));

  const fuzz::Text text(input);
  IpConfig config = {};
  const auto parsed = pid1::parse_ip(text.data(), config);
  FUZZ_CHECK(text.is_whole());
  if (!parsed.has_value()) {
    const int code = parsed.error().code;
    FUZZ_CHECK(code == EINVAL || code == EOPNOTSUPP);
    FUZZ_CHECK(std::strlen(parsed.error().operation) > 0);
    return 0;
  }
  FUZZ_CHECK(*config.hostname == '\0' || pid1::is_hostname(config.hostname));
  FUZZ_CHECK(*parsed == !(config.address == pid1::kNoIpv4));
  if (!*parsed) return 0;
  FUZZ_CHECK(text.has(config.hostname));
  FUZZ_CHECK(text.has(config.device) || std::string_view(config.device) == "eth0");
  FUZZ_CHECK(std::strlen(config.device) < 16 && *config.device != '\0');
  FUZZ_CHECK(config.prefix <= 32);
  const std::string padded = std::string(input) + ":::::::::";
  check_field(padded, 0, config.address);
  check_field(padded, 2, config.gateway);
  check_field(padded, 7, config.dns[0]);
  check_field(padded, 8, config.dns[1]);
  check_field(padded, 9, config.ntp);

  const std::string line = printed(config);
  const fuzz::Text copy(line);
  IpConfig again = {};
  FUZZ_CHECK(pid1::parse_ip(copy.data(), again) == true);
  FUZZ_CHECK(printed(again) == line);
  return 0;
}
