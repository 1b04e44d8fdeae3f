#include "tests/filter/data_oracle.h"

#include "event/json_text.h"

#include <boost/multiprecision/cpp_int.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::oracle {
namespace {

struct Node {
  enum class Kind { object, array, string, number, literal };
  Kind kind = Kind::literal;
  std::string text;                ///< Of a scalar; numbers as nlohmann::json hands them out.
  std::vector<std::string> names;  ///< Of an object's members, whose values are the elements.
  std::vector<Node> elements;
};

/// One of four digits at most, or none at all.
bool has_short_exponent(const std::string& number) {
  const std::size_t e = number.find_first_of("eE");
  return e == std::string::npos || number.size() - e <= 5;
}

/// Builds the tree; of what nlohmann::json refuses there is none.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Node root;

  bool null() override { return add({Node::Kind::literal, "null", {}, {}}); }
  bool boolean(bool value) override {
    return add({Node::Kind::literal, value ? "true" : "false", {}, {}});
  }
  bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override {
    return has_short_exponent(text) && number(text);
  }
  bool string(string_t& text) override { return add({Node::Kind::string, text, {}, {}}); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Node::Kind::object); }
  bool key(string_t& name) override {
    names_.back() = name;
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Node::Kind::array); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool number(const std::string& text) { return add({Node::Kind::number, text, {}, {}}); }
  bool open(Node::Kind kind) {
    if (open_.size() == 64) return false;  // The depth that Sluice reads.
    open_.push_back({kind, {}, {}, {}});
    names_.emplace_back();
    return true;
  }
  bool close() {
    Node node = std::move(open_.back());
    open_.pop_back();
    names_.pop_back();
    return add(std::move(node));
  }
  bool add(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return true;
    }
    if (open_.back().kind == Node::Kind::object) open_.back().names.push_back(names_.back());
    open_.back().elements.push_back(std::move(node));
    return true;
  }

  std::vector<Node> open_;
  std::vector<std::string> names_;
};

using Integer = boost::multiprecision::cpp_int;

/// `text` times 10^`shift`, which makes it whole.
Integer scaled(std::string text, int shift) {
  const std::size_t e = text.find_first_of("eE");
  int power = shift;
  if (e != std::string::npos) power += std::stoi(text.substr(e + 1));
  text.resize(std::min(e, text.size()));
  const bool negative = text[0] == '-';
  if (negative) text.erase(0, 1);
  if (const std::size_t point = text.find('.'); point != std::string::npos) {
    power -= static_cast<int>(text.size() - point - 1);
    text.erase(point, 1);
  }
  text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
  const Integer value = text.empty() ? Integer(0) : Integer(text);
  const Integer whole =
      value * boost::multiprecision::pow(Integer(10), static_cast<unsigned>(power));
  return negative ? -whole : whole;
}

/// Negative, zero or positive, as `a` is below, at or above `b`. Exponents have four digits at
/// most.
int compare(const std::string& a, const std::string& b) {
  const int shift = 10'000 + static_cast<int>(a.size() + b.size());
  return scaled(a, shift).compare(scaled(b, shift));
}

bool holds(const nlohmann::json& pattern, const Node& node);

bool any_holds(const nlohmann::json& patterns, const Node& node) {
  if (!patterns.is_array()) return holds(patterns, node);
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return holds(pattern, node); });
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// Row by row: whether the pattern as far as here takes the first so many bytes of the text.
bool is_like(std::string_view text, std::string_view pattern) {
  std::vector<bool> takes(text.size() + 1);
  takes[0] = true;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') {
      for (std::size_t n = 1; n < takes.size(); ++n) takes[n] = takes[n] || takes[n - 1];
      continue;
    }
    if (pattern[i] == '\\') ++i;
    for (std::size_t n = takes.size() - 1; n > 0; --n) {
      takes[n] = takes[n - 1] && text[n - 1] == pattern[i];
    }
    takes[0] = false;
  }
  return takes.back();
}

bool is_in_range(const nlohmann::json& pairs, const std::string& number) {
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const std::string sign = pairs[i];
    const int order = compare(number, pairs[i + 1]);
    const bool good = (order == 0 && sign.find('=') != std::string::npos) ||
                      (order < 0 && sign[0] == '<') || (order > 0 && sign[0] == '>');
    if (!good) return false;
  }
  return true;
}

