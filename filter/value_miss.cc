// How a value just misses what a filter wants. Each kind of slip has a function; the first that
// knows its own answers.

#include "filter/value_miss.h"

#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t kTellingBytes = 3;
// Of what is left once the common start is off.
constexpr std::size_t kMaxChars = 128;
constexpr std::size_t kMaxEdits = 3;
// How far into a value the wanted one is searched for.
constexpr std::size_t kSearchedBytes = 4096;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string case_miss(Place place, std::string_view wanted, std::string_view seen) {
  if (seen.size() < wanted.size()) return {};
  if (place == Place::whole && seen.size() > wanted.size()) return {};
  const std::size_t from = place == Place::end ? seen.size() - wanted.size() : 0;
  const bool same = std::ranges::equal(seen.substr(from, wanted.size()), wanted,
                                       [](char a, char b) { return lower(a) == lower(b); });
  return same ? "differs only in case" : "";
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty()) {
    const Utf8Char c = first_char(text);
    if (c.size == 0 || !is_blank(text.substr(0, c.size))) break;
    text.remove_prefix(c.size);
  }
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && is_continuation_byte(text[last])) --last;
    if (!is_blank(text.substr(last))) break;
    text = text.substr(0, last);
  }
  return text;
}

// Which end of `text` lost something to become `inner`, a part of it.
std::string ends_of(std::string_view text, std::string_view inner) {
  const bool at_start = inner.data() != text.data();
  const bool at_end = inner.data() + inner.size() != text.data() + text.size();
  if (at_start && at_end) return "both its ends";
  return at_start ? "its start" : "its end";
}

std::string white_space_miss(Place place, std::string_view wanted, std::string_view seen) {
  constexpr std::size_t kMostBytes =
      4096;  // A longer value is no slip; the walk over it would cost.
  if (seen.size() > kMostBytes) return {};
  const std::string_view inner_seen = trimmed(seen);
  if (inner_seen.size() < seen.size() && holds(place, inner_seen, wanted)) {
    return "the event's value has white space at " + ends_of(seen, inner_seen);
  }
  const std::string_view inner = trimmed(wanted);
  if (inner.empty() || inner.size() == wanted.size() || !holds(place, seen, inner)) return {};
  return "the filter's value has white space at " + ends_of(wanted, inner);
}

// Elsewhere an asterisk stands for anything; in these dialects it is itself.
std::string wildcard_miss(Place place, std::string_view wanted, std::string_view seen) {
  const auto hint = [](std::string_view dialect, std::string_view rest) {
    return "'*' is no wildcard; the " + std::string(dialect) + " " + in_quotes(rest) +
           " would pass";
  };
  if (place != Place::end && wanted.ends_with('*')) {
    const std::string_view rest = wanted.substr(0, wanted.find_last_not_of('*') + 1);
    if (!rest.empty() && seen.starts_with(rest)) return hint("prefix", rest);
  }
  if (place != Place::start && wanted.starts_with('*')) {
    const std::string_view rest =
        wanted.substr(std::min(wanted.find_first_not_of('*'), wanted.size()));
    if (!rest.empty() && seen.ends_with(rest)) return hint("suffix", rest);
  }
  return {};
}

using Chars = std::u32string;
using CharView = std::u32string_view;

// The first `max` characters; a byte that is no UTF-8 counts as one.
Chars first_chars(std::string_view text, std::size_t max) {
  Chars chars;
  while (!text.empty() && chars.size() < max) {
    const Utf8Char c = first_char(text);
    chars += c.size == 0 ? U'\ufffd' : c.code;
    text.remove_prefix(std::max<std::size_t>(c.size, 1));
  }
  return chars;
}

// The last characters, the last one first.
Chars last_chars(std::string_view text, std::size_t max) {
  if (text.size() > 4 * max) text.remove_prefix(text.size() - 4 * max);
  while (!text.empty() && is_continuation_byte(text.front())) text.remove_prefix(1);
  Chars chars = first_chars(text, text.size());
  std::ranges::reverse(chars);
  chars.resize(std::min(chars.size(), max));
  return chars;
}

