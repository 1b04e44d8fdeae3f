#pragma once

#include "inference/json_text.h"
#include "inference/result.h"
#include "inference/vocabulary.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sluice::inference {

/// The text tokens of a vocabulary by their bytes, and what each does inside a JSON string: what
/// masks need, computed once for a vocabulary. Immutable and shared between threads.
class VocabularyTrie {
 public:
  using Node = std::uint32_t;
  static constexpr Node kRoot = 0;

  /// The tokens that stay within a string when they come at one TextPart.
  struct TextTokens {
    /// Tokens with as many characters, ending as many bytes before a character's end.
    struct Group {
      std::uint32_t chars = 0;
      std::uint32_t bytes_left = 0;
      std::uint32_t first = 0;  ///< In `tokens`.
      std::uint32_t count = 0;
    };
    /// The closing quote stands at this node, behind so many characters.
    struct Exit {
      Node node = 0;
      std::uint32_t chars = 0;
    };
    std::vector<TokenId> tokens;
    std::vector<Group> groups;
    std::vector<std::uint64_t> all;  ///< The bits of `tokens`.
    std::uint32_t max_chars = 0;
    std::vector<Exit> exits;
  };

  /// Errors: invalid_argument (a byte is no token of its own: texts could not be completed).
  static Result<std::shared_ptr<const VocabularyTrie>> build(
      std::shared_ptr<const Vocabulary> vocabulary);

  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return *vocabulary_; }
  /// 64-bit words of a mask.
  [[nodiscard]] std::size_t mask_words() const noexcept { return (vocabulary_->size() + 63) / 64; }

  /// Nodes are numbered depth first: the first child of n is n + 1, if that is below end(n); the
  /// next sibling of a child c is end(c).
  [[nodiscard]] Node end(Node node) const noexcept { return ends_[node]; }
  /// The child that `byte` leads to, kRoot where there is none.
  [[nodiscard]] Node child(Node node, std::uint8_t byte) const noexcept;
  /// The last byte of the text at `node`, which is not the root.
  [[nodiscard]] std::uint8_t byte(Node node) const noexcept { return bytes_[node]; }
  /// The tokens that stand for the text at `node`.
  [[nodiscard]] std::span<const TokenId> tokens(Node node) const noexcept {
    return {tokens_.data() + first_token_[node], first_token_[node + 1] - first_token_[node]};
  }
  /// No token has more bytes.
  [[nodiscard]] std::size_t max_depth() const noexcept { return max_depth_; }

  [[nodiscard]] const TextTokens& text_tokens(TextPart part) const noexcept {
    return text_tokens_[static_cast<std::size_t>(part)];
  }
  /// Ascending: n is in it where a token is n printable ASCII characters, none of them escaped.
  [[nodiscard]] std::span<const std::uint32_t> plain_lengths() const noexcept {
    return plain_lengths_;
  }

 private:
  VocabularyTrie() = default;

  void add_nodes();
  void add_text_tokens(TextPart part);
  void add_plain_lengths();

  std::shared_ptr<const Vocabulary> vocabulary_;
  std::vector<Node> ends_;
  std::vector<std::uint8_t> bytes_;
  std::array<Node, 256> roots_{};  // The root's children by their byte.
  std::vector<std::uint32_t> first_token_;
  std::vector<TokenId> tokens_;  // By their bytes, then by id.
  std::size_t max_depth_ = 0;
  std::array<TextTokens, kTextParts> text_tokens_;
  std::vector<std::uint32_t> plain_lengths_;
};

}  // namespace sluice::inference
