// The trie has each text token once, at its bytes, and knows which tokens a string takes.

#include "inference/vocabulary_trie.h"

#include "tests/inference/grammar_fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sluice::inference {
namespace {

using Kind = Vocabulary::Kind;

TEST(VocabularyTrie, FindsEachTextTokenByItsBytes) {
  const auto trie = made_up_trie();
  std::size_t found = 0;
  for (TokenId id = 0; id < static_cast<TokenId>(trie->vocabulary().size()); ++id) {
    const auto& entry = trie->vocabulary().at(id);
    if (entry.kind != Kind::text || entry.bytes.empty()) continue;
    auto node = VocabularyTrie::kRoot;
    for (const char c : entry.bytes) {
      node = trie->child(node, static_cast<std::uint8_t>(c));
      ASSERT_NE(node, VocabularyTrie::kRoot) << entry.bytes;
    }
    EXPECT_THAT(trie->tokens(node), testing::Contains(id));
    ++found;
  }
  std::size_t all = 0;
  for (VocabularyTrie::Node node = 0; node < trie->end(VocabularyTrie::kRoot); ++node)
    all += trie->tokens(node).size();
  EXPECT_EQ(all, found);
}

TEST(VocabularyTrie, RefusesAVocabularyWithoutAllBytes) {
  std::vector<Vocabulary::Entry> entries;
  for (int byte = 0; byte < 256; ++byte)
    entries.push_back({std::string(1, static_cast<char>(byte)), Kind::text});
  entries.push_back({"\x0A\x0B", Kind::text});
  entries[0x0A].kind = Kind::control;
  const auto trie = VocabularyTrie::build(std::make_shared<const Vocabulary>(entries));
  ASSERT_FALSE(trie);
  EXPECT_THAT(trie.error().detail, testing::HasSubstr("no text token of the one byte 0x0A"));
  EXPECT_FALSE(VocabularyTrie::build(std::make_shared<const Vocabulary>()));
}

TEST(VocabularyTrie, KnowsWhatATokenDoesInAString) {
  const auto trie = made_up_trie();
  const auto& text = trie->text_tokens(TextPart::between);
  const auto find = [&](std::string_view bytes) {
    for (const auto& group : text.groups) {
      for (std::uint32_t i = group.first; i < group.first + group.count; ++i) {
        if (trie->vocabulary().at(text.tokens[i]).bytes == bytes)
          return std::pair<int, int>(group.chars, group.bytes_left);
      }
    }
    return std::pair(-1, -1);
  };
  EXPECT_EQ(find("name"), std::pair(4, 0));
  EXPECT_EQ(find("\xE2\x82\xAC"), std::pair(1, 0));
  EXPECT_EQ(find("\xF0\x9F"), std::pair(1, 2));
  EXPECT_EQ(find(" \xE2"), std::pair(2, 2));
  EXPECT_EQ(find("\\\""), std::pair(1, 0));
  EXPECT_EQ(find("a\\"), std::pair(2, 1));
  EXPECT_EQ(find("abc\""), std::pair(-1, -1));
  EXPECT_EQ(find("\n\n"), std::pair(-1, -1));
  EXPECT_EQ(find("\x98\x80"), std::pair(-1, -1));
}

}  // namespace
}  // namespace sluice::inference
