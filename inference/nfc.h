#pragma once

#include <string>
#include <string_view>

namespace sluice::inference {

/// Whether `text`, valid UTF-8, is in normalisation form C for certain (the quick check of UAX
/// #15); false also where it takes the whole work to know. One pass, fastest where nothing is above
/// U+02FF.
[[nodiscard]] bool is_nfc_quick(std::string_view text) noexcept;

/// Normalisation form C of `text`, valid UTF-8. Takes O(n log n), also for endless combining marks.
/// The Unicode version is that of the tokenizer this must agree with:
/// tools/inference/make_unicode_tables.py.
[[nodiscard]] std::string to_nfc(std::string_view text);

}  // namespace sluice::inference
