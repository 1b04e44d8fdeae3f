#include "inference/model_config.h"

#include "inference/fp8.h"
#include "inference/json_file.h"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace sluice::inference {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxFileBytes = 1 << 20;
constexpr std::int64_t kMaxSize = std::int64_t{1} << 20;  // Products of three fit 2^63.

/// One object of a configuration file; every error names the file and the key.
class Fields {
 public:
  Fields(const json& object, std::string where) : object_(object), where_(std::move(where)) {}

  [[nodiscard]] Error error(std::string_view key, const std::string& what) const {
    return fail(Errc::invalid_argument, where_ + ": " + std::string(key) + " " + what);
  }

  /// Null where the key is absent or null.
  [[nodiscard]] const json* find(const char* key) const {
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }

  Result<void> read_size(const char* key, std::int64_t& out) const {
    const json* value = find(key);
    if (value == nullptr) return error(key, "is missing");
    if (!value->is_number_integer()) return error(key, "is not an integer: " + value->dump());
    const bool huge = value->is_number_unsigned() && value->get<std::uint64_t>() > kMaxSize;
    if (huge || value->get<std::int64_t>() < 1 || value->get<std::int64_t>() > kMaxSize) {
      return error(key, "is not from 1 to " + std::to_string(kMaxSize) + ": " + value->dump());
    }
    out = value->get<std::int64_t>();
    return {};
  }

  Result<void> read_positive(const char* key, double& out) const {
    const json* value = find(key);
    if (value == nullptr) return error(key, "is missing");
    if (!value->is_number()) return error(key, "is not a number: " + value->dump());
    out = value->get<double>();
    if (!std::isfinite(out) || out <= 0) {
      return error(key, "is not a positive number: " + value->dump());
    }
    return {};
  }

  Result<void> read_optional(const char* key, double& out) const {
    return find(key) == nullptr ? Result<void>() : read_positive(key, out);
  }

  Result<bool> flag(const char* key) const {
    const json* value = find(key);
    if (value == nullptr) return error(key, "is missing");
    if (!value->is_boolean()) return error(key, "is not true or false: " + value->dump());
    return value->get<bool>();
  }

  /// The key is absent, null, or exactly `value`.
  Result<void> require_if_present(const char* key, const json& value, const char* why) const {
    const json* found = find(key);
    if (found == nullptr || *found == value) return {};
    return error(key, "is " + found->dump() + ": " + why);
  }

 private:
  const json& object_;
  std::string where_;
};

Result<void> refuse_other_models(const Fields& fields) {
  const json* type = fields.find("model_type");
  if (type == nullptr) return fields.error("model_type", "is missing");
  if (*type == "qwen3_moe" || fields.find("num_experts") != nullptr) {
    return fields.error("model_type", "is a mixture of experts, which is not supported");
  }
  if (*type != "qwen3") {
    return fields.error("model_type", "is " + type->dump() + "; only \"qwen3\" is supported");
  }
  const json* activation = fields.find("hidden_act");
  if (activation == nullptr) return fields.error("hidden_act", "is missing");
  if (*activation != "silu") {
    return fields.error("hidden_act", "is " + activation->dump() + "; only \"silu\" is supported");
  }
  INFERENCE_CHECK(fields.require_if_present("attention_bias", false, "biases are not supported"));
  INFERENCE_CHECK(fields.require_if_present("mlp_bias", false, "biases are not supported"));
  INFERENCE_CHECK(
      fields.require_if_present("use_sliding_window", false, "sliding windows are not supported"));
  INFERENCE_CHECK(fields.require_if_present("partial_rotary_factor", 1.0, "not supported"));
  const json* layers = fields.find("layer_types");
  if (layers == nullptr) return {};
  if (!layers->is_array()) return fields.error("layer_types", "is not a list");
  for (const json& layer : *layers) {
    if (layer != "full_attention") {
      return fields.error("layer_types",
                          "has " + layer.dump() + "; only \"full_attention\" is supported");
    }
  }
  return {};
}

Result<void> check_dtype(const Fields& fields) {
  for (const char* key : {"torch_dtype", "dtype"}) {  // transformers 4 and 5.
    const json* value = fields.find(key);
    if (value == nullptr || *value == "bfloat16" || *value == "float16" || *value == "float32") {
      continue;
    }
    return fields.error(key,
                        "is " + value->dump() + "; bfloat16, float16 and float32 are supported");
  }
  return {};
}

