#include "inference/weights.h"

#include "inference/fp8.h"
#include "inference/json_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace sluice::inference {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxIndexBytes = 64 << 20;

/// Every tensor of a checkpoint and the file it is in.
struct Checkpoint {
  struct Entry {
    TensorView view;
    std::string file;
  };
  std::string name;  ///< For errors: the file, or the index.
  std::vector<std::shared_ptr<const void>> owners;
  std::map<std::string, Entry, std::less<>> tensors;
};

Result<Checkpoint> open_single(const std::filesystem::path& path) {
  INFERENCE_TRY(auto file, SafetensorsFile::open(path));
  Checkpoint checkpoint{.name = path.string(), .owners = {file.file}, .tensors = {}};
  for (auto& [name, view] : file.tensors) {
    checkpoint.tensors[name] = {std::move(view), path.string()};
  }
  return checkpoint;
}

/// A shard is a file of the model's own folder: an index may not lead elsewhere.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

/// Takes from one shard the tensors that the index says are in it.
Result<void> take_shard(const std::filesystem::path& path, const std::set<std::string>& names,
                        Checkpoint& checkpoint) {
  INFERENCE_TRY(auto file, SafetensorsFile::open(path));
  for (const std::string& name : names) {
    const auto it = file.tensors.find(name);
    if (it == file.tensors.end()) {
      return fail(Errc::invalid_argument,
                  path.string() + ": tensor " + name + " is missing, the index says it is here");
    }
    checkpoint.tensors[name] = {std::move(it->second), path.string()};
  }
  checkpoint.owners.push_back(file.file);
  return {};
}

Result<Checkpoint> open_sharded(const std::filesystem::path& index_path) {
  INFERENCE_TRY(const json index, read_json_object(index_path, kMaxIndexBytes));
  const auto weight_map = index.find("weight_map");
  if (weight_map == index.end() || !weight_map->is_object()) {
    return fail(Errc::invalid_argument, index_path.string() + ": weight_map is missing");
  }
  std::map<std::string, std::set<std::string>> names_of;  // By file.
  for (const auto& [tensor, file] : weight_map->items()) {
    if (!file.is_string() || !is_plain_name(file.get_ref<const std::string&>())) {
      return fail(Errc::invalid_argument, index_path.string() + ": tensor " + tensor +
                                              " is in no file of this folder: " + file.dump());
    }
    names_of[file.get<std::string>()].insert(tensor);
  }
  Checkpoint checkpoint{.name = index_path.string(), .owners = {}, .tensors = {}};
  for (const auto& [file, names] : names_of) {
    INFERENCE_CHECK(take_shard(index_path.parent_path() / file, names, checkpoint));
  }
  return checkpoint;
}

Result<Checkpoint> open_checkpoint(const std::filesystem::path& dir) {
  const auto single = dir / "model.safetensors";
  const auto index = dir / "model.safetensors.index.json";
  std::error_code ignored;
  if (std::filesystem::exists(single, ignored)) return open_single(single);
  if (std::filesystem::exists(index, ignored)) return open_sharded(index);
  return fail(Errc::not_found,
              "no model.safetensors and no model.safetensors.index.json in " + dir.string());
}

