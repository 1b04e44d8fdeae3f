#include "manifest/typed_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

template <typename T>
std::optional<T> whole(std::string_view digits, int base) {
  T value{};
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || error != std::errc() || rest != end) return std::nullopt;
  return value;
}

// [-+]?[0-9]+, 0o[0-7]+, 0x[0-9a-fA-F]+, within 64 bits.
std::optional<Json> integer_of(std::string_view text) {
  if (text.starts_with("0o") || text.starts_with("0x")) {
    const auto value = whole<std::uint64_t>(text.substr(2), text[1] == 'o' ? 8 : 16);
    return value ? std::optional<Json>(*value) : std::nullopt;
  }
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  if (const auto value = whole<std::int64_t>(text, 10)) return Json(*value);
  if (const auto value = whole<std::uint64_t>(text, 10)) return Json(*value);
  return std::nullopt;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?; from_chars alone would take "inf" as well.
std::optional<Json> number_of(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  const std::size_t first = text.find_first_not_of('-');
  if (first > 1 || text.find_first_of("0123456789.", first) != first) return std::nullopt;
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::invalid_argument || rest != end) return std::nullopt;
  if (error == std::errc::result_out_of_range) value = HUGE_VAL;
  return Json(value);
}

bool is_no_json(std::string_view text) {
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return true;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return is_one_of(text, {".inf", ".Inf", ".INF"});
}

std::optional<Json> scalar_of(const YamlNode& node, Findings& findings) {
  if (node.is_null()) return Json(nullptr);
  const std::string_view text = node.text;
  if (!node.plain && !node.expanded) return Json(node.text);
  if (is_one_of(text, {"true", "True", "TRUE"})) return Json(true);
  if (is_one_of(text, {"false", "False", "FALSE"})) return Json(false);
  if (auto value = integer_of(text)) return value;
  const auto value = number_of(text);
  const bool endless = value && !std::isfinite(value->get<double>());
  if (endless || is_no_json(text)) {
    findings.error(node, in_quotes(text) + " is no number that JSON has",
                   "put it in quotes if a string is meant");
    return std::nullopt;
  }
  return value ? value : std::optional<Json>(node.text);
}

}  // namespace

std::optional<Json> typed_json(const YamlNode& node, Findings& findings) {
  if (node.broken) return std::nullopt;
  bool good = true;
  Json out;
  const auto below = [&](const YamlNode& inner) {
    auto value = typed_json(inner, findings);
    good = good && value;
    return value ? std::move(*value) : Json();
  };
  switch (node.kind) {
    case YamlNode::Kind::null:
      break;
    case YamlNode::Kind::scalar:
      return scalar_of(node, findings);
    case YamlNode::Kind::sequence:
      out = Json::array();
      for (const YamlNode* item : node.items) out.push_back(below(*item));
      break;
    case YamlNode::Kind::mapping:
      out = Json::object();
      for (const auto& [key, value] : node.entries) {  // Unique: no search for each.
        out.get_ref<Json::object_t&>().emplace_back(key->text, below(*value));
      }
      break;
  }
  return good ? std::optional<Json>(std::move(out)) : std::nullopt;
}

}  // namespace sluice