/// Of quantised checkpoints those whose weights are fp8 with a scale for each square of 128. That
/// they were made for activations in fp8 as well is no matter: ours are more exact.
Result<bool> read_quantization(const Fields& fields, const std::string& what) {
  const json* object = fields.find("quantization_config");
  if (object == nullptr) return false;
  if (!object->is_object()) return fields.error("quantization_config", "is not an object");
  const Fields quantization(*object, what + ": quantization_config");
  constexpr const char* kWhy = "not supported: take Qwen's FP8 release, or the bf16 checkpoint";
  const json method = object->value("quant_method", json());
  if (method != "fp8")
    return quantization.error("quant_method", "is " + method.dump() + ": " + kWhy);
  INFERENCE_CHECK(quantization.require_if_present("fmt", "e4m3", kWhy));
  INFERENCE_CHECK(quantization.require_if_present("activation_scheme", "dynamic", kWhy));
  const json block = object->value("weight_block_size", json());
  if (block != json::array({kFp8Block, kFp8Block})) {
    return quantization.error("weight_block_size", "is " + block.dump() + ": " + kWhy);
  }
  return true;
}

Result<YarnConfig> read_yarn(const Fields& fields) {
  YarnConfig yarn;
  INFERENCE_CHECK(fields.read_positive("factor", yarn.factor));
  INFERENCE_CHECK(
      fields.read_size("original_max_position_embeddings", yarn.original_max_position_embeddings));
  INFERENCE_CHECK(fields.read_optional("beta_fast", yarn.beta_fast));
  INFERENCE_CHECK(fields.read_optional("beta_slow", yarn.beta_slow));
  INFERENCE_CHECK(fields.read_optional("attention_factor", yarn.attention_factor));
  INFERENCE_CHECK(fields.require_if_present("truncate", true, "only true is supported"));
  for (const char* key : {"mscale", "mscale_all_dim"}) {
    if (fields.find(key) != nullptr) return fields.error(key, "is not supported");
  }
  if (yarn.factor < 1) return fields.error("factor", "is less than 1");
  if (yarn.attention_factor == 0) yarn.attention_factor = 0.1 * std::log(yarn.factor) + 1;
  return yarn;
}

/// transformers 4 has rope_theta beside rope_scaling, 5 has both in rope_parameters.
Result<void> read_rope(const Fields& fields, const std::string& where, ModelConfig& config) {
  const char* section = fields.find("rope_parameters") != nullptr ? "rope_parameters"  //
                                                                  : "rope_scaling";
  const json* object = fields.find(section);
  if (object == nullptr) return fields.read_positive("rope_theta", config.rope_theta);
  if (!object->is_object()) return fields.error(section, "is not an object");
  const Fields rope(*object, where + ": " + section);
  const bool theta_inside = rope.find("rope_theta") != nullptr;
  INFERENCE_CHECK((theta_inside ? rope : fields).read_positive("rope_theta", config.rope_theta));
  INFERENCE_CHECK(rope.require_if_present("partial_rotary_factor", 1.0, "not supported"));
  const json* type = rope.find("rope_type");
  if (type == nullptr) type = rope.find("type");
  if (type == nullptr) return rope.error("rope_type", "is missing");
  if (*type == "default") return {};
  if (*type != "yarn") {
    return rope.error("rope_type",
                      "is " + type->dump() + "; \"default\" and \"yarn\" are supported");
  }
  INFERENCE_TRY(config.yarn, read_yarn(rope));
  return {};
}

Result<void> check_fit(const Fields& fields, const ModelConfig& config) {
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    return fields.error("num_key_value_heads", "does not divide num_attention_heads");
  }
  if (config.head_dim % 2 != 0) return fields.error("head_dim", "is odd");
  if (config.q_size() > kMaxSize) {
    return fields.error("head_dim", "times num_attention_heads is too large");
  }
  return {};
}

