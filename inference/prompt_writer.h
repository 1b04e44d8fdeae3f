#pragma once

#include "inference/result.h"
#include "inference/token.h"
#include "inference/tokenizer.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::inference {

/// A prompt in the making, in which the template's own marks and the texts put between them are
/// kept apart until they are tokens.
class PromptWriter {
 public:
  /// Of the template: marks in it (<|im_start|>, <think>, <tool_call>, ...) are control tokens.
  void own(std::string_view text);

  /// Of the request: nothing in it is a control token. Joins the text on both sides, as it would in
  /// one string.
  void foreign(std::string_view text);

  [[nodiscard]] std::string text() const;

  /// Errors: invalid_argument (the tokenizer has no <|im_start|> or <|im_end|>). Another mark that
  /// the tokenizer does not have is a text.
  [[nodiscard]] Result<std::vector<TokenId>> tokens(const Tokenizer& tokenizer) const;

 private:
  struct Piece {
    std::string text;
    bool is_mark = false;
  };

  std::vector<Piece> pieces_;
};

}  // namespace sluice::inference
