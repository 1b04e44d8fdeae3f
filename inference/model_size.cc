#include "inference/model_size.h"

#include "inference/fp8.h"
#include "inference/int8_matrix.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::inference {
namespace {

using Shape = std::pair<std::int64_t, std::int64_t>;  // Rows and columns.

/// The matrices of one layer.
std::array<Shape, 7> matrices_of(const ModelConfig& config) noexcept {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t wide = config.intermediate_size;
  return {{{config.q_size(), hidden},
           {config.kv_size(), hidden},
           {config.kv_size(), hidden},
           {hidden, config.q_size()},
           {wide, hidden},
           {wide, hidden},
           {hidden, wide}}};
}

std::int64_t norm_elements(const ModelConfig& config) noexcept {
  return config.num_hidden_layers * (2 * config.hidden_size + 2 * config.head_dim) +
         config.hidden_size;
}

std::int64_t matrix_bytes(const Shape& shape, WeightFormat format) noexcept {
  const auto [rows, columns] = shape;
  if (format == WeightFormat::int8) return int8_matrix_bytes(rows, columns);
  if (format == WeightFormat::fp8) {
    return rows * columns + 2 * fp8_blocks(rows) * fp8_blocks(columns);  // Scales in bf16.
  }
  return rows * columns * (format == WeightFormat::bf16 ? 2 : 4);
}

/// What the embedding and the head are computed in: of a model in fp8 they stay bf16.
WeightFormat table_format(WeightFormat format) noexcept {
  return format == WeightFormat::fp8 ? WeightFormat::bf16 : format;
}

bool is_stored_as(WeightFormat format, DType stored) noexcept {
  return (table_format(format) == WeightFormat::bf16 && stored == DType::bf16) ||
         (format == WeightFormat::f32 && stored == DType::f32);
}

}  // namespace

std::int64_t num_parameters(const ModelConfig& config) noexcept {
  std::int64_t layer = 0;
  for (const auto& [rows, columns] : matrices_of(config)) layer += rows * columns;
  const std::int64_t tables = config.tie_word_embeddings ? 1 : 2;
  return config.num_hidden_layers * layer + norm_elements(config) +
         tables * config.vocab_size * config.hidden_size;
}

std::int64_t stored_bytes(const ModelConfig& config, DType stored) noexcept {
  const auto element = static_cast<std::int64_t>(size_of(stored));
  std::int64_t bytes = num_parameters(config) * element;
  if (!config.has_fp8_weights) return bytes;
  for (const Shape& shape : matrices_of(config)) {
    const std::int64_t saved =
        shape.first * shape.second * element - matrix_bytes(shape, WeightFormat::fp8);
    bytes -= config.num_hidden_layers * saved;
  }
  return bytes;
}

std::int64_t step_bytes(const ModelConfig& config, WeightFormat format) noexcept {
  std::int64_t layer = 0;
  for (const Shape& shape : matrices_of(config)) layer += matrix_bytes(shape, format);
  return config.num_hidden_layers * layer +
         matrix_bytes({config.vocab_size, config.hidden_size}, table_format(format));
}

std::int64_t weight_bytes(const ModelConfig& config, WeightFormat format, DType stored) noexcept {
  const std::int64_t norms = norm_elements(config) * 4;
  const bool is_head = config.tie_word_embeddings && is_stored_as(format, stored);
  const std::int64_t table =
      config.vocab_size * config.hidden_size * static_cast<std::int64_t>(size_of(stored));
  return step_bytes(config, format) + norms + (is_head ? 0 : table);
}

std::int64_t kv_token_bytes(const ModelConfig& config, WeightFormat format) noexcept {
  return kv_block_bytes(config, format) / kKvBlockTokens;
}

std::int64_t context_bytes(const ModelConfig& config, WeightFormat format,
                           std::int64_t tokens) noexcept {
  return (tokens + kKvBlockTokens - 1) / kKvBlockTokens * kv_block_bytes(config, format);
}

std::int64_t default_kv_cache_bytes(const ModelConfig& config, WeightFormat format,
                                    std::int64_t max_context) noexcept {
  constexpr std::int64_t kLeast = std::int64_t{64} << 20;
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  if (max_context > 0) return std::max(kLeast, context_bytes(config, format, max_context));
  return std::clamp(context_bytes(config, format, config.max_position_embeddings), kLeast, kMost);
}

}  // namespace sluice::inference
