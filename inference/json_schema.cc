#include "inference/json_schema.h"

#include "inference/json_grammar.h"
#include "inference/number_grammar.h"
#include "inference/schema_reader.h"

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::inference {
namespace {

using Json = nlohmann::ordered_json;

/// Schemas that are compiled within one another, references followed. Bounds the C++ stack.
constexpr std::uint32_t kMaxOpen = 256;
/// Of all values of an enum: beyond, not even common beginnings would save it.
constexpr std::size_t kMaxValueBytes = 4'000'000;

bool nests_deeper(const Json& value, std::uint32_t levels) {
  if (!value.is_structured()) return false;
  if (levels == 0) return true;
  return std::ranges::any_of(
      value, [levels](const Json& entry) { return nests_deeper(entry, levels - 1); });
}

/// "#/$defs/NAME" and "#/definitions/NAME": the list and the name.
std::optional<std::pair<std::string, std::string>> definition_of(std::string_view reference) {
  for (const std::string_view list : {"$defs", "definitions"}) {
    const std::string start = "#/" + std::string(list) + "/";
    if (!reference.starts_with(start)) continue;
    std::string name;
    for (auto rest = reference.substr(start.size()); !rest.empty();) {
      const bool is_escape = rest.starts_with("~0") || rest.starts_with("~1");
      if (rest.front() == '/' || rest.front() == '%') return std::nullopt;
      name += is_escape ? (rest[1] == '0' ? '~' : '/') : rest.front();
      rest.remove_prefix(is_escape ? 2 : 1);
    }
    return std::pair(std::string(list), std::move(name));
  }
  return std::nullopt;
}

class SchemaCompiler {
 public:
  SchemaCompiler(const Json& root, const GrammarLimits& limits) : root_(root), builder_(limits) {}

  Result<std::shared_ptr<const CompiledGrammar>> run() && {
    INFERENCE_TRY(const StateId start, compile({root_}));
    auto grammar = std::move(builder_).finish(start);
    if (!grammar) return fail(grammar.error().code, "JSON schema, #: " + grammar.error().detail);
    return grammar;
  }

 private:
  Result<StateId> compile(const SchemaPlace& place) {
    if (place.schema.is_boolean()) return place.schema.get<bool>() ? any() : builder_.add_state();
    if (!place.schema.is_object()) return refuse(place, "", "must be an object, true or false");
    if (nesting_ > builder_.limits().nesting)
      return refuse(
          place, "",
          "nested more than " + std::to_string(builder_.limits().nesting) + " levels deep");
    if (builder_.is_full()) return StateId{0};  // finish() will say so.
    ++nesting_;
    ++open_;
    auto rule = compile_keywords(place);
    --open_;
    --nesting_;
    return rule;
  }

  Result<StateId> compile_keywords(const SchemaPlace& place) {
    INFERENCE_TRY(const std::string_view leading, leading_keyword(place));
    if (leading.empty()) return any();
    if (leading == "$ref") return compile_ref(place);
    if (leading == "anyOf") return compile_any_of(place);
    INFERENCE_TRY(const std::vector<std::string> types, types_of(place));
    if (leading != "type") return compile_values(place, leading, types);
    std::vector<StateId> options;
    for (const std::string& type : types) {
      INFERENCE_TRY(const StateId option, compile_type(place, type));
      options.push_back(option);
    }
    return builder_.add_either(std::move(options));
  }

  Result<StateId> compile_type(const SchemaPlace& place, std::string_view type) {
    if (type == "object") return compile_object(place);
    if (type == "array") return compile_array(place);
    if (type == "boolean") return add_texts(builder_, std::array<std::string, 2>{"true", "false"});
    if (type == "null") return add_texts(builder_, std::array<std::string, 1>{"null"});
    if (type == "string") {
      INFERENCE_TRY(const SchemaCounts counts,
                    counts_of(place, "minLength", "maxLength", builder_.limits().text_chars));
      return add_string(builder_, counts.least, counts.most);
    }
    INFERENCE_TRY(const NumberRange range, number_range_of(place, type == "number"));
    return add_number(builder_, range);
  }

  Result<StateId> compile_object(const SchemaPlace& place) {
    std::vector<GrammarProperty> properties;
    if (const Json* given = place.find("properties")) {
      const SchemaPlace inner = place.at(*given, "properties");
      if (!given->is_object()) return refuse(inner, "", "must be an object");
      for (const auto& [key, schema] : given->items()) {
        INFERENCE_TRY(const StateId value, compile(inner.at(schema, key)));
        properties.push_back({key, value, false});
      }
    }
    INFERENCE_TRY(const std::vector<std::string> required, required_of(place));
    std::set<std::string_view> missing(required.begin(), required.end());
    for (GrammarProperty& property : properties)
      property.required = missing.erase(property.key) > 0;
    if (!missing.empty())
      return refuse(place, "required",
                    "'" + std::string(*missing.begin()) + "' is not among the properties");
    const Json* others = place.find("additionalProperties");
    if (!properties.empty() && others != nullptr && !others->is_boolean())
      return refuse(place, "additionalProperties", "beside properties only true or false");
    if (!properties.empty() || (others != nullptr && *others == false))
      return add_object(builder_, properties);
    if (others == nullptr) return add_map(builder_, any());
    INFERENCE_TRY(const StateId value, compile(place.at(*others, "additionalProperties")));
    return add_map(builder_, value);
  }

  Result<StateId> compile_array(const SchemaPlace& place) {
    INFERENCE_TRY(const SchemaCounts counts,
                  counts_of(place, "minItems", "maxItems", builder_.limits().states));
    const Json* items = place.find("items");
    if (items == nullptr) return add_array(builder_, any(), counts.least, counts.most);
    INFERENCE_TRY(const StateId item, compile(place.at(*items, "items")));
    return add_array(builder_, item, counts.least, counts.most);
  }

  /// enum and const.
  Result<StateId> compile_values(const SchemaPlace& place, std::string_view keyword,
                                 const std::vector<std::string>& types) {
    if (place.schema.contains("enum") && place.schema.contains("const"))
      return refuse(place, "enum", "not supported beside const");
    const Json& given = place.schema[std::string(keyword)];
    if (keyword == "enum" && !given.is_array()) return refuse(place, keyword, "must be a list");
    const auto values =
        keyword == "enum" ? std::span(given.get_ref<const Json::array_t&>()) : std::span(&given, 1);
    std::vector<std::string> texts;
    std::size_t bytes = 0;
    for (const Json& value : values) {
      const auto is_of = [&](const std::string& type) { return has_type(value, type); };
      if (!types.empty() && std::ranges::none_of(types, is_of)) continue;
      if (nests_deeper(value, builder_.limits().nesting))
        return refuse(place, keyword, "a value is nested too deeply");
      texts.push_back(spell(value));
      bytes += texts.back().size();
      if (bytes > kMaxValueBytes)
        return refuse(place, keyword, "more than " + std::to_string(kMaxValueBytes) + " bytes");
    }
    if (texts.empty()) return refuse(place, keyword, "has no value of the type");
    return add_texts(builder_, texts);
  }

  Result<StateId> compile_any_of(const SchemaPlace& place) {
    const Json& branches = place.schema["anyOf"];
    const SchemaPlace inner = place.at(branches, "anyOf");
    if (!branches.is_array() || branches.empty())
      return refuse(inner, "", "must be a list of schemas");
    std::vector<StateId> options;
    for (const Json& branch : branches) {
      INFERENCE_TRY(const StateId option,
                    compile(inner.at(branch, std::to_string(options.size()))));
      options.push_back(option);
    }
    return builder_.add_either(std::move(options));
  }

  /// A rule calls none that it stands in: a definition that leads to itself is compiled once more
  /// for each level of recursion, and below the last level there is a dead end.
  Result<StateId> compile_ref(const SchemaPlace& place) {
    const Json& reference = place.schema["$ref"];
    if (!reference.is_string()) return refuse(place, "$ref", "must be a string");
    const auto& text = reference.get_ref<const std::string&>();
    const Json* target = &root_;
    if (text != "#") {
      const auto definition = definition_of(text);
      if (!definition)
        return refuse(place, "$ref", "only #, #/$defs/NAME and #/definitions/NAME are supported");
      const auto& [list, name] = *definition;
      if (!root_.contains(list) || !root_[list].is_object() || !root_[list].contains(name))
        return refuse(place, "$ref", "leads nowhere: " + text);
      target = &root_[list][name];
    }
    Key key{target, 0};
    while (refs_open_.contains(key)) ++key.second;
    if (const auto known = rules_.find(key); known != rules_.end()) return known->second;
    if (key.second > builder_.limits().recursion || open_ >= kMaxOpen) return builder_.add_state();
    refs_open_.insert(key);
    const std::uint32_t nesting = std::exchange(nesting_, 0);
    INFERENCE_TRY(const StateId rule, compile({*target, text}));
    nesting_ = nesting;
    refs_open_.erase(key);
    rules_[key] = rule;
    return rule;
  }

  StateId any() {
    if (!any_) any_ = add_any(builder_);
    return *any_;
  }

  using Key = std::pair<const Json*, std::uint32_t>;  // A target and its level.

  const Json& root_;
  GrammarBuilder builder_;
  std::optional<StateId> any_;
  std::uint32_t open_ = 0;
  std::uint32_t nesting_ = 0;  // The same, within the last reference.
  std::set<Key> refs_open_;
  std::map<Key, StateId> rules_;
};

}  // namespace

Result<std::shared_ptr<const CompiledGrammar>> json_schema_grammar(const Json& schema,
                                                                   const GrammarLimits& limits) {
  try {
    return SchemaCompiler(schema, limits).run();
  } catch (const std::exception& error) {  // nlohmann: a string that is not UTF-8.
    return fail(Errc::invalid_argument, std::string("JSON schema: ") + error.what());
  }
}

}  // namespace sluice::inference
