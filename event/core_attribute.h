#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice {

/// The attributes that version 1.0 gives a meaning.
enum class CoreAttribute : std::uint8_t {
  id,  // The required ones first, in the order in which an event keeps them.
  source,
  type,
  specversion,
  subject,
  time,
  datacontenttype,
  dataschema,
  none,  ///< An extension.
};

/// text == literal, where the compiler knows the length.
template <std::size_t Size>
[[nodiscard]] inline bool is_same(std::string_view text, const char (&literal)[Size]) noexcept {
  return text.size() == Size - 1 && std::memcmp(text.data(), literal, Size - 1) == 0;
}

[[nodiscard]] inline CoreAttribute core_attribute(std::string_view name) noexcept {
  switch (name.size()) {
    case 2:
      return is_same(name, "id") ? CoreAttribute::id : CoreAttribute::none;
    case 4:
      if (is_same(name, "type")) return CoreAttribute::type;
      return is_same(name, "time") ? CoreAttribute::time : CoreAttribute::none;
    case 6:
      return is_same(name, "source") ? CoreAttribute::source : CoreAttribute::none;
    case 7:
      return is_same(name, "subject") ? CoreAttribute::subject : CoreAttribute::none;
    case 10:
      return is_same(name, "dataschema") ? CoreAttribute::dataschema : CoreAttribute::none;
    case 11:
      return is_same(name, "specversion") ? CoreAttribute::specversion : CoreAttribute::none;
    case 15:
      return is_same(name, "datacontenttype") ? CoreAttribute::datacontenttype
                                              : CoreAttribute::none;
    default:
      return CoreAttribute::none;
  }
}

}  // namespace sluice
