#include "inference/prompt_writer.h"

#include <algorithm>
#include <array>

namespace sluice::inference {
namespace {

constexpr std::array<std::string_view, 8> kMarks = {
    "<|im_start|>", "<|im_end|>",   "<think>",         "</think>",
    "<tool_call>",  "</tool_call>", "<tool_response>", "</tool_response>"};

}  // namespace

void PromptWriter::own(std::string_view text) {
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find('<'), text.size());
    foreign(text.substr(0, begin));
    text.remove_prefix(begin);
    if (text.empty()) return;
    const auto* mark =
        std::ranges::find_if(kMarks, [&](std::string_view name) { return text.starts_with(name); });
    if (mark == kMarks.end()) {
      foreign(text.substr(0, 1));
      text.remove_prefix(1);
    } else {
      pieces_.push_back({std::string(*mark), true});
      text.remove_prefix(mark->size());
    }
  }
}

void PromptWriter::foreign(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().is_mark) pieces_.emplace_back();
  pieces_.back().text += text;
}

std::string PromptWriter::text() const {
  std::string text;
  for (const Piece& piece : pieces_) text += piece.text;
  return text;
}

Result<std::vector<TokenId>> PromptWriter::tokens(const Tokenizer& tokenizer) const {
  std::vector<TokenId> tokens;
  std::string text;
  const auto flush = [&] {
    const std::vector<TokenId> ids = tokenizer.encode(text);
    tokens.insert(tokens.end(), ids.begin(), ids.end());
    text.clear();
  };
  for (const Piece& piece : pieces_) {
    const auto id = piece.is_mark ? tokenizer.find_control(piece.text) : std::nullopt;
    if (id) {
      flush();
      tokens.push_back(*id);
    } else if (piece.text.starts_with("<|im_") && piece.is_mark) {
      return fail(Errc::invalid_argument, "the tokenizer has no " + piece.text);
    } else {
      text += piece.text;
    }
  }
  flush();
  return tokens;
}

}  // namespace sluice::inference
