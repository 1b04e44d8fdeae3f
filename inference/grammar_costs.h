#pragma once

#include "inference/grammar.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sluice::inference {

class VocabularyTrie;

/// In one step (a byte, or a token) from a state to another one of the same rule.
struct GrammarStep {
  StateId from = 0;
  StateId to = 0;
};

inline constexpr std::uint32_t kNoCompletion = 0xFFFFFFFF;

/// For each state, the fewest steps to the end of its rule, callees included; kNoCompletion where
/// there is no way or none of at most `limit` steps. text_costs[n]: the steps of n characters.
/// Time: O(n log n) in states and steps (Knuth's generalisation of Dijkstra's algorithm).
[[nodiscard]] std::vector<std::uint32_t> shortest_completions(
    const CompiledGrammar& grammar, std::span<const GrammarStep> steps,
    std::span<const std::uint32_t> text_costs, std::uint32_t limit);

/// How many tokens it takes to complete a text. Not always the fewest (tokens that reach across a
/// callee's end are not counted on), but so many do, and a first one of them leaves one less.
class CompletionCosts {
 public:
  CompletionCosts(const CompiledGrammar& grammar, const VocabularyTrie& trie);

  /// From `state` to the end of its rule. 0 where it may end.
  [[nodiscard]] std::uint32_t to_end(StateId state) const noexcept { return to_end_[state]; }
  /// The same when at least one token more is written in the rule itself.
  [[nodiscard]] std::uint32_t going_on(StateId state) const noexcept { return going_on_[state]; }
  /// Of `chars` characters of a string.
  [[nodiscard]] std::uint32_t text(std::uint32_t chars) const noexcept { return text_[chars]; }

 private:
  std::vector<std::uint32_t> to_end_;
  std::vector<std::uint32_t> going_on_;
  std::vector<std::uint32_t> text_;
};

}  // namespace sluice::inference
