#pragma once

#include "inference/grammar.h"
#include "inference/number_grammar.h"
#include "inference/result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::inference {

/// A schema within the whole one: what each keyword may be and which go together. Read by
/// json_schema.cc.
struct SchemaPlace {
  const nlohmann::ordered_json& schema;
  std::string pointer = "#";

  /// That under `key` of this one; `inner` is its value.
  [[nodiscard]] SchemaPlace at(const nlohmann::ordered_json& inner, std::string_view key) const;
  /// The value of a keyword, null where it is absent.
  [[nodiscard]] const nlohmann::ordered_json* find(std::string_view keyword) const;
};

/// The error of a keyword; of the place itself where `keyword` is empty.
[[nodiscard]] Error refuse(const SchemaPlace& place, std::string_view keyword,
                           std::string_view why);

/// What an object says: "type", "enum", "const", "anyOf", "$ref", or nothing (""). Its keywords are
/// known then, and go together.
[[nodiscard]] Result<std::string_view> leading_keyword(const SchemaPlace& place);

/// Each one once; empty where the keyword is absent.
[[nodiscard]] Result<std::vector<std::string>> types_of(const SchemaPlace& place);

/// JSON Schema's types; 1.0 is an integer.
[[nodiscard]] bool has_type(const nlohmann::ordered_json& value, std::string_view type);

/// `low` and `high` are keywords of counts. Not more than `limit`, but where `high` is absent.
struct SchemaCounts {
  std::uint32_t least = 0;
  std::uint32_t most = 0xFFFFFFFF;
};
[[nodiscard]] Result<SchemaCounts> counts_of(const SchemaPlace& place, std::string_view low,
                                             std::string_view high, std::uint32_t limit);

[[nodiscard]] Result<NumberRange> number_range_of(const SchemaPlace& place, bool has_fraction);

/// The keys under "required"; empty where it is absent.
[[nodiscard]] Result<std::vector<std::string>> required_of(const SchemaPlace& place);

}  // namespace sluice::inference
