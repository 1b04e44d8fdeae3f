#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace sluice::inference {

using Random = std::mt19937_64;

/// From 0 to `below` - 1.
inline std::uint64_t pick(Random& random, std::uint64_t below) { return random() % below; }

/// A schema of the supported subset, of all kinds and at random.
class RandomSchema {
 public:
  using Json = nlohmann::ordered_json;

  explicit RandomSchema(std::uint64_t seed) : random_(seed) {}

  Json operator()() {
    const bool has_definitions = chance(3);
    can_refer_ = has_definitions;
    Json schema = chance(4) ? value(3) : chance(3) ? array(3) : object(3);
    if (!has_definitions) return schema;
    // A list or a tree, whose values can always end.
    Json node =
        Json::parse(R"({"type": "object", "properties": {}, "additionalProperties": false})");
    node["properties"]["value"] = value(1);
    node["properties"]["next"] =
        Json::parse(R"({"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]})");
    if (chance(2))
      node["properties"]["left"] =
          Json::parse(R"({"type": "array", "items": {"$ref": "#/$defs/node"}})");
    if (chance(2)) node["required"] = Json::array({"next"});
    if (schema.is_boolean()) schema = Json::parse(R"({"$ref": "#/$defs/node"})");
    schema["$defs"]["node"] = std::move(node);
    return schema;
  }

 private:
  bool chance(std::uint64_t one_in) { return pick(random_, one_in) == 0; }

  Json value(int depth) {
    if (can_refer_ && chance(6)) return Json::parse(R"({"$ref": "#/$defs/node"})");
    const auto kind = pick(random_, depth > 0 ? 14 : 9);
    if (kind == 0) return Json::parse(R"({"type": "boolean", "title": "a flag"})");
    if (kind == 1) return Json::parse(R"({"type": "null"})");
    if (kind <= 3) return string();
    if (kind <= 5) return number();
    if (kind == 6)
      return some_of({"a", "abc", "\"quoted\"\n", "\u00e9\u20ac", 1, 12, 1.5, nullptr,
                      Json::array({1, "x"}), Json({{"k", true}})});
    if (kind == 7) return Json({{"const", chance(2) ? Json("fixed value") : Json(-7)}});
    if (kind == 8)
      return chance(3) ? Json::object() : Json({{"type", {"string", "null", "integer"}}});
    if (kind <= 10) return array(depth);
    if (kind == 11) return any_of(depth);
    return object(depth);
  }

  Json some_of(std::vector<Json> values) {
    Json schema;
    for (const Json& one : values) {
      if (schema.empty() || chance(2)) schema["enum"].push_back(one);
    }
    return schema;
  }

  Json string() {
    Json schema{{"type", "string"}};
    if (chance(3)) schema["minLength"] = pick(random_, 6);
    if (chance(2)) schema["maxLength"] = 5 + pick(random_, 20);
    return schema;
  }

  Json number() {
    Json schema{{"type", chance(2) ? "integer" : "number"}};
    const auto low = static_cast<std::int64_t>(pick(random_, 400)) - 200;
    if (chance(2)) schema[chance(4) ? "exclusiveMinimum" : "minimum"] = low;
    if (chance(2))
      schema[chance(4) ? "exclusiveMaximum" : "maximum"] =
          low + 2 + static_cast<std::int64_t>(pick(random_, 2000));
    return schema;
  }

  Json array(int depth) {
    Json schema{{"type", "array"}, {"items", value(depth - 1)}};
    if (chance(2)) schema["minItems"] = pick(random_, 4);
    if (chance(2)) schema["maxItems"] = 3 + pick(random_, 4);
    return schema;
  }

  Json any_of(int depth) {
    Json schema;
    for (auto branches = 1 + pick(random_, 3); branches > 0; --branches)
      schema["anyOf"].push_back(value(depth - 1));
    return schema;
  }

  Json object(int depth) {
    Json schema{{"type", "object"}};
    if (chance(8)) {
      schema["additionalProperties"] = value(depth - 1);
      return schema;
    }
    schema["properties"] = Json::object();
    for (const char* key : {"id", "name", "na", "kind", "wei\"rd \u00e9", ""}) {
      if (chance(2)) continue;
      schema["properties"][key] = value(depth - 1);
      if (chance(2)) schema["required"].push_back(key);
    }
    schema["additionalProperties"] = false;
    return schema;
  }

  Random random_;
  bool can_refer_ = false;
};

}  // namespace sluice::inference
