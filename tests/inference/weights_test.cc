// safetensors files of honest and of hostile writers, and finding a model's tensors in one file or
// several.

#include "tests/inference/temp_dir.h"
#include "tests/inference/test_model.h"

#include "inference/cpu_model.h"
#include "inference/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <functional>
#include <map>
#include <string>

namespace sluice::inference {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t size = header.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes + header + data;
}

Result<SafetensorsFile> open(const std::string& bytes) {
  const TempDir dir;
  dir.write("a.safetensors", bytes);
  return SafetensorsFile::open(dir.path() / "a.safetensors");
}

TEST(Safetensors, ReadsTensorsWhereTheyLie) {
  const auto file = open(file_of(R"({"__metadata__": {"format": "pt"},
                       "b": {"dtype": "BF16", "shape": [2], "data_offsets": [8, 12]},
                       "a": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
                       "none": {"dtype": "I64", "shape": [0, 3], "data_offsets": [12, 12]}}   )",
                                 std::string("\0\0\200\077\0\0\0\100\100\077\0\300", 12)))
                        .value();
  ASSERT_EQ(file.tensors.size(), 3U);
  std::vector<float> a(2);
  read_floats(file.tensors.at("a"), 0, 2, a.data());
  EXPECT_EQ(a, (std::vector<float>{1, 2}));
  std::vector<float> b(2);
  read_floats(file.tensors.at("b"), 0, 2, b.data());
  EXPECT_EQ(b, (std::vector<float>{0.75, -2}));
  EXPECT_EQ(file.tensors.at("none").dtype, DType::other);
}

TEST(Safetensors, RefusesWhatIsWrong) {
  const auto one = [](const std::string& entry) {
    return file_of("{\"t\": " + entry + "}", "1234");
  };
  const std::string two_halves =
      R"({"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}, "b": )";
  const std::string huge_size(8, '\377');
  const std::vector<std::pair<std::string, const char*>> table = {
      {"", "too short"},
      {"1234567", "too short"},
      {huge_size + "{}", "the header has 18446744073709551615 bytes"},
      {std::string("\3\0\0\0\0\0\0\0{}", 10), "the header has 3 bytes"},
      {file_of("{", ""), "its header is not JSON"},
      {file_of("[]", ""), "its header is not a JSON object"},
      {file_of(R"({"t": 1, "t": 2})", ""), "has the key 't' twice"},
      {one(R"({"dtype": "U8", "dtype": "I8", "shape": [4], "data_offsets": [0, 4]})"),
       "has the key 'dtype' twice"},
      {one("7"), "tensor t is not an object"},
      {one(R"({"shape": [4], "data_offsets": [0, 4]})"), "tensor t has no dtype"},
      {one(R"({"dtype": "F7", "shape": [4], "data_offsets": [0, 4]})"), "unknown dtype \"F7\""},
      {one(R"({"dtype": "U8", "data_offsets": [0, 4]})"), "tensor t has no shape"},
      {one(R"({"dtype": "U8", "shape": [-4], "data_offsets": [0, 4]})"), "that is no size"},
      {one(R"({"dtype": "U8", "shape": [4.0], "data_offsets": [0, 4]})"), "that is no size"},
      {one(R"({"dtype": "U8", "shape": [1,1,1,1,1,1,1,1,4], "data_offsets": [0, 4]})"),
       "too many dimensions"},
      {one(R"({"dtype": "F32", "shape": [4611686018427387905], "data_offsets": [0, 4]})"),
       "shape that overflows"},
      {one(R"({"dtype": "U8", "shape": [4294967296, 4294967296], "data_offsets": [0, 0]})"),
       "shape that overflows"},
      {one(R"({"dtype": "U8", "shape": [0, 18446744073709551615], "data_offsets": [0, 0]})"),
       "shape that overflows"},
      {one(R"({"dtype": "U8", "shape": [4]})"), "tensor t has no data_offsets"},
      {one(R"({"dtype": "U8", "shape": [4], "data_offsets": [0]})"), "has no data_offsets"},
      {one(R"({"dtype": "U8", "shape": [4], "data_offsets": [-4, 0]})"), "has no data_offsets"},
      {one(R"({"dtype": "U8", "shape": [4], "data_offsets": [4, 0]})"), "ends before it begins"},
      {one(R"({"dtype": "U8", "shape": [5], "data_offsets": [0, 5]})"), "ends at 5, the data at 4"},
      {one(R"({"dtype": "U8", "shape": [3], "data_offsets": [0, 4]})"), "has 4 bytes, its shape 3"},
      {one(R"({"dtype": "U8", "shape": [3], "data_offsets": [1, 4]})"), "a hole"},
      {one(R"({"dtype": "U8", "shape": [3], "data_offsets": [0, 3]})"),
       "the tensors end at 3, the data at 4"},
      {file_of(two_halves + R"({"dtype": "U8", "shape": [3], "data_offsets": [1, 4]}})", "1234"),
       "they overlap"},
      {file_of(two_halves + R"({"dtype": "U8", "shape": [1], "data_offsets": [3, 4]}})", "1234"),
       "a hole"},
      {file_of("{}", "1234"), "the tensors end at 0, the data at 4"},
  };
  for (const auto& [bytes, expected] : table) {
    const auto file = open(bytes);
    ASSERT_FALSE(file) << expected;
    EXPECT_EQ(file.error().code, Errc::invalid_argument) << expected;
    EXPECT_THAT(file.error().detail, HasSubstr(expected));
    EXPECT_THAT(file.error().detail, HasSubstr("a.safetensors"));
  }
}

