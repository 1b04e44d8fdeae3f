// As in filter_check.cc, what the dialect accepts is known to filter/ only: each path is compiled
// by itself, then each of its patterns.

#include "manifest/data_filter_check.h"

#include "manifest/filter_check.h"

#include <string>

namespace sluice {
namespace {

// Why {"data": {PATH: PATTERNS}} does not compile; empty where it does.
std::string fault_of(const std::string& path, nlohmann::json patterns) {
  auto filter = nlohmann::json::object();
  filter["data"][path] = std::move(patterns);
  const auto compiled = compile_filter(filter);
  return compiled ? std::string() : compiled.error().detail;
}

// YAML has several ways to write null. Only `null` is the text that JSON has.
bool has_no_value(const YamlNode& node) { return node.is_null() && node.text != "null"; }

void check_pattern(const std::string& path, const YamlNode& pattern, const YamlNode& at,
                   Findings& findings) {
  if (has_no_value(pattern)) {
    findings.error(at, in_quotes(path) + " has no value",
                   "write null for JSON's null, \"\" for the empty string, exists: false for none");
    return;
  }
  const std::string fault = fault_of(path, strings_json(pattern));
  if (!fault.empty()) findings.error(at, fault);
}

}  // namespace

void check_data_filter(const YamlNode& argument, Findings& findings) {
  for (const auto& [key, value] : argument.entries) {
    const std::string& path = key->text;
    if (const std::string fault = fault_of(path, {{"exists", "true"}}); !fault.empty()) {
      findings.error(*key, fault);
      continue;
    }
    const std::size_t before = findings.errors();
    if (value->kind != YamlNode::Kind::sequence) {
      check_pattern(path, *value, has_no_value(*value) ? *key : *value, findings);
      continue;
    }
    for (const YamlNode* item : value->items) check_pattern(path, *item, *item, findings);
    if (findings.errors() > before) continue;
    const std::string fault = fault_of(path, strings_json(*value));
    if (!fault.empty()) findings.error(*value, fault);
  }
}

}  // namespace sluice
