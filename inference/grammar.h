#pragma once

#include "inference/result.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::inference {

using StateId = std::uint32_t;
inline constexpr StateId kNoState = 0xFFFFFFFF;

/// The byte `low`..`high` leads to `to`.
struct GrammarEdge {
  std::uint8_t low = 0;
  std::uint8_t high = 0;
  StateId to = 0;
};

/// A state of a pushdown automaton over bytes. A rule is what can be reached from a state without
/// entering a callee; where it ends, the automaton goes on behind the call.
struct GrammarState {
  enum class Kind : std::uint8_t {
    bytes,   ///< Reads one byte along an edge; may be an end of its rule.
    either,  ///< Goes on in any of its options, reading nothing.
    call,    ///< Runs the rule of `callee`, then goes on in `next`.
    text,    ///< In a JSON string: min_chars..max_chars characters and the quote, then `next`.
  };
  Kind kind = Kind::bytes;
  bool ends = false;        ///< bytes: the rule may end here.
  std::uint32_t first = 0;  ///< Of its edges or options.
  std::uint32_t count = 0;
  StateId callee = 0;
  StateId next = 0;
  std::uint32_t min_chars = 0;  ///< Unicode code points, not bytes.
  std::uint32_t max_chars = 0;
};

class VocabularyTrie;
class CompletionCosts;

/// A grammar that is ready to be followed: from each of its states the text can be completed.
/// Immutable and shared between threads.
class CompiledGrammar {
 public:
  CompiledGrammar();
  ~CompiledGrammar();
  CompiledGrammar(const CompiledGrammar&) = delete;
  CompiledGrammar& operator=(const CompiledGrammar&) = delete;

  [[nodiscard]] StateId start() const noexcept { return start_; }
  [[nodiscard]] std::size_t size() const noexcept { return states_.size(); }
  [[nodiscard]] const GrammarState& at(StateId id) const noexcept { return states_[id]; }
  /// Disjoint, ascending; none but of kind bytes.
  [[nodiscard]] std::span<const GrammarEdge> edges(const GrammarState& state) const noexcept {
    if (state.kind != GrammarState::Kind::bytes) return {};
    return {edges_.data() + state.first, state.count};
  }
  /// Of kind either.
  [[nodiscard]] std::span<const StateId> options(const GrammarState& state) const noexcept {
    return {options_.data() + state.first, state.count};
  }

  /// Where `byte` leads from `state`, which is of kind bytes; kNoState where it may not come.
  [[nodiscard]] StateId next(const GrammarState& state, std::uint8_t byte) const noexcept {
    const auto all = edges(state);
    const auto at = std::ranges::lower_bound(all, byte, {}, &GrammarEdge::high);
    return at != all.end() && at->low <= byte ? at->to : kNoState;
  }

  /// How many tokens of `trie` completions take. Computed when a vocabulary is first asked for,
  /// then kept.
  [[nodiscard]] std::shared_ptr<const CompletionCosts> costs(
      std::shared_ptr<const VocabularyTrie> trie) const;

 private:
  friend class GrammarBuilder;
  struct CostsCache;

  StateId start_ = 0;
  std::vector<GrammarState> states_;
  std::vector<GrammarEdge> edges_;
  std::vector<StateId> options_;
  std::unique_ptr<CostsCache> cache_;
};

/// What a grammar may be at most. They keep the time and the memory that a hostile schema takes
/// within bounds.
struct GrammarLimits {
  std::uint32_t states = 200'000;
  std::uint32_t alternatives = 64;         ///< That can be open at one place.
  std::uint32_t recursion = 16;            ///< How often a $ref may stand within itself.
  std::uint32_t nesting = 64;              ///< Of one schema, references not followed.
  std::uint32_t text_chars = 65536;        ///< minLength and maxLength; more is refused.
  std::uint32_t shortest_bytes = 1 << 20;  ///< Of the shortest text.
};

/// Builds the states of a grammar. When a limit is hit, states are no longer added and finish()
/// fails.
class GrammarBuilder {
 public:
  explicit GrammarBuilder(const GrammarLimits& limits = {}) : limits_(limits) {}

  [[nodiscard]] const GrammarLimits& limits() const noexcept { return limits_; }
  /// No state is added any more: go no further.
  [[nodiscard]] bool is_full() const noexcept { return nodes_.size() >= limits_.states; }

  /// A state without edges, which is a dead end as it stands.
  StateId add_state();
  StateId add_end();
  StateId add_call(StateId callee, StateId next);
  StateId add_text(std::uint32_t min_chars, std::uint32_t max_chars, StateId next);
  StateId add_either(std::vector<StateId> options);
  void set_ends(StateId state) { nodes_[state].state.ends = true; }
  /// Makes of `state`, which has no edges, a call.
  void set_call(StateId state, StateId callee, StateId next);
  /// The bytes of an edge must be free.
  void add_edge(StateId from, std::uint8_t low, std::uint8_t high, StateId to);
  /// Follows the edges that are there already and adds the others. Where `bytes` end.
  StateId add_bytes(StateId from, std::string_view bytes);
  /// As above, but the last byte leads to `to`; no other text may go on behind `bytes`.
  void add_bytes_to(StateId from, std::string_view bytes, StateId to);

  /// Removes what cannot be completed. The text is whole where the rule of `start` ends.
  /// Errors: invalid_argument (there is no text at all or none within the limits).
  Result<std::shared_ptr<const CompiledGrammar>> finish(StateId start) &&;

 private:
  struct Node {
    GrammarState state;
    std::vector<GrammarEdge> edges;
    std::vector<StateId> options;
  };

  void freeze(CompiledGrammar& grammar);
  Result<void> check_alternatives(const CompiledGrammar& grammar) const;

  GrammarLimits limits_;
  std::vector<Node> nodes_;
};

}  // namespace sluice::inference