Result<void> add_eos_id(const Fields& fields, const json& value, GenerationConfig& config) {
  if (!value.is_number_integer() || value < 0 || value > std::numeric_limits<TokenId>::max()) {
    return fields.error("eos_token_id", "is no token id: " + value.dump());
  }
  config.eos_token_ids.push_back(value.get<TokenId>());
  return {};
}

Result<void> read_eos_ids(const Fields& fields, GenerationConfig& config) {
  const json* eos = fields.find("eos_token_id");
  if (eos == nullptr || (eos->is_array() && eos->empty())) {
    return fields.error("eos_token_id", "is missing: nothing would end a generation");
  }
  if (!eos->is_array()) return add_eos_id(fields, *eos, config);
  for (const json& id : *eos) INFERENCE_CHECK(add_eos_id(fields, id, config));
  return {};
}

Result<void> read_sampling(const Fields& fields, GenerationConfig& config) {
  if (fields.find("do_sample") != nullptr) {
    INFERENCE_TRY(config.do_sample, fields.flag("do_sample"));
  }
  const json* temperature = fields.find("temperature");
  if (temperature != nullptr && *temperature == 0) {
    config.temperature = 0;  // Greedy.
  } else {
    INFERENCE_CHECK(fields.read_optional("temperature", config.temperature));
  }
  INFERENCE_CHECK(fields.read_optional("top_p", config.top_p));
  if (config.top_p > 1) return fields.error("top_p", "is more than 1");
  const json* top_k = fields.find("top_k");
  if (top_k == nullptr || *top_k == 0) return {};
  return fields.read_size("top_k", config.top_k);
}

}  // namespace

Result<ModelConfig> load_model_config(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "config.json";
  INFERENCE_TRY(const std::string text, read_text_file(path, kMaxFileBytes));
  return parse_model_config(text, path.string());
}

Result<ModelConfig> parse_model_config(std::string_view text, const std::string& what) {
  INFERENCE_TRY(const json object, parse_json_object(text, what));
  const Fields fields(object, what);
  INFERENCE_CHECK(refuse_other_models(fields));
  INFERENCE_CHECK(check_dtype(fields));
  ModelConfig config;
  const std::array<std::pair<const char*, std::int64_t*>, 8> sizes = {{
      {"vocab_size", &config.vocab_size},
      {"hidden_size", &config.hidden_size},
      {"intermediate_size", &config.intermediate_size},
      {"num_hidden_layers", &config.num_hidden_layers},
      {"num_attention_heads", &config.num_attention_heads},
      {"num_key_value_heads", &config.num_key_value_heads},
      {"head_dim", &config.head_dim},
      {"max_position_embeddings", &config.max_position_embeddings},
  }};
  for (const auto& [key, size] : sizes) INFERENCE_CHECK(fields.read_size(key, *size));
  INFERENCE_CHECK(fields.read_positive("rms_norm_eps", config.rms_norm_eps));
  INFERENCE_TRY(config.tie_word_embeddings, fields.flag("tie_word_embeddings"));
  INFERENCE_TRY(config.has_fp8_weights, read_quantization(fields, what));
  INFERENCE_CHECK(read_rope(fields, what, config));
  INFERENCE_CHECK(check_fit(fields, config));
  return config;
}

Result<GenerationConfig> load_generation_config(const std::filesystem::path& dir) {
  GenerationConfig config;
  std::filesystem::path path = dir / "generation_config.json";
  auto text = read_text_file(path, kMaxFileBytes);
  if (!text && text.error().code != Errc::not_found) return std::move(text).error();
  if (text) {
    INFERENCE_TRY(config, parse_generation_config(text.value(), path.string()));
    if (!config.eos_token_ids.empty()) return config;
  }
  path = dir / "config.json";
  INFERENCE_TRY(const json fallback, read_json_object(path, kMaxFileBytes));
  INFERENCE_CHECK(read_eos_ids(Fields(fallback, path.string()), config));
  return config;
}

Result<GenerationConfig> parse_generation_config(std::string_view text, const std::string& what) {
  INFERENCE_TRY(const json object, parse_json_object(text, what));
  const Fields fields(object, what);
  GenerationConfig config;
  INFERENCE_CHECK(read_sampling(fields, config));
  if (fields.find("eos_token_id") != nullptr) INFERENCE_CHECK(read_eos_ids(fields, config));
  return config;
}

}  // namespace sluice::inference
