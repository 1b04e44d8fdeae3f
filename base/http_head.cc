#include "base/http_head.h"

namespace sluice {

bool iequals(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (folded != lower[i]) return false;
  }
  return true;
}

std::optional<std::string_view> HttpFields::find(std::string_view lower) const noexcept {
  for (const HttpField& field : all()) {
    if (iequals(field.name, lower)) return field.value;
  }
  return std::nullopt;
}

}  // namespace sluice
