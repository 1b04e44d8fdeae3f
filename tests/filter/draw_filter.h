#pragma once

#include "tests/filter/filter_support.h"

#include <rapidcheck.h>

#include <string>

namespace sluice {

/// Filters and events that often match: few names, few values. For use in a property.

inline nlohmann::json draw_cesql() {
  const auto name = *rc::gen::element<std::string>("type", "subject", "X", "specversion");
  const auto value = *rc::gen::element<std::string>("a", "b", "ab", "ba", "aba", "1.0");
  const auto shape = *rc::gen::element<std::string>(
      "@ = '#'", "@ LIKE '#%'", "@ LIKE '%#'", "@ IN ('#', 'b')", "NOT (@ = '#')", "EXISTS @",
      "@ = '#' AND type LIKE 'a%'", "@ = '#' OR subject = 'b'", "@ = '#' XOR EXISTS x",
      "LENGTH(@) > 1 AND @ LIKE '#_%'");
  std::string text;
  for (const char c : shape) text += c == '@' ? name : c == '#' ? value : std::string(1, c);
  return {{"cesql", text}};
}

inline nlohmann::json draw_leaf() {
  if (*rc::gen::inRange(0, 4) == 0) return draw_cesql();
  const std::string dialect = *rc::gen::element<std::string>("exact", "prefix", "suffix");
  nlohmann::json wanted = nlohmann::json::object();
  const int count = *rc::gen::inRange(1, 3);
  for (int i = 0; i < count; ++i) {
    const std::string name = *rc::gen::element<std::string>("type", "subject", "x", "specversion");
    wanted[name] = *rc::gen::element<std::string>("a", "b", "ab", "ba", "aba", "1.0");
  }
  return {{dialect, wanted}};
}

inline nlohmann::json draw_filter(int depth) {
  const int kind = depth == 0 ? 0 : *rc::gen::inRange(0, 6);
  if (kind < 3) return draw_leaf();
  if (kind == 3) return {{"not", draw_filter(depth - 1)}};
  nlohmann::json children = nlohmann::json::array();
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) children.push_back(draw_filter(depth - 1));
  return {{kind == 4 ? "all" : "any", children}};
}

inline EventPtr draw_small_event() {
  Attributes attributes;
  for (const char* name : {"type", "subject", "x"}) {
    const auto value = *rc::gen::element<std::string>("", "a", "b", "ab", "ba", "aba", "abba");
    if (!value.empty()) attributes[name] = value;
  }
  return event_with(attributes);
}

}  // namespace sluice
