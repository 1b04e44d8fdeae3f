#include "manifest/field_info.h"

#include "base/duration.h"
#include "base/edit_distance.h"

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

std::string name(const FieldInfo& info) { return "'" + std::string(info.key) + "'"; }

// What stands there instead, for people.
std::string found(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
    case YamlNode::Kind::scalar:
      return in_quotes(node.text);
  }
  return {};
}

bool wrong_type(const YamlNode& node, const FieldInfo& info, std::string_view wanted,
                Findings& findings, std::string hint = {}) {
  findings.error(node, name(info) + " wants " + std::string(wanted) + ", not " + found(node),
                 hint.empty() ? std::string(info.about) : std::move(hint));
  return false;
}

// A scalar that numbers and booleans are seen in: without quotes, or with a variable expanded.
bool is_typed(const YamlNode& node) {
  return node.kind == YamlNode::Kind::scalar && (node.plain || node.expanded);
}

// YAML 1.2 core schema: [-+]?[0-9]+, 0o[0-7]+, 0x[0-9a-fA-F]+.
bool parse_integer(std::string_view text, std::int64_t& out) {
  int base = 10;
  if (text.starts_with("0o") || text.starts_with("0x")) {
    base = text[1] == 'o' ? 8 : 16;
    text.remove_prefix(2);
    if (text.starts_with('-')) return false;
  } else if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> keys_of(const ShapeInfo& shape) {
  std::vector<std::string_view> keys;
  for (const FieldInfo& field : shape.fields) keys.push_back(field.key);
  return keys;
}

// Where `key` is a field of an object below, e.g. "delivery.retry"; "" when nowhere near.
std::string place_below(std::string_view key, const ShapeInfo& shape) {
  for (const FieldInfo& field : shape.fields) {
    if (field.shape == nullptr || field.type == "list") continue;
    for (const FieldInfo& below : field.shape().fields) {
      if (below.key == key) return std::string(field.key) + "." + std::string(key);
    }
  }
  return {};
}

}  // namespace

bool read_value(const YamlNode& node, const FieldInfo& info, Findings& findings, std::string& out) {
  if (node.kind != YamlNode::Kind::scalar) {
    return wrong_type(node, info, "a string", findings, "put it in quotes, or write a block: '|'");
  }
  out = node.text;
  return true;
}

bool read_value(const YamlNode& node, const FieldInfo& info, Findings& findings, bool& out) {
  const std::string_view text = node.text;
  const bool yes = text == "true" || text == "True" || text == "TRUE";
  const bool no = text == "false" || text == "False" || text == "FALSE";
  if (!is_typed(node) || (!yes && !no)) {
    return wrong_type(node, info, "true or false", findings);
  }
  out = yes;
  return true;
}

bool read_value(const YamlNode& node, const FieldInfo& info, Findings& findings,
                std::int64_t& out) {
  std::string wanted = "a whole number of at least " + std::to_string(info.min);
  if (info.max != std::numeric_limits<std::int32_t>::max()) {
    wanted = "a whole number from " + std::to_string(info.min) + " to " + std::to_string(info.max);
  }
  std::int64_t value = 0;
  if (node.kind != YamlNode::Kind::scalar || !parse_integer(node.text, value)) {
    return wrong_type(node, info, wanted, findings);
  }
  if (!is_typed(node)) return wrong_type(node, info, wanted, findings, "leave the quotes out");
  if (value < info.min || value > info.max) return wrong_type(node, info, wanted, findings);
  out = value;
  return true;
}

bool read_value(const YamlNode& node, const FieldInfo& info, Findings& findings,
                std::chrono::milliseconds& out) {
  if (node.kind != YamlNode::Kind::scalar) {
    return wrong_type(node, info, "a duration such as PT0.2S", findings);
  }
  const auto parsed = parse_iso_duration(node.text);
  if (!parsed) {
    findings.error(node, name(info) + ": " + parsed.error().detail, std::string(info.about));
    return false;
  }
  if (parsed.value().count() < info.min) {
    return wrong_type(node, info, "a duration longer than PT0S", findings);
  }
  out = parsed.value();
  return true;
}

