#include "inference/kv_cache.h"

#include "inference/bf16.h"

namespace sluice::inference {
namespace {

float as(float value, float) noexcept { return value; }
std::uint16_t as(float value, std::uint16_t) noexcept { return to_bf16(value); }

/// One head's keys and values of one position into its block.
template <class T>
void write_head(const float* key, const float* value, std::int64_t head_dim, std::int64_t slot,
                std::byte* block) noexcept {
  T* keys = reinterpret_cast<T*>(block);
  T* values = keys + head_dim * kKvBlockTokens;
  for (std::int64_t d = 0; d < head_dim; ++d) {
    keys[d * kKvBlockTokens + slot] = as(key[d], T{});
    values[slot * head_dim + d] = as(value[d], T{});
  }
}

}  // namespace

std::int64_t KvCache::block_bytes(const ModelConfig& config, bool is_bf16) noexcept {
  return config.num_hidden_layers * 2 * config.kv_size() * kKvBlockTokens * (is_bf16 ? 2 : 4);
}

Result<KvCache> KvCache::make(const ModelConfig& config, std::int64_t num_blocks, bool is_bf16) {
  KvCache cache;
  INFERENCE_TRY(cache.memory_,
                Buffer::make(num_blocks * block_bytes(config, is_bf16), "the KV cache"));
  cache.num_blocks_ = num_blocks;
  cache.num_heads_ = config.num_key_value_heads;
  cache.head_dim_ = config.head_dim;
  cache.head_bytes_ = 2 * config.head_dim * kKvBlockTokens * (is_bf16 ? 2 : 4);
  cache.is_bf16_ = is_bf16;
  return cache;
}

void KvCache::write(std::int64_t layer, KvBlock block, std::int64_t slot, const float* keys,
                    const float* values) noexcept {
  std::byte* to = memory_.data() + (layer * num_blocks_ + block) * num_heads_ * head_bytes_;
  for (std::int64_t head = 0; head < num_heads_; ++head, to += head_bytes_) {
    const float* key = keys + head * head_dim_;
    const float* value = values + head * head_dim_;
    if (is_bf16_) {
      write_head<std::uint16_t>(key, value, head_dim_, slot, to);
    } else {
      write_head<float>(key, value, head_dim_, slot, to);
    }
  }
}

}  // namespace sluice::inference
