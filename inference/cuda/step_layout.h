#pragma once

#include <cstdint>

// What the kernels of a step know of it: rows (tokens), and parts (the rows of one generation, next
// to each other). Copied to the device before each step.

namespace sluice::inference::cuda {

/// One token. A row of a padded batch that stands for nothing has position -1: nothing is written
/// for it, and what is computed for it is garbage that nobody reads.
struct DeviceRow {
  int token = 0;
  int follows = -1;   ///< Not negative: the token is choice number `follows` of the step before.
  int position = -1;  ///< In its generation.
  int part = 0;
};

/// The rows [first_row, first_row + num_rows), at `position`, position + 1, ...
struct DevicePart {
  int first_row = 0;
  int num_rows = 0;
  int position = 0;
  int first_block = 0;  ///< Where its KV blocks begin in the list of all parts' blocks.
};

/// Where the KV cache of a layer lies: (block, kv head, page); a page is tile_layout.h's.
[[nodiscard]] constexpr std::int64_t page_index(std::int64_t block, std::int64_t head,
                                                std::int64_t num_kv_heads) noexcept {
  return block * num_kv_heads + head;
}

}  // namespace sluice::inference::cuda
