// StreamDecoder and StopMatcher: whatever the pieces the bytes come in, the text is that of the
// whole, and no stop text shows.
#include "inference/stop_matcher.h"
#include "inference/stream_decoder.h"
#include "tests/inference/tokenizer_fixtures.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::inference {
namespace {

std::vector<std::string> random_pieces(std::string_view bytes, std::mt19937& random) {
  std::vector<std::string> pieces;
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(random() % 4, bytes.size());
    pieces.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return pieces;
}

TEST(StreamDecoder, GivesTheTextOfTheWhole) {
  std::mt19937 random(6);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = random_text(random);
    for (std::size_t n = random() % 4; n > 0 && !bytes.empty(); --n) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    StreamDecoder decoder;
    std::string text;
    for (const std::string& piece : random_pieces(bytes, random)) {
      std::string given;
      decoder.push(piece, given);
      ASSERT_TRUE(is_valid_utf8(given));
      text += given;
    }
    decoder.finish(text);
    ASSERT_EQ(text, to_valid_utf8(bytes));
  }
}

TEST(StreamDecoder, AgreesWithDecode) {
  const Tokenizer& tokenizer = tiny_tokenizer();
  std::mt19937 random(7);
  for (int i = 0; i < 5'000; ++i) {
    std::vector<TokenId> ids(random() % 20);
    for (TokenId& id : ids) id = static_cast<TokenId>(random() % tokenizer.vocabulary().size());
    StreamDecoder decoder;
    std::string text;
    for (const TokenId id : ids) decoder.push(tokenizer.vocabulary().at(id).bytes, text);
    decoder.finish(text);
    ASSERT_EQ(text, tokenizer.decode(ids));
  }
}

TEST(StreamDecoder, GivesACharacterWhenItIsWhole) {
  StreamDecoder decoder;
  std::string text;
  decoder.push("a\xF0\x9F", text);
  EXPECT_EQ(text, "a");
  EXPECT_FALSE(decoder.is_between_characters());
  decoder.push("\x90", text);
  EXPECT_EQ(text, "a");
  decoder.push("\xBE", text);
  EXPECT_EQ(text, "a\U0001F43E");
  EXPECT_TRUE(decoder.is_between_characters());
  decoder.push("\xE4\xB8", text);
  decoder.push("b", text);
  EXPECT_EQ(text, "a\U0001F43E\uFFFDb");
  decoder.push("\xE4\xB8", text);
  decoder.finish(text);
  EXPECT_EQ(text, "a\U0001F43E\uFFFDb\uFFFD");
}

struct Found {
  std::string text;
  std::optional<std::size_t> stop;
  bool operator==(const Found&) const = default;
};

/// The first stop text to be complete, found by looking everywhere.
Found look_everywhere(const std::string& text, const std::vector<std::string>& stops) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    const std::string_view before(text.data(), end);
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < stops.size(); ++i) {
      if (stops[i].empty() || !before.ends_with(stops[i])) continue;
      if (!best || stops[i].size() > stops[*best].size()) best = i;
    }
    if (best) return {text.substr(0, end - stops[*best].size()), best};
  }
  return {text, std::nullopt};
}

std::string random_word(std::mt19937& random, std::size_t longest, const char* letters) {
  std::string word(random() % (longest + 1), ' ');
  for (char& c : word) c = letters[random() % 2];
  return word;
}

TEST(StopMatcher, FindsWhatLookingEverywhereFinds) {
  std::mt19937 random(8);
  int found = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::vector<std::string> stops(1 + random() % 3);
    for (std::string& stop : stops) stop = random_word(random, 6, "ab");
    const std::string text = random_word(random, 30, "ab");
    const Found wanted = look_everywhere(text, stops);
    StopMatcher matcher(stops);
    std::string out;
    for (const std::string& piece : random_pieces(text, random)) {
      matcher.push(piece, out);
      ASSERT_TRUE(wanted.text.starts_with(out)) << "a stop text leaks";
    }
    matcher.finish(out);
    ASSERT_EQ((Found{out, matcher.matched()}), wanted);
    found += wanted.stop.has_value() ? 1 : 0;
  }
  EXPECT_GT(found, 10'000);
}

TEST(StopMatcher, HoldsBackOnlyWhatMayBeginAStop) {
  StopMatcher matcher({"", "\n\nUser:", "END"});
  std::string out;
  EXPECT_FALSE(matcher.push("hello E", out));
  EXPECT_EQ(out, "hello ");
  EXPECT_FALSE(matcher.push("N", out));
  EXPECT_FALSE(matcher.push("X\n\n\n", out));
  EXPECT_EQ(out, "hello ENX\n");
  EXPECT_FALSE(matcher.push("Use", out));
  EXPECT_TRUE(matcher.push("r: more", out));
  EXPECT_EQ(out, "hello ENX\n");
  EXPECT_EQ(matcher.matched(), 1U);
  EXPECT_TRUE(matcher.push("nothing comes behind it", out));
  matcher.finish(out);
  EXPECT_EQ(out, "hello ENX\n");
}

TEST(StopMatcher, GivesEverythingWithoutStops) {
  StopMatcher matcher({});
  std::string out;
  EXPECT_FALSE(matcher.push("abc", out));
  EXPECT_EQ(out, "abc");
  EXPECT_FALSE(matcher.matched());
}

}  // namespace
}  // namespace sluice::inference
