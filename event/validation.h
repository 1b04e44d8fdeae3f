#pragma once

#include "base/result.h"
#include "event/event.h"

namespace sluice {

/// Checks everything that makes a set of attributes a valid CloudEvent (interface: 400 rules):
/// required attributes present and not blank, names of lower-case letters and digits, `time` RFC
/// 3339, `source` a URI-reference, `dataschema` an absolute URI, `subject` not blank,
/// `datacontenttype` a media type, values valid UTF-8 without control characters.
/// Errors: invalid_argument, naming the attribute.
[[nodiscard]] Result<void> validate_attribute(std::string_view name, std::string_view value);
[[nodiscard]] Result<void> validate_required(const EventBuilder& builder);

}  // namespace sluice
