#pragma once

#include "inference/grammar_mask.h"
#include "inference/vocabulary_trie.h"
#include "tests/inference/random_schema.h"

#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::inference {

/// All bytes, a control token, JSON's punctuation in pieces, and made-up words up to `size`.
inline std::shared_ptr<const Vocabulary> made_up_vocabulary(std::size_t size) {
  using Kind = Vocabulary::Kind;
  std::vector<Vocabulary::Entry> entries;
  for (int byte = 0; byte < 256; ++byte)
    entries.push_back({std::string(1, static_cast<char>(byte)), Kind::text});
  entries.push_back({"<|end|>", Kind::control});
  entries.push_back({"", Kind::text});
  for (const char* piece : {"{\"",        "\": ",         "\": \"",
                            "\", \"",     "\"}",          "\"]",
                            "\"}}",       ", \"",         "}, {\"",
                            "[{\"",       "]}",           "\":",
                            "[]",         "{}",           "[[",
                            "]]",         "true",         "false",
                            "null",       "tr",           "ue",
                            "\\n",        "\\\"",         "\"\"",
                            "-1",         "10",           "00",
                            "0.",         ".5",           "12",
                            "\xC3\xA9",   "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                            "\xF0\x9F",   "\x98\x80",     " \xE2",
                            "\x82\xAC\"", "\\",           "a\\",
                            "\n\n",       "    ",         "abc\"",
                            "id",         "name",         "kind",
                            "value",      "next",         "left",
                            "right"})
    entries.push_back({piece, Kind::text});
  Random random(7);
  while (entries.size() < size) {
    std::string word(pick(random, 3) == 0 ? " " : "");
    for (auto letters = 2 + pick(random, 9); letters > 0; --letters)
      word += static_cast<char>('a' + pick(random, 26));
    entries.push_back({std::move(word), Kind::text});
  }
  return std::make_shared<const Vocabulary>(std::move(entries));
}

inline std::shared_ptr<const VocabularyTrie> made_up_trie() {
  static const auto trie = VocabularyTrie::build(made_up_vocabulary(2048)).value();
  return trie;
}

/// Which of the allowed tokens comes next.
using Picker = std::function<TokenId(const std::vector<TokenId>&)>;

inline std::vector<TokenId> tokens_of(const std::vector<std::uint64_t>& bits) {
  std::vector<TokenId> tokens;
  for (std::size_t word = 0; word < bits.size(); ++word) {
    for (std::uint64_t rest = bits[word]; rest != 0; rest &= rest - 1)
      tokens.push_back(static_cast<TokenId>(word * 64) + std::countr_zero(rest));
  }
  return tokens;
}

struct Generated {
  std::string text;
  std::int64_t tokens = 0;
  bool is_whole = false;
  bool was_stuck = false;  ///< Not whole, and no token allowed.
};

/// Writes a text as an engine would, of at most `max_tokens`. Where it may end it does so in one of
/// `ends_in` cases; 0: only when it must.
inline Generated generate(GrammarMask& mask, const VocabularyTrie& trie, std::int64_t max_tokens,
                          const Picker& picker, Random& random, std::uint64_t ends_in) {
  Generated out;
  std::vector<std::uint64_t> bits(trie.mask_words());
  mask.hurry(max_tokens);
  for (; out.tokens < max_tokens; ++out.tokens) {
    if (mask.is_complete() && ends_in > 0 && pick(random, ends_in) == 0) break;
    mask.allowed(bits);
    const std::vector<TokenId> tokens = tokens_of(bits);
    if (tokens.empty()) {
      out.was_stuck = !mask.is_complete();
      break;
    }
    const TokenId id = picker(tokens);
    mask.accept(id);
    out.text += trie.vocabulary().at(id).bytes;
  }
  out.is_whole = mask.is_complete();
  return out;
}

}  // namespace sluice::inference
