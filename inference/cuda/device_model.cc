#include "inference/cuda/device_model.h"

#include "inference/cuda/tile_layout.h"

#include <array>
#include <limits>
#include <string>

namespace sluice::inference::cuda {
namespace {

constexpr std::int64_t kAlignment = 256;
constexpr std::int64_t kMaxGroup = 16;  // Query heads of a kv head: the rows of a tile.

std::int64_t padded(std::int64_t rows) noexcept {
  return (rows + kTileRows - 1) / kTileRows * kTileRows;
}

/// Hands out pieces of one allocation; from nothing, it counts what they come to.
class Pieces {
 public:
  explicit Pieces(std::byte* memory) : memory_(memory) {}

  template <class T = Bf16>
  T* take(std::int64_t elements) {
    auto* piece = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + used_);
    const auto bytes = elements * static_cast<std::int64_t>(sizeof(T));
    used_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return piece;
  }

  DeviceMatrix take_matrix(std::int64_t rows, std::int64_t depth, bool is_fp8 = false) {
    DeviceMatrix matrix;
    matrix.rows = static_cast<int>(rows);
    matrix.depth = static_cast<int>(depth);
    if (is_fp8) {
      matrix.fp8 = take<std::uint8_t>(padded(rows) * depth);
      matrix.scales = take(num_scales(matrix));
    } else {
      matrix.data = take(padded(rows) * depth);
    }
    return matrix;
  }

  [[nodiscard]] std::int64_t used() const noexcept { return used_; }

 private:
  std::byte* memory_;
  std::int64_t used_ = 0;
};

/// Lays the model out in `pieces`.
DeviceModel lay_out(const ModelConfig& config, bool is_fp8, Pieces& pieces) {
  const std::int64_t hidden = config.hidden_size;
  DeviceModel model;
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    DeviceLayer layer;
    layer.qkv = pieces.take_matrix(config.q_size() + 2 * config.kv_size(), hidden, is_fp8);
    layer.o = pieces.take_matrix(hidden, config.q_size(), is_fp8);
    layer.gate_up = pieces.take_matrix(2 * config.intermediate_size, hidden, is_fp8);
    layer.down = pieces.take_matrix(hidden, config.intermediate_size, is_fp8);
    layer.input_norm = pieces.take(hidden);
    layer.post_attention_norm = pieces.take(hidden);
    layer.q_norm = pieces.take<float>(config.head_dim);
    layer.k_norm = pieces.take<float>(config.head_dim);
    model.layers.push_back(layer);
  }
  model.norm = pieces.take(hidden);
  model.lm_head = pieces.take_matrix(config.vocab_size, hidden);
  model.embedding =
      config.tie_word_embeddings ? model.lm_head : pieces.take_matrix(config.vocab_size, hidden);
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
  Pieces pieces(nullptr);
  static_cast<void>(lay_out(config, is_fp8, pieces));
  return pieces.used();
}

Result<DeviceModel> allocate_device_model(const ModelConfig& config, bool is_fp8) {
  INFERENCE_TRY(DeviceMemory memory,
                DeviceMemory::make(device_weight_bytes(config, is_fp8), "the weights"));
  Pieces pieces(memory.as<std::byte>());
  DeviceModel model = lay_out(config, is_fp8, pieces);
  model.memory = std::move(memory);
  return model;
}

}  // namespace sluice::inference::cuda
