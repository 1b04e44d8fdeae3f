#pragma once

#include <cstdint>

// In which order the operands of matrix products lie in device memory: in that in which the tensor
// cores read them, so that a warp loads whole operands with 16 bytes a lane, next to each other,
// and no shuffling on the way. All functions give offsets in elements.
//
// mma.m16n8k16 (PTX ISA, "Matrix Fragments for mma.m16n8k16"): lane = 4 g + t holds of A the rows g
// and g + 8, of B the column g, of both the k at 2t, 2t + 1, 2t + 8, 2t + 9; of C the rows g and
// g + 8, the columns 2t and 2t + 1. A sum over k does not mind which k stands where, as long as A
// and B agree: here a lane holds 8 neighbours, k = 8t .. 8t + 7, enough for two products of 16.

namespace sluice::inference::cuda {

inline constexpr int kTileK = 32;        ///< Depth of a tile: two products of 16.
inline constexpr int kFragmentRows = 8;  ///< Rows of a fragment, the half of a tile of A.
inline constexpr int kFragmentSize = kFragmentRows * kTileK;  ///< 32 lanes of 8: 512 bytes.
inline constexpr int kTileRows = 2 * kFragmentRows;           ///< Rows of a tile of A.
inline constexpr int kTileSize = 2 * kFragmentSize;           ///< Elements of a tile of A: 1 KiB.

/// Of element (row, k), row < 8 and k < 32, in its fragment.
[[nodiscard]] constexpr int fragment_offset(int row, int k) noexcept {
  return (row * 4 + k / 8) * 8 + k % 8;
}

/// Activations (rows, depth): the B operand. Order: (row / 8, k / 32, fragment).
[[nodiscard]] constexpr std::int64_t activation_offset(std::int64_t row, std::int64_t k,
                                                       std::int64_t depth) noexcept {
  const std::int64_t fragment = row / kFragmentRows * (depth / kTileK) + k / kTileK;
  return fragment * kFragmentSize +
         fragment_offset(static_cast<int>(row % kFragmentRows), static_cast<int>(k % kTileK));
}

/// Weights (rows, depth): the A operand. Order: (row / 16, k / 32, row / 8 % 2, fragment).
[[nodiscard]] constexpr std::int64_t weight_offset(std::int64_t row, std::int64_t k,
                                                   std::int64_t depth) noexcept {
  const std::int64_t tile = row / kTileRows * (depth / kTileK) + k / kTileK;
  return tile * kTileSize + row / kFragmentRows % 2 * kFragmentSize +
         fragment_offset(static_cast<int>(row % kFragmentRows), static_cast<int>(k % kTileK));
}

/// Weights (rows, depth) in fp8, a byte each. Order: (row / 16, k / 32, lane, k % 8 / 2, k % 2,
/// row / 8 % 2): a lane holds in 16 bytes what it holds of the tile in 32 as bf16, each 4 bytes
/// being two k of row g + 8 and of row g in turn.
[[nodiscard]] constexpr std::int64_t fp8_offset(std::int64_t row, std::int64_t k,
                                                std::int64_t depth) noexcept {
  const std::int64_t tile = row / kTileRows * (depth / kTileK) + k / kTileK;
  const std::int64_t lane = row % kFragmentRows * 4 + k % kTileK / 8;
  return tile * kTileSize + lane * 16 + k % 8 * 2 + (row / kFragmentRows % 2 == 0 ? 1 : 0);
}

/// K-tiles of which fp8 weights of one row have one scale.
inline constexpr int kScaleTiles = 4;
[[nodiscard]] constexpr std::int64_t scale_blocks(std::int64_t depth) noexcept {
  return (depth / kTileK + kScaleTiles - 1) / kScaleTiles;
}

/// The scale of fp8 weights at (row, k), the same for 8 neighbouring rows and 128 k. Order:
/// (row / 16, k / 128, row / 8 % 2).
[[nodiscard]] constexpr std::int64_t scale_offset(std::int64_t row, std::int64_t k,
                                                  std::int64_t depth) noexcept {
  const std::int64_t block = row / kTileRows * scale_blocks(depth) + k / (kScaleTiles * kTileK);
  return block * 2 + row / kFragmentRows % 2;
}

/// Where row j of the gate and of the up projection stand in the matrix that holds both: 8 of the
/// one, then 8 of the other, so that one lane comes to both halves of a SwiGLU.
[[nodiscard]] constexpr std::int64_t gate_row(std::int64_t j) noexcept {
  return j / kFragmentRows * kTileRows + j % kFragmentRows;
}
[[nodiscard]] constexpr std::int64_t up_row(std::int64_t j) noexcept {
  return gate_row(j) + kFragmentRows;
}

/// A page of the KV cache: 16 positions of one kv head in one layer, first the keys, then the
/// values, `head_dim` of each.
inline constexpr int kPageKeys = 16;
[[nodiscard]] constexpr int page_size(int head_dim) noexcept { return 2 * kPageKeys * head_dim; }

/// Of dimension d of the key at `slot` < 16. Keys are the B operand of Q K^T, and d is its depth:
/// (slot / 8, d / 32, fragment).
[[nodiscard]] constexpr int key_offset(int slot, int d, int head_dim) noexcept {
  const int fragment = slot / kFragmentRows * (head_dim / kTileK) + d / kTileK;
  return fragment * kFragmentSize + fragment_offset(slot % kFragmentRows, d % kTileK);
}

/// The same of a value, within the page. Values are the B operand of P V, and the position is its
/// depth: (d / 16, lane, d / 8 % 2, 4), where lane 4 g + t holds of column g the positions 2t,
/// 2t + 1, 2t + 8, 2t + 9: those that it has of P.
[[nodiscard]] constexpr int value_offset(int slot, int d, int head_dim) noexcept {
  const int lane = d % 8 * 4 + slot % 8 / 2;
  return kPageKeys * head_dim + (d / 16 * 32 + lane) * 8 + d / 8 % 2 * 4 + slot / 8 * 2 + slot % 2;
}

}  // namespace sluice::inference::cuda
