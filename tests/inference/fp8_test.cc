// Checkpoints in fp8: the numbers, what a file must have beside them, and that the processor
// computes what they stand for.

#include "inference/fp8.h"

#include "tests/inference/fp8_weights.h"
#include "tests/inference/temp_dir.h"
#include "tests/inference/test_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <string>

namespace sluice::inference {
namespace {

using testing::HasSubstr;

TEST(Fp8, IsE4m3) {
  for (int bits = 0; bits < 256; ++bits) {
    const int exponent = bits >> 3 & 15;
    const int mantissa = bits & 7;
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    const float value = from_e4m3(static_cast<std::uint8_t>(bits));
    EXPECT_EQ(std::signbit(value), bits >= 128) << bits;
    if ((bits & 0x7f) == 0x7f) {
      EXPECT_TRUE(std::isnan(value)) << bits;
    } else {
      EXPECT_EQ(std::abs(value), magnitude) << bits;
    }
  }
  EXPECT_EQ(from_e4m3(0x7e), 448);
}

TEST(Fp8, AMatrixHasAScaleForEachSquareOf128) {
  Weights owners;
  const std::vector<std::uint8_t> ones(130 * 300, 0x38);
  TensorView matrix = tensor_of(owners, DType::fp8, {130, 300}, ones);
  matrix.scales = std::make_shared<const TensorView>(
      tensor_of(owners, DType::f32, {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}));
  ASSERT_TRUE(is_readable(matrix));
  std::vector<float> values(130 * 300);
  read_floats(matrix, 0, 130 * 300, values.data());
  EXPECT_EQ(values[0], 1);
  EXPECT_EQ(values[127], 1);
  EXPECT_EQ(values[128], 2);
  EXPECT_EQ(values[299], 3);
  EXPECT_EQ(values[127 * 300 + 256], 3);
  EXPECT_EQ(values[128 * 300], 4);
  EXPECT_EQ(values[129 * 300 + 299], 6);
  std::vector<float> some(500);  // From the middle of a square into the next row.
  read_floats(matrix, 100, 500, some.data());
  EXPECT_TRUE(std::equal(some.begin(), some.end(), values.begin() + 100));
}

TEST(Fp8, IsNotReadWithoutItsScales) {
  Weights owners;
  TensorView matrix = tensor_of(owners, DType::fp8, {2, 3}, std::vector<std::uint8_t>(6));
  EXPECT_FALSE(is_readable(matrix));
  const TensorView one = tensor_of(owners, DType::bf16, {1, 1}, std::vector<std::uint16_t>(1));
  const TensorView two = tensor_of(owners, DType::bf16, {2, 1}, std::vector<std::uint16_t>(2));
  matrix.scales = std::make_shared<const TensorView>(two);
  EXPECT_FALSE(is_readable(matrix));
  matrix.scales = std::make_shared<const TensorView>(one);
  EXPECT_TRUE(is_readable(matrix));
  matrix.shape = {6};
  EXPECT_FALSE(is_readable(matrix));
}

TEST(Fp8, TheCpuComputesWhatTheWeightsStandFor) {
  const ModelConfig config = small_config();
  const Weights quantised = with_matrices(RandomWeights(11).make(config), in_fp8);
  ASSERT_TRUE(are_fp8(quantised));
  const Weights wide = with_matrices(quantised, widened);
  EXPECT_FALSE(are_fp8(wide));
  std::mt19937 random(3);
  const auto tokens = random_tokens(random, 9, 203);
  const std::vector<KvBlock> blocks = {1};
  for (const WeightFormat format : kFormats) {
    const CpuOptions options = {.format = format, .threads = 2};
    const auto backend = make_cpu_backend(config, quantised, options).value();
    const auto expected = make_cpu_backend(config, wide, options).value();
    EXPECT_EQ(step_by_step(*backend, tokens, blocks), step_by_step(*expected, tokens, blocks))
        << static_cast<int>(format);
  }
}

TEST(Fp8, IsNoFormatOfTheCpu) {
  const auto refused = make_cpu_backend(small_config(), RandomWeights(1).make(small_config()),
                                        {.format = WeightFormat::fp8});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("bfloat16, float32 and int8, not in fp8"));
}

/// A checkpoint on disk whose first q_proj is in fp8, changed at will.
class Fp8Checkpoint : public testing::Test {
 protected:
  Fp8Checkpoint() {
    config_.has_fp8_weights = true;
    const Weights weights = RandomWeights(2).make(config_);
    Weights owners;
    const TensorView q = in_fp8(owners, weights.layers[0].q_proj);
    add("model.embed_tokens.weight", weights.embedding);
    add("model.norm.weight", weights.norm);
    add("lm_head.weight", weights.lm_head);
    for (std::size_t i = 0; i < weights.layers.size(); ++i) {
      const std::string prefix = "model.layers." + std::to_string(i) + ".";
      const LayerWeights& layer = weights.layers[i];
      add(prefix + "input_layernorm.weight", layer.input_norm);
      add(prefix + "post_attention_layernorm.weight", layer.post_attention_norm);
      add(prefix + "self_attn.q_proj.weight", i == 0 ? q : layer.q_proj);
      add(prefix + "self_attn.k_proj.weight", layer.k_proj);
      add(prefix + "self_attn.v_proj.weight", layer.v_proj);
      add(prefix + "self_attn.o_proj.weight", layer.o_proj);
      add(prefix + "self_attn.q_norm.weight", layer.q_norm);
      add(prefix + "self_attn.k_norm.weight", layer.k_norm);
      add(prefix + "mlp.gate_proj.weight", layer.gate_proj);
      add(prefix + "mlp.up_proj.weight", layer.up_proj);
      add(prefix + "mlp.down_proj.weight", layer.down_proj);
    }
    add(kScales, *q.scales);
    expected_.resize(static_cast<std::size_t>(q.num_elements()));
    read_floats(q, 0, q.num_elements(), expected_.data());
  }

