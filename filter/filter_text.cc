#include "filter/filter_text.h"

#include <nlohmann/json.hpp>

#include <string_view>

namespace sluice {
namespace {

std::string value_of(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string attributes_text(const nlohmann::json& attributes, std::string_view verb) {
  std::string out;
  for (const auto& [name, value] : attributes.items()) {
    if (!out.empty()) out += " and ";
    const std::string text = value_of(value);
    out += text.empty() ? name + " is present" : name + " " + std::string(verb) + " " + text;
  }
  return out;
}

std::string list_text(const nlohmann::json& filters, std::string_view word) {
  std::string out;
  for (const auto& filter : filters) {
    if (!out.empty()) out += " " + std::string(word) + " ";
    const std::string text = filter_text(filter);
    const bool mixed = filters.size() > 1 && text.find(" and ") != std::string::npos;
    const bool nested = filters.size() > 1 && text.find(" or ") != std::string::npos;
    out += mixed || nested ? "(" + text + ")" : text;
  }
  return out;
}

}  // namespace

std::string filter_text(const nlohmann::json& filter) {
  if (filter.is_array()) return list_text(filter, "and");
  if (!filter.is_object() || filter.empty()) return {};
  const std::string& dialect = filter.begin().key();
  const nlohmann::json& argument = filter.begin().value();
  if (dialect == "attributes" || dialect == "exact") return attributes_text(argument, "=");
  if (dialect == "prefix") return attributes_text(argument, "starts with");
  if (dialect == "suffix") return attributes_text(argument, "ends with");
  if (dialect == "all") return list_text(argument, "and");
  if (dialect == "any") return list_text(argument, "or");
  if (dialect == "not") return "not (" + filter_text(argument) + ")";
  return dialect + ": " + value_of(argument);
}

}  // namespace sluice
