#pragma once

#include "inference/cuda/attention_args.h"
#include "inference/cuda/attention_merge.cuh"

// Attention of few rows over many keys: a warp for each split, straight from global memory, and the
// merging of all splits at the end by whoever comes last.

namespace sluice::inference::cuda {

/// One split of one tile by one warp. All 4 pages' keys are asked for before the first is used.
template <int kHeadDim>
__device__ __forceinline__ void decode_split(const AttentionArgs& args, const AttentionWork& work,
                                             const QueryTile<kHeadDim>& query, int split,
                                             int last_key, int kv_head, int lane,
                                             TileSums<kHeadDim>& sums) {
  const Bf16* pages[kSplitPages];
  uint4 keys[kSplitPages][kHeadDim / 16];
#pragma unroll
  for (int page = 0; page < kSplitPages; ++page) {
    // Where there is no page, the last once more: nothing of it counts.
    const int index = min(split * kSplitPages + page, last_key / kPageKeys);
    pages[page] = args.cache + page_offset(args, work, index, kv_head) + lane * 8;
  }
#pragma unroll
  for (int page = 0; page < kSplitPages; ++page) {
#pragma unroll
    for (int i = 0; i < kHeadDim / 16; ++i) {
      keys[page][i] = *reinterpret_cast<const uint4*>(pages[page] + i * kFragmentSize);
    }
  }
  attend_split(
      query, split * kSplitKeys, last_key, [&](int page, int i) { return keys[page][i]; },
      [&](int page, int i) {
        return *reinterpret_cast<const uint4*>(pages[page] + kPageKeys * kHeadDim +
                                               i * kFragmentSize);
      },
      lane, sums);
}

/// Grid: (chunks or fewer, kv heads, works). Dynamic shared memory: decode_shared_bytes().
template <int kHeadDim>
__global__ __launch_bounds__(kAttentionWarps * 32, 1) void decode_attention(AttentionArgs args) {
  wait_for_previous_kernel();
  let_next_kernel_start();
  const AttentionWork work = args.decode[blockIdx.z];
  const int num_splits = splits_of(work);
  const int num_chunks = (num_splits + kAttentionWarps - 1) / kAttentionWarps;
  if (work.num_rows == 0 || static_cast<int>(blockIdx.x) >= num_chunks) return;

  const int kv_head = static_cast<int>(blockIdx.y);
  const int group = args.shape.group();
  const TileRows rows = {work.first_row,  work.num_rows, work.position,
                         kv_head * group, group,         args.shape.num_heads};
  const int lane = static_cast<int>(threadIdx.x % 32);
  QueryTile<kHeadDim> query;
  query.load(args.queries, rows, lane);

  const int num_partials = rows.num_tokens * group;  // Of a split.
  float* partials = shared_memory<float>();
  if (num_chunks > 1) {
    const std::int64_t first =
        work.first_partial + std::int64_t{kv_head} * num_splits * num_partials;
    partials = args.workspace + first * partial_size(kHeadDim);
  }
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int step = static_cast<int>(gridDim.x) * kAttentionWarps;
  for (int split = static_cast<int>(blockIdx.x) * kAttentionWarps + warp; split < num_splits;
       split += step) {
    TileSums<kHeadDim> sums;
    decode_split(args, work, query, split, rows.last_key(), kv_head, lane, sums);
    store_partials(sums, rows, lane,
                   partials + std::int64_t{split} * num_partials * partial_size(kHeadDim));
  }
  if (num_chunks > 1) {
    int* counter = args.counters + blockIdx.z * gridDim.y + blockIdx.y;
    if (!comes_last(counter, min(static_cast<int>(gridDim.x), num_chunks))) return;
  } else {
    __syncthreads();
  }
  merge_partials<kHeadDim>(partials, num_splits, rows, args.out);
}

}  // namespace sluice::inference::cuda