  void add(const std::string& name, const TensorView& tensor) {
    const auto size = static_cast<std::size_t>(tensor.num_elements()) * size_of(tensor.dtype);
    const char* dtype = tensor.dtype == DType::fp8    ? "F8_E4M3"
                        : tensor.dtype == DType::bf16 ? "BF16"
                                                      : "F32";
    header_[name] = {{"dtype", dtype},
                     {"shape", tensor.shape},
                     {"data_offsets", {data_.size(), data_.size() + size}}};
    data_.append(reinterpret_cast<const char*>(tensor.data), size);
  }

  Result<Weights> load() {
    const std::string header = header_.dump();
    const std::uint64_t size = header.size();
    std::string bytes(sizeof size, '\0');
    std::memcpy(bytes.data(), &size, sizeof size);
    dir_.write("model.safetensors", bytes + header + data_);
    return load_weights(dir_.path(), config_);
  }

  std::string refusal() {
    const auto weights = load();
    return weights ? "loaded" : weights.error().detail;
  }

  static constexpr const char* kScales = "model.layers.0.self_attn.q_proj.weight_scale_inv";
  ModelConfig config_ = small_config();
  nlohmann::json header_;
  std::string data_;
  std::vector<float> expected_;
  TempDir dir_;
};

TEST_F(Fp8Checkpoint, IsReadWithItsScales) {
  const Weights weights = load().value();
  const TensorView& q = weights.layers[0].q_proj;
  EXPECT_EQ(q.dtype, DType::fp8);
  std::vector<float> values(expected_.size());
  read_floats(q, 0, q.num_elements(), values.data());
  EXPECT_EQ(values, expected_);
  EXPECT_FALSE(are_fp8(weights)) << "the others are not";
}

TEST_F(Fp8Checkpoint, WantsTheScales) {
  header_["spare"] = header_[kScales];
  header_.erase(kScales);
  EXPECT_THAT(refusal(), HasSubstr("q_proj.weight_scale_inv is missing"));
}

TEST_F(Fp8Checkpoint, WantsAScaleForEachSquare) {
  header_[kScales]["shape"] = {1, 2};
  EXPECT_THAT(refusal(), HasSubstr("q_proj.weight_scale_inv has the shape (1, 2), the "
                                   "configuration asks for (2, 1)"));
}

TEST_F(Fp8Checkpoint, WantsAConfigurationThatSaysSo) {
  config_.has_fp8_weights = false;
  EXPECT_THAT(refusal(), HasSubstr("q_proj.weight is fp8, but config.json has no"));
}

TEST_F(Fp8Checkpoint, HasNormsAndTablesInOtherTypes) {
  Weights owners;
  const auto bytes = static_cast<std::size_t>(config_.hidden_size);
  header_["spare"] = header_["model.norm.weight"];
  add("model.norm.weight",
      tensor_of(owners, DType::fp8, {config_.hidden_size}, std::vector<std::uint8_t>(bytes)));
  EXPECT_THAT(refusal(), HasSubstr("model.norm.weight is not bf16, f16 or f32"));
}

}  // namespace
}  // namespace sluice::inference
