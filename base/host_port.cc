#include "base/host_port.h"

#include <charconv>

namespace sluice {

Result<HostPort> parse_host_port(std::string_view text) {
  const auto bad = [&](const char* why) {
    return fail(Errc::invalid_argument, "'" + std::string(text) + "' is not HOST:PORT: " + why);
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("there is no ':'");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad("an IPv6 address needs brackets");
  }
  HostPort address;
  address.host = host.empty() ? "0.0.0.0" : std::string(host);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, address.port);
  if (error != std::errc() || stop != end) return bad("the port is not a number up to 65535");
  return address;
}

std::string to_string(const HostPort& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace sluice
