#include "inference/schema_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace sluice::inference {
namespace {

using Json = nlohmann::ordered_json;

/// A keyword and the types of which it says something.
struct Keyword {
  std::string_view name;
  std::array<std::string_view, 2> types;
};
constexpr std::array kKeywords{
    Keyword{"properties", {"object", "object"}},
    Keyword{"required", {"object", "object"}},
    Keyword{"additionalProperties", {"object", "object"}},
    Keyword{"items", {"array", "array"}},
    Keyword{"minItems", {"array", "array"}},
    Keyword{"maxItems", {"array", "array"}},
    Keyword{"minLength", {"string", "string"}},
    Keyword{"maxLength", {"string", "string"}},
    Keyword{"minimum", {"integer", "number"}},
    Keyword{"maximum", {"integer", "number"}},
    Keyword{"exclusiveMinimum", {"integer", "number"}},
    Keyword{"exclusiveMaximum", {"integer", "number"}},
};
constexpr std::array<std::string_view, 7> kTypes{"object", "array",   "string", "integer",
                                                 "number", "boolean", "null"};
/// Ignored; definitions are looked at where a $ref leads to them.
constexpr std::array<std::string_view, 8> kSilent{
    "title", "description", "default", "examples", "$schema", "$comment", "$defs", "definitions"};
/// The later ones lead the earlier ones.
constexpr std::array<std::string_view, 5> kLeading{"type", "enum", "const", "anyOf", "$ref"};

template <typename List>
bool contains(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

bool names_type(const Json& type, std::string_view name) {
  return type.is_array() ? std::ranges::any_of(type, [&](const Json& one) { return one == name; })
                         : type == name;
}

/// How far a bound may be from 0.
std::int64_t most_of(bool has_fraction) {
  return has_fraction ? NumberRange::kMostOfFraction : NumberRange::kMostOfInteger;
}

struct Bound {
  std::int64_t value = 0;
  bool without = false;
};

Result<std::optional<Bound>> bound_of(const SchemaPlace& place, std::string_view keyword,
                                      bool is_low, bool has_fraction) {
  const Json* given = place.find(keyword);
  if (given == nullptr) return std::optional<Bound>();
  if (!given->is_number()) return refuse(place, keyword, "must be a number");
  const auto most = most_of(has_fraction);
  const auto number = given->get<double>();
  if (!(std::abs(number) <= static_cast<double>(most)))
    return refuse(place, keyword, "supported up to " + std::to_string(most));
  const bool is_whole = std::floor(number) == number;
  if (has_fraction && !is_whole)
    return refuse(place, keyword, "of a number it must be whole; other bounds are not supported");
  const double rounded = is_low ? std::ceil(number) : std::floor(number);
  Bound bound;
  bound.value =
      given->is_number_integer() ? given->get<std::int64_t>() : static_cast<std::int64_t>(rounded);
  bound.without = keyword.starts_with("exclusive") && is_whole;
  if (bound.value > most || bound.value < -most)  // A double rounds near 10^18.
    return refuse(place, keyword, "supported up to " + std::to_string(most));
  return std::optional(bound);
}

}  // namespace

SchemaPlace SchemaPlace::at(const Json& inner, std::string_view key) const {
  std::string path = pointer + '/';
  for (const char c : key) {
    if (c == '~' || c == '/') {
      path += c == '~' ? "~0" : "~1";
    } else {
      path += c;
    }
  }
  return {inner, std::move(path)};
}

const Json* SchemaPlace::find(std::string_view keyword) const {
  const auto found = schema.find(keyword);
  return found == schema.end() ? nullptr : &*found;
}

Error refuse(const SchemaPlace& place, std::string_view keyword, std::string_view why) {
  const std::string pointer =
      keyword.empty() ? place.pointer : place.at(place.schema, keyword).pointer;
  return fail(Errc::invalid_argument, "JSON schema, " + pointer + ": " + std::string(why));
}

Result<std::string_view> leading_keyword(const SchemaPlace& place) {
  std::string_view leading;
  for (const std::string_view name : kLeading) {
    if (place.schema.contains(name)) leading = name;
  }
  const bool has_values = leading == "enum" || leading == "const";
  for (const auto& [key, value] : place.schema.items()) {
    if (key == leading || contains(kSilent, key) || (key == "type" && has_values)) continue;
    const auto* keyword = std::ranges::find(kKeywords, key, &Keyword::name);
    if (keyword == kKeywords.end() && !contains(kLeading, key))
      return refuse(place, key, "this keyword is not supported");
    if (leading.empty()) return refuse(place, key, "not supported where there is no type");
    if (leading != "type")
      return refuse(place, key, "not supported beside " + std::string(leading));
    const Json& type = place.schema["type"];
    if (!names_type(type, keyword->types[0]) && !names_type(type, keyword->types[1]))
      return refuse(place, key, "says nothing of this type");
  }
  return leading;
}

Result<std::vector<std::string>> types_of(const SchemaPlace& place) {
  std::vector<std::string> types;
  const Json* type = place.find("type");
  if (type == nullptr) return types;
  const Json list = type->is_array() ? *type : Json::array({*type});
  for (const Json& name : list) {
    if (!name.is_string() || !contains(kTypes, name.get_ref<const std::string&>()))
      return refuse(place, "type", "must be one or a list of the seven types of JSON Schema");
    if (contains(types, name.get_ref<const std::string&>()))
      return refuse(place, "type", "lists a type twice");
    types.push_back(name.get<std::string>());
  }
  if (types.empty()) return refuse(place, "type", "the list is empty");
  return types;
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number" || value.is_number_integer()) return value.is_number();
  return value.is_number() && std::floor(value.get<double>()) == value.get<double>();
}

Result<SchemaCounts> counts_of(const SchemaPlace& place, std::string_view low,
                               std::string_view high, std::uint32_t limit) {
  SchemaCounts counts;
  for (const auto& [keyword, count] : {std::pair(low, &counts.least), {high, &counts.most}}) {
    const Json* given = place.find(keyword);
    if (given == nullptr) continue;
    if (!has_type(*given, "integer") || given->get<double>() < 0)
      return refuse(place, keyword, "must be a whole number, 0 or more");
    if (given->get<double>() > limit)
      return refuse(place, keyword, "supported up to " + std::to_string(limit));
    *count = static_cast<std::uint32_t>(given->get<double>());
  }
  if (counts.least > counts.most) return refuse(place, low, "is above " + std::string(high));
  return counts;
}

Result<NumberRange> number_range_of(const SchemaPlace& place, bool has_fraction) {
  NumberRange range;
  range.has_fraction = has_fraction;
  bool has_low = false;
  bool has_high = false;
  for (const std::string_view keyword : {"minimum", "exclusiveMinimum"}) {
    INFERENCE_TRY(const auto bound, bound_of(place, keyword, true, has_fraction));
    if (!bound || (has_low && bound->value < range.low)) continue;
    range.low = bound->value;
    range.without_low = bound->without;
    has_low = true;
  }
  for (const std::string_view keyword : {"maximum", "exclusiveMaximum"}) {
    INFERENCE_TRY(const auto bound, bound_of(place, keyword, false, has_fraction));
    if (!bound || (has_high && bound->value > range.high)) continue;
    range.high = bound->value;
    range.without_high = bound->without;
    has_high = true;
  }
  if (has_low && has_high && range.low > range.high)
    return refuse(place, "", "no number is between the bounds");
  if (!has_high && range.low >= range.high) range.high = NumberRange::kMostOfInteger;
  if (!has_low && range.high <= range.low) range.low = -NumberRange::kMostOfInteger;
  return range;
}

Result<std::vector<std::string>> required_of(const SchemaPlace& place) {
  std::vector<std::string> keys;
  const Json* required = place.find("required");
  if (required == nullptr) return keys;
  if (!required->is_array()) return refuse(place, "required", "must be a list of strings");
  for (const Json& key : *required) {
    if (!key.is_string()) return refuse(place, "required", "must be a list of strings");
    keys.push_back(key.get<std::string>());
  }
  return keys;
}

}  // namespace sluice::inference
