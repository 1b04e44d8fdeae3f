#pragma once

#include "inference/assert.h"
#include "inference/result.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Cuts `text` at its first `separator`; the second part is empty where there is none.
inline std::pair<std::string_view, std::string_view> cut(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

/// What must hold for every refusal of a file's text: it is the file's fault, and says what.
inline void check_refused(const inference::Error& error) {
  INFERENCE_ASSERT(error.code == inference::Errc::invalid_argument);
  INFERENCE_ASSERT(!error.detail.empty());
}

}  // namespace sluice::fuzz
