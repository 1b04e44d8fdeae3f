#pragma once

#include "inference/backend.h"
#include "inference/block_manager.h"
#include "tests/inference/fake_vocabulary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::inference {

/// A model whose logits are a hash of all tokens so far, as it finds them in the blocks: a block
/// that is shared wrongly, or written twice, gives other logits.
class FakeBackend : public Backend {
 public:
  explicit FakeBackend(std::int64_t num_blocks) : cells_(static_cast<std::size_t>(num_blocks)) {
    config_.vocab_size = kRows;
    config_.max_position_embeddings = 4096;
  }

  [[nodiscard]] const ModelConfig& config() const noexcept override { return config_; }
  [[nodiscard]] std::string_view description() const noexcept override { return "fake"; }
  [[nodiscard]] std::int64_t num_kv_blocks() const noexcept override { return std::ssize(cells_); }

  Result<void> forward(std::span<const StepPart> parts, std::span<float> logits) override {
    INFERENCE_CHECK(enter(parts));
    for (const StepPart& part : parts) EXPECT_LT(part.follows, 0) << "nothing can follow here";
    run(parts, logits);
    return {};
  }

  [[nodiscard]] bool is_lost() const noexcept override { return lost; }
  void listen(std::function<void()> on_lost) override { tell_lost = std::move(on_lost); }

  [[nodiscard]] std::vector<float> logits_of(std::span<const TokenId> history) const {
    std::uint64_t hash = 1;
    const auto mix = [&](std::uint64_t value) {
      hash = (hash ^ value) * 0x9E3779B97F4A7C15;
      hash ^= hash >> 29;
      return hash;
    };
    for (const TokenId token : history) mix(static_cast<std::uint64_t>(token) + 1);
    std::vector<float> logits;
    for (TokenId id = 0; id < kRows; ++id) {
      logits.push_back(static_cast<float>(mix(77) % 4096) / 512);
      if (id > kEos && id <= kToolCall) logits.back() -= 20;
    }
    if (const auto next = script ? script(history) : std::nullopt) {
      logits[static_cast<std::size_t>(std::max(*next, 0))] = *next < 0 ? std::nanf("") : 100.0F;
    }
    return logits;
  }

  std::function<Result<void>(std::int64_t step)> on_step;  ///< Before it runs; may fail or block.
  /// What comes after these tokens; nothing: what the hash says; -1: a logit that is no number.
  std::function<std::optional<TokenId>(std::span<const TokenId>)> script;
  std::int64_t num_steps = 0;
  std::int64_t max_step_tokens = 0;
  std::atomic<bool> lost = false;
  std::function<void()> tell_lost;
  std::shared_ptr<const bool> life = std::make_shared<bool>();  ///< Expires with it.

  /// A step comes: its blocks and its size are checked.
  Result<void> enter(std::span<const StepPart> parts) {
    const std::int64_t step = num_steps++;
    if (on_step) INFERENCE_CHECK(on_step(step));
    std::set<KvBlock> written;
    std::int64_t tokens = 0;
    const auto first_written = [](const StepPart& part) {
      return static_cast<std::size_t>(part.position / kKvBlockTokens);
    };
    for (const StepPart& part : parts) {
      tokens += part.num_tokens();
      EXPECT_EQ(std::ssize(part.blocks), blocks_for(part.position + part.num_tokens()));
      for (const KvBlock block : part.blocks.subspan(first_written(part))) {
        EXPECT_TRUE(written.insert(block).second) << "two parts write into one block";
      }
    }
    for (const StepPart& part : parts) {
      for (const KvBlock block : part.blocks.first(first_written(part))) {
        EXPECT_FALSE(written.contains(block)) << "a part reads what another one writes";
      }
    }
    max_step_tokens = std::max(max_step_tokens, tokens);
    return {};
  }

  /// Its tokens into their blocks, and what the blocks say then.
  void run(std::span<const StepPart> parts, std::span<float> logits) {
    for (const StepPart& part : parts) {
      for (std::size_t i = 0; i < part.tokens.size(); ++i) {
        cell(part, part.position + static_cast<std::int64_t>(i)) = part.tokens[i];
      }
    }
    for (const StepPart& part : parts) {
      if (!part.wants_logits) continue;
      std::vector<TokenId> history;
      for (std::int64_t i = 0; i < part.position + std::ssize(part.tokens); ++i) {
        history.push_back(cell(part, i));
      }
      std::ranges::copy(logits_of(history), logits.begin());
      logits = logits.subspan(kRows);
    }
    EXPECT_TRUE(logits.empty());
  }

 private:
  TokenId& cell(const StepPart& part, std::int64_t position) {
    const KvBlock block = part.blocks[static_cast<std::size_t>(position / kKvBlockTokens)];
    return cells_[static_cast<std::size_t>(block)][static_cast<std::size_t>(position % 16)];
  }

  ModelConfig config_;
  std::vector<std::array<TokenId, kKvBlockTokens>> cells_;
};

}  // namespace sluice::inference
