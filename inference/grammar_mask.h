#pragma once

#include "inference/grammar.h"
#include "inference/token_mask.h"
#include "inference/vocabulary_trie.h"

#include <cstdint>
#include <memory>

namespace sluice::inference {

/// A TokenMask that knows how far the end is.
///
/// Texts without a bound (strings, lists) end only when the model ends them, or when hurry() says
/// how many tokens there are: then a text of at most so many tokens is whole.
class GrammarMask : public TokenMask {
 public:
  /// So many tokens complete the text from here on; 0 when it is whole. Asked at the start, it is
  /// what max_tokens must be at least. A little above the true minimum at times, never below.
  [[nodiscard]] std::int64_t min_tokens() const override = 0;

  /// At most `tokens_left` tokens are still to come, the one that ends the generation (eos) not
  /// counted; accept() counts down from there. allowed() leaves out whatever could not be
  /// completed in time. With fewer than min_tokens() it allows the shortest ways only, and the text
  /// will not be whole in time.
  void hurry(std::int64_t tokens_left) override = 0;
};

/// At the start of a text. The first call for a grammar and a vocabulary computes the costs of both
/// (of the order of 1 us per state), the others share them.
[[nodiscard]] std::unique_ptr<GrammarMask> make_token_mask(
    std::shared_ptr<const CompiledGrammar> grammar, std::shared_ptr<const VocabularyTrie> trie);

}  // namespace sluice::inference
