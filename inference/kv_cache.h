#pragma once

#include "inference/backend.h"
#include "inference/buffer.h"
#include "inference/model_config.h"
#include "inference/result.h"

#include <cstdint>

namespace sluice::inference {

/// Keys and values in memory: (layer, block, kv head), of each first the keys (head_dim, 16), then
/// the values (16, head_dim); the orders that AttentionKernels read.
class KvCache {
 public:
  /// `num_blocks` blocks of float, or of bf16. Zeros.
  /// Errors: resource_exhausted.
  static Result<KvCache> make(const ModelConfig& config, std::int64_t num_blocks, bool is_bf16);

  /// Bytes of one block in all layers.
  static std::int64_t block_bytes(const ModelConfig& config, bool is_bf16) noexcept;

  [[nodiscard]] std::int64_t num_blocks() const noexcept { return num_blocks_; }
  [[nodiscard]] bool is_bf16() const noexcept { return is_bf16_; }

  [[nodiscard]] const std::byte* keys(std::int64_t layer, KvBlock block,
                                      std::int64_t head) const noexcept {
    return memory_.data() + ((layer * num_blocks_ + block) * num_heads_ + head) * head_bytes_;
  }
  [[nodiscard]] const std::byte* values(std::int64_t layer, KvBlock block,
                                        std::int64_t head) const noexcept {
    return keys(layer, block, head) + head_bytes_ / 2;
  }

  /// The keys and values of all heads at one position of a block, (kv head, head_dim) each.
  void write(std::int64_t layer, KvBlock block, std::int64_t slot, const float* keys,
             const float* values) noexcept;

 private:
  Buffer memory_;
  std::int64_t num_blocks_ = 0;
  std::int64_t num_heads_ = 0;
  std::int64_t head_dim_ = 0;
  std::int64_t head_bytes_ = 0;  // Keys and values of one head in one block and layer.
  bool is_bf16_ = false;
};

}  // namespace sluice::inference
