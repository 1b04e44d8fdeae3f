#pragma once

#include <string_view>

namespace sluice {

/// Whether `text` is a media type with well-formed parameters, e.g. "text/plain; charset=utf-8"
/// (RFC 9110, section 8.3.1).
[[nodiscard]] bool is_media_type(std::string_view text) noexcept;

/// `text` without its parameters, e.g. "text/plain". In the sender's spelling.
[[nodiscard]] std::string_view bare_media_type(std::string_view text) noexcept;

/// Whether data of that media type is JSON: `*/json` or `*/*+json` (JSON event format, 3.1).
[[nodiscard]] bool is_json_media_type(std::string_view text) noexcept;

/// Whether the `charset` parameter of `text` is absent, UTF-8 or its subset US-ASCII.
[[nodiscard]] bool is_utf8_charset(std::string_view text) noexcept;

}  // namespace sluice
