#pragma once

#include "inference/live_generation.h"
#include "inference/vocabulary.h"

#include <string_view>
#include <utility>
#include <vector>

namespace sluice::inference {

// Ids 0..25 are letters, 26 a newline, 27 and 28 the halves of an e with an acute accent, 29 a
// space, up to 79 two letters each; then the control tokens; 84..95 are padding rows.
inline constexpr TokenId kNewline = 26;
inline constexpr TokenId kFirstHalf = 27;
inline constexpr TokenId kSecondHalf = 28;
inline constexpr TokenId kSpace = 29;
inline constexpr TokenId kEos = 80;
inline constexpr TokenId kThinkOpen = 81;
inline constexpr TokenId kThinkClose = 82;
inline constexpr TokenId kToolCall = 83;
inline constexpr TokenId kRows = 96;

inline Vocabulary make_vocabulary() {
  std::vector<Vocabulary::Entry> entries(84, {"", Vocabulary::Kind::text});
  for (int i = 0; i < 80; ++i) {
    auto& bytes = entries[static_cast<std::size_t>(i)].bytes;
    bytes = static_cast<char>('a' + i % 26);
    if (i > kSpace) bytes += static_cast<char>('A' + i / 3);
  }
  entries[kNewline].bytes = "\n";
  entries[kFirstHalf].bytes = "\xC3";
  entries[kSecondHalf].bytes = "\xA9";
  entries[kSpace].bytes = " ";
  entries[kEos] = {"<eos>", Vocabulary::Kind::control};
  entries[kThinkOpen] = {"<think>", Vocabulary::Kind::control};
  entries[kThinkClose] = {"</think>", Vocabulary::Kind::control};
  entries[kToolCall] = {"<tool_call>", Vocabulary::Kind::control};
  return Vocabulary(std::move(entries));
}

/// Letters, newlines and spaces as tokens; '<', '>', '$' and '#' are think marks, eos, tool call.
inline std::vector<TokenId> ids(std::string_view text) {
  constexpr std::string_view kNamed = "\n <>$#";
  constexpr TokenId kIds[] = {kNewline, kSpace, kThinkOpen, kThinkClose, kEos, kToolCall};
  std::vector<TokenId> tokens;
  for (const char c : text) {
    const std::size_t named = kNamed.find(c);
    tokens.push_back(named < kNamed.size() ? kIds[named] : static_cast<TokenId>(c - 'a'));
  }
  return tokens;
}

inline TokenRules think_rules() {
  return {kThinkOpen, kThinkClose, {kNewline, kThinkClose, kNewline, kNewline}, {kToolCall}};
}

}  // namespace sluice::inference
