// config.json and generation_config.json: as transformers 4 and 5 write them, and every way in
// which one can ask for something that would be computed wrongly.

#include "tests/inference/temp_dir.h"

#include "inference/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::inference {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

json version_4() {
  return json::parse(R"({
    "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu",
    "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
    "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3",
    "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
    "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null,
    "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.51.0",
    "use_cache": true, "use_sliding_window": false, "vocab_size": 151936})");
}

json version_5() {
  json config = version_4();
  config.erase("rope_theta");
  config.erase("rope_scaling");
  config.erase("torch_dtype");
  config["dtype"] = "bfloat16";
  config["layer_types"] = {"full_attention", "full_attention"};
  config["rope_parameters"] = {{"rope_theta", 1000000.0}, {"rope_type", "default"}};
  return config;
}

Result<ModelConfig> load(const std::string& text) {
  const TempDir dir;
  dir.write("config.json", text);
  return load_model_config(dir.path());
}

TEST(ModelConfig, ReadsWhatBothVersionsWrite) {
  for (const json& object : {version_4(), version_5()}) {
    const ModelConfig config = load(object.dump()).value();
    EXPECT_EQ(config.vocab_size, 151936);
    EXPECT_EQ(config.hidden_size, 1024);
    EXPECT_EQ(config.intermediate_size, 3072);
    EXPECT_EQ(config.num_hidden_layers, 28);
    EXPECT_EQ(config.num_attention_heads, 16);
    EXPECT_EQ(config.num_key_value_heads, 8);
    EXPECT_EQ(config.head_dim, 128);
    EXPECT_EQ(config.max_position_embeddings, 40960);
    EXPECT_DOUBLE_EQ(config.rms_norm_eps, 1e-6);
    EXPECT_DOUBLE_EQ(config.rope_theta, 1e6);
    EXPECT_FALSE(config.yarn);
    EXPECT_TRUE(config.tie_word_embeddings);
    EXPECT_EQ(config.q_size(), 2048);
  }
}

TEST(ModelConfig, KnowsQwensFp8Releases) {
  json object = version_4();
  EXPECT_FALSE(load(object.dump()).value().has_fp8_weights);
  object["quantization_config"] = {{"activation_scheme", "dynamic"},
                                   {"fmt", "e4m3"},
                                   {"modules_to_not_convert", {"lm_head"}},
                                   {"quant_method", "fp8"},
                                   {"weight_block_size", {128, 128}}};
  EXPECT_TRUE(load(object.dump()).value().has_fp8_weights);
}

TEST(ModelConfig, ReadsYarnOfBothVersions) {
  json old = version_4();
  old["rope_scaling"] = {
      {"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 32768}};
  json older = old;
  older["rope_scaling"].erase("rope_type");
  older["rope_scaling"]["type"] = "yarn";
  json recent = version_5();
  recent["rope_parameters"] = old["rope_scaling"];
  recent["rope_parameters"]["rope_theta"] = 1000000;
  for (const json& object : {old, older, recent}) {
    const ModelConfig config = load(object.dump()).value();
    ASSERT_TRUE(config.yarn);
    EXPECT_DOUBLE_EQ(config.yarn->factor, 4);
    EXPECT_EQ(config.yarn->original_max_position_embeddings, 32768);
    EXPECT_NEAR(config.yarn->attention_factor, 1.1386, 1e-4);
    EXPECT_DOUBLE_EQ(config.rope_theta, 1e6);
  }
}

TEST(ModelConfig, RefusesByName) {
  struct Case {
    const char* patch;  // Null removes a key.
    const char* expected;
  };
  const std::vector<Case> table = {
      {R"({"model_type": "qwen2"})", "model_type is \"qwen2\"; only \"qwen3\""},
      {R"({"model_type": "qwen3_moe"})", "mixture of experts"},
      {R"({"num_experts": 128})", "mixture of experts"},
      {R"({"model_type": null})", "model_type is missing"},
      {R"({"hidden_act": "gelu"})", "hidden_act is \"gelu\""},
      {R"({"attention_bias": true})", "attention_bias is true: biases"},
      {R"({"use_sliding_window": true})", "use_sliding_window is true: sliding windows"},
      {R"({"layer_types": ["full_attention", "sliding_attention"]})",
       "layer_types has \"sliding_attention\""},
      {R"({"quantization_config": 8})", "quantization_config is not an object"},
      {R"({"quantization_config": {"bits": 4}})", "quant_method is null: not supported"},
      {R"({"quantization_config": {"quant_method": "awq"}})", "quant_method is \"awq\""},
      {R"({"quantization_config": {"quant_method": "fp8"}})", "weight_block_size is null"},
      {R"({"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 64]}})",
       "weight_block_size is [128,64]"},
      {R"({"quantization_config": {"quant_method": "fp8", "fmt": "e5m2"}})", "fmt is \"e5m2\""},
      {R"({"quantization_config": {"quant_method": "fp8", "activation_scheme": "static"}})",
       "activation_scheme is \"static\""},
      {R"({"torch_dtype": "float8_e4m3fn"})", "torch_dtype is \"float8_e4m3fn\""},
      {R"({"dtype": "int8"})", "dtype is \"int8\""},
      {R"({"head_dim": null})", "head_dim is missing"},
      {R"({"head_dim": 127})", "head_dim is odd"},
      {R"({"head_dim": 1048576})", "head_dim times num_attention_heads is too large"},
      {R"({"vocab_size": "many"})", "vocab_size is not an integer"},
      {R"({"vocab_size": 1.5})", "vocab_size is not an integer"},
      {R"({"vocab_size": -1})", "vocab_size is not from 1"},
      {R"({"vocab_size": 0})", "vocab_size is not from 1"},
      {R"({"hidden_size": 18446744073709551615})", "hidden_size is not from 1"},
      {R"({"num_key_value_heads": 5})", "num_key_value_heads does not divide"},
      {R"({"num_hidden_layers": null})", "num_hidden_layers is missing"},
      {R"({"rms_norm_eps": 0})", "rms_norm_eps is not a positive number"},
      {R"({"rms_norm_eps": null})", "rms_norm_eps is missing"},
      {R"({"tie_word_embeddings": null})", "tie_word_embeddings is missing"},
      {R"({"tie_word_embeddings": 1})", "tie_word_embeddings is not true or false"},
      {R"({"rope_theta": null})", "rope_theta is missing"},
      {R"({"rope_scaling": {"rope_type": "linear", "factor": 2}})", "rope_type is \"linear\""},
      {R"({"rope_scaling": {"factor": 2}})", "rope_type is missing"},
      {R"({"rope_scaling": 7})", "rope_scaling is not an object"},
      {R"({"rope_scaling": {"rope_type": "yarn", "factor": 4}})",
       "rope_scaling: original_max_position_embeddings is missing"},
      {R"({"rope_scaling": {"rope_type": "yarn", "original_max_position_embeddings": 9}})",
       "rope_scaling: factor is missing"},
      {R"({"rope_scaling": {"rope_type": "yarn", "factor": 0.5,
           "original_max_position_embeddings": 9}})",
       "factor is less than 1"},
      {R"({"rope_scaling": {"rope_type": "yarn", "factor": 4, "truncate": false,
           "original_max_position_embeddings": 9}})",
       "truncate is false"},
  };
  for (const auto& [patch, expected] : table) {
    json object = version_4();
    object.merge_patch(json::parse(patch));
    const auto config = load(object.dump());
    ASSERT_FALSE(config) << patch;
    EXPECT_EQ(config.error().code, Errc::invalid_argument) << patch;
    EXPECT_THAT(config.error().detail, HasSubstr(expected)) << patch;
    EXPECT_THAT(config.error().detail, HasSubstr("config.json")) << patch;
  }
}