TEST(Safetensors, NoBrokenHeaderPassesOrCrashes) {
  const std::string header = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                             R"("b":{"dtype":"F16","shape":[1,1],"data_offsets":[2,4]}})";
  const std::string data = "1234";
  const auto* bytes = reinterpret_cast<const std::byte*>(data.data());
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = header;
    for (auto n = 1 + random() % 3; n > 0; --n) {
      broken[random() % broken.size()] = "0123456789[]{},:\"ab-"[random() % 20];
    }
    const auto tensors = parse_safetensors_header(broken, bytes, data.size(), "x");
    if (!tensors) continue;
    std::int64_t total = 0;  // What passes covers the data once.
    for (const auto& [name, view] : tensors.value()) {
      EXPECT_TRUE(view.data >= bytes && view.data <= bytes + data.size());
      total += view.num_elements() * (view.dtype == DType::other ? 1 : 2);
    }
    EXPECT_LE(total, 4) << broken;
  }
}

TEST(Safetensors, SaysWhichFileIsMissing) {
  const TempDir dir;
  const auto missing = SafetensorsFile::open(dir.path() / "gone.safetensors");
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_THAT(missing.error().detail, HasSubstr("gone.safetensors"));
  EXPECT_EQ(SafetensorsFile::open(dir.path()).error().code, Errc::unavailable);
}

/// Tensors of a model, by name; changed at will, then written.
class Checkpoint {
 public:
  explicit Checkpoint(const ModelConfig& config) {
    const std::int64_t h = config.hidden_size;
    add("model.embed_tokens.weight", {config.vocab_size, h});
    add("model.norm.weight", {h});
    add("lm_head.weight", {config.vocab_size, h});
    for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
      const std::string layer = "model.layers." + std::to_string(i) + ".";
      add(layer + "input_layernorm.weight", {h});
      add(layer + "post_attention_layernorm.weight", {h});
      add(layer + "self_attn.q_proj.weight", {config.q_size(), h});
      add(layer + "self_attn.k_proj.weight", {config.kv_size(), h});
      add(layer + "self_attn.v_proj.weight", {config.kv_size(), h});
      add(layer + "self_attn.o_proj.weight", {h, config.q_size()});
      add(layer + "self_attn.q_norm.weight", {config.head_dim});
      add(layer + "self_attn.k_norm.weight", {config.head_dim});
      add(layer + "mlp.gate_proj.weight", {config.intermediate_size, h});
      add(layer + "mlp.up_proj.weight", {config.intermediate_size, h});
      add(layer + "mlp.down_proj.weight", {h, config.intermediate_size});
    }
  }

  void add(const std::string& name, std::vector<std::int64_t> shape) { shapes[name] = shape; }

  /// The tensors that `takes` says, each filled with its number in the order of names.
  [[nodiscard]] std::string bytes(const std::function<bool(const std::string&)>& takes) const {
    json header;
    std::string data;
    float number = 0;
    for (const auto& [name, shape] : shapes) {
      ++number;
      if (!takes(name)) continue;
      std::size_t count = 1;
      for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
      const std::size_t first = data.size();
      for (std::size_t i = 0; i < count; ++i) {
        data.append(reinterpret_cast<const char*>(&number) + 2, 2);
      }
      header[name] = {{"dtype", "BF16"}, {"shape", shape}, {"data_offsets", {first, data.size()}}};
    }
    return file_of(header.dump(), data);
  }
  [[nodiscard]] std::string bytes() const {
    return bytes([](const std::string&) { return true; });
  }

  std::map<std::string, std::vector<std::int64_t>> shapes;
};

ModelConfig mini_config() {
  ModelConfig config = small_config();
  config.vocab_size = 7;
  config.hidden_size = 4;
  config.intermediate_size = 6;
  config.head_dim = 2;
  return config;
}

float first_of(const TensorView& tensor) {
  float value = 0;
  read_floats(tensor, 0, 1, &value);
  return value;
}

TEST(Weights, OfTiedEmbeddingsTheSpareHeadIsIgnored) {
  ModelConfig config = mini_config();
  const TempDir dir;
  dir.write("model.safetensors", Checkpoint(config).bytes());
  config.tie_word_embeddings = true;
  const Weights tied = load_weights(dir.path(), config).value();
  EXPECT_EQ(tied.lm_head.data, tied.embedding.data);
  config.tie_word_embeddings = false;
  const Weights untied = load_weights(dir.path(), config).value();
  EXPECT_EQ(first_of(untied.lm_head), 1);  // The first by name.
  EXPECT_NE(untied.lm_head.data, untied.embedding.data);
  EXPECT_EQ(untied.layers.size(), 2U);
}

