// UTF-8 and normalisation: single cases with known answers, and what must hold for every text. That
// the tables are those of the tokenizer to agree with, tools/inference/fuzz_tokenizer.py checks.
#include "inference/nfc.h"

#include "tests/inference/tokenizer_fixtures.h"

#include <gtest/gtest.h>

#include <utility>

namespace sluice::inference {
namespace {

TEST(Utf8, ReplacesEachMaximalSubpart) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"abc", "abc"},
      {"\x80", "\uFFFD"},
      {"\xC0\xAF", "\uFFFD\uFFFD"},
      {"\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD"},
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},  // A surrogate.
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xE4\xB8", "\uFFFD"},
      {"\xE4\xB8z", "\uFFFDz"},
      {"\xF0\x9F\x90", "\uFFFD"},
      {"\xF0\x9F\x90\xF0\x9F\x90\xBE", "\uFFFD\U0001F43E"},
      {"12345678\xFF", "12345678\uFFFD"},
      {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(to_valid_utf8(bytes), text);
    EXPECT_EQ(is_valid_utf8(bytes), bytes == text);
  }
}

TEST(Utf8, ReadsWhatItWrote) {
  std::string text;
  std::vector<char32_t> codes;
  for (char32_t code = 0; code < 0x110000; code += code < 0x3000 ? 1 : 61) {
    if (code >= 0xD800 && code < 0xE000) continue;
    codes.push_back(code);
    append_utf8(code, text);
  }
  ASSERT_TRUE(is_valid_utf8(text));
  std::size_t at = 0;
  for (const char32_t code : codes) {
    ASSERT_EQ(read_utf8(std::string_view(text).substr(at)).code, code);
    ASSERT_EQ(next_code(text, at), code);
  }
  EXPECT_EQ(at, text.size());
}

TEST(Nfc, ComposesAsUnicodeSays) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"plain", "plain"},
      {"e\u0301", "é"},
      {"\u212b", "Å"},                     // A singleton.
      {"\u0958", "\u0915\u093c"},          // Excluded from composition.
      {"\u1112\u1161\u11ab", "\ud55c"},    // Hangul, three parts.
      {"\uac00\u11a8", "\uac01"},          // A syllable and a tail.
      {"\uac01\u11a8", "\uac01\u11a8"},    // It has a tail already.
      {"\u1161\u1161", "\u1161\u1161"},    // No lead.
      {"q\u0307\u0323", "q\u0323\u0307"},  // Only the order changes.
      {"\u1e0b\u0323", "\u1e0d\u0307"},    // It comes apart and together again.
      {"a\u0323\u0302", "\u1ead"},
      {"a\u0302\u0323", "\u1ead"},
      {"e\u0301\u0301", "é\u0301"},  // Blocked by its own class.
      {"a\u05aeb\u0301", "a\u05aeb\u0301"},
      {"\u0301", "\u0301"},  // Nothing to join.
      {"\u0344", "\u0308\u0301"},
      {"\U0001d15e", "\U0001d157\U0001d165"},
      {"\u0f71\u0f72\u0f74", "\u0f71\u0f72\u0f74"},
  };
  for (const auto& [text, normal] : cases) EXPECT_EQ(to_nfc(text), normal) << normal;
}

TEST(Nfc, IsStableAndAgreesWithItsQuickCheck) {
  std::mt19937 random(5);
  int quick = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random_text(random);
    const std::string normal = to_nfc(text);
    ASSERT_TRUE(is_valid_utf8(normal));
    ASSERT_EQ(to_nfc(normal), normal);
    if (!is_nfc_quick(text)) continue;
    ++quick;
    ASSERT_EQ(normal, text);
  }
  EXPECT_GT(quick, 1'000);
}

TEST(Nfc, SortsEndlessMarksInTime) {
  std::string text = "a";
  for (int i = 0; i < 300'000; ++i) text += i % 2 == 0 ? "\u0301" : "\u0323";
  EXPECT_EQ(to_nfc(text).substr(0, 5), "\u1ea1\u0323");
}

}  // namespace
}  // namespace sluice::inference
