#pragma once

#include "inference/bpe.h"
#include "inference/result.h"
#include "inference/token.h"
#include "inference/token_map.h"
#include "inference/vocabulary.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::inference {

struct TokenizerFile;  // inference/tokenizer_file.h

/// What decode() does with the tokens that are names rather than text.
enum class ControlText {
  keep,
  skip_special,  ///< As Hugging Face does: <|im_end|> goes, <think> and <tool_call> stay.
  skip,
};

/// Text to tokens and back, as Hugging Face's tokenizers do it with the same tokenizer.json; its
/// added tokens (<|im_start|>, <think>, ...) are the control tokens. All const functions may be
/// called by any number of threads at once.
///
/// Text that is no valid UTF-8 is read with U+FFFD for each broken part.
class Tokenizer {
 public:
  /// Reads DIR/tokenizer.json. Errors: not_found, unavailable, invalid_argument (a byte-level BPE
  /// other than Qwen's, or a damaged one); each names the file and the key or token.
  [[nodiscard]] static Result<Tokenizer> load(const std::filesystem::path& dir);

  /// The same of a file that was read already.
  [[nodiscard]] static Result<Tokenizer> from(const TokenizerFile& file);

  /// The tokens of `text`, none of them a control token: "<|im_end|>" in a text is a text.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text) const;

  /// The same with control tokens where their names stand in `text`, which is therefore trusted.
  [[nodiscard]] std::vector<TokenId> encode_with_controls(std::string_view text) const;

  /// The bytes of the tokens, as valid UTF-8. Ids that stand for nothing are left out.
  [[nodiscard]] std::string decode(std::span<const TokenId> ids,
                                   ControlText controls = ControlText::keep) const;

  /// The control token of this name, else the text token of exactly these bytes.
  [[nodiscard]] std::optional<TokenId> find(std::string_view token) const;

  /// The control token of this name.
  [[nodiscard]] std::optional<TokenId> find_control(std::string_view name) const;

  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return *vocabulary_; }

  /// A control token that Hugging Face leaves out of decoded text.
  [[nodiscard]] bool is_special(TokenId id) const noexcept;

 private:
  struct Control {
    std::string name;
    TokenId id;
    bool special;
  };
  // Whether the merges make a token of the vocabulary out of its own bytes; found out when it is
  // first met, and then most words take one lookup and no merges.
  enum Whole : std::uint8_t { unknown, yes, no };

  Tokenizer() = default;
  Result<void> take_vocabulary(const TokenizerFile& file);
  Result<void> take_merges(const TokenizerFile& file);
  void append_text(std::string_view text, std::vector<TokenId>& out) const;
  void append_pretoken(std::string_view bytes, std::vector<TokenId>& out) const;
  [[nodiscard]] const Control* control_at(std::string_view text) const noexcept;

  std::unique_ptr<Vocabulary> vocabulary_;  // The maps point into it, so it stays in place.
  TokenMap text_ids_;
  TokenMap control_ids_;
  BpeMerges merges_;
  std::array<TokenId, 256> byte_ids_{};
  std::unique_ptr<std::atomic<std::uint8_t>[]> whole_;  // For each id.
  std::size_t longest_token_ = 0;                       // In bytes; text tokens only.
  std::vector<Control> controls_;                       // The longest name first.
  std::array<bool, 256> control_begins_{};              // With this byte.
  bool nfc_ = false;
};

}  // namespace sluice::inference
