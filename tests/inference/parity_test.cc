// The backend against transformers: golden logits of a tiny checkpoint, written by
// tools/inference/parity.py, and golden rotary embeddings. And the test of this test: a plain
// forward pass that matches, and that fails with each of the mistakes such engines have had.

#include "tests/inference/reference_model.h"
#include "tests/inference/test_model.h"

#include "inference/json_file.h"
#include "inference/rope.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

namespace sluice::inference {
namespace {

const std::filesystem::path kTiny =
    std::filesystem::path(SLUICE_SOURCE_DIR) / "tests/inference/data/tiny";

struct Golden {
  std::vector<std::vector<TokenId>> prompts;
  std::vector<std::vector<float>> logits;  // Of all positions of all prompts.
};

Golden read_golden() {
  Golden golden;
  const auto json = read_json_object(kTiny / "prompts.json", 1 << 20).value();
  golden.prompts = json.at("prompts").get<std::vector<std::vector<TokenId>>>();
  const auto vocab = static_cast<std::size_t>(load_model_config(kTiny).value().vocab_size);
  const std::string bytes = read_text_file(kTiny / "logits.bin", 1 << 20).value();
  for (std::size_t at = 0; at < bytes.size(); at += vocab * 4) {
    std::memcpy(golden.logits.emplace_back(vocab).data(), bytes.data() + at, vocab * 4);
  }
  return golden;
}

/// The difference of all logits as a part of their size (L2).
template <class T>
double relative_error(const std::vector<std::vector<T>>& got, const Golden& golden) {
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < golden.logits.size(); ++i) {
    for (std::size_t j = 0; j < golden.logits[i].size(); ++j) {
      const double expected = golden.logits[i][j];
      difference += std::pow(static_cast<double>(got[i][j]) - expected, 2);
      size += expected * expected;
    }
  }
  return std::sqrt(difference / size);
}

double error_of_reference(Mutation mutation) {
  const Golden golden = read_golden();
  const auto config = load_model_config(kTiny).value();
  Weights weights = load_weights(kTiny, config).value();
  const auto file = SafetensorsFile::open(kTiny / "model.safetensors").value();
  if (mutation == Mutation::untied_head) weights.lm_head = file.tensors.at("lm_head.weight");
  const ReferenceModel model(config, weights, mutation);
  Rows logits;
  for (const auto& prompt : golden.prompts) {
    for (auto& row : model.logits(prompt)) logits.push_back(std::move(row));
  }
  return relative_error(logits, golden);
}

double error_of_backend(const CpuOptions& options) {
  const Golden golden = read_golden();
  const auto backend = load_cpu_backend(kTiny, options).value();
  std::vector<KvBlock> blocks(static_cast<std::size_t>(backend->num_kv_blocks()));
  std::iota(blocks.rbegin(), blocks.rend(), 0);
  std::vector<std::vector<float>> logits;
  for (const auto& prompt : golden.prompts) {
    for (auto& row : step_by_step(*backend, prompt, blocks)) logits.push_back(std::move(row));
  }
  return relative_error(logits, golden);
}

constexpr double kExact = 1e-5;  // Of an fp32 path.

TEST(Parity, EveryPathMatchesTransformers) {
  for (const Isa isa : isas()) {
    const auto error = [&](WeightFormat format) {
      return error_of_backend({.format = format, .kv_cache_bytes = 1 << 20, .isa = isa});
    };
    EXPECT_LT(error(WeightFormat::f32), kExact) << to_string(isa);
    EXPECT_LT(error(WeightFormat::bf16), 1e-2) << to_string(isa);
    EXPECT_LT(error(WeightFormat::int8), 3e-2) << to_string(isa);
  }
}

TEST(Parity, ThePlainForwardPassMatchesTransformers) {
  EXPECT_LT(error_of_reference(Mutation::none), kExact);
}

TEST(Parity, EveryMistakeIsSeen) {
  const std::vector<std::pair<const char*, Mutation>> table = {
      {"interleaved rope", Mutation::interleaved_rope},
      {"no q_norm", Mutation::no_q_norm},
      {"q_norm after rope", Mutation::q_norm_after_rope},
      {"kv head j % K", Mutation::modulo_head_map},
      {"eps 1e-5", Mutation::large_eps},
      {"theta 1e4", Mutation::small_theta},
      {"scale 1/sqrt(hidden / heads)", Mutation::scale_of_hidden},
      {"no final norm", Mutation::no_final_norm},
      {"untied head", Mutation::untied_head},
      {"position one too far", Mutation::late_position},
      {"no causal mask", Mutation::sees_the_future},
  };
  for (const auto& [name, mutation] : table) {
    const double error = error_of_reference(mutation);
    EXPECT_GT(error, 10 * kExact) << name << " passes unseen";
    RecordProperty(name, std::to_string(error));
  }
}

TEST(Rope, TurnsHeadsFarOutAsTransformersDoes) {
  const auto golden = read_json_object(kTiny / "rope.json", 1 << 20).value();
  const auto positions = golden.at("positions").get<std::vector<std::int64_t>>();
  const auto head = golden.at("head").get<std::vector<float>>();
  for (const auto& golden_case : golden.at("cases")) {
    ModelConfig config = small_config();
    config.head_dim = 128;
    const bool is_yarn = golden_case.at("yarn").get<bool>();
    if (is_yarn) {
      config.yarn = YarnConfig{.factor = 4,
                               .original_max_position_embeddings = 32768,
                               .attention_factor = 0.1 * std::log(4.0) + 1};
    }
    const Rope rope(config);
    const auto inverse = golden_case.at("inv_freq").get<std::vector<float>>();
    for (std::size_t i = 0; i < inverse.size(); ++i) {
      EXPECT_NEAR(rope.inverse_frequencies()[i] / inverse[i], 1, 3e-7) << is_yarn << " " << i;
    }
    for (std::size_t p = 0; p < positions.size(); ++p) {
      std::vector<float> cos(64);
      std::vector<float> sin(64);
      std::vector<float> turned = head;
      rope.angles(positions[p], cos.data(), sin.data());
      kernels_for(std::nullopt).value()->rotate(turned.data(), cos.data(), sin.data(), 64);
      const auto expected = golden_case.at("turned")[p].get<std::vector<float>>();
      // One rounding of a frequency moves the angle by 1.2e-7 of itself.
      const double tolerance = 2e-6 + 3e-7 * static_cast<double>(positions[p]);
      for (std::size_t i = 0; i < turned.size(); ++i) {
        EXPECT_NEAR(turned[i], expected[i], tolerance) << is_yarn << " " << positions[p];
      }
    }
  }
}

TEST(Rope, YarnStretchesBetweenTheRightDimensions) {
  ModelConfig config = small_config();
  config.head_dim = 128;
  const Rope plain(config);
  config.yarn = YarnConfig{.factor = 4, .original_max_position_embeddings = 32768};
  const Rope yarn(config);
  const auto ratio = [&](std::size_t i) {
    return yarn.inverse_frequencies()[i] / plain.inverse_frequencies()[i];
  };
  EXPECT_EQ(ratio(23), 1);  // The last that is kept ...
  EXPECT_LT(ratio(24), 1);
  EXPECT_GT(ratio(39), 0.25F);
  EXPECT_NEAR(ratio(40), 0.25, 1e-6);  // ... and the first that is stretched in full.
}

}  // namespace
}  // namespace sluice::inference
