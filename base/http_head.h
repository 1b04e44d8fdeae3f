#pragma once

#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sluice {

/// One header line, as it came. The views point into the bytes that were parsed.
struct HttpField {
  std::string_view name;   ///< In the sender's spelling; compare with iequals().
  std::string_view value;  ///< Without surrounding white space.
};

/// ASCII case-insensitive equality; `lower` is in lower case.
[[nodiscard]] bool iequals(std::string_view text, std::string_view lower) noexcept;

/// The fields of one message, bounded: a header block is at most kMaxHeaderBytes and has at most
/// kMaxFields lines.
class HttpFields {
 public:
  static constexpr std::size_t kMaxFields = 128;

  void clear() noexcept { size_ = 0; }
  [[nodiscard]] bool add(HttpField field) noexcept {
    if (size_ == kMaxFields) return false;
    fields_[size_++] = field;
    return true;
  }
  [[nodiscard]] std::span<const HttpField> all() const noexcept { return {fields_.data(), size_}; }

  /// The first field of that name; `lower` is in lower case.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view lower) const noexcept;

 private:
  std::array<HttpField, kMaxFields> fields_;
  std::size_t size_ = 0;
};

}  // namespace sluice
