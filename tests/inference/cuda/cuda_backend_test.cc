// The CUDA backend as a whole, on the processor: it computes what the CPU backend computes, and the
// same bits however the work is cut.

#include "tests/inference/cuda/cuda_models.h"
#include "tests/inference/fp8_weights.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sluice::inference {
namespace {

using testing::HasSubstr;

/// ||a - b|| / ||b||.
double relative_error(std::span<const float> a, std::span<const float> b) {
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - b[i], 2);
    norm += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / norm);
}

std::vector<float> joined(const std::vector<std::vector<float>>& rows) {
  std::vector<float> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  return all;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

std::vector<float> last_logits(Backend& backend, std::span<const TokenId> tokens,
                               std::int64_t position, std::span<const KvBlock> blocks) {
  std::vector<float> logits(static_cast<std::size_t>(backend.config().vocab_size));
  const StepPart part = {tokens, position, blocks, true};
  need(backend.forward({&part, 1}, logits));
  return logits;
}

TEST(CudaBackend, ComputesWhatTheCpuComputes) {
  ModelConfig untied = cuda_config();
  ModelConfig tied = cuda_config();
  tied.tie_word_embeddings = true;
  tied.head_dim = 128;
  tied.num_attention_heads = 4;
  tied.num_key_value_heads = 2;
  for (const ModelConfig& config : {untied, tied}) {
    const auto backend = cuda_backend(config);
    const auto oracle = oracle_backend(config);
    std::mt19937 random(4);
    const auto tokens = random_tokens(random, 24, 203);
    const auto blocks = some_blocks(1, 2);
    const auto ours = step_by_step(*backend, tokens, blocks);
    const auto expected = step_by_step(*oracle, tokens, blocks);
    EXPECT_LT(relative_error(joined(ours), joined(expected)), 1e-2);
  }
}

TEST(CudaBackend, ComesToTheSameBitsHoweverAPromptIsCut) {
  const auto backend = cuda_backend();
  std::mt19937 random(5);
  const auto tokens = random_tokens(random, 40, 203);
  const auto one_by_one = step_by_step(*backend, tokens, some_blocks(0, 3));
  EXPECT_TRUE(same_bits(last_logits(*backend, tokens, 0, some_blocks(6, 3)), one_by_one.back()));
  const auto blocks = some_blocks(20, 3);
  const std::span<const TokenId> all(tokens);
  last_logits(*backend, all.first(17), 0, blocks);
  last_logits(*backend, all.subspan(17, 20), 17, blocks);
  EXPECT_TRUE(same_bits(last_logits(*backend, all.subspan(37), 37, blocks), one_by_one.back()));
}

TEST(CudaBackend, ComesToTheSameBitsWhateverElseRuns) {
  const auto backend = cuda_backend();
  std::mt19937 random(6);
  std::vector<std::vector<TokenId>> prompts;
  std::vector<std::vector<KvBlock>> blocks;
  std::vector<std::vector<float>> alone;
  for (const std::size_t length : {1U, 16U, 33U, 2U, 31U, 1U, 5U}) {
    prompts.push_back(random_tokens(random, length, 203));
    blocks.push_back(some_blocks(static_cast<KvBlock>(blocks.size() * 3), 3));
    alone.push_back(last_logits(*backend, prompts.back(), 0, blocks.back()));
  }
  std::vector<StepPart> parts;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (KvBlock& block : blocks[i]) block += 40;
    parts.push_back({prompts[i], 0, blocks[i], i != 2});
  }
  std::vector<float> together(6 * 203);
  need(backend->forward(parts, together));
  std::span<const float> rest = together;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    if (i == 2) continue;
    EXPECT_TRUE(same_bits(rest.first(203), alone[i])) << "part " << i;
    rest = rest.subspan(203);
  }
}

TEST(CudaBackend, TakesMoreRowsThanAPassHas) {
  const auto backend = cuda_backend();
  CudaOptions larger = cuda_options();
  larger.max_rows = 300;
  const auto other = cuda_backend(cuda_config(), larger);
  std::mt19937 random(7);
  const auto tokens = random_tokens(random, 250, 203);
  const auto blocks = some_blocks(0, 16);
  EXPECT_TRUE(
      same_bits(last_logits(*backend, tokens, 0, blocks), last_logits(*other, tokens, 0, blocks)));
}

