#include "inference/grammar_mask.h"

#include "inference/assert.h"
#include "inference/grammar_costs.h"
#include "inference/grammar_run.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::inference {
namespace {

constexpr std::size_t kMaxFrames = 4096;  // Those of dead places among them, before a clean-up.

/// A mask is the union of what each place allows alone: a token is allowed if a place survives all
/// its bytes. accept() goes the same way, so that the two never disagree.
class WalkingMask final : public GrammarMask {
 public:
  WalkingMask(std::shared_ptr<const CompiledGrammar> grammar,
              std::shared_ptr<const VocabularyTrie> trie)
      : grammar_(std::move(grammar)),
        trie_(std::move(trie)),
        costs_(grammar_->costs(trie_)),
        run_(*grammar_, costs_.get()),
        walk_(trie_->max_depth() + 1) {
    run_.start(places_);
  }

  void allowed(std::span<std::uint64_t> bits) override {
    std::ranges::fill(bits, 0);
    bits_ = bits;
    max_cost_ = std::numeric_limits<std::uint64_t>::max();
    if (tokens_left_) {
      const std::int64_t after = std::max(*tokens_left_, min_tokens()) - 1;
      if (after < 0) return;  // No tokens left, and whole.
      max_cost_ = static_cast<std::uint64_t>(after);
    }
    for (const GrammarPlace& place : places_) {
      if (place.state == kNoState) continue;
      if (grammar_->at(place.state).kind == GrammarState::Kind::text) {
        allow_text(place);
      } else {
        walk_[0].assign(1, place);
        allow_below(VocabularyTrie::kRoot, 0);
      }
    }
  }

  void accept(TokenId id) override {
    GrammarPlaces after;
    for (const GrammarPlace& start : places_) {
      GrammarPlaces alive{start};
      for (const char c : trie_->vocabulary().at(id).bytes) {
        GrammarPlaces next;
        for (const GrammarPlace& place : alive)
          run_.step(place, static_cast<std::uint8_t>(c), next);
        alive = std::move(next);
      }
      for (const GrammarPlace& place : alive) run_.add(place, after);
    }
    INFERENCE_ASSERT(!after.empty());  // The token was not allowed.
    places_ = std::move(after);
    if (tokens_left_) --*tokens_left_;
    if (run_.mark() > kMaxFrames) run_.keep_only(places_);
  }

  [[nodiscard]] bool is_complete() const override {
    return std::ranges::any_of(places_, [](const auto& place) { return place.state == kNoState; });
  }

  [[nodiscard]] std::int64_t min_tokens() const override {
    return static_cast<std::int64_t>(run_.cost(places_));
  }

  void hurry(std::int64_t tokens_left) override { tokens_left_ = tokens_left; }

 private:
  void allow(TokenId id) {
    bits_[static_cast<std::size_t>(id) / 64] |= std::uint64_t{1} << (id % 64);
  }

  /// Allows the tokens at `node`, whose places are walk_[depth], and those below it.
  void allow_at(VocabularyTrie::Node node, std::size_t depth) {
    const auto tokens = trie_->tokens(node);
    if (!tokens.empty() && run_.cost(walk_[depth]) <= max_cost_)
      std::ranges::for_each(tokens, [this](TokenId id) { allow(id); });
    if (trie_->end(node) > node + 1) allow_below(node, depth);
  }

  void allow_below(VocabularyTrie::Node node, std::size_t depth) {
    const std::size_t mark = run_.mark();
    std::span<const GrammarEdge> edges = only_edges(walk_[depth]);
    const bool knows_edges = !edges.empty();
    for (auto child = node + 1; child < trie_->end(node); child = trie_->end(child)) {
      const std::uint8_t byte = trie_->byte(child);
      if (knows_edges) {  // Both ascend: no look-up for each child.
        while (!edges.empty() && edges.front().high < byte) edges = edges.subspan(1);
        if (edges.empty()) return;
        if (byte < edges.front().low) continue;
      }
      GrammarPlaces& next = walk_[depth + 1];
      next.clear();
      for (const GrammarPlace& place : walk_[depth]) run_.step(place, byte, next);
      if (!next.empty()) allow_at(child, depth + 1);
      run_.take_back(mark);
    }
  }

  /// The edges along which alone `places` can go on; none where it is not as simple as that.
  [[nodiscard]] std::span<const GrammarEdge> only_edges(const GrammarPlaces& places) const {
    if (places.size() != 1 || places[0].state == kNoState) return {};
    const GrammarState& state = grammar_->at(places[0].state);
    return state.kind == GrammarState::Kind::bytes ? grammar_->edges(state)
                                                   : std::span<const GrammarEdge>();
  }

  /// The same for a place in a string, with what the trie knows of strings.
  void allow_text(const GrammarPlace& place) {
    const GrammarState& state = grammar_->at(place.state);
    const auto& known = trie_->text_tokens(place.part);
    const auto fits = [&](const VocabularyTrie::TextTokens::Group& group) {
      GrammarPlace after = place;
      after.chars += group.chars;
      after.part = TextPart::between;
      return after.chars <= state.max_chars && run_.cost(after) + group.bytes_left <= max_cost_;
    };
    if (std::ranges::all_of(known.groups, fits)) {
      for (std::size_t i = 0; i < known.all.size(); ++i) bits_[i] |= known.all[i];
    } else {
      for (const auto& group : known.groups) {
        if (!fits(group)) continue;
        for (std::uint32_t i = 0; i < group.count; ++i) allow(known.tokens[group.first + i]);
      }
    }
    const std::size_t mark = run_.mark();
    walk_[0].clear();
    run_.enter(state.next, place.frame, walk_[0]);
    for (const auto& exit : known.exits) {
      const std::uint64_t chars = std::uint64_t{place.chars} + exit.chars;
      if (chars >= state.min_chars && chars <= state.max_chars) allow_at(exit.node, 0);
    }
    run_.take_back(mark);
  }

  std::shared_ptr<const CompiledGrammar> grammar_;
  std::shared_ptr<const VocabularyTrie> trie_;
  std::shared_ptr<const CompletionCosts> costs_;
  GrammarRun run_;
  GrammarPlaces places_;
  std::optional<std::int64_t> tokens_left_;

  // Of the current allowed():
  std::span<std::uint64_t> bits_;
  std::uint64_t max_cost_ = 0;
  std::vector<GrammarPlaces> walk_;  // By depth.
};

}  // namespace

std::unique_ptr<GrammarMask> make_token_mask(std::shared_ptr<const CompiledGrammar> grammar,
                                             std::shared_ptr<const VocabularyTrie> trie) {
  return std::make_unique<WalkingMask>(std::move(grammar), std::move(trie));
}

}  // namespace sluice::inference