std::string to_string(const std::vector<std::int64_t>& shape) {
  std::string text = "(";
  for (const std::int64_t size : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + ")";
}

/// Finds tensors by name and shape; remembers the first thing that is wrong.
class Finder {
 public:
  Finder(const Checkpoint& checkpoint, bool may_be_fp8)
      : checkpoint_(checkpoint), may_be_fp8_(may_be_fp8) {}

  void find(const std::string& name, std::vector<std::int64_t> shape, TensorView& out) {
    if (!problem_.empty()) return;
    const Checkpoint::Entry* entry = lookup(name);
    if (entry == nullptr) {
      problem_ = checkpoint_.name + ": tensor " + name + " is missing";
    } else if (entry->view.shape != shape) {
      problem_ = entry->file + ": tensor " + name + " has the shape " +
                 to_string(entry->view.shape) + ", the configuration asks for " + to_string(shape);
    } else if (entry->view.dtype == DType::other || entry->view.dtype == DType::fp8) {
      problem_ = entry->file + ": tensor " + name + " is not bf16, f16 or f32";
    } else {
      out = entry->view;
    }
  }

  /// One that may be in fp8.
  void find_matrix(const std::string& name, std::int64_t rows, std::int64_t columns,
                   TensorView& out) {
    const Checkpoint::Entry* entry = lookup(name);
    const bool is_fp8 = entry != nullptr && entry->view.dtype == DType::fp8 &&
                        entry->view.shape == std::vector<std::int64_t>{rows, columns};
    if (!is_fp8) return find(name, {rows, columns}, out);
    if (!may_be_fp8_ && problem_.empty()) {
      problem_ = entry->file + ": tensor " + name +
                 " is fp8, but config.json has no quantization_config that says so";
    }
    TensorView scales;
    find(name + "_scale_inv", {fp8_blocks(rows), fp8_blocks(columns)}, scales);
    if (!problem_.empty()) return;
    out = entry->view;
    out.scales = std::make_shared<const TensorView>(std::move(scales));
  }

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  [[nodiscard]] const Checkpoint::Entry* lookup(const std::string& name) const {
    auto it = checkpoint_.tensors.find(name);
    if (it == checkpoint_.tensors.end() && name.starts_with("model.")) {
      it = checkpoint_.tensors.find(name.substr(6));
    }
    return it == checkpoint_.tensors.end() ? nullptr : &it->second;
  }

  const Checkpoint& checkpoint_;
  bool may_be_fp8_;
  std::string problem_;
};

void find_layer(Finder& finder, const ModelConfig& config, const std::string& prefix,
                LayerWeights& layer) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t intermediate = config.intermediate_size;
  finder.find(prefix + "input_layernorm.weight", {hidden}, layer.input_norm);
  finder.find_matrix(prefix + "self_attn.q_proj.weight", config.q_size(), hidden, layer.q_proj);
  finder.find_matrix(prefix + "self_attn.k_proj.weight", config.kv_size(), hidden, layer.k_proj);
  finder.find_matrix(prefix + "self_attn.v_proj.weight", config.kv_size(), hidden, layer.v_proj);
  finder.find_matrix(prefix + "self_attn.o_proj.weight", hidden, config.q_size(), layer.o_proj);
  finder.find(prefix + "self_attn.q_norm.weight", {config.head_dim}, layer.q_norm);
  finder.find(prefix + "self_attn.k_norm.weight", {config.head_dim}, layer.k_norm);
  finder.find(prefix + "post_attention_layernorm.weight", {hidden}, layer.post_attention_norm);
  finder.find_matrix(prefix + "mlp.gate_proj.weight", intermediate, hidden, layer.gate_proj);
  finder.find_matrix(prefix + "mlp.up_proj.weight", intermediate, hidden, layer.up_proj);
  finder.find_matrix(prefix + "mlp.down_proj.weight", hidden, intermediate, layer.down_proj);
}

/// Of a layer, q_proj to down_proj.
std::array<const TensorView*, 7> matrices_of(const LayerWeights& layer) noexcept {
  return {&layer.q_proj,    &layer.k_proj,  &layer.v_proj,   &layer.o_proj,
          &layer.gate_proj, &layer.up_proj, &layer.down_proj};
}

}  // namespace

Result<Weights> load_weights(const std::filesystem::path& dir, const ModelConfig& config) {
  INFERENCE_TRY(const Checkpoint checkpoint, open_checkpoint(dir));
  Finder finder(checkpoint, config.has_fp8_weights);
  Weights weights;
  weights.owners = checkpoint.owners;
  const std::vector<std::int64_t> table = {config.vocab_size, config.hidden_size};
  finder.find("model.embed_tokens.weight", table, weights.embedding);
  for (std::int64_t i = 0; i < config.num_hidden_layers && finder.problem().empty(); ++i) {
    find_layer(finder, config, "model.layers." + std::to_string(i) + ".",
               weights.layers.emplace_back());
  }
  finder.find("model.norm.weight", {config.hidden_size}, weights.norm);
  if (config.tie_word_embeddings) {
    weights.lm_head = weights.embedding;
  } else {
    finder.find("lm_head.weight", table, weights.lm_head);
  }
  if (!finder.problem().empty()) return fail(Errc::invalid_argument, finder.problem());
  return weights;
}

bool are_fp8(const Weights& weights) noexcept {
  return std::ranges::all_of(weights.layers, [](const LayerWeights& layer) {
    return std::ranges::all_of(matrices_of(layer), [](const TensorView* matrix) {
      return matrix->dtype == DType::fp8 && matrix->scales->dtype == DType::bf16;
    });
  });
}

}  // namespace sluice::inference