struct Near {
  std::size_t edits = 0;
  std::size_t size = 0;  // How much of the start of what was seen is meant.
};

// Optimal string alignment (adjacent characters may swap once) between `wanted` and the start of
// `seen` that is nearest to it, or all of it; nothing where that takes more than `limit` edits.
// Ukkonen's band: further than `limit` from the diagonal nothing is that near.
std::optional<Near> nearest_start(CharView wanted, CharView seen, bool whole, std::size_t limit) {
  const std::size_t far = limit + 1;
  const std::size_t columns = std::min(seen.size(), wanted.size() + limit);
  if (whole && columns < seen.size()) return std::nullopt;
  std::array<std::vector<std::size_t>, 3> rows;  // A swap looks back two.
  for (auto& row : rows) row.assign(columns + 1, far);
  for (std::size_t j = 0; j <= std::min(limit, columns); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= wanted.size(); ++i) {
    const auto& before = rows[(i + 1) % 3];
    const auto& above = rows[(i + 2) % 3];
    auto& row = rows[i % 3];
    std::ranges::fill(row, far);
    if (i <= limit) row[0] = i;
    bool has_near = i <= limit;
    for (std::size_t j = i > limit ? i - limit : 1; j <= std::min(columns, i + limit); ++j) {
      const std::size_t replaced = above[j - 1] + (wanted[i - 1] == seen[j - 1] ? 0U : 1U);
      row[j] = std::min({far, replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && wanted[i - 1] == seen[j - 2] && wanted[i - 2] == seen[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      has_near = has_near || row[j] <= limit;
    }
    if (!has_near) return std::nullopt;
  }
  const auto& last = rows[wanted.size() % 3];
  // Of equals the one that ends as `wanted` does, then the one of its length, is what people mean.
  const auto rank = [&](std::size_t j) {
    const bool ends_alike = j > 0 && !wanted.empty() && seen[j - 1] == wanted.back();
    return std::tuple(last[j], !ends_alike, j > wanted.size());
  };
  std::optional<Near> best;
  for (std::size_t j = whole ? columns : 0; j <= columns; ++j) {
    if (last[j] > limit) continue;
    if (!best || rank(j) <= rank(best->size)) best = Near{last[j], j};
  }
  return best;
}

std::string utf8_of(CharView chars) {
  std::string text;
  for (const char32_t c : chars) {
    std::array<char, 4> bytes;
    text.append(bytes.data(), put_utf8(c, bytes.data()));
  }
  return text;
}

// Where two texts differ.
struct Difference {
  std::string text;       // ": 'ma' for 'am'"; empty where the edits are in several places.
  std::size_t start = 0;  // Characters that are alike before it.
};

Difference difference_of(CharView wanted, CharView seen, std::size_t edits) {
  Difference found;
  const auto shorter = std::min(wanted.size(), seen.size());
  while (found.start < shorter && wanted[found.start] == seen[found.start]) ++found.start;
  wanted.remove_prefix(found.start);
  seen.remove_prefix(found.start);
  while (!wanted.empty() && !seen.empty() && wanted.back() == seen.back()) {
    wanted.remove_suffix(1);
    seen.remove_suffix(1);
  }
  // Side by side, an edit is one character, or a swap of two.
  if (std::max(wanted.size(), seen.size()) > 2 * edits) return found;
  if (seen.empty()) {
    found.text = ": " + in_quotes(utf8_of(wanted)) + " is missing";
  } else if (wanted.empty()) {
    found.text = ": " + in_quotes(utf8_of(seen)) + " is too much";
  } else {
    found.text = ": " + in_quotes(utf8_of(seen)) + " for " + in_quotes(utf8_of(wanted));
  }
  return found;
}

std::string edits_away(std::size_t edits) {
  return std::to_string(edits) + (edits == 1 ? " edit away" : " edits away");
}

// How many slips a text of that size may have and still be meant: of three letters none is sure.
std::size_t allowed_edits(std::size_t size) noexcept {
  if (size < 3) return 0;
  return size < 5 ? 1 : size < 12 ? 2 : kMaxEdits;
}

std::string end_edit_miss(std::string_view wanted, std::string_view seen, std::size_t limit) {
  Chars want = last_chars(wanted, kMaxChars + 1);
  if (want.size() > kMaxChars) return {};
  const Chars have = last_chars(seen, want.size() + limit);
  const auto near = nearest_start(want, have, false, limit);
  if (!near) return {};
  Chars part = have.substr(0, near->size);
  std::ranges::reverse(part);
  std::ranges::reverse(want);
  return "its end is " + edits_away(near->edits) + difference_of(want, part, near->edits).text;
}

std::string edit_miss(Place place, std::string_view wanted, std::string_view seen) {
  const std::size_t shorter = std::min(wanted.size(), seen.size());
  const std::size_t limit = allowed_edits(shorter);
  if (limit == 0) return {};
  if (place == Place::end) return end_edit_miss(wanted, seen, limit);
  std::size_t common = 0;
  while (common < shorter && wanted[common] == seen[common]) ++common;
  const auto splits = [](std::string_view text, std::size_t at) {
    return at < text.size() && is_continuation_byte(text[at]);
  };
  while (common > 0 && (splits(wanted, common) || splits(seen, common))) --common;
  const Chars want = first_chars(wanted.substr(common), kMaxChars + 1);
  const Chars have = first_chars(seen.substr(common), kMaxChars + kMaxEdits + 1);
  if (want.size() > kMaxChars) return {};
  const bool whole = place == Place::whole;
  const auto near = nearest_start(want, have, whole, limit);
  if (!near) return {};
  const CharView part = CharView(have).substr(0, near->size);
  const Difference difference = difference_of(want, part, near->edits);
  std::string hint = (whole ? "" : "its start is ") + edits_away(near->edits) + difference.text;
  if (difference.text.empty()) return hint;
  const std::size_t before = first_chars(wanted.substr(0, common), common).size();
  return hint + " at character " + std::to_string(before + difference.start + 1);
}

// All of one is a part of the other.
std::string part_miss(Place place, std::string_view wanted, std::string_view seen) {
  if (is_telling(seen) && place != Place::end && wanted.starts_with(seen)) {
    return in_quotes(wanted.substr(seen.size())) + " is missing at its end";
  }
  if (is_telling(seen) && place != Place::start && wanted.ends_with(seen)) {
    return in_quotes(wanted.substr(0, wanted.size() - seen.size())) + " is missing at its start";
  }
  if (!is_telling(wanted)) return {};
  if (seen.starts_with(wanted)) return "a prefix with this value would pass";
  if (seen.ends_with(wanted)) return "a suffix with this value would pass";
  if (seen.substr(0, kSearchedBytes).find(wanted) == std::string_view::npos) return {};
  return place == Place::whole ? "it has the value in its middle"
                               : "it has the value, but not at its " +
                                     std::string(place == Place::start ? "start" : "end");
}

}  // namespace

bool holds(Place place, std::string_view value, std::string_view wanted) noexcept {
  if (place == Place::whole) return value == wanted;
  return place == Place::start ? value.starts_with(wanted) : value.ends_with(wanted);
}

bool is_telling(std::string_view value) noexcept { return value.size() >= kTellingBytes; }

std::string value_miss(Place place, std::string_view wanted, std::string_view seen) {
  for (const auto miss : {case_miss, white_space_miss, wildcard_miss, edit_miss, part_miss}) {
    std::string hint = miss(place, wanted, seen);
    if (!hint.empty()) return hint;
  }
  return {};
}

}  // namespace sluice
