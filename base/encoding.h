#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

/// Standard base64 with padding (RFC 4648, section 4).
[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// The base64 of the first `count` bytes, or of all where there are fewer.
[[nodiscard]] std::string base64_encode_first(std::string_view bytes, std::size_t count);

/// Appends base64_encode(bytes) to `out`.
void append_base64(std::string_view bytes, std::string& out);

/// Errors: invalid_argument unless `text` is exactly what base64_encode() writes for some bytes:
/// no white space, no missing padding, no stray bits at the end. The detail names the place.
[[nodiscard]] Result<std::string> base64_decode(std::string_view text);

/// The most bytes that base64 text of that length decodes to.
[[nodiscard]] constexpr std::size_t base64_decoded_bound(std::size_t text_size) noexcept {
  return text_size / 4 * 3;
}

/// base64_decode() into `target`, which has base64_decoded_bound(text.size()) bytes. Answers with
/// the number of bytes written.
[[nodiscard]] Result<std::size_t> base64_decode_to(std::string_view text, char* target);

/// Appends an attribute's string form as an HTTP header value (CloudEvents HTTP binding 1.0.2,
/// section 3.1.3.2): space, double quote, percent and every byte outside U+0021-U+007E of its UTF-8
/// become %XY.
void append_percent_encoded(std::string_view text, std::string& out);

/// Whether decoding `value` gives `value` itself: it has neither an escape nor is it quoted.
[[nodiscard]] bool is_plain_header_value(std::string_view value) noexcept;

/// The string form in an HTTP header value, as the same section says: a value that is one
/// quoted-string as a whole is unquoted first (quotes elsewhere stand for themselves), then one
/// round of percent-decoding. Writes at most value.size() bytes to `target` and answers with how
/// many. Does not look at UTF-8. Errors: invalid_argument for a percent sign without two
/// hexadecimal digits.
[[nodiscard]] Result<std::size_t> percent_decode_to(std::string_view value, char* target);

/// percent_decode_to() into a string of its own.
[[nodiscard]] Result<std::string> percent_decode(std::string_view value);

}  // namespace sluice