TEST(Weights, TheModelPrefixMayBeMissing) {
  const ModelConfig config = mini_config();
  Checkpoint checkpoint(config);
  std::map<std::string, std::vector<std::int64_t>> bare;
  for (auto& [name, shape] : checkpoint.shapes) {
    bare[name.starts_with("model.") ? name.substr(6) : name] = shape;
  }
  checkpoint.shapes = bare;
  const TempDir dir;
  dir.write("model.safetensors", checkpoint.bytes());
  EXPECT_TRUE(load_weights(dir.path(), config));
}

TEST(Weights, RefusesWhatDoesNotFit) {
  const ModelConfig config = mini_config();
  struct Case {
    const char* name;
    std::vector<std::int64_t> shape;  // Empty: left out.
    const char* expected;
  };
  const std::vector<Case> table = {
      {"lm_head.weight", {}, "model.safetensors: tensor lm_head.weight is missing"},
      {"model.norm.weight", {}, "tensor model.norm.weight is missing"},
      {"model.layers.1.self_attn.k_norm.weight", {}, "model.layers.1.self_attn.k_norm.weight is"},
      {"model.norm.weight", {5}, "has the shape (5), the configuration asks for (4)"},
      {"model.layers.0.mlp.up_proj.weight", {4, 6}, "has the shape (4, 6), the configuration"},
  };
  for (const auto& [name, shape, expected] : table) {
    Checkpoint checkpoint(config);
    checkpoint.shapes.erase(name);
    if (!shape.empty()) checkpoint.add(name, shape);
    const TempDir dir;
    dir.write("model.safetensors", checkpoint.bytes());
    const auto weights = load_weights(dir.path(), config);
    ASSERT_FALSE(weights) << expected;
    EXPECT_EQ(weights.error().code, Errc::invalid_argument);
    EXPECT_THAT(weights.error().detail, HasSubstr(expected));
  }
}

TEST(Weights, RefusesADtypeItDoesNotKnow) {
  const ModelConfig config = mini_config();
  std::string bytes = Checkpoint(config).bytes();
  const std::size_t at = bytes.find("\"dtype\":\"BF16\"");
  bytes.replace(at, 14, "\"dtype\":\"I16\" ");
  const TempDir dir;
  dir.write("model.safetensors", bytes);
  EXPECT_THAT(load_weights(dir.path(), config).error().detail,
              HasSubstr("lm_head.weight is not bf16, f16 or f32"));
}

TEST(Weights, FindsTensorsInShards) {
  const ModelConfig config = mini_config();
  const Checkpoint checkpoint(config);
  const auto is_first = [](const std::string& name) { return name < "model.layers.1"; };
  const TempDir dir;
  dir.write("model-1.safetensors", checkpoint.bytes(is_first));
  dir.write("model-2.safetensors", checkpoint.bytes(std::not_fn(is_first)));
  json index;
  for (const auto& [name, shape] : checkpoint.shapes) {
    index["weight_map"][name] = is_first(name) ? "model-1.safetensors" : "model-2.safetensors";
  }
  const auto load = [&] {
    dir.write("model.safetensors.index.json", index.dump());
    return load_weights(dir.path(), config);
  };
  const Weights weights = load().value();
  EXPECT_EQ(weights.owners.size(), 2U);
  EXPECT_EQ(first_of(weights.lm_head), 1);
  EXPECT_EQ(first_of(weights.norm), static_cast<float>(checkpoint.shapes.size()));

  const json good = index;
  index["weight_map"]["model.norm.weight"] = "model-1.safetensors";
  EXPECT_THAT(load().error().detail, HasSubstr("model.norm.weight is missing, the index says"));
  for (const char* escape : {"../model-1.safetensors", "/etc/passwd", "", ".."}) {
    index["weight_map"]["model.norm.weight"] = escape;
    EXPECT_THAT(load().error().detail, HasSubstr("is in no file of this folder")) << escape;
  }
  index = good;
  index["weight_map"]["model.norm.weight"] = "model-3.safetensors";
  EXPECT_EQ(load().error().code, Errc::not_found);
  index = {{"weight_map", 1}};
  EXPECT_THAT(load().error().detail, HasSubstr("weight_map is missing"));
}

TEST(Weights, SaysWhatItLookedFor) {
  const TempDir dir;
  const auto weights = load_weights(dir.path(), mini_config());
  EXPECT_EQ(weights.error().code, Errc::not_found);
  EXPECT_THAT(weights.error().detail, HasSubstr("no model.safetensors and no model.safetensors."));
}

}  // namespace
}  // namespace sluice::inference
