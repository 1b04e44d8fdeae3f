#pragma once

#include "inference/result.h"
#include "inference/token.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::inference {

/// What is in a tokenizer.json of the one kind we can do: a byte-level BPE with Qwen's pre-tokens.
struct TokenizerFile {
  struct AddedToken {
    std::string content;
    TokenId id = -1;
    bool special = false;  ///< Hugging Face leaves these out of the text it decodes.
  };

  /// Tokens as they stand in the file, one letter for each byte, and their ids, at least 0.
  std::vector<std::pair<std::string, TokenId>> vocab;
  std::vector<std::pair<std::string, std::string>> merges;  ///< The preferred ones first.
  std::vector<AddedToken> added_tokens;
  bool nfc = false;  ///< Text is normalised first.
};

/// Reads a file of up to 256 MiB; merges may be pairs or "left right". Every key is known or the
/// file is refused, so that no setting that would change ids is overlooked; that the tokens fit
/// each other is not checked here.
/// Errors: not_found, unavailable, invalid_argument; each names the file and the key.
[[nodiscard]] Result<TokenizerFile> read_tokenizer_file(const std::filesystem::path& path);

/// The same of the file's text. Errors: invalid_argument, naming the key.
[[nodiscard]] Result<TokenizerFile> parse_tokenizer_file(std::string_view text);

}  // namespace sluice::inference
