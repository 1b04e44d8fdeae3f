// The backend's promises: logits are the same to the bit alone and among others, in chunks of any
// size, with any number of threads and in any blocks; blocks are used as they are given; what does
// not fit is refused.

#include "tests/inference/test_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace sluice::inference {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kCacheBytes = 4 << 20;

bool same_bits(const std::vector<float>& a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

struct Prompt {
  std::vector<TokenId> tokens;
  std::vector<std::vector<float>> expected;  // Behind every token.
  std::vector<KvBlock> blocks;
  std::size_t done = 0;
};

/// Prompts of random lengths, and what they give alone, token by token, with one thread.
std::vector<Prompt> make_prompts(std::mt19937& random, const CpuOptions& options) {
  CpuOptions alone = options;
  alone.threads = 1;
  const auto backend = small_backend(alone);
  std::vector<Prompt> prompts(7);
  std::uniform_int_distribution<std::size_t> length(1, 70);
  for (Prompt& prompt : prompts) {
    prompt.tokens = random_tokens(random, length(random), 203);
    std::vector<KvBlock> blocks(8);
    std::iota(blocks.begin(), blocks.end(), 0);
    prompt.expected = step_by_step(*backend, prompt.tokens, blocks);
  }
  return prompts;
}

/// Gives each prompt the blocks it needs, in no order.
void deal_blocks(std::mt19937& random, const Backend& backend, std::vector<Prompt>& prompts) {
  std::vector<KvBlock> blocks(static_cast<std::size_t>(backend.num_kv_blocks()));
  std::iota(blocks.begin(), blocks.end(), 0);
  std::ranges::shuffle(blocks, random);
  for (Prompt& prompt : prompts) {
    prompt.done = 0;
    prompt.blocks.clear();
    for (std::size_t i = 0; i < prompt.tokens.size(); i += kKvBlockTokens) {
      prompt.blocks.push_back(blocks.back());
      blocks.pop_back();
    }
  }
}

/// One step of random prompts and chunks; false where nothing was left to do.
bool random_step(std::mt19937& random, Backend& backend, std::vector<Prompt>& prompts) {
  std::vector<StepPart> parts;
  std::vector<std::vector<float>*> expected;
  bool is_left = false;
  for (Prompt& prompt : prompts) {
    const std::size_t left = prompt.tokens.size() - prompt.done;
    is_left = is_left || left > 0;
    if (left == 0 || random() % 3 == 0) continue;
    const std::size_t n = 1 + random() % std::min<std::size_t>(left, random() % 2 == 0 ? 1 : 40);
    const std::span<const TokenId> tokens(prompt.tokens);
    const bool wants = random() % 4 != 0;
    parts.push_back({tokens.subspan(prompt.done, n), static_cast<std::int64_t>(prompt.done),
                     prompt.blocks, wants});
    prompt.done += n;
    if (wants) expected.push_back(&prompt.expected[prompt.done - 1]);
  }
  std::vector<float> logits(expected.size() * 203);
  backend.forward(parts, logits).value();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(same_bits(*expected[i], std::span(logits).subspan(i * 203, 203)));
  }
  return is_left;
}

TEST(CpuBackend, LogitsAreTheSameToTheBitInAnyBatchChunkAndThread) {
  for (const Isa isa : isas()) {
    for (const WeightFormat format : kFormats) {
      std::mt19937 random(static_cast<std::uint32_t>(isa) * 10 +
                          static_cast<std::uint32_t>(format));
      CpuOptions options = {.format = format, .kv_cache_bytes = kCacheBytes, .isa = isa};
      auto prompts = make_prompts(random, options);
      for (options.threads = 1; options.threads <= 2; ++options.threads) {
        const auto backend = small_backend(options);
        SCOPED_TRACE(backend->description());
        for (int round = 0; round < 3; ++round) {
          deal_blocks(random, *backend, prompts);
          while (random_step(random, *backend, prompts)) {
          }
        }
      }
    }
  }
}

TEST(CpuBackend, OnePassAndManyGiveTheSameBits) {
  std::mt19937 random(1);
  const auto backend = small_backend({.threads = 2, .kv_cache_bytes = kCacheBytes});
  const auto tokens = random_tokens(random, 400, 203);  // More than one pass has rows.
  std::vector<KvBlock> blocks(25);
  std::iota(blocks.begin(), blocks.end(), 3);
  const auto expected = step_by_step(*backend, tokens, blocks);
  std::vector<float> logits(2 * 203);
  const std::vector<KvBlock> other = {0};
  const std::vector<StepPart> parts = {{tokens, 0, blocks, true},
                                       {std::span(tokens).first(9), 0, other, true}};
  backend->forward(parts, logits).value();
  EXPECT_TRUE(same_bits(expected[399], std::span(logits).first(203)));
  EXPECT_TRUE(same_bits(expected[8], std::span(logits).last(203)));
}

