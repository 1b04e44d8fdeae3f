#include "inference/grammar.h"

#include "inference/assert.h"
#include "inference/grammar_costs.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>

namespace sluice::inference {
namespace {

using Kind = GrammarState::Kind;

/// How many places a text may be at, at most, when a state is entered.
class Alternatives {
 public:
  Alternatives(const CompiledGrammar& grammar, std::uint32_t limit)
      : grammar_(grammar), limit_(limit), counts_(grammar.size(), kUnknown) {}

  /// More than the limit: limit + 1.
  std::uint32_t count(StateId id) {
    if (counts_[id] == kOpen) return limit_ + 1;  // The rule begins with itself.
    if (counts_[id] != kUnknown) return counts_[id];
    counts_[id] = kOpen;
    const GrammarState& state = grammar_.at(id);
    std::uint32_t sum = 0;
    if (state.kind == Kind::either) {
      for (const StateId option : grammar_.options(state)) {
        sum = std::min(limit_ + 1, sum + count(option));
      }
    } else {
      sum = state.kind == Kind::call ? count(state.callee) : 1;
    }
    return counts_[id] = sum;
  }

 private:
  static constexpr std::uint32_t kUnknown = 0xFFFFFFFF;
  static constexpr std::uint32_t kOpen = 0xFFFFFFFE;

  const CompiledGrammar& grammar_;
  std::uint32_t limit_;
  std::vector<std::uint32_t> counts_;
};

}  // namespace

/// Of the vocabulary that was asked for last: a process has one, or one per model.
struct CompiledGrammar::CostsCache {
  std::mutex mutex;
  std::weak_ptr<const VocabularyTrie> trie;
  std::shared_ptr<const CompletionCosts> costs;
};

CompiledGrammar::CompiledGrammar() : cache_(std::make_unique<CostsCache>()) {}
CompiledGrammar::~CompiledGrammar() = default;

std::shared_ptr<const CompletionCosts> CompiledGrammar::costs(
    std::shared_ptr<const VocabularyTrie> trie) const {
  const std::lock_guard lock(cache_->mutex);
  if (!cache_->costs || cache_->trie.lock() != trie) {
    cache_->costs = std::make_shared<const CompletionCosts>(*this, *trie);
    cache_->trie = std::move(trie);
  }
  return cache_->costs;
}

StateId GrammarBuilder::add_state() {
  if (is_full()) return 0;
  nodes_.emplace_back();
  return static_cast<StateId>(nodes_.size() - 1);
}

StateId GrammarBuilder::add_end() {
  const StateId state = add_state();
  set_ends(state);
  return state;
}

StateId GrammarBuilder::add_call(StateId callee, StateId next) {
  const StateId state = add_state();
  set_call(state, callee, next);
  return state;
}

StateId GrammarBuilder::add_text(std::uint32_t min_chars, std::uint32_t max_chars, StateId next) {
  const StateId state = add_state();
  nodes_[state].state.kind = Kind::text;
  nodes_[state].state.min_chars = min_chars;
  nodes_[state].state.max_chars = max_chars;
  nodes_[state].state.next = next;
  return state;
}

StateId GrammarBuilder::add_either(std::vector<StateId> options) {
  if (options.size() == 1) return options.front();
  const StateId state = add_state();
  nodes_[state].state.kind = Kind::either;
  nodes_[state].options = std::move(options);
  return state;
}

void GrammarBuilder::set_call(StateId state, StateId callee, StateId next) {
  nodes_[state].state.kind = Kind::call;
  nodes_[state].state.callee = callee;
  nodes_[state].state.next = next;
}

void GrammarBuilder::add_edge(StateId from, std::uint8_t low, std::uint8_t high, StateId to) {
  if (is_full()) return;
  auto& edges = nodes_[from].edges;
  const auto at = std::ranges::upper_bound(edges, low, {}, &GrammarEdge::low);
  INFERENCE_ASSERT(at == edges.end() || at->low > high);
  INFERENCE_ASSERT(at == edges.begin() || std::prev(at)->high < low);
  edges.insert(at, {low, high, to});
}

StateId GrammarBuilder::add_bytes(StateId from, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    const auto& edges = nodes_[from].edges;
    const auto at = std::ranges::lower_bound(edges, byte, {}, &GrammarEdge::high);
    if (at != edges.end() && at->low <= byte) {
      from = at->to;
      continue;
    }
    const StateId to = add_state();
    add_edge(from, byte, byte, to);
    if (is_full()) return 0;
    from = to;
  }
  return from;
}

void GrammarBuilder::add_bytes_to(StateId from, std::string_view bytes, StateId to) {
  const auto last = static_cast<std::uint8_t>(bytes.back());
  add_edge(add_bytes(from, bytes.substr(0, bytes.size() - 1)), last, last, to);
}

Result<std::shared_ptr<const CompiledGrammar>> GrammarBuilder::finish(StateId start) && {
  if (is_full()) {
    return fail(Errc::invalid_argument,
                "the grammar needs more than " + std::to_string(limits_.states) +
                    " states: make enums, property lists, minItems or maxItems smaller");
  }
  auto grammar = std::make_shared<CompiledGrammar>();
  grammar->start_ = start;
  freeze(*grammar);

  std::vector<GrammarStep> steps;
  for (StateId id = 0; id < grammar->size(); ++id) {
    for (const GrammarEdge& edge : grammar->edges(grammar->at(id))) steps.push_back({id, edge.to});
  }
  std::vector<std::uint32_t> text_costs(limits_.text_chars + 1);
  std::iota(text_costs.begin(), text_costs.end(), 0U);
  const auto costs = shortest_completions(*grammar, steps, text_costs, limits_.shortest_bytes);
  if (costs[start] == kNoCompletion) {
    return fail(Errc::invalid_argument, "no text of at most " +
                                            std::to_string(limits_.shortest_bytes) +
                                            " bytes fits (a $ref without an end?)");
  }
  const auto is_dead = [&](StateId id) { return costs[id] == kNoCompletion; };
  for (Node& node : nodes_) {
    std::erase_if(node.edges, [&](const GrammarEdge& edge) { return is_dead(edge.to); });
    std::erase_if(node.options, is_dead);
  }
  freeze(*grammar);
  INFERENCE_CHECK(check_alternatives(*grammar));
  return std::shared_ptr<const CompiledGrammar>(std::move(grammar));
}

void GrammarBuilder::freeze(CompiledGrammar& grammar) {
  grammar.states_.clear();
  grammar.edges_.clear();
  grammar.options_.clear();
  for (const Node& node : nodes_) {
    GrammarState state = node.state;
    const bool is_either = state.kind == Kind::either;
    state.first =
        static_cast<std::uint32_t>(is_either ? grammar.options_.size() : grammar.edges_.size());
    state.count = static_cast<std::uint32_t>(is_either ? node.options.size() : node.edges.size());
    grammar.states_.push_back(state);
    grammar.edges_.insert(grammar.edges_.end(), node.edges.begin(), node.edges.end());
    grammar.options_.insert(grammar.options_.end(), node.options.begin(), node.options.end());
  }
}

Result<void> GrammarBuilder::check_alternatives(const CompiledGrammar& grammar) const {
  Alternatives alternatives(grammar, limits_.alternatives);
  for (StateId id = 0; id < grammar.size(); ++id) {
    if (alternatives.count(id) <= limits_.alternatives) continue;
    return fail(Errc::invalid_argument, "more than " + std::to_string(limits_.alternatives) +
                                            " alternatives of anyOf and type in one place");
  }
  return {};
}

}  // namespace sluice::inference