/// Rows of q, k and v that fill no square, and more than one square of both.
ModelConfig fp8_config() {
  ModelConfig config = cuda_config();
  config.hidden_size = 160;
  config.intermediate_size = 288;
  config.has_fp8_weights = true;
  return config;
}

TEST(CudaBackend, ComputesInFp8WhatItComputesInBf16) {
  const ModelConfig config = fp8_config();
  const Weights quantised = with_matrices(RandomWeights(11).make(config), in_fp8);
  CudaOptions options = cuda_options();
  std::mt19937 random(8);
  const auto tokens = random_tokens(random, 30, 203);
  const auto blocks = some_blocks(1, 2);
  const auto logits_of = [&](const Weights& weights, bool keeps_fp8) {
    options.keeps_fp8 = keeps_fp8;
    const auto backend = need(make_cuda_backend(config, weights, options));
    EXPECT_THAT(std::string(backend->description()), HasSubstr(keeps_fp8 ? "fp8" : "bf16"));
    return std::pair(joined(step_by_step(*backend, tokens, blocks)),
                     last_logits(*backend, tokens, 0, some_blocks(5, 2)));
  };
  const auto in_eight_bits = logits_of(quantised, true);
  const auto on_the_way = logits_of(quantised, false);
  const auto before = logits_of(with_matrices(quantised, widened), false);
  EXPECT_TRUE(same_bits(in_eight_bits.first, before.first));
  EXPECT_TRUE(same_bits(in_eight_bits.second, before.second));
  EXPECT_TRUE(same_bits(on_the_way.first, before.first));
  EXPECT_TRUE(same_bits(on_the_way.second, before.second));
}

TEST(CudaBackend, RefusesWhatIsNotAllFp8) {
  const auto refused = [](const Weights& weights) {
    CudaOptions options = cuda_options();
    options.keeps_fp8 = true;
    const auto made = make_cuda_backend(fp8_config(), weights, options);
    return made ? std::string("made") : made.error().detail;
  };
  Weights weights = RandomWeights(11).make(fp8_config());
  EXPECT_THAT(refused(weights), HasSubstr("not in fp8 with scales in bf16"));
  Weights quantised = with_matrices(weights, in_fp8);
  quantised.layers[1].down_proj = weights.layers[1].down_proj;
  EXPECT_THAT(refused(quantised), HasSubstr("not in fp8 with scales in bf16"));
  quantised = with_matrices(weights, in_fp8);
  const TensorView& up = quantised.layers[1].up_proj;
  const_cast<std::byte*>(up.data)[1000] = std::byte{0xff};
  EXPECT_THAT(refused(quantised), HasSubstr("a weight in fp8 is NaN"));
  quantised = with_matrices(weights, in_fp8);
  const TensorView& scales = *quantised.layers[0].k_proj.scales;
  *reinterpret_cast<std::uint16_t*>(const_cast<std::byte*>(scales.data)) = to_bf16(-1);
  EXPECT_THAT(refused(quantised), HasSubstr("a scale of fp8 weights is not from"));
}

TEST(CudaBackend, RefusesShapesThatTheKernelsDoNotHave) {
  const auto refused = [](auto&& change) {
    ModelConfig config = cuda_config();
    change(config);
    const auto made = make_cuda_backend(config, RandomWeights(1).make(config), cuda_options());
    return made ? std::string("made") : made.error().detail;
  };
  EXPECT_THAT(refused([](ModelConfig& config) { config.head_dim = 32; }), HasSubstr("head_dim 32"));
  EXPECT_THAT(refused([](ModelConfig& config) { config.hidden_size = 100; }),
              HasSubstr("hidden_size 100: the kernels want a multiple of 32"));
  EXPECT_THAT(refused([](ModelConfig& config) { config.num_attention_heads = 17; }),
              HasSubstr("17 query heads for a kv head"));
}

}  // namespace
}  // namespace sluice::inference