TEST(CpuBackend, ASharedPrefixIsReadNotRecomputed) {
  std::mt19937 random(2);
  const auto backend = small_backend({.threads = 1, .kv_cache_bytes = kCacheBytes});
  const auto tokens = random_tokens(random, 40, 203);
  const auto expected = step_by_step(*backend, tokens, std::vector<KvBlock>{5, 6, 7});
  // Two others share the first two blocks, and write each a block of its own, in one step.
  std::vector<float> logits(2 * 203);
  const std::vector<KvBlock> first = {5, 6, 1};
  const std::vector<KvBlock> second = {5, 6, 2};
  const auto rest = std::span(tokens).subspan(32);
  const std::vector<StepPart> parts = {{rest, 32, first, true}, {rest, 32, second, true}};
  backend->forward(parts, logits).value();
  EXPECT_TRUE(same_bits(expected[39], std::span(logits).first(203)));
  EXPECT_TRUE(same_bits(expected[39], std::span(logits).last(203)));
}

TEST(CpuBackend, WritesOnlyTheSlotsOfItsPositions) {
  std::mt19937 random(3);
  const auto backend = small_backend({.threads = 2, .kv_cache_bytes = kCacheBytes});
  const auto tokens = random_tokens(random, 60, 203);
  const std::vector<KvBlock> blocks = {0, 2, 4, 6};
  const auto expected = step_by_step(*backend, tokens, blocks);
  // Other prompts in every other block; then the last token again, over what is in the cache.
  const std::vector<KvBlock> others = {1, 3, 5, 7};
  step_by_step(*backend, random_tokens(random, 64, 203), others);
  std::vector<float> logits(203);
  const StepPart part = {std::span(tokens).last(1), 59, blocks, true};
  backend->forward({&part, 1}, logits).value();
  EXPECT_TRUE(same_bits(expected[59], logits));
}

TEST(CpuBackend, TheCacheKeepsToItsBudget) {
  const ModelConfig config = small_config();
  // 2 layers, keys and values, 2 heads of 36, 16 positions.
  EXPECT_EQ(kv_block_bytes(config, WeightFormat::f32), 2 * 2 * 2 * 36 * 16 * 4);
  EXPECT_EQ(kv_block_bytes(config, WeightFormat::int8), 2 * 2 * 2 * 36 * 16 * 2);
  const std::int64_t block = kv_block_bytes(config, WeightFormat::bf16);
  EXPECT_EQ(small_backend({.threads = 1, .kv_cache_bytes = 3 * block - 1})->num_kv_blocks(), 2);
  const auto none = make_cpu_backend(config, RandomWeights(1).make(config),
                                     {.threads = 1, .kv_cache_bytes = block - 1});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::invalid_argument);
  EXPECT_THAT(none.error().detail, HasSubstr("one block of 16 tokens takes 9216"));
}

TEST(CpuBackend, RefusesWhatDoesNotFit) {
  ModelConfig config = small_config();
  const Weights weights = RandomWeights(1).make(config);
  EXPECT_FALSE(make_cpu_backend(config, weights, {.threads = -1}));
  EXPECT_FALSE(make_cpu_backend(config, weights, {.threads = 1000}));
  config.intermediate_size += 2;
  const auto wrong = make_cpu_backend(config, weights, {.threads = 1});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().detail, HasSubstr("is not (152, 90)"));
}

TEST(CpuBackend, RefusesAPartOutOfRange) {
  const auto backend = small_backend({.threads = 1, .kv_cache_bytes = 100'000});
  const std::vector<KvBlock> blocks = {0, 1};
  const std::vector<KvBlock> bad_blocks = {0, 99};
  const std::vector<TokenId> good = {1, 2, 3};
  const std::vector<TokenId> high = {1, 203};
  const std::vector<TokenId> low = {-1};
  const std::vector<std::pair<const char*, StepPart>> table = {
      {"no token", {{}, 0, blocks, true}},
      {"id too high", {high, 0, blocks, true}},
      {"negative id", {low, 0, blocks, true}},
      {"negative position", {good, -1, blocks, true}},
      {"past its blocks", {good, 30, blocks, true}},
      {"unknown block", {good, 0, bad_blocks, true}},
  };
  std::vector<float> logits(203);
  for (const auto& [name, part] : table) {
    EXPECT_FALSE(backend->forward({&part, 1}, logits)) << name;
  }
  const StepPart part = {good, 29, blocks, true};
  EXPECT_TRUE(backend->forward({&part, 1}, logits));
  EXPECT_FALSE(backend->forward({&part, 1}, std::span(logits).first(202))) << "too few logits";
}

TEST(CpuBackend, SaysWhatItIs) {
  const auto backend = small_backend({.format = WeightFormat::int8,
                                      .threads = 2,
                                      .kv_cache_bytes = kCacheBytes,
                                      .isa = Isa::scalar});
  EXPECT_EQ(backend->description(), "cpu scalar int8, 2 threads");
}

}  // namespace
}  // namespace sluice::inference