bool operator_holds(const std::string& name, const nlohmann::json& argument, const Node& node) {
  if (name == "exists") return false;  // Of paths, not of values.
  if (name == "anything-but")
    return node.kind < Node::Kind::string ? false : !any_holds(argument, node);
  if (name == "numeric") {
    return node.kind == Node::Kind::number && is_in_range(argument, node.text);
  }
  if (node.kind != Node::Kind::string) return false;
  if (name == "wildcard") return is_like(node.text, argument.get<std::string>());
  if (name == "equals-ignore-case") return lower(node.text) == lower(argument);
  const bool any_case = argument.is_object();
  const std::string text = any_case ? lower(node.text) : node.text;
  const std::string wanted =
      any_case ? lower(argument.begin().value()) : argument.get<std::string>();
  return name == "prefix" ? text.starts_with(wanted) : text.ends_with(wanted);
}

bool holds(const nlohmann::json& pattern, const Node& node) {
  if (pattern.is_object()) {
    return operator_holds(pattern.begin().key(), pattern.begin().value(), node);
  }
  const std::string text = pattern;
  if (node.kind == Node::Kind::number) return is_json_number(text) && compare(node.text, text) == 0;
  return node.kind >= Node::Kind::string && node.text == text;
}

/// What `step` leads to from `node`; of a path with points through arrays.
void take_step(const Node& node, const std::string& step, bool is_pointer,
               std::vector<const Node*>& out) {
  const bool is_index = !step.empty() && step.size() < 10 &&
                        step.find_first_not_of("0123456789") == std::string::npos &&
                        (step == "0" || step[0] != '0');
  if (node.kind == Node::Kind::object) {
    const Node* last = nullptr;
    for (std::size_t i = 0; i < node.names.size(); ++i) {
      if (node.names[i] == step) last = &node.elements[i];
    }
    if (last != nullptr) out.push_back(last);
  } else if (node.kind == Node::Kind::array && is_index) {
    const std::size_t index = std::stoul(step);
    if (index < node.elements.size()) out.push_back(&node.elements[index]);
  } else if (node.kind == Node::Kind::array && !is_pointer) {
    for (const Node& element : node.elements) take_step(element, step, is_pointer, out);
  }
}

std::vector<const Node*> at_path(const Node& root, std::string path) {
  std::vector<const Node*> nodes = {&root};
  if (path.empty()) return nodes;
  const bool is_pointer = path[0] == '/';
  if (!is_pointer) path = "." + path;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find(path[0], 1), path.size());
    std::string step = path.substr(1, end - 1);
    path.erase(0, end);
    for (const char* const escape : {"~1/", "~0~"}) {
      const std::string written(escape, 2);
      for (std::size_t at = step.find(written); is_pointer && at != std::string::npos;
           at = step.find(written, at + 1)) {
        step.replace(at, 2, 1, escape[2]);
      }
    }
    std::vector<const Node*> next;
    for (const Node* node : nodes) take_step(*node, step, is_pointer, next);
    nodes = std::move(next);
  }
  return nodes;
}

/// Whether compare() may be asked about each number in `patterns`.
bool has_short_exponents(const nlohmann::json& patterns) {
  if (patterns.is_string()) {
    const std::string text = patterns;
    return !is_json_number(text) || has_short_exponent(text);
  }
  return std::ranges::all_of(patterns, has_short_exponents);
}

bool any_scalar_passes(const nlohmann::json& patterns, const Node& node) {
  if (node.kind != Node::Kind::array) return any_holds(patterns, node);
  return std::ranges::any_of(node.elements,
                             [&](const Node& e) { return any_scalar_passes(patterns, e); });
}

bool wants(const nlohmann::json& patterns, bool exists) {
  const auto is_it = [&](const nlohmann::json& pattern) {
    return pattern.is_object() && pattern.contains("exists") &&
           pattern["exists"] == (exists ? "true" : "false");
  };
  return patterns.is_array() ? std::ranges::any_of(patterns, is_it) : is_it(patterns);
}

}  // namespace

std::optional<bool> passes(const nlohmann::json& argument, std::string_view data) {
  TreeBuilder tree;
  if (!has_short_exponents(argument)) return std::nullopt;
  if (!nlohmann::json::sax_parse(data, &tree)) return std::nullopt;
  for (const auto& [path, patterns] : argument.items()) {
    const auto nodes = at_path(tree.root, path);
    const bool good = wants(patterns, !nodes.empty()) ||
                      std::ranges::any_of(nodes, [&patterns = patterns](const Node* node) {
                        return any_scalar_passes(patterns, *node);
                      });
    if (!good) return false;
  }
  return true;
}

}  // namespace sluice::oracle
