#pragma once

#include "inference/completion_request.h"
#include "inference/grammar.h"
#include "inference/result.h"
#include "inference/vocabulary_trie.h"

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sluice::inference {

/// Constraints that were compiled for one vocabulary, those that were used last: the same few come
/// with every event. Thread safe.
class GrammarCache {
 public:
  /// Of all entries, keys included; the one used last stays, however large it is.
  static constexpr std::size_t kCapacityBytes = std::size_t{64} << 20;

  explicit GrammarCache(std::shared_ptr<const Vocabulary> vocabulary)
      : vocabulary_(std::move(vocabulary)) {}

  /// The grammar of `output`, which is set; with its costs, so that masks are made at once.
  /// Errors: invalid_argument, naming schema or choice and the place in it.
  [[nodiscard]] Result<std::shared_ptr<const CompiledGrammar>> compile(
      const OutputConstraint& output);

  /// The vocabulary's trie, built when it is first asked for. Errors: VocabularyTrie::build().
  [[nodiscard]] Result<std::shared_ptr<const VocabularyTrie>> trie();

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const CompiledGrammar> grammar;

    [[nodiscard]] std::size_t bytes() const noexcept;
  };

  [[nodiscard]] std::shared_ptr<const CompiledGrammar> find(const std::string& key);
  void keep(const std::string& key, std::shared_ptr<const CompiledGrammar> grammar);

  std::shared_ptr<const Vocabulary> vocabulary_;
  std::mutex trie_mutex_;  ///< Held while it is built: others have to wait for it anyway.
  std::shared_ptr<const VocabularyTrie> trie_;
  std::mutex mutex_;          ///< Guards what follows; not held while a grammar is compiled.
  std::list<Entry> entries_;  ///< Used last, first.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  ///< Views of keys.
  std::size_t bytes_ = 0;
};

}  // namespace sluice::inference
