#pragma once

#include "base/result.h"
#include "event/event_builder.h"

#include <string_view>

namespace sluice {

/// Takes `datacontentencoding`, the attribute by which version 0.3 marks base64 data, out of an
/// event of that version. False where the event has none, or is of another version, for which the
/// name means nothing.
/// Errors: invalid_argument for any encoding but base64.
[[nodiscard]] Result<bool> take_content_encoding(EventBuilder& builder);

/// Makes what `text` decodes to the data of the event, as bytes in a buffer of their own. `member`
/// is for the error.
/// Errors: invalid_argument when `text` is not base64.
[[nodiscard]] Result<void> set_base64_data(std::string_view member, std::string_view text,
                                           EventBuilder& builder);

}  // namespace sluice
