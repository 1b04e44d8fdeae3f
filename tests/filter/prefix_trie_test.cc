// What is checked: the trie finds the keys that a text begins or ends with, the shortest first, the
// same ones as comparing with each key would, whatever was inserted and erased before; that it
// holds fewer than two nodes a key, so that what is split is merged again; and that long keys and
// deeply nested ones need no stack.

#include "filter/prefix_trie.h"

#include "tests/filter/draw_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using At = PrefixTrie::At;
using Values = std::vector<PrefixTrie::Value>;

Values matches_of(const PrefixTrie& trie, std::string_view text) {
  Values values;
  trie.for_each_match(text, [&](PrefixTrie::Value value) { values.push_back(value); });
  return values;
}

TEST(PrefixTrie, FindsEveryKeyThatATextBeginsWith) {
  PrefixTrie trie(At::front);
  trie.insert("com.example.order", 1);
  trie.insert("com.example.order.created", 2);
  trie.insert("com.example.", 3);
  trie.insert("com.example.orbit", 4);
  trie.insert("c", 5);
  trie.insert("org", 6);
  EXPECT_THAT(matches_of(trie, "com.example.order.created.v2"), ElementsAre(5, 3, 1, 2));
  EXPECT_THAT(matches_of(trie, "com.example.order.created"), ElementsAre(5, 3, 1, 2));
  EXPECT_THAT(matches_of(trie, "com.example.order.create"), ElementsAre(5, 3, 1));
  EXPECT_THAT(matches_of(trie, "com.example.orbi"), ElementsAre(5, 3));
  EXPECT_THAT(matches_of(trie, "com"), ElementsAre(5));
  EXPECT_THAT(matches_of(trie, "or"), IsEmpty());
  EXPECT_THAT(matches_of(trie, "x.com.example.order"), IsEmpty());
  EXPECT_THAT(matches_of(trie, ""), IsEmpty());
}

TEST(PrefixTrie, FindsEveryKeyThatATextEndsWith) {
  PrefixTrie trie(At::back);
  trie.insert("created", 1);
  trie.insert("order.created", 2);
  trie.insert("border.created", 3);
  trie.insert("updated", 4);
  EXPECT_THAT(matches_of(trie, "com.order.created"), ElementsAre(1, 2));
  EXPECT_THAT(matches_of(trie, "border.created"), ElementsAre(1, 2, 3));
  EXPECT_THAT(matches_of(trie, "updated"), ElementsAre(4));
  EXPECT_THAT(matches_of(trie, "created.at"), IsEmpty());
  EXPECT_THAT(matches_of(trie, "pdated"), IsEmpty());
  EXPECT_THAT(matches_of(trie, ""), IsEmpty());
}

TEST(PrefixTrie, ReadsAnyBytes) {
  PrefixTrie trie(At::front);
  const std::string_view nul("a\0", 2);
  trie.insert(nul, 1);
  trie.insert("a\xff", 2);
  trie.insert("a\x7f", 3);
  trie.insert("\xc3\xa4", 4);
  EXPECT_THAT(matches_of(trie, std::string_view("a\0b", 3)), ElementsAre(1));
  EXPECT_THAT(matches_of(trie, "a\xff!"), ElementsAre(2));
  EXPECT_THAT(matches_of(trie, "a\x7f"), ElementsAre(3));
  EXPECT_THAT(matches_of(trie, "\xc3\xa4\xc3"), ElementsAre(4));
  EXPECT_THAT(matches_of(trie, "\xc3\xa5"), IsEmpty());
}

TEST(PrefixTrie, TakesAnEmptyKeyForOneThatEveryTextHas) {
  PrefixTrie trie(At::back);
  trie.insert("", 1);
  trie.insert("a", 2);
  EXPECT_THAT(matches_of(trie, ""), ElementsAre(1));
  EXPECT_THAT(matches_of(trie, "ba"), ElementsAre(1, 2));
  trie.erase("");
  EXPECT_THAT(matches_of(trie, "ba"), ElementsAre(2));
}

TEST(PrefixTrie, KeepsNoNodeThatNoKeyNeeds) {
  PrefixTrie trie(At::front);
  trie.insert("abcdef", 1);
  EXPECT_EQ(trie.nodes(), 2U) << "the root, and one for a path without branches";
  trie.insert("abcxyz", 2);
  EXPECT_EQ(trie.nodes(), 4U) << "split at abc";
  trie.insert("ab", 3);
  EXPECT_EQ(trie.nodes(), 5U);
  trie.erase("abcxyz");
  EXPECT_EQ(trie.nodes(), 3U) << "cdef is one again";
  EXPECT_THAT(matches_of(trie, "abcdef"), ElementsAre(3, 1));
  trie.erase("ab");
  EXPECT_EQ(trie.nodes(), 2U);
  EXPECT_THAT(matches_of(trie, "abcdef"), ElementsAre(1));
  trie.erase("abcdef");
  EXPECT_EQ(trie.nodes(), 1U);
  EXPECT_TRUE(trie.empty());
}

TEST(PrefixTrie, TakesKeysOfAnyLength) {
  for (const At end : {At::front, At::back}) {
    PrefixTrie trie(end);
    // Each key is the beginning of the next, so every one has a node of its own below the last.
    const std::string text(65536, 'a');
    for (std::size_t size = 1; size <= 2048; ++size) {
      trie.insert(std::string_view(text).substr(0, size), static_cast<PrefixTrie::Value>(size));
    }
    trie.insert(text, 65536);
    EXPECT_EQ(trie.nodes(), 2050U);
    EXPECT_EQ(matches_of(trie, text).size(), 2049U);
    EXPECT_EQ(matches_of(trie, text + "b").size(), end == At::front ? 2049U : 0U);
    trie.erase(text);
    EXPECT_EQ(matches_of(trie, text).size(), 2048U);
  }
}

RC_GTEST_PROP(PrefixTrie, FindsWhatComparingWithEachKeyFinds, ()) {
  const At end = *rc::gen::element(At::front, At::back);
  PrefixTrie trie(end);
  std::map<std::string, PrefixTrie::Value> keys;
  const auto expect_same = [&](const std::string& text) {
    Values want;
    for (std::size_t size = 0; size <= text.size(); ++size) {  // The shortest key first.
      const auto key =
          keys.find(end == At::front ? text.substr(0, size) : text.substr(text.size() - size));
      if (key != keys.end()) want.push_back(key->second);
    }
    RC_ASSERT(matches_of(trie, text) == want);
    const auto key = keys.find(text);
    RC_ASSERT(trie.find(text) == (key != keys.end() ? std::optional(key->second) : std::nullopt));
    RC_ASSERT(trie.size() == keys.size());
    RC_ASSERT(trie.nodes() <= 2 * keys.size() + 1);
  };
  const auto steps = *rc::gen::inRange<PrefixTrie::Value>(1, 80);
  for (PrefixTrie::Value step = 0; step < steps; ++step) {
    const std::string key = draw_text();
    if (keys.erase(key) > 0) {
      trie.erase(key);
    } else {
      keys.emplace(key, step);
      trie.insert(key, step);
    }
    expect_same(draw_text());
    expect_same(key + draw_text());
    expect_same(draw_text() + key);
  }
  while (!keys.empty()) {
    trie.erase(keys.begin()->first);
    keys.erase(keys.begin());
    expect_same(draw_text());
  }
  RC_ASSERT(trie.empty());
  RC_ASSERT(trie.nodes() == 1U);
}

}  // namespace
}  // namespace sluice
