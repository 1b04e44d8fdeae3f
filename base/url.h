#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// An absolute http URL, split the way an HTTP client needs it.
struct HttpUrl {
  std::string text;  ///< As written.
  std::string host;  ///< Name or address, IPv6 without brackets.
  std::uint16_t port = 80;
  std::string authority;  ///< For the Host header: with the port where it was written.
  std::string target;     ///< Path and query, "/" at least; no fragment.
};

/// Errors: invalid_argument for anything but an absolute `http://` URL with a host; `https` is
/// refused by name (this build's client has no TLS).
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view text);

/// RFC 3986 URI-reference: absolute or relative. Not empty.
[[nodiscard]] bool is_uri_reference(std::string_view text) noexcept;

/// RFC 3986 URI with a scheme.
[[nodiscard]] bool is_absolute_uri(std::string_view text) noexcept;

}  // namespace sluice
