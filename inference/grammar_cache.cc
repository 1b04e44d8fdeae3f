#include "inference/grammar_cache.h"

#include "inference/choice_grammar.h"
#include "inference/json_schema.h"

#include <nlohmann/json.hpp>

namespace sluice::inference {
namespace {

/// Different for different constraints: lengths stand in front of the texts.
std::string key_of(const OutputConstraint& output) {
  if (!output.schema.empty()) return "schema " + output.schema;
  std::string key = "choice";
  for (const std::string& choice : output.choices) {
    key += " " + std::to_string(choice.size()) + ":" + choice;
  }
  return key;
}

Result<std::shared_ptr<const CompiledGrammar>> compile_text(const OutputConstraint& output) {
  if (output.schema.empty()) return choice_grammar(output.choices);
  const auto schema = nlohmann::ordered_json::parse(output.schema, nullptr, false);
  if (schema.is_discarded()) return fail(Errc::invalid_argument, "schema: is no JSON");
  return json_schema_grammar(schema);
}

}  // namespace

Result<std::shared_ptr<const VocabularyTrie>> GrammarCache::trie() {
  const std::scoped_lock lock(trie_mutex_);
  if (!trie_) {
    INFERENCE_TRY(trie_, VocabularyTrie::build(vocabulary_));
  }
  return trie_;
}

std::shared_ptr<const CompiledGrammar> GrammarCache::find(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->grammar;
}

std::size_t GrammarCache::Entry::bytes() const noexcept {
  constexpr std::size_t kStateBytes = 96;  // Its edges and costs included, as measured.
  return key.size() + grammar->size() * kStateBytes;
}

void GrammarCache::keep(const std::string& key, std::shared_ptr<const CompiledGrammar> grammar) {
  const std::scoped_lock lock(mutex_);
  if (by_key_.contains(key)) return;  // Somebody else was faster.
  entries_.push_front({key, std::move(grammar)});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += entries_.front().bytes();
  while (bytes_ > kCapacityBytes && entries_.size() > 1) {
    bytes_ -= entries_.back().bytes();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

Result<std::shared_ptr<const CompiledGrammar>> GrammarCache::compile(
    const OutputConstraint& output) {
  const std::string key = key_of(output);
  if (auto known = find(key)) return known;
  INFERENCE_TRY(auto grammar, compile_text(output));
  INFERENCE_TRY(const auto vocabulary, trie());
  static_cast<void>(grammar->costs(vocabulary));
  keep(key, grammar);
  return grammar;
}

}  // namespace sluice::inference