TEST(ModelConfig, RefusesWhatIsNoConfiguration) {
  const std::vector<std::pair<std::string, const char*>> table = {
      {"", "is not JSON"},
      {"{", "is not JSON"},
      {"[]", "is not a JSON object"},
      {R"({"model_type": "qwen3", "model_type": "qwen2"})", "has the key 'model_type' twice"},
      {std::string(200, '[') + std::string(200, ']'), "nested too deeply"},
  };
  for (const auto& [text, expected] : table) {
    const auto config = load(text);
    ASSERT_FALSE(config) << text;
    EXPECT_THAT(config.error().detail, HasSubstr(expected));
  }
  const TempDir empty;
  EXPECT_EQ(load_model_config(empty.path()).error().code, Errc::not_found);
}

TEST(GenerationConfig, ReadsTheReleasedOne) {
  const TempDir dir;
  dir.write("generation_config.json",
            R"({"bos_token_id": 151643, "do_sample": true, "eos_token_id": [151645, 151643],
                "pad_token_id": 151643, "temperature": 0.6, "top_k": 20, "top_p": 0.95})");
  const GenerationConfig config = load_generation_config(dir.path()).value();
  EXPECT_THAT(config.eos_token_ids, ElementsAre(151645, 151643));
  EXPECT_TRUE(config.do_sample);
  EXPECT_DOUBLE_EQ(config.temperature, 0.6);
  EXPECT_EQ(config.top_k, 20);
  EXPECT_DOUBLE_EQ(config.top_p, 0.95);
}

TEST(GenerationConfig, TakesTheEosOfConfigJsonWhereThereIsNoOther) {
  const TempDir dir;
  dir.write("config.json", version_4().dump());
  EXPECT_THAT(load_generation_config(dir.path()).value().eos_token_ids, ElementsAre(151645));
  dir.write("generation_config.json", R"({"do_sample": false})");
  EXPECT_THAT(load_generation_config(dir.path()).value().eos_token_ids, ElementsAre(151645));
  dir.write("config.json", R"({"eos_token_id": null})");
  EXPECT_THAT(load_generation_config(dir.path()).error().detail,
              HasSubstr("eos_token_id is missing"));
}

TEST(GenerationConfig, RefusesByName) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {R"({"eos_token_id": "x"})", "eos_token_id is no token id: \"x\""},
      {R"({"eos_token_id": [1, -1]})", "eos_token_id is no token id: -1"},
      {R"({"eos_token_id": 4294967296})", "eos_token_id is no token id"},
      {R"({"eos_token_id": []})", "eos_token_id is missing"},
      {R"({"eos_token_id": 1, "top_p": 1.5})", "top_p is more than 1"},
      {R"({"eos_token_id": 1, "top_k": -2})", "top_k is not from 1"},
      {R"({"eos_token_id": 1, "temperature": -1})", "temperature is not a positive number"},
      {R"({"eos_token_id": 1, "do_sample": 2})", "do_sample is not true or false"},
  };
  for (const auto& [text, expected] : table) {
    const TempDir dir;
    dir.write("generation_config.json", text);
    const auto config = load_generation_config(dir.path());
    ASSERT_FALSE(config) << text;
    EXPECT_THAT(config.error().detail, HasSubstr(expected));
  }
}

}  // namespace
}  // namespace sluice::inference
