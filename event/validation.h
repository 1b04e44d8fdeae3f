#pragma once

#include "base/result.h"
#include "event/event_builder.h"

#include <cstddef>
#include <string_view>

namespace sluice {

/// An event has at most this many attributes: more could not be delivered as header lines.
inline constexpr std::size_t kMaxAttributes = 120;
inline constexpr std::size_t kMaxNameBytes = 255;

/// Whether validate_name() lets `name` pass.
[[nodiscard]] bool is_attribute_name(std::string_view name) noexcept;

/// A name of lower-case letters and digits, and none that the JSON format needs for itself.
/// Errors: invalid_argument, naming the attribute.
[[nodiscard]] Result<void> validate_name(std::string_view name);

/// Everything that makes `value` right for the attribute `name`, whose name is not looked at: valid
/// UTF-8 without control characters; `id`, `source`, `type`, `subject` not blank; `source` a
/// URI-reference; `dataschema` a URI; `datacontenttype` a media type; `time` RFC 3339.
/// Errors: invalid_argument, naming the attribute and quoting the value.
[[nodiscard]] Result<void> validate_value(std::string_view name, std::string_view value);

/// Both of them. Not for `specversion`, which is no attribute of a builder.
[[nodiscard]] Result<void> validate_attribute(std::string_view name, std::string_view value);

/// What only the whole set shows: required attributes are there, there are not too many, and those
/// that mean something in 0.3 only are right.
[[nodiscard]] Result<void> validate_required(const EventBuilder& builder);

/// The `specversion` that `text` names.
/// Errors: invalid_argument for any but 1.0 and 0.3.
[[nodiscard]] Result<SpecVersion> parse_specversion(std::string_view text);

}  // namespace sluice