bool read_value(const YamlNode& node, const FieldInfo& info, Findings& findings, StringMap& out) {
  if (node.kind != YamlNode::Kind::mapping) {
    return wrong_type(node, info, "a mapping of names to strings", findings);
  }
  for (const auto& entry : node.entries) {
    FieldInfo below = info;
    below.key = entry.key->text;
    Value<std::string> value;
    const bool good =
        entry.value->is_null() || read_value(*entry.value, below, findings, value.value);
    if (!good) continue;
    value.node = entry.value;
    out.emplace(entry.key->text, std::move(value));
  }
  return true;
}

bool read_value(const YamlNode& node, const FieldInfo& info, Findings& findings, StringList& out) {
  if (!expect_list(node, info, findings)) return false;
  for (const YamlNode* item : node.items) {
    Value<std::string> value;
    if (!read_value(*item, info, findings, value.value)) continue;
    value.node = item;
    out.push_back(std::move(value));
  }
  return true;
}

bool read_word(const YamlNode& node, const FieldInfo& info, std::span<const std::string_view> words,
               Findings& findings, std::size_t& out) {
  const auto known = std::ranges::find(words, node.text);
  if (node.kind == YamlNode::Kind::scalar && known != words.end()) {
    out = static_cast<std::size_t>(known - words.begin());
    return true;
  }
  const std::vector<std::string_view> candidates(words.begin(), words.end());
  return wrong_type(node, info, one_of(candidates), findings, did_you_mean(node.text, candidates));
}

bool expect_mapping(const YamlNode& node, std::string_view what, Findings& findings) {
  if (node.kind == YamlNode::Kind::mapping) return true;
  findings.error(node, std::string(what) + " wants a mapping, not " + found(node));
  return false;
}

bool expect_list(const YamlNode& node, const FieldInfo& info, Findings& findings) {
  if (node.kind != YamlNode::Kind::sequence) {
    return wrong_type(node, info, "a list", findings, "begin each element with '- '");
  }
  if (node.items.empty() && info.required) {
    findings.error(node, name(info) + " is empty: it wants at least one element",
                   std::string(info.about));
    return false;
  }
  return true;
}

std::size_t field_index(const YamlNode& node, const YamlNode& key, const ShapeInfo& shape,
                        Findings& findings) {
  const auto keys = keys_of(shape);
  const auto known = std::ranges::find(keys, key.text);
  if (known != keys.end()) return static_cast<std::size_t>(known - keys.begin());
  const std::string below = place_below(key.text, shape);
  const auto near = below.empty() ? nearest(key.text, keys) : std::nullopt;
  std::string hint = "known fields: " + joined(keys);
  if (!below.empty()) hint = "did you mean '" + below + "'? It stands one level deeper";
  if (near) hint = "did you mean '" + std::string(*near) + "'?";
  findings.error(key, "unknown field " + in_quotes(key.text) + " in " + std::string(shape.name),
                 hint);
  if (!near || node.find(*near) != nullptr) return keys.size();
  return static_cast<std::size_t>(std::ranges::find(keys, *near) - keys.begin());
}

void missing_field(const YamlNode& parent, const FieldInfo& info, const ShapeInfo& shape,
                   Findings& findings) {
  findings.error(parent, "missing field " + name(info) + " in " + std::string(shape.name),
                 std::string(info.key) + ": " + std::string(info.about));
}

void empty_field(const YamlNode& key, const FieldInfo& info, const ShapeInfo& shape,
                 Findings& findings) {
  findings.error(key, name(info) + " in " + std::string(shape.name) + " has no value",
                 std::string(info.about));
}

}  // namespace sluice
