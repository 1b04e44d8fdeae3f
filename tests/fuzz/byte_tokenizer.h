#pragma once

#include "inference/tokenizer_file.h"
#include "inference/utf8.h"

#include <string>
#include <string_view>
#include <utility>

namespace sluice::fuzz {

/// The marks that Qwen3's chat templates write, and one that they never do.
inline constexpr std::string_view kControls[] = {
    "<|endoftext|>", "<|im_start|>", "<|im_end|>",      "<think>",         "</think>",
    "<tool_call>",   "</tool_call>", "<tool_response>", "</tool_response>"};

/// A tokenizer of the 256 bytes, ids 0 to 255 in GPT-2's letters, and the marks behind them.
inline inference::TokenizerFile byte_tokenizer_file() {
  inference::TokenizerFile file;
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    std::string letter;
    inference::append_utf8(prints ? byte : next++, letter);
    file.vocab.emplace_back(std::move(letter), static_cast<inference::TokenId>(byte));
  }
  for (const std::string_view name : kControls) {
    const auto id = static_cast<inference::TokenId>(256 + file.added_tokens.size());
    file.added_tokens.push_back({std::string(name), id, name.starts_with("<|")});
  }
  return file;
}

}  // namespace sluice::fuzz
