#pragma once

#include "inference/bf16.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

// Made-up generations: their queries, keys and values, and what becomes of them.

namespace sluice::inference::cuda {

/// A chunk of a generation: its rows at position, position + 1, ...
struct Chunk {
  int generation = 0;
  int position = 0;
  int num_rows = 0;
};

/// What (generation, position) has come to: num_heads * head_dim bf16.
using Outputs = std::map<std::pair<int, int>, std::vector<std::uint16_t>>;

enum class Operand { query, key, value };

/// Between -2 and 2; the same whenever it is asked for.
inline float unit(Operand operand, int generation, int position, int head, int d) {
  std::uint64_t x = static_cast<std::uint64_t>(operand);
  for (const int part : {generation, position, head, d}) {
    x = (x ^ static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15U;
    x ^= x >> 29;
  }
  return static_cast<float>(x >> 40) * 0x1p-22F - 2;
}

/// From here on generations are delicate: all keys are the same, and of every three positions the
/// first and the last have values that are large and cancel out. What is left then is what was
/// rounded on the way: another order of summation is another result.
inline constexpr int kDelicate = 100;

/// Of a generation, at a position. A bf16.
inline float element(Operand operand, int generation, int position, int head, int d) {
  float factor = 1;
  if (generation >= kDelicate && operand == Operand::key) position = 0;
  if (generation >= kDelicate && operand == Operand::value && position % 3 != 1) {
    factor = position % 3 == 0 ? 0x1p20F : -0x1p20F;
    position /= 3;
  }
  const float value = unit(operand, generation, position, head, d);
  return factor * from_bf16(inference::to_bf16(value));
}

}  // namespace sluice::inference::cuda
