#pragma once

#include "inference/cuda/attention_args.h"
#include "inference/cuda/attention_split.cuh"

// Attention of many rows of one part: 8 tiles share the reading of the pages.

namespace sluice::inference::cuda {

/// Elements of a buffer for one split; there are two.
[[nodiscard]] constexpr int split_buffer_size(int head_dim) noexcept {
  return kSplitPages * page_size(head_dim);
}

/// Starts copying the pages of a split that hold a position up to `last_key`.
template <int kHeadDim>
__device__ __forceinline__ void start_split(const AttentionArgs& args, const AttentionWork& work,
                                            int split, int last_key, int kv_head, Bf16* buffer) {
  constexpr int kPageChunks = page_size(kHeadDim) / 8;  // Of 16 bytes.
#pragma unroll
  for (int page = 0; page < kSplitPages; ++page) {
    const int index = split * kSplitPages + page;
    if (index > last_key / kPageKeys) break;
    const Bf16* from = args.cache + page_offset(args, work, index, kv_head);
    Bf16* to = buffer + page * page_size(kHeadDim);
#pragma unroll
    for (int i = 0; i < kPageChunks; i += kAttentionWarps * 32) {
      const int chunk = i + static_cast<int>(threadIdx.x);
      copy_async(to + chunk * 8, from + chunk * 8);
    }
  }
  commit_copies();
}

/// The lane's rows to the output.
template <int kHeadDim>
__device__ __forceinline__ void store_tile(const TileSums<kHeadDim>& sums, const TileRows& rows,
                                           int lane, Bf16* out) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int r = lane / 4 + half * 8;
    if (!rows.has(r)) continue;
#pragma unroll
    for (int i = 0; i < kHeadDim / 8; ++i) {
      store_output(out, rows, r, i * 8 + lane % 4 * 2, kHeadDim, sums.values[i][half * 2],
                   sums.values[i][half * 2 + 1], sums.weights[half]);
    }
  }
}

/// Grid: (kv heads, works). Dynamic shared memory: two buffers of a split.
template <int kHeadDim>
__global__ __launch_bounds__(kAttentionWarps * 32, 1) void prefill_attention(AttentionArgs args) {
  wait_for_previous_kernel();
  let_next_kernel_start();
  const AttentionWork work = args.prefill[blockIdx.y];
  if (work.num_rows == 0) return;

  const int kv_head = static_cast<int>(blockIdx.x);
  const int group = args.shape.group();
  const int tile = args.shape.tile_rows();
  const int lane = static_cast<int>(threadIdx.x % 32);
  const int first = static_cast<int>(threadIdx.x / 32) * tile;
  // Of the warp's tile; perhaps it has no rows, and its warp copies only.
  const int num_tokens = max(0, min(tile, work.num_rows - first));
  const TileRows rows = {std::int64_t{work.first_row} + first,
                         num_tokens,
                         work.position + first,
                         kv_head * group,
                         group,
                         args.shape.num_heads};
  QueryTile<kHeadDim> query;
  query.load(args.queries, rows, lane);
  TileSums<kHeadDim> all;
  see_nothing(all);

  const int last_key = work.position + work.num_rows - 1;  // Of the block.
  const int num_splits = splits_of(work);
  Bf16* buffers = shared_memory<Bf16>();
  start_split<kHeadDim>(args, work, 0, last_key, kv_head, buffers);
  for (int split = 0; split < num_splits; ++split) {
    wait_for_copies<0>();
    __syncthreads();  // The split is there for all, and all are through with the one before.
    if (split + 1 < num_splits) {
      start_split<kHeadDim>(args, work, split + 1, last_key, kv_head,
                            buffers + (split + 1) % 2 * split_buffer_size(kHeadDim));
    }
    if (num_tokens == 0 || split * kSplitKeys > rows.last_key()) continue;
    const Bf16* pages = buffers + split % 2 * split_buffer_size(kHeadDim) + lane * 8;
    const auto fragment = [pages](int page, int i) {
      return *reinterpret_cast<const uint4*>(pages + page * page_size(kHeadDim) +
                                             i * kFragmentSize);
    };
    TileSums<kHeadDim> sums;
    attend_split(
        query, split * kSplitKeys, rows.last_key(), fragment,
        [&](int page, int i) { return fragment(page, kHeadDim / 16 + i); }, lane, sums);
    merge_split(all, sums);
  }
  store_tile(all, rows, lane, args.out);
}

}  // namespace sluice::inference::cuda
