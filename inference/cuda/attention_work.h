#pragma once

#include "inference/cuda/bf16.cuh"
#include "inference/cuda/step_layout.h"
#include "inference/cuda/tile_layout.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

// Who computes the attention of which rows: made on the host for each step, and copied to the
// device. It changes no bit of what comes out.

namespace sluice::inference::cuda {

inline constexpr int kSplitPages = 4;
inline constexpr int kSplitKeys = kSplitPages * kPageKeys;  ///< Summed by themselves, then merged.
inline constexpr int kAttentionWarps = 8;                   ///< Of a block.
/// Keys that a block of the decode kernel sees at a time; more of them, and the workspace is used.
inline constexpr int kChunkKeys = kAttentionWarps * kSplitKeys;

/// Rows of one part, next to each other. No rows: nothing to do.
struct AttentionWork {
  int first_row = 0;
  int num_rows = 0;
  int position = 0;       ///< Of the first row.
  int first_block = 0;    ///< The part's, in the list of all blocks.
  int first_partial = 0;  ///< Decode: where in the workspace, if it needs any.
};

[[nodiscard]] constexpr int splits_of(const AttentionWork& work) noexcept {
  return (work.position + work.num_rows - 1) / kSplitKeys + 1;
}

struct AttentionShape {
  int num_heads = 0;  ///< At most 16 for each kv head: query head j reads kv head j / group.
  int num_kv_heads = 0;
  int head_dim = 0;  ///< 64 or 128.

  [[nodiscard]] constexpr int group() const noexcept { return num_heads / num_kv_heads; }
  /// Rows whose query heads of one kv head are a tile of 16.
  [[nodiscard]] constexpr int tile_rows() const noexcept { return kTileRows / group(); }
};

/// A partial is what a split comes to for one query head of one row: head_dim sums, the maximum,
/// the sum of the weights; a multiple of 32 bytes that spreads over shared memory's banks.
[[nodiscard]] constexpr int partial_size(int head_dim) noexcept { return head_dim + 8; }

/// Partials that decode work of `num_rows` rows of one part needs in the workspace.
[[nodiscard]] constexpr std::int64_t partials_of(const AttentionWork& work,
                                                 const AttentionShape& shape) noexcept {
  const std::int64_t splits = splits_of(work);
  return splits * kSplitKeys <= kChunkKeys ? 0 : splits * work.num_rows * shape.num_heads;
}

/// Floats of a workspace with room for `num_rows` rows that see `max_context` positions each. With
/// less plan_attention() gives to the prefill kernel what finds no room.
[[nodiscard]] constexpr std::int64_t workspace_size(const AttentionShape& shape, int num_rows,
                                                    int max_context) noexcept {
  return partials_of({0, 1, std::max(max_context, 1) - 1, 0, 0}, shape) * num_rows *
         partial_size(shape.head_dim);
}

struct AttentionPlan {
  int num_decode = 0;
  int num_prefill = 0;
};

struct AttentionLimits {
  std::int64_t workspace_size = 0;  ///< Floats.
  int max_decode_tiles = 4;         ///< Parts of more tiles share their pages' reading: prefill.
};

/// Cuts the parts into works, the longest first. `decode` has room for one work a row, as has
/// `prefill`; what is not used of them becomes work without rows, so that a captured launch of more
/// works than there are is right.
inline AttentionPlan plan_attention(std::span<const DevicePart> parts, const AttentionShape& shape,
                                    const AttentionLimits& limits, std::span<AttentionWork> decode,
                                    std::span<AttentionWork> prefill) {
  AttentionPlan plan;
  const int tile = shape.tile_rows();
  const std::int64_t room = limits.workspace_size / partial_size(shape.head_dim);
  std::int64_t used = 0;
  const auto cut = [&](const DevicePart& part, int rows, auto&& take) {
    for (int i = 0; i < part.num_rows; i += rows) {
      take(AttentionWork{part.first_row + i, std::min(rows, part.num_rows - i), part.position + i,
                         part.first_block, 0});
    }
  };
  for (const DevicePart& part : parts) {
    std::int64_t partials = 0;
    cut(part, tile, [&](const AttentionWork& work) { partials += partials_of(work, shape); });
    if (part.num_rows <= limits.max_decode_tiles * tile && used + partials <= room) {
      cut(part, tile, [&](AttentionWork work) {
        work.first_partial = static_cast<int>(used);
        used += partials_of(work, shape);
        decode[static_cast<std::size_t>(plan.num_decode++)] = work;
      });
    } else {
      cut(part, tile * kAttentionWarps, [&](const AttentionWork& work) {
        prefill[static_cast<std::size_t>(plan.num_prefill++)] = work;
      });
    }
  }
  const auto finish = [](std::span<AttentionWork> works, int num) {
    const auto longest_first = [](const AttentionWork& a, const AttentionWork& b) {
      return std::pair(-splits_of(a), a.first_row) < std::pair(-splits_of(b), b.first_row);
    };
    std::sort(works.begin(), works.begin() + num, longest_first);
    std::fill(works.begin() + num, works.end(), AttentionWork{});
  };
  finish(decode, plan.num_decode);
  finish(prefill, plan.num_prefill);
  return plan;
}

}  // namespace sluice::inference::cuda
