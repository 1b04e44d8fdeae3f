#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::inference {

/// The regular expression that cuts text into pre-tokens in every Qwen2 and Qwen3 tokenizer.json,
/// and the only one this can do.
inline constexpr std::string_view kPretokenPattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// How many bytes of `text`, valid UTF-8 and not empty, the first pre-token has: what the pattern
/// matches at its beginning. It always matches something. Cutting a whole text takes linear time.
[[nodiscard]] std::size_t pretoken_size(std::string_view text) noexcept;

}  // namespace sluice::inference
