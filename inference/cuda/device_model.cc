#include "inference/cuda/device_model.h"

#include "inference/cuda/memory_pieces.h"
#include "inference/cuda/tile_layout.h"

#include <array>
#include <limits>
#include <string>

namespace sluice::inference::cuda {
namespace {

constexpr std::int64_t kMaxGroup = 16;  // Query heads of a kv head: the rows of a tile.

std::int64_t padded(std::int64_t rows) noexcept {
  return (rows + kTileRows - 1) / kTileRows * kTileRows;
}

DeviceMatrix take_matrix(MemoryPieces& pieces, std::int64_t rows, std::int64_t depth, bool is_fp8) {
  DeviceMatrix matrix;
  matrix.rows = static_cast<int>(rows);
  matrix.depth = static_cast<int>(depth);
  if (is_fp8) {
    pieces.take(matrix.fp8, padded(rows) * depth);
    pieces.take(matrix.scales, num_scales(matrix));
  } else {
    pieces.take(matrix.data, padded(rows) * depth);
  }
  return matrix;
}

/// Lays the model out in `pieces`.
DeviceModel lay_out(const ModelConfig& config, bool is_fp8, MemoryPieces& pieces) {
  const std::int64_t hidden = config.hidden_size;
  DeviceModel model;
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    DeviceLayer layer;
    layer.qkv = take_matrix(pieces, config.q_size() + 2 * config.kv_size(), hidden, is_fp8);
    layer.o = take_matrix(pieces, hidden, config.q_size(), is_fp8);
    layer.gate_up = take_matrix(pieces, 2 * config.intermediate_size, hidden, is_fp8);
    layer.down = take_matrix(pieces, hidden, config.intermediate_size, is_fp8);
    pieces.take(layer.input_norm, hidden);
    pieces.take(layer.post_attention_norm, hidden);
    pieces.take(layer.q_norm, config.head_dim);
    pieces.take(layer.k_norm, config.head_dim);
    model.layers.push_back(layer);
  }
  pieces.take(model.norm, hidden);
  model.lm_head = take_matrix(pieces, config.vocab_size, hidden, false);
  model.embedding = config.tie_word_embeddings
                        ? model.lm_head
                        : take_matrix(pieces, config.vocab_size, hidden, false);
  return model;
}

}  // namespace

Result<void> check_shapes(const ModelConfig& config) {
  struct Size {
    const char* name;
    std::int64_t value;
    std::int64_t unit;
  };
  if (config.head_dim != 64 && config.head_dim != 128) {
    return fail(Errc::invalid_argument, "cuda: head_dim " + std::to_string(config.head_dim) +
                                            ": the kernels have 64 and 128");
  }
  const std::array<Size, 3> sizes = {{{"hidden_size", config.hidden_size, kTileK},
                                      {"intermediate_size", config.intermediate_size, kTileK},
                                      {"num_attention_heads * head_dim", config.q_size(), kTileK}}};
  for (const Size& size : sizes) {
    if (size.value % size.unit == 0) continue;
    return fail(Errc::invalid_argument,
                std::string("cuda: ") + size.name + " " + std::to_string(size.value) +
                    ": the kernels want a multiple of " + std::to_string(size.unit));
  }
  const std::int64_t group = config.num_attention_heads / config.num_key_value_heads;
  if (group > kMaxGroup) {
    return fail(Errc::invalid_argument, "cuda: " + std::to_string(group) +
                                            " query heads for a kv head: the kernels have " +
                                            std::to_string(kMaxGroup) + " at most");
  }
  if (config.vocab_size > std::numeric_limits<int>::max() - kTileRows) {
    return fail(Errc::invalid_argument, "cuda: vocab_size is too large");
  }
  return {};
}

std::int64_t num_scales(const DeviceMatrix& matrix) noexcept {
  return padded(matrix.rows) / kFragmentRows * scale_blocks(matrix.depth);
}

std::int64_t device_weight_bytes(const ModelConfig& config, bool is_fp8) noexcept {
  MemoryPieces pieces(nullptr);
  static_cast<void>(lay_out(config, is_fp8, pieces));
  return pieces.used();
}

Result<DeviceModel> allocate_device_model(const ModelConfig& config, bool is_fp8) {
  INFERENCE_TRY(DeviceMemory memory,
                DeviceMemory::make(device_weight_bytes(config, is_fp8), "the weights"));
  MemoryPieces pieces(memory.as<std::byte>());
  DeviceModel model = lay_out(config, is_fp8, pieces);
  model.memory = std::move(memory);
  return model;
}

}  // namespace sluice::inference::cuda
