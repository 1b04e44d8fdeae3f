// What is checked: strict UTF-8 by table and by property over all code points, the characters that
// no CloudEvents attribute may hold, blankness, and how a foreign text is shown in an error.

#include "base/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>

namespace sluice {
namespace {

std::string utf8_of(char32_t code) {
  std::array<char, 4> bytes{};
  return {bytes.data(), put_utf8(code, bytes.data())};
}

TEST(Utf8, RefusesWhatTable37DoesNotList) {
  const char* const bad[] = {"\x80",
                             "\xbf",
                             "\xc0\xa0",
                             "\xc1\xbf",
                             "\xc3",
                             "\xc3(",
                             "\xe2\x82",
                             "\xe0\x9f\xbf",
                             "\xed\xa0\x80",
                             "\xed\xbf\xbf",
                             "\xff",
                             "\xfe",
                             "\xf0\x8f\xbf\xbf",
                             "\xf0\x9f\x98",
                             "\xf8\x88\x80\x80\x80",
                             "\xf4\x90\x80\x80",
                             "\xf5\x80\x80\x80"};
  for (const std::string text : bad) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_FALSE(is_utf8("01234567" + text));  // Behind the fast path.
    const TextCheck check = check_text("0123456789" + text);
    EXPECT_EQ(check.fault, TextFault::not_utf8);
    EXPECT_EQ(check.position, 10U);
  }
}

TEST(Utf8, TakesEveryCodePointButSurrogates) {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const std::string text = utf8_of(code);
    const Utf8Char c = first_char(text);
    ASSERT_EQ(c.code, code);
    ASSERT_EQ(c.size, text.size());
    ASSERT_TRUE(is_utf8(text));
    const bool is_control = code < 0x20 || (code >= 0x7f && code <= 0x9f);
    const bool is_non_character = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
    const TextFault want = is_control         ? TextFault::control
                           : is_non_character ? TextFault::non_character
                                              : TextFault::none;
    ASSERT_EQ(check_text(text).fault, want) << static_cast<std::uint32_t>(code);
    ASSERT_EQ(is_printable_ascii(text), code >= 0x20 && code < 0x7f);
  }
}

TEST(Utf8, FindsTheOneBadByteWhereverItStands) {
  for (std::size_t size = 1; size < 40; ++size) {
    const std::string good(size, 'a');
    EXPECT_TRUE(is_printable_ascii(good));
    EXPECT_EQ(check_text(good).fault, TextFault::none);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char bad : {'\x00', '\x1f', '\x7f'}) {
        std::string text = good;
        text[at] = bad;
        EXPECT_FALSE(is_printable_ascii(text));
        EXPECT_EQ(check_text(text).fault, TextFault::control);
        EXPECT_EQ(check_text(text).position, at);
      }
    }
  }
}

TEST(Utf8, KnowsWhiteSpaceOfUnicode) {
  for (const char* text : {"", " ", " \t\r\n", "\u00a0", "\u2003\u3000 "}) {
    EXPECT_TRUE(is_blank(text));
  }
  for (const char* text : {"a", " a ", "\u200b", "\xff", " \xff"}) EXPECT_FALSE(is_blank(text));
}

TEST(InQuotes, ShortensAndCleansWhatIsShown) {
  EXPECT_EQ(in_quotes("a b"), "'a b'");
  EXPECT_EQ(in_quotes("a\r\nb\x7f\xff\u00e9"), "'a??b??\u00e9'");
  EXPECT_EQ(in_quotes(std::string(60, 'x')), "'" + std::string(60, 'x') + "'");
  EXPECT_EQ(in_quotes(std::string(61, 'x')), "'" + std::string(60, 'x') + "...'");
  EXPECT_EQ(in_quotes(std::string(59, 'x') + "\u00e9"), "'" + std::string(59, 'x') + "...'");
}

RC_GTEST_PROP(InQuotes, IsAlwaysOneLineOfUtf8, (const std::string& bytes)) {
  RC_ASSERT(check_text(in_quotes(bytes)).fault != TextFault::not_utf8);
  RC_ASSERT(check_text(in_quotes(bytes)).fault != TextFault::control);
}

}  // namespace
}  // namespace sluice
