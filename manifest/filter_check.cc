// Compiles filters and finds the clause that is to blame. What a dialect accepts is known to
// filter/ only: a filter that does not compile is taken apart, its parts compiled one by one.

#include "manifest/filter_check.h"

#include "manifest/cesql_check.h"
#include "manifest/data_filter_check.h"

#include <algorithm>

namespace sluice {
namespace {

using Kind = YamlNode::Kind;

bool takes_filters(std::string_view dialect) noexcept {
  return dialect == "all" || dialect == "any" || dialect == "not";
}

bool is_attribute_name(std::string_view name) noexcept {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

// Names and values of a mapping of attributes. False when one was refused.
bool check_attributes(const YamlNode& attributes, std::string_view where, bool empty_value,
                      Findings& findings) {
  bool good = true;
  const auto refuse = [&](const YamlNode& at, const std::string& text, const std::string& hint) {
    findings.error(at, std::string(where) + ": " + text, hint);
    good = false;
  };
  for (const auto& [key, value] : attributes.entries) {
    if (!is_attribute_name(key->text)) {
      refuse(*key, in_quotes(key->text) + " cannot be an attribute's name",
             "attributes are lower-case letters and digits, beginning with a letter");
    }
    if (value->is_null()) {
      refuse(*key, "'" + key->text + "' has no value",
             empty_value ? "write \"\" for: present and not empty" : "write what it must be");
    } else if (value->kind != Kind::scalar) {
      refuse(*value, "'" + key->text + "' wants a string", "attributes have one value");
    } else if (value->text.empty() && !empty_value) {
      refuse(*value, "'" + key->text + "' is empty",
             "leave the attribute out, or use filter.attributes, where \"\" means present");
    }
  }
  return good;
}

Result<FilterPtr> compile_one(const std::string& dialect, nlohmann::json argument) {
  auto filter = nlohmann::json::object();
  filter[dialect] = std::move(argument);
  return compile_filter(filter);
}

void locate_in_list(const YamlNode& list, std::string_view where, Findings& findings);

// Reports what is wrong in one filter object. False when nothing was found.
bool locate(const YamlNode& clause, std::string_view where, Findings& findings) {
  const std::size_t before = findings.errors();
  const auto dialects = filter_dialects();
  if (clause.kind != Kind::mapping) {
    findings.error(clause, std::string(where) + ": a filter is a mapping with one dialect",
                   "e.g. exact: {type: com.example.order}");
    return true;
  }
  if (clause.entries.size() != 1) {
    const bool none = clause.entries.empty();
    findings.error(none ? clause : *clause.entries[1].key,
                   none ? std::string(where) + ": a filter without a dialect"
                        : std::string(where) + ": two dialects in one filter, '" +
                              clause.entries[0].key->text + "' and '" +
                              clause.entries[1].key->text + "'",
                   none ? "dialects: " + joined(dialects)
                        : "write two elements of the list; all of them must pass");
  }
  for (const auto& [key, value] : clause.entries) {
    const std::string& dialect = key->text;
    const bool known = std::ranges::find(dialects, dialect) != dialects.end();
    if (!known) {
      const auto refused = compile_one(dialect, nullptr);
      if (!refused) {
        findings.error(*key, refused.error().detail, did_you_mean(dialect, dialects));
      }
    } else if (value->is_null()) {
      findings.error(*key, "'" + dialect + "' has no value");
    } else if (takes_filters(dialect) && value->kind == Kind::sequence) {
      locate_in_list(*value, dialect, findings);
    } else if (dialect == "not" && value->kind == Kind::mapping && !value->entries.empty()) {
      locate(*value, dialect, findings);
    } else if (dialect == "cesql" && value->kind == Kind::scalar) {
      check_cesql(*value, findings);
    } else if (dialect == "data" && value->kind == Kind::mapping) {
      check_data_filter(*value, findings);
    } else if (value->kind == Kind::mapping && !takes_filters(dialect)) {
      check_attributes(*value, dialect, false, findings);
    }
    if (findings.errors() > before) continue;
    const auto compiled = compile_one(dialect, strings_json(*value));
    if (!compiled) findings.error(*value, compiled.error().detail);
  }
  return findings.errors() > before;
}

void locate_in_list(const YamlNode& list, std::string_view where, Findings& findings) {
  for (const YamlNode* item : list.items) locate(*item, where, findings);
}

}  // namespace

nlohmann::json strings_json(const YamlNode& node) {
  switch (node.kind) {
    case Kind::null:
      return nullptr;
    case Kind::scalar:
      return node.text;
    case Kind::sequence: {
      auto out = nlohmann::json::array();
      for (const YamlNode* item : node.items) out.push_back(strings_json(*item));
      return out;
    }
    case Kind::mapping: {
      auto out = nlohmann::json::object();
      for (const auto& [key, value] : node.entries) out[key->text] = strings_json(*value);
      return out;
    }
  }
  return nullptr;
}

FilterPtr check_filters(const YamlNode& filters, Findings& findings) {
  if (filters.kind != Kind::sequence) {
    findings.error(filters, "'filters' wants a list of filters",
                   "begin each with '- ', e.g. - exact: {type: com.example.order}");
    return nullptr;
  }
  if (filters.items.empty()) return nullptr;
  const std::size_t before = findings.errors();
  locate_in_list(filters, "filters", findings);
  if (findings.errors() > before) return nullptr;
  auto compiled = compile_filters(strings_json(filters));
  if (compiled) return std::move(compiled.value());
  findings.error(filters, compiled.error().detail);
  return nullptr;
}

FilterPtr check_attributes_filter(const YamlNode& attributes, Findings& findings) {
  if (attributes.kind != Kind::mapping) {
    findings.error(attributes, "'attributes' wants a mapping of attribute names to values",
                   "e.g. attributes: {type: com.example.order}");
    return nullptr;
  }
  if (attributes.entries.empty()) return nullptr;
  if (!check_attributes(attributes, "filter.attributes", true, findings)) return nullptr;
  auto compiled = compile_attributes_filter(strings_json(attributes));
  if (compiled) return std::move(compiled.value());
  findings.error(attributes, compiled.error().detail);
  return nullptr;
}

}  // namespace sluice
