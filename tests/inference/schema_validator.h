#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

namespace sluice::inference {

/// JSON Schema as the engine supports it, read straight from the specification and not from the
/// grammar: the second opinion that the tests ask. The schema has to be one that compiles.
class SchemaValidator {
 public:
  using Json = nlohmann::ordered_json;

  explicit SchemaValidator(const Json& root) : root_(root) {}

  bool operator()(const Json& value) { return check(root_, value); }

 private:
  static bool is_integer(const Json& value) {
    return value.is_number() && std::floor(value.get<double>()) == value.get<double>();
  }

  static bool is_of(const std::string& type, const Json& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return is_integer(value);
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    return type == "null" && value.is_null();
  }

  /// Numbers by their value, objects in any order.
  static bool equal(const Json& a, const Json& b) {
    return nlohmann::json::parse(a.dump()) == nlohmann::json::parse(b.dump());
  }

  bool check(const Json& schema, const Json& value) {
    if (schema.is_boolean()) return schema.get<bool>();
    if (!open_.insert({&schema, &value}).second) return false;  // It says "valid if valid".
    const bool result = check_keywords(schema, value);
    open_.erase({&schema, &value});
    return result;
  }

  bool check_keywords(const Json& schema, const Json& value) {
    for (const auto& [key, given] : schema.items()) {
      if (!check_general(key, given, value) || !check_bounds(key, given, value) ||
          !check_inner(schema, key, given, value))
        return false;
    }
    return true;
  }

  bool check_general(const std::string& key, const Json& given, const Json& value) {
    const auto fits = [&](const Json& branch) { return check(branch, value); };
    const auto is = [&](const Json& other) { return equal(other, value); };
    const auto is_of_type = [&](const Json& type) { return is_of(type.get<std::string>(), value); };
    if (key == "type" && given.is_array()) return std::ranges::any_of(given, is_of_type);
    if (key == "type") return is_of_type(given);
    if (key == "enum") return std::ranges::any_of(given, is);
    if (key == "const") return is(given);
    if (key == "anyOf") return std::ranges::any_of(given, fits);
    if (key == "$ref") {
      const auto path = given.get<std::string>().substr(1);
      return check(root_.at(Json::json_pointer(path)), value);
    }
    return true;
  }

  static bool check_bounds(const std::string& key, const Json& given, const Json& value) {
    if (value.is_number()) {
      const auto number = value.get<double>();
      if (key == "minimum") return number >= given.get<double>();
      if (key == "maximum") return number <= given.get<double>();
      if (key == "exclusiveMinimum") return number > given.get<double>();
      if (key == "exclusiveMaximum") return number < given.get<double>();
    }
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      const auto chars = std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
      if (key == "minLength") return chars >= given.get<std::ptrdiff_t>();
      if (key == "maxLength") return chars <= given.get<std::ptrdiff_t>();
    }
    if (value.is_array()) {
      if (key == "minItems") return static_cast<double>(value.size()) >= given.get<double>();
      if (key == "maxItems") return static_cast<double>(value.size()) <= given.get<double>();
    }
    return true;
  }

  bool check_inner(const Json& schema, const std::string& key, const Json& given,
                   const Json& value) {
    if (key == "items" && value.is_array())
      return std::ranges::all_of(value, [&](const Json& item) { return check(given, item); });
    if (!value.is_object()) return true;
    if (key == "required")
      return std::ranges::all_of(
          given, [&](const Json& name) { return value.contains(name.get<std::string>()); });
    for (const auto& [name, entry] : value.items()) {
      const bool is_known = schema.contains("properties") && schema["properties"].contains(name);
      if (key == "properties" && is_known && !check(given[name], entry)) return false;
      if (key == "additionalProperties" && !is_known && !check(given, entry)) return false;
    }
    return true;
  }

  const Json& root_;
  std::set<std::pair<const Json*, const Json*>> open_;
};

inline bool validates(const nlohmann::ordered_json& schema, const nlohmann::ordered_json& value) {
  return SchemaValidator(schema)(value);
}

}  // namespace sluice::inference
