#include "inference/vocabulary_trie.h"

#include "inference/assert.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::inference {
namespace {

std::string_view bytes_of(const Vocabulary& vocabulary, TokenId id) {
  return vocabulary.at(id).bytes;
}

bool is_plain(std::string_view bytes) {
  return std::ranges::all_of(bytes,
                             [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

}  // namespace

Result<std::shared_ptr<const VocabularyTrie>> VocabularyTrie::build(
    std::shared_ptr<const Vocabulary> vocabulary) {
  std::shared_ptr<VocabularyTrie> trie(new VocabularyTrie());
  trie->vocabulary_ = std::move(vocabulary);
  trie->add_nodes();
  for (unsigned byte = 0; byte < 256; ++byte) {
    const Node node = trie->roots_[byte];
    if (node != kRoot && !trie->tokens(node).empty()) continue;
    char hex[8];
    std::snprintf(hex, sizeof hex, "0x%02X", byte);
    return fail(Errc::invalid_argument,
                std::string("the vocabulary has no text token of the one byte ") + hex +
                    ": constrained output needs all 256");
  }
  for (std::size_t part = 0; part < kTextParts; ++part) {
    trie->add_text_tokens(static_cast<TextPart>(part));
  }
  trie->add_plain_lengths();
  return std::shared_ptr<const VocabularyTrie>(std::move(trie));
}

VocabularyTrie::Node VocabularyTrie::child(Node node, std::uint8_t byte) const noexcept {
  if (node == kRoot) return roots_[byte];
  for (Node child = node + 1; child < ends_[node]; child = ends_[child]) {
    if (bytes_[child] >= byte) return bytes_[child] == byte ? child : kRoot;
  }
  return kRoot;
}

void VocabularyTrie::add_nodes() {
  for (std::size_t i = 0; i < vocabulary_->size(); ++i) {
    const auto& entry = vocabulary_->at(static_cast<TokenId>(i));
    if (entry.kind == Vocabulary::Kind::text && !entry.bytes.empty())
      tokens_.push_back(static_cast<TokenId>(i));
  }
  std::ranges::sort(tokens_, [&](TokenId a, TokenId b) {
    return std::pair(bytes_of(*vocabulary_, a), a) < std::pair(bytes_of(*vocabulary_, b), b);
  });
  std::vector<Node> path{kRoot};  // The nodes of the text before: one per byte, behind the root.
  std::string_view before;
  ends_.push_back(0);
  bytes_.push_back(0);
  first_token_.push_back(0);
  for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
    const std::string_view text = bytes_of(*vocabulary_, tokens_[i]);
    const auto [end, unused] = std::ranges::mismatch(text, before);
    const auto shared = static_cast<std::size_t>(end - text.begin());
    for (; path.size() > shared + 1; path.pop_back())
      ends_[path.back()] = static_cast<Node>(ends_.size());
    for (std::size_t at = shared; at < text.size(); ++at) {
      path.push_back(static_cast<Node>(ends_.size()));
      ends_.push_back(0);
      bytes_.push_back(static_cast<std::uint8_t>(text[at]));
      first_token_.push_back(i);
    }
    max_depth_ = std::max(max_depth_, text.size());
    before = text;
  }
  for (const Node node : path) ends_[node] = static_cast<Node>(ends_.size());
  first_token_.push_back(static_cast<std::uint32_t>(tokens_.size()));
  for (Node node = kRoot + 1; node < ends_[kRoot]; node = ends_[node]) roots_[bytes_[node]] = node;
}

void VocabularyTrie::add_text_tokens(TextPart part) {
  TextTokens& found = text_tokens_[static_cast<std::size_t>(part)];
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<TokenId>> groups;
  struct Place {
    Node node;
    TextPart part;
    std::uint32_t chars;
  };
  std::vector<Place> places{{kRoot, part, 0}};
  while (!places.empty()) {
    const Place at = places.back();
    places.pop_back();
    for (Node child = at.node + 1; child < end(at.node); child = end(child)) {
      const TextPart next = next_text_part(at.part, byte(child));
      if (next == TextPart::refused) continue;
      if (next == TextPart::closed) {
        found.exits.push_back({child, at.chars});
        continue;
      }
      const std::uint32_t chars = at.chars + (at.part == TextPart::between ? 1 : 0);
      auto& group = groups[{chars, bytes_left(next)}];
      const auto ids = tokens(child);
      group.insert(group.end(), ids.begin(), ids.end());
      places.push_back({child, next, chars});
    }
  }
  found.all.assign(mask_words(), 0);
  for (const auto& [key, ids] : groups) {
    if (ids.empty()) continue;
    found.groups.push_back({key.first, key.second, static_cast<std::uint32_t>(found.tokens.size()),
                            static_cast<std::uint32_t>(ids.size())});
    found.tokens.insert(found.tokens.end(), ids.begin(), ids.end());
    found.max_chars = std::max(found.max_chars, key.first);
    for (const TokenId id : ids)
      found.all[static_cast<std::size_t>(id) / 64] |= std::uint64_t{1} << (id % 64);
  }
}

void VocabularyTrie::add_plain_lengths() {
  std::set<std::uint32_t> lengths;
  for (const TokenId id : tokens_) {
    const std::string_view text = bytes_of(*vocabulary_, id);
    if (is_plain(text)) lengths.insert(static_cast<std::uint32_t>(text.size()));
  }
  plain_lengths_.assign(lengths.begin(), lengths.end());
}

}  // namespace sluice::inference
