#include "inference/cpu_attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::inference {
namespace {

constexpr std::int64_t kTileQueries = 8;  // That share one reading of the keys.

}  // namespace

Result<CpuAttention> CpuAttention::make(const ModelConfig& config, const Kernels& kernels,
                                        std::int64_t max_positions, bool is_bf16, int num_threads) {
  CpuAttention attention;
  attention.kernels_ = is_bf16 ? &kernels.attention_bf16 : &kernels.attention_f32;
  attention.softmax_ = kernels.softmax;
  attention.head_dim_ = config.head_dim;
  attention.num_kv_heads_ = config.num_key_value_heads;
  attention.group_ = config.num_attention_heads / config.num_key_value_heads;
  attention.tile_rows_ =
      static_cast<std::size_t>(std::max<std::int64_t>(1, kTileQueries / attention.group_));
  attention.max_positions_ = max_positions;
  attention.scale_ = 1.0F / std::sqrt(static_cast<float>(config.head_dim));
  const std::int64_t queries = static_cast<std::int64_t>(attention.tile_rows_) * attention.group_;
  for (int i = 0; i < num_threads; ++i) {
    Scratch scratch;
    INFERENCE_TRY(scratch.scores, Buffer::make(queries * max_positions * 4, "attention scores"));
    scratch.queries.resize(static_cast<std::size_t>(queries * config.head_dim));
    scratch.outputs.resize(scratch.queries.size());
    attention.scratch_.push_back(std::move(scratch));
  }
  return attention;
}

void CpuAttention::cut_into_tiles(std::span<const StepRow> rows) {
  tiles_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool same_part = i > 0 && rows[i].blocks.data() == rows[i - 1].blocks.data() &&
                           rows[i].position == rows[i - 1].position + 1;
    if (same_part && tiles_.back().num < tile_rows_) {
      ++tiles_.back().num;
    } else {
      tiles_.push_back({i, 1});
    }
  }
}

void CpuAttention::run(std::span<const StepRow> rows, std::int64_t layer, const KvCache& cache,
                       const float* queries, std::int64_t query_stride, float* out,
                       ThreadPool& pool) {
  cut_into_tiles(rows);
  const auto num_heads = static_cast<std::size_t>(num_kv_heads_);
  pool.run([&](int thread) {
    Scratch& scratch = scratch_[static_cast<std::size_t>(thread)];
    const auto step = static_cast<std::size_t>(pool.size());
    for (auto i = static_cast<std::size_t>(thread); i < tiles_.size() * num_heads; i += step) {
      const Tile& tile = tiles_[i / num_heads];
      const auto first = static_cast<std::int64_t>(tile.first);
      run_tile(rows.subspan(tile.first, tile.num), layer, static_cast<std::int64_t>(i % num_heads),
               cache, queries + first * query_stride, query_stride,
               out + first * num_kv_heads_ * group_ * head_dim_, scratch);
    }
  });
}

void CpuAttention::run_tile(std::span<const StepRow> rows, std::int64_t layer, std::int64_t head,
                            const KvCache& cache, const float* queries, std::int64_t query_stride,
                            float* out, Scratch& scratch) const {
  const std::int64_t num_blocks = rows.back().position / kKvBlockTokens + 1;
  scratch.keys.clear();
  scratch.values.clear();
  for (const KvBlock block : rows.back().blocks.first(static_cast<std::size_t>(num_blocks))) {
    scratch.keys.push_back(cache.keys(layer, block, head));
    scratch.values.push_back(cache.values(layer, block, head));
  }
  const std::int64_t width = group_ * head_dim_;  // The queries of one row and kv head.
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    std::copy_n(queries + row * query_stride + head * width, width,
                scratch.queries.data() + row * width);
  }
  const Queries all = {scratch.queries.data(), std::ssize(rows) * group_, head_dim_};
  float* scores = scratch.scores.floats();
  kernels_->scores(all, scratch.keys.data(), num_blocks, scale_, scores, max_positions_);
  std::fill_n(scratch.outputs.data(), all.num * head_dim_, 0.0F);
  for (std::int64_t q = 0; q < all.num; ++q) {
    softmax_(scores + q * max_positions_, rows[static_cast<std::size_t>(q / group_)].position + 1);
  }
  // What all rows see, together; then what each sees besides.
  const std::int64_t shared = rows.front().position + 1;
  kernels_->values(scores, max_positions_, scratch.values.data(), 0, shared, all,
                   scratch.outputs.data());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t q = static_cast<std::int64_t>(i) * group_;
    float* output = scratch.outputs.data() + q * head_dim_;
    kernels_->values(scores + q * max_positions_, max_positions_, scratch.values.data(), shared,
                     rows[i].position + 1, {nullptr, group_, head_dim_}, output);
    std::copy_n(output, width, out + (static_cast<std::int64_t>(i) * num_kv_heads_ + head) * width);
  }
}

}  // namespace sluice::inference
