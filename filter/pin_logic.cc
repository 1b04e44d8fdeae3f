#include "filter/pin_logic.h"

#include "base/rfc3339.h"
#include "base/utf8.h"
#include "event/core_attribute.h"
#include "event/validation.h"

#include <algorithm>
#include <string_view>

namespace sluice {
namespace {

using Kind = Pin::Kind;

bool has(std::string_view value, const Pin& pin) noexcept {
  switch (pin.kind) {
    case Kind::exact:
      return value == pin.value;
    case Kind::prefix:
      return value.starts_with(pin.value);
    case Kind::suffix:
      return value.ends_with(pin.value);
  }
  return false;
}

// What a character in it keeps the value of any attribute from being. Of a prefix or a suffix the
// first or last character may be cut.
bool has_bad_character(const Pin& pin) noexcept {
  const TextFault fault = check_text(pin.value).fault;
  if (fault == TextFault::not_utf8) return pin.kind == Kind::exact;
  return fault != TextFault::none;
}

}  // namespace

bool are_compatible(const Pin& a, const Pin& b) noexcept {
  if (a.attribute != b.attribute) return true;
  if (a.kind == Kind::exact) return has(a.value, b);
  if (b.kind == Kind::exact) return has(b.value, a);
  if (a.kind != b.kind) return true;  // A value with this beginning and that end can be made.
  return has(a.value, b) || has(b.value, a);
}

bool implies(const Pin& a, const Pin& b) noexcept {
  if (a.attribute != b.attribute) return false;
  return (a.kind == Kind::exact || a.kind == b.kind) && has(a.value, b);
}

// Only what no event in this process can be: what sinks and sources make of foreign answers and
// records is not looked at by event/validation.h in all its parts.
std::optional<std::string> why_impossible(const Pin& pin) {
  const auto because = [&pin](std::string_view why) {
    return "no event has " + to_text(pin) + ": " + std::string(why);
  };
  if (pin.attribute == "data") return because("the data is no attribute");
  switch (core_attribute(pin.attribute)) {
    case CoreAttribute::specversion:
      if (!has("1.0", pin) && !has("0.3", pin)) return because("it is 1.0 or 0.3");
      return std::nullopt;
    case CoreAttribute::time:
      if (pin.kind == Kind::exact && !is_rfc3339(pin.value)) {
        return because("it is an RFC 3339 timestamp, e.g. 2026-11-20T14:45:00Z");
      }
      break;
    case CoreAttribute::id:
    case CoreAttribute::source:
    case CoreAttribute::type:
    case CoreAttribute::subject:
      if (pin.kind == Kind::exact && is_blank(pin.value)) return because("it is never blank");
      break;
    case CoreAttribute::datacontenttype:
    case CoreAttribute::dataschema:
    case CoreAttribute::none:
      return std::nullopt;
  }
  if (has_bad_character(pin)) return because("its characters are not those of an attribute");
  return std::nullopt;
}

std::string to_text(const Pin& pin) {
  const char* verb = pin.kind == Kind::exact    ? " = "
                     : pin.kind == Kind::prefix ? " starting with "
                                                : " ending with ";
  return pin.attribute + verb + in_quotes(pin.value);
}

std::string to_text(const PinSet& set) {
  constexpr std::size_t kMostShown = 3;
  if (set.size() == 1) return to_text(set.front());
  std::string out;
  for (std::size_t i = 0; i < std::min(set.size(), kMostShown); ++i) {
    out += (i == 0 ? "(" : " or ") + to_text(set[i]);
  }
  return out + (set.size() > kMostShown ? " or ...)" : ")");
}

}  // namespace sluice
