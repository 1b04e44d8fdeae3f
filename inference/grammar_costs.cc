#include "inference/grammar_costs.h"

#include "inference/vocabulary_trie.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

namespace sluice::inference {
namespace {

using Kind = GrammarState::Kind;

class ShortestCompletions {
 public:
  ShortestCompletions(const CompiledGrammar& grammar, std::span<const GrammarStep> steps,
                      std::span<const std::uint32_t> text_costs, std::uint32_t limit)
      : grammar_(grammar), limit_(limit), costs_(grammar.size(), kNoCompletion) {
    users_.reserve(steps.size() + grammar.size());
    for (const GrammarStep& step : steps) users_.push_back({step.to, step.from, 1, false});
    for (StateId id = 0; id < grammar.size(); ++id) add_users(id, text_costs);
    std::ranges::sort(users_, {}, &User::of);
  }

  std::vector<std::uint32_t> run() && {
    done_.assign(grammar_.size(), false);
    for (StateId id = 0; id < grammar_.size(); ++id) {
      if (grammar_.at(id).kind == Kind::bytes && grammar_.at(id).ends) offer(id, 0);
    }
    while (!queue_.empty()) {
      const StateId id = queue_.top().second;
      queue_.pop();
      if (done_[id]) continue;
      done_[id] = true;
      for (auto user = std::ranges::lower_bound(users_, id, {}, &User::of);
           user != users_.end() && user->of == id; ++user) {
        if (!user->is_call) {
          offer(user->user, std::uint64_t{costs_[id]} + user->cost);
          continue;
        }
        const GrammarState& call = grammar_.at(user->user);
        if (done_[call.callee] && done_[call.next])
          offer(user->user, std::uint64_t{costs_[call.callee]} + costs_[call.next]);
      }
    }
    return std::move(costs_);
  }

 private:
  /// The cost of `user` follows from that of `of`.
  struct User {
    StateId of;
    StateId user;
    std::uint32_t cost;
    bool is_call;
  };

  void add_users(StateId id, std::span<const std::uint32_t> text_costs) {
    const GrammarState& state = grammar_.at(id);
    switch (state.kind) {
      case Kind::bytes:
        return;
      case Kind::either:
        for (const StateId option : grammar_.options(state))
          users_.push_back({option, id, 0, false});
        return;
      case Kind::call:
        users_.push_back({state.callee, id, 0, true});
        users_.push_back({state.next, id, 0, true});
        return;
      case Kind::text:
        users_.push_back({state.next, id, text_costs[state.min_chars] + 1, false});
        return;
    }
  }

  void offer(StateId id, std::uint64_t cost) {
    if (cost > limit_ || cost >= costs_[id]) return;
    costs_[id] = static_cast<std::uint32_t>(cost);
    queue_.emplace(costs_[id], id);
  }

  using Offer = std::pair<std::uint32_t, StateId>;

  const CompiledGrammar& grammar_;
  std::uint32_t limit_;
  std::vector<User> users_;
  std::vector<std::uint32_t> costs_;
  std::vector<bool> done_;
  std::priority_queue<Offer, std::vector<Offer>, std::greater<>> queue_;
};

/// All pairs of states that one token connects without entering or leaving a rule.
class TokenSteps {
 public:
  TokenSteps(const CompiledGrammar& grammar, const VocabularyTrie& trie)
      : grammar_(grammar), trie_(trie) {}

  std::vector<GrammarStep> run() && {
    for (from_ = 0; from_ < grammar_.size(); ++from_) follow(VocabularyTrie::kRoot, from_);
    return std::move(steps_);
  }

 private:
  void follow(VocabularyTrie::Node node, StateId id) {
    const GrammarState& state = grammar_.at(id);
    if (state.kind != Kind::bytes) return;
    for (const GrammarEdge& edge : grammar_.edges(state)) {
      for (unsigned byte = edge.low; byte <= edge.high; ++byte) {
        const auto child = trie_.child(node, static_cast<std::uint8_t>(byte));
        if (child == VocabularyTrie::kRoot) continue;
        if (!trie_.tokens(child).empty()) steps_.push_back({from_, edge.to});
        if (trie_.end(child) > child + 1) follow(child, edge.to);
      }
    }
  }

  const CompiledGrammar& grammar_;
  const VocabularyTrie& trie_;
  StateId from_ = 0;
  std::vector<GrammarStep> steps_;
};

/// The fewest tokens for n characters, n up to what the grammar's strings need.
std::vector<std::uint32_t> costs_of_text(const CompiledGrammar& grammar,
                                         const VocabularyTrie& trie) {
  std::uint32_t most = 0;
  for (StateId id = 0; id < grammar.size(); ++id) most = std::max(most, grammar.at(id).min_chars);
  std::vector<std::uint32_t> costs(most + 1, kNoCompletion);
  costs[0] = 0;
  for (std::uint32_t chars = 1; chars <= most; ++chars) {
    for (const std::uint32_t length : trie.plain_lengths()) {
      if (length > chars) break;
      costs[chars] = std::min(costs[chars], costs[chars - length] + 1);
    }
  }
  return costs;
}

}  // namespace

std::vector<std::uint32_t> shortest_completions(const CompiledGrammar& grammar,
                                                std::span<const GrammarStep> steps,
                                                std::span<const std::uint32_t> text_costs,
                                                std::uint32_t limit) {
  return ShortestCompletions(grammar, steps, text_costs, limit).run();
}

CompletionCosts::CompletionCosts(const CompiledGrammar& grammar, const VocabularyTrie& trie)
    : text_(costs_of_text(grammar, trie)) {
  const std::vector<GrammarStep> steps = TokenSteps(grammar, trie).run();
  to_end_ = shortest_completions(grammar, steps, text_, kNoCompletion - 1);
  going_on_ = to_end_;
  for (StateId id = 0; id < grammar.size(); ++id) {
    if (grammar.at(id).ends) going_on_[id] = kNoCompletion;
  }
  for (const auto& [from, to] : steps) {
    if (grammar.at(from).ends) going_on_[from] = std::min(going_on_[from], to_end_[to] + 1);
  }
}

}  // namespace sluice::inference
