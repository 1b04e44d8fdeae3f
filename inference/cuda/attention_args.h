#pragma once

#include "inference/cuda/attention_work.h"

namespace sluice::inference::cuda {

/// All in device memory. Queries, keys and values are rope_and_cache()'s.
struct AttentionArgs {
  AttentionShape shape;
  const Bf16* queries = nullptr;  ///< (rows, num_heads, head_dim).
  const Bf16* cache = nullptr;    ///< Of the layer: (block, kv head, page).
  const int* blocks = nullptr;    ///< Of all parts: (parts, positions / 16).
  Bf16* out = nullptr;            ///< (rows, num_heads * head_dim) in activation_offset() order.

  /// plan_attention()'s. Work without rows costs a block that leaves at once: in a captured launch
  /// these are the most that there will be.
  const AttentionWork* decode = nullptr;
  int num_decode = 0;
  const AttentionWork* prefill = nullptr;
  int num_prefill = 0;
  int max_context = 0;  ///< The most positions of a decode work: how wide its grid is.

  float* workspace = nullptr;  ///< workspace_size() floats.
  int* counters = nullptr;     ///< (num_decode, num_kv_heads), zero before the first launch.
};

/// Of one kv head.
[[nodiscard]] constexpr std::int64_t page_offset(const AttentionArgs& args,
                                                 const AttentionWork& work, int page,
                                                 int kv_head) noexcept {
  return page_index(args.blocks[work.first_block + page], kv_head, args.shape.num_kv_heads) *
         page_size(args.shape.head_dim);
}

}  // namespace sluice::inference::cuda
