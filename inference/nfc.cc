// UAX #15: decompose, put the marks in order, compose. Only the stretches between characters that
// are certain to be left alone are worked on.
#include "inference/nfc.h"

#include "inference/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>
#include <vector>

namespace sluice::inference {
namespace {

struct Decomposition {
  char32_t code, first, second;  // second is 0 where there is only one.
};
struct Composition {
  char32_t first, second, code;
};
struct CombiningClass {
  char32_t first, last;
  std::uint8_t value;
};
#include "inference/nfc_tables.inc"

constexpr char32_t kHangul = 0xAC00, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
constexpr char32_t kVowels = 21, kTails = 28, kSyllables = 19 * kVowels * kTails;

bool is_syllable(char32_t code) { return code >= kHangul && code < kHangul + kSyllables; }

/// One bit for each code point that may change, or that may not stand where it stands.
class ActiveCodes {
 public:
  ActiveCodes() {
    for (const Decomposition& d : kDecompositions) set(d.code);
    for (const Composition& c : kCompositions) clear(c.code);
    for (const Composition& c : kCompositions) set(c.second);
    for (const CombiningClass& c : kCombiningClasses) {
      for (char32_t code = c.first; code <= c.last; ++code) set(code);
    }
    for (char32_t i = 0; i < kVowels; ++i) set(kVowel + i);
    for (char32_t i = 1; i < kTails; ++i) set(kTail + i);
  }

  [[nodiscard]] bool contains(char32_t code) const {
    return (words_[code / 64] >> (code % 64) & 1) != 0;
  }

 private:
  void set(char32_t code) { words_[code / 64] |= std::uint64_t{1} << (code % 64); }
  void clear(char32_t code) { words_[code / 64] &= ~(std::uint64_t{1} << (code % 64)); }

  std::array<std::uint64_t, 0x110000 / 64> words_{};
};

const ActiveCodes& active_codes() {
  static const ActiveCodes active;
  return active;
}

std::uint8_t combining_class(char32_t code) {
  const auto* it = std::ranges::upper_bound(kCombiningClasses, code, {}, &CombiningClass::first);
  if (it == std::begin(kCombiningClasses) || (--it)->last < code) return 0;
  return it->value;
}

char32_t compose(char32_t first, char32_t second) {  // 0: they do not.
  if (first - kLead < 19 && second - kVowel < kVowels) {
    return kHangul + ((first - kLead) * kVowels + (second - kVowel)) * kTails;
  }
  if (is_syllable(first) && (first - kHangul) % kTails == 0 && second > kTail &&
      second < kTail + kTails) {
    return first + (second - kTail);
  }
  const auto key = [](const Composition& c) { return std::pair(c.first, c.second); };
  const auto* it = std::ranges::lower_bound(kCompositions, std::pair(first, second), {}, key);
  const bool found = it != std::end(kCompositions) && key(*it) == std::pair(first, second);
  return found ? it->code : 0;
}

/// A character and its combining class.
struct Mark {
  char32_t code;
  std::uint8_t order;
};

void decompose(char32_t code, std::vector<Mark>& out) {
  if (is_syllable(code)) {
    const char32_t index = code - kHangul;
    out.push_back({kLead + index / (kVowels * kTails), 0});
    out.push_back({kVowel + index % (kVowels * kTails) / kTails, 0});
    if (index % kTails != 0) out.push_back({kTail + index % kTails, 0});
    return;
  }
  const auto* it = std::ranges::lower_bound(kDecompositions, code, {}, &Decomposition::code);
  if (it == std::end(kDecompositions) || it->code != code) {
    out.push_back({code, combining_class(code)});
    return;
  }
  decompose(it->first, out);  // At most a few deep: the table has no cycles.
  if (it->second != 0) decompose(it->second, out);
}

void put_in_order(std::vector<Mark>& marks) {
  for (auto it = marks.begin(); it != marks.end();) {
    const auto is_starter = [](const Mark& mark) { return mark.order == 0; };
    const auto first = std::find_if_not(it, marks.end(), is_starter);
    it = std::find_if(first, marks.end(), is_starter);
    std::stable_sort(first, it, [](const Mark& a, const Mark& b) { return a.order < b.order; });
  }
}

void compose_all(std::vector<Mark>& marks) {
  std::size_t kept = 0;
  std::size_t starter = marks.size();  // None yet.
  for (const Mark mark : marks) {
    // A starter, or a mark of no lower class, in between keeps them apart.
    if (starter < kept && (starter + 1 == kept || marks[kept - 1].order < mark.order)) {
      if (const char32_t code = compose(marks[starter].code, mark.code); code != 0) {
        marks[starter].code = code;
        continue;
      }
    }
    if (mark.order == 0) starter = kept;
    marks[kept++] = mark;
  }
  marks.resize(kept);
}

}  // namespace

bool is_nfc_quick(std::string_view text) noexcept {
  const ActiveCodes& active = active_codes();
  // Below U+0300, which is CC 80, nothing is active.
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0xCC) {
      ++at;
    } else if (active.contains(next_code(text, at))) {
      return false;
    }
  }
  return true;
}

std::string to_nfc(std::string_view text) {
  const ActiveCodes& active = active_codes();
  std::string out;
  out.reserve(text.size());
  std::vector<Mark> marks;
  const auto flush = [&] {
    put_in_order(marks);
    compose_all(marks);
    for (const Mark& mark : marks) append_utf8(mark.code, out);
    marks.clear();
  };
  // `held` is the last character that was let alone: a mark behind it may still join it.
  std::string_view held;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t code = next_code(text, at);
    if (!active.contains(code)) {
      flush();
      out += held;
      held = text.substr(begin, at - begin);
      continue;
    }
    if (!held.empty()) {
      std::size_t zero = 0;
      decompose(next_code(held, zero), marks);
      held = {};
    }
    decompose(code, marks);
  }
  flush();
  out += held;
  return out;
}

}  // namespace sluice::inference
