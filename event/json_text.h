#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace sluice {

/// Whether `text` is a number as RFC 8259 writes it, of any size.
[[nodiscard]] bool is_json_number(std::string_view text) noexcept;

/// Whether the escapes in what stands between the quotes of a string are well formed.
[[nodiscard]] bool are_json_escapes_valid(std::string_view raw) noexcept;

/// Undoes the escapes in what stands between the quotes, where they are well formed. Writes at most
/// `raw.size()` bytes to `target`.
/// Errors: invalid_argument for half a surrogate pair, which no UTF-8 text can hold.
[[nodiscard]] Result<std::string_view> unescape_json(std::string_view raw, char* target);

/// Appends `text`, which is UTF-8, as a JSON string with its quotes.
void append_json_string(std::string_view text, std::string& out);

}  // namespace sluice
