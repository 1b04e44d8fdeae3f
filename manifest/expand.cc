// ${VAR} in manifests, as shells and docker compose write it: ${VAR}, ${VAR:-default},
// ${VAR:?text}; $${ stands for ${. What comes in is not looked at again.

#include "manifest/findings.h"
#include "manifest/yaml.h"

#include <algorithm>
#include <cstdlib>

namespace sluice {
namespace {

bool is_name(std::string_view name) noexcept {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

struct Problem {
  std::string text;
  std::string hint;
};

// The value of what stands between the braces, or a problem.
bool value_of(std::string_view inside, std::string& value, Problem& problem) {
  const std::size_t end = inside.find_first_of(":-?+=");
  const std::string name(inside.substr(0, end));
  if (!is_name(name)) {
    problem = {in_quotes("${" + std::string(inside) + "}") + " is not a variable",
               "write ${NAME}, ${NAME:-default} or ${NAME:?text}; for a plain ${ write $${"};
    return false;
  }
  const std::string_view rest = end == std::string_view::npos ? "" : inside.substr(end);
  const bool fallback = rest.starts_with(":-");
  const bool demand = rest.starts_with(":?");
  if (!rest.empty() && !fallback && !demand) {
    problem = {in_quotes("${" + std::string(inside) + "}") + " has an unknown form",
               "write ${" + name + ":-default} or ${" + name + ":?text}"};
    return false;
  }
  const char* found = std::getenv(name.c_str());
  const std::string_view set = found == nullptr ? "" : found;
  if (!set.empty() || (found != nullptr && rest.empty())) {
    value = set;
    return true;
  }
  if (fallback) {
    value = rest.substr(2);
    return true;
  }
  if (demand && rest.size() > 2) {
    problem = {"the variable " + name + " is needed: " + std::string(rest.substr(2)),
               "set it in the environment"};
  } else {
    problem = {"the variable " + name + " is not set",
               "set it in the environment, or write ${" + name + ":-default}"};
  }
  return false;
}

// Where `reference` stands, when the scalar is written on one line; else where the scalar begins.
std::size_t offset_in(const YamlNode& node, std::string_view reference) {
  const SourceText& source = *node.source;
  const std::string_view line = source.line(source.line_of(node.offset));
  const std::size_t from = node.offset - source.line_start(source.line_of(node.offset));
  const std::size_t found = line.find(reference, std::min(from, line.size()));
  return found == std::string_view::npos ? node.offset : node.offset - from + found;
}

void expand(YamlNode& node, Findings& findings) {
  if (node.text.find("${") == std::string::npos) return;
  std::string out;
  std::string_view rest = node.text;
  while (!rest.empty()) {
    const std::size_t open = rest.find("${");
    out += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    if (open > 0 && rest[open - 1] == '$') {  // $${: the first $ is in `out` already.
      out += '{';
      rest.remove_prefix(open + 2);
      continue;
    }
    const std::size_t close = rest.find('}', open);
    const std::string_view reference =
        rest.substr(open, close == std::string_view::npos ? close : close - open + 1);
    std::string value;
    Problem problem{"'${' without a '}'", "for a plain ${ write $${"};
    const std::string_view inside =
        reference.substr(2, close == std::string_view::npos ? 0 : reference.size() - 3);
    if (inside.find("${") != std::string_view::npos) {
      problem = {"a ${...} inside another is not read", "set the variable in the environment"};
    } else if (close != std::string_view::npos && value_of(inside, value, problem)) {
      problem.text.clear();
    }
    if (!problem.text.empty()) {
      node.broken = true;
      findings.error_at(*node.source, offset_in(node, reference), std::move(problem.text),
                        std::move(problem.hint));
    }
    if (close == std::string_view::npos) break;
    out += value;
    rest.remove_prefix(close + 1);
  }
  node.text = std::move(out);
  node.expanded = true;
  node.literal = false;
}

}  // namespace

void expand_variables(YamlNode& node, Findings& findings) {
  if (node.visited) return;
  node.visited = true;
  if (node.kind == YamlNode::Kind::scalar) expand(node, findings);
  for (YamlNode* item : node.items) expand_variables(*item, findings);
  for (const auto& entry : node.entries) expand_variables(*entry.value, findings);
}

}  // namespace sluice
