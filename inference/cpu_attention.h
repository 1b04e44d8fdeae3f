#pragma once

#include "inference/backend.h"
#include "inference/buffer.h"
#include "inference/kernels.h"
#include "inference/kv_cache.h"
#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/thread_pool.h"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::inference {

/// One token of a step.
struct StepRow {
  TokenId token = 0;
  std::int64_t position = 0;
  std::span<const KvBlock> blocks;  ///< Of its part.
};

/// Attention of all rows of a step over the cache. A row sees the positions up to its own, in
/// ascending order, whatever the other rows are.
class CpuAttention {
 public:
  /// Errors: resource_exhausted.
  static Result<CpuAttention> make(const ModelConfig& config, const Kernels& kernels,
                                   std::int64_t max_positions, bool is_bf16, int num_threads);

  /// `queries` and `out` are (rows, q_size), `query_stride` floats from row to row.
  void run(std::span<const StepRow> rows, std::int64_t layer, const KvCache& cache,
           const float* queries, std::int64_t query_stride, float* out, ThreadPool& pool);

 private:
  /// What one thread needs for one tile.
  struct Scratch {
    Buffer scores;               // (queries of a tile, max_positions)
    std::vector<float> queries;  // (queries of a tile, head_dim)
    std::vector<float> outputs;  // (queries of a tile, head_dim)
    std::vector<const void*> keys;
    std::vector<const void*> values;
  };
  /// Consecutive rows of one part.
  struct Tile {
    std::size_t first = 0;
    std::size_t num = 0;
  };

  void cut_into_tiles(std::span<const StepRow> rows);
  void run_tile(std::span<const StepRow> rows, std::int64_t layer, std::int64_t head,
                const KvCache& cache, const float* queries, std::int64_t query_stride, float* out,
                Scratch& scratch) const;

  const AttentionKernels* kernels_ = nullptr;
  void (*softmax_)(float* x, std::int64_t n) = nullptr;
  std::int64_t head_dim_ = 0;
  std::int64_t num_kv_heads_ = 0;
  std::int64_t group_ = 0;     // Query heads of one kv head.
  std::size_t tile_rows_ = 1;  // At most.
  std::int64_t max_positions_ = 0;
  float scale_ = 0;
  std::vector<Scratch> scratch_;
  std::vector<Tile> tiles_;
};

}  // namespace sluice::inference
