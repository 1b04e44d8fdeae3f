#include "filter/cesql/value.h"

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

bool is_word(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

std::string_view to_string(CesqlType type) noexcept {
  switch (type) {
    case CesqlType::boolean:
      return "Boolean";
    case CesqlType::integer:
      return "Integer";
    case CesqlType::string:
      return "String";
    case CesqlType::any:
      break;
  }
  return "Any";
}

std::optional<std::int32_t> cesql_integer(std::string_view text) noexcept {
  // from_chars takes a minus and no plus.
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<bool> cesql_boolean(std::string_view text) noexcept {
  if (is_word(text, "true")) return true;
  if (is_word(text, "false")) return false;
  return std::nullopt;
}

}  // namespace sluice
