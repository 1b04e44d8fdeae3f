// What is checked: base64 against the vectors of RFC 4648 and its refusals; percent-encoding of the
// CloudEvents HTTP binding against the examples of its section 3.1.3.2; both against arbitrary
// bytes. Pure functions.

#include "base/encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace sluice {
namespace {

struct Pair {
  const char* plain;
  const char* encoded;
};

class Base64Vector : public testing::TestWithParam<Pair> {};

TEST_P(Base64Vector, EncodesAndDecodes) {
  EXPECT_EQ(base64_encode(GetParam().plain), GetParam().encoded);
  const auto decoded = base64_decode(GetParam().encoded);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(decoded.value(), GetParam().plain);
}

INSTANTIATE_TEST_SUITE_P(Rfc4648, Base64Vector,
                         testing::Values(Pair{"", ""}, Pair{"f", "Zg=="}, Pair{"fo", "Zm8="},
                                         Pair{"foo", "Zm9v"}, Pair{"foob", "Zm9vYg=="},
                                         Pair{"fooba", "Zm9vYmE="}, Pair{"foobar", "Zm9vYmFy"},
                                         Pair{"\xfb\xff\xbe", "+/++"}));

struct Bad {
  const char* text;
  const char* message_part;
};

class Base64Bad : public testing::TestWithParam<Bad> {};

TEST_P(Base64Bad, IsRefused) {
  const auto decoded = base64_decode(GetParam().text);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Errc::invalid_argument);
  EXPECT_NE(decoded.error().detail.find(GetParam().message_part), std::string::npos)
      << decoded.error().detail;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Base64Bad,
    testing::Values(Bad{"Zg", "multiple of 4"}, Bad{"Zg=", "multiple of 4"},
                    Bad{"Z===", "alphabet at byte 1"}, Bad{"====", "alphabet at byte 0"},
                    Bad{"Zm9v Zg=", "alphabet at byte 4"}, Bad{"Zm9v\nZm9", "alphabet at byte 4"},
                    Bad{"Zm-_", "alphabet at byte 2"}, Bad{"Zg==Zm9v", "alphabet at byte 2"},
                    Bad{"Zh==", "stray bits"}, Bad{"Zm9=", "stray bits"}));

TEST(Base64, EncodesTheFirstBytesOnly) {
  EXPECT_EQ(base64_encode_first("foobar", 3), "Zm9v");
  EXPECT_EQ(base64_encode_first("foobar", 768), "Zm9vYmFy");
}

RC_GTEST_PROP(Base64, ComesBackForAnyBytes, (const std::string& bytes)) {
  const std::string text = base64_encode(bytes);
  RC_ASSERT(text.size() % 4 == 0U);
  RC_ASSERT(base64_decode(text).value() == bytes);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  append_percent_encoded(text, out);
  return out;
}

class PercentVector : public testing::TestWithParam<Pair> {};

TEST_P(PercentVector, EncodesAndDecodes) {
  EXPECT_EQ(percent_encode(GetParam().plain), GetParam().encoded);
  const auto decoded = percent_decode(GetParam().encoded);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(decoded.value(), GetParam().plain);
}

INSTANTIATE_TEST_SUITE_P(HttpBinding, PercentVector,
                         testing::Values(Pair{"Euro \u20AC \U0001F600",
                                              "Euro%20%E2%82%AC%20%F0%9F%98%80"},
                                         Pair{"\"", "%22"}, Pair{"100%", "100%25"},
                                         Pair{"!#$&'()*+,/:;=?@[]~", "!#$&'()*+,/:;=?@[]~"},
                                         Pair{"\x1f\x7f", "%1F%7F"}, Pair{"", ""}));

TEST(PercentDecoding, AcceptsWhatNeedNotBeEncodedAndLowerCase) {
  EXPECT_EQ(percent_decode("%41%7e%e2%82%ac").value(), "A~\u20AC");
}

TEST(PercentDecoding, DecodesOneRoundOnly) { EXPECT_EQ(percent_decode("%2525").value(), "%25"); }

TEST(PercentDecoding, UnquotesAValueThatIsOneQuotedString) {
  EXPECT_EQ(percent_decode(R"("a b")").value(), "a b");
  EXPECT_EQ(percent_decode(R"("a \"b\" \\ c")").value(), R"(a "b" \ c)");
  EXPECT_EQ(percent_decode(R"("a%20b")").value(), "a b");
  EXPECT_EQ(percent_decode(R"("")").value(), "");
}

TEST(PercentDecoding, LeavesOtherQuotesAlone) {
  for (const char* text : {R"(a "b" c)", R"("a" and "b")", R"("open)", R"("escaped\")", R"(")"}) {
    EXPECT_EQ(percent_decode(text).value(), text);
  }
}

TEST(PercentDecoding, RefusesABrokenSequence) {
  for (const char* text : {"%", "%4", "a%zz", "%4g", "%%41", "\"%4\""}) {
    const auto decoded = percent_decode(text);
    ASSERT_FALSE(decoded) << text;
    EXPECT_NE(decoded.error().detail.find("hexadecimal"), std::string::npos);
  }
}

RC_GTEST_PROP(PercentEncoding, ComesBackForAnyBytesInPrintableAscii, (const std::string& bytes)) {
  const std::string text = percent_encode(bytes);
  for (const char c : text) RC_ASSERT(c > 0x20 && c < 0x7f && c != '"');
  RC_ASSERT(percent_decode(text).value() == bytes);
}

}  // namespace
}  // namespace sluice
