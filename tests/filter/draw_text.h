#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace sluice {

/// Text of few letters in runs, so that such texts nest, overlap, and part late. May be empty.
inline std::string draw_text() {
  std::string text;
  const int pieces = *rc::gen::inRange(0, 7);
  for (int i = 0; i < pieces; ++i) {
    text += *rc::gen::element<std::string>("a", "b", "ab", "ba", "aaaa", "abab", "\xff", ".");
  }
  return text;
}

/// One of `texts` with a little put before it, behind it, or cut off at either end.
inline std::string draw_relative_of(const std::vector<std::string>& texts) {
  const std::string text = *rc::gen::elementOf(texts);
  const auto cut = *rc::gen::inRange<std::size_t>(0, 3);
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return draw_text() + text;
    case 1:
      return text + draw_text();
    case 2:
      return text.substr(0, text.size() - std::min(cut, text.size()));
    case 3:
      return text.substr(std::min(cut, text.size()));
    default:
      return text;
  }
}

/// `count` texts of which most are related to others.
inline std::vector<std::string> draw_family(std::size_t count) {
  std::vector<std::string> texts = {draw_text()};
  while (texts.size() < count) texts.push_back(draw_relative_of(texts));
  return texts;
}

}  // namespace sluice
