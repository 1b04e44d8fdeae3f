#pragma once

#include "inference/cuda/bf16.cuh"
#include "inference/cuda/device_memory.h"
#include "inference/model_config.h"
#include "inference/result.h"

#include <cstdint>
#include <vector>

namespace sluice::inference::cuda {

/// A weight matrix (rows, depth): bf16 in weight_offset() order, or fp8 in fp8_offset() order and
/// scales in scale_offset() order. Rows up to the next multiple of 16 are zeros.
struct DeviceMatrix {
  Bf16* data = nullptr;  ///< Null of a matrix in fp8.
  std::uint8_t* fp8 = nullptr;
  Bf16* scales = nullptr;
  int rows = 0;
  int depth = 0;
};

/// Norms are (hidden_size), those of heads (head_dim).
struct DeviceLayer {
  DeviceMatrix qkv;  ///< The queries' rows, then the keys', then the values'.
  DeviceMatrix o;
  DeviceMatrix gate_up;  ///< Rows at gate_row() and up_row().
  DeviceMatrix down;
  Bf16* input_norm = nullptr;
  Bf16* post_attention_norm = nullptr;
  float* q_norm = nullptr;
  float* k_norm = nullptr;
};

/// The weights of a model on a device, in one allocation.
struct DeviceModel {
  DeviceMemory memory;
  std::vector<DeviceLayer> layers;
  Bf16* norm = nullptr;
  DeviceMatrix embedding;  ///< The same as lm_head where they are tied.
  DeviceMatrix lm_head;
};

/// Whether the kernels have these shapes. Errors: invalid_argument, naming the first size that does
/// not fit.
[[nodiscard]] Result<void> check_shapes(const ModelConfig& config);

/// What the weights take on a device; with `is_fp8` those of the layers' matrices are in fp8.
[[nodiscard]] std::int64_t device_weight_bytes(const ModelConfig& config, bool is_fp8) noexcept;

/// Memory for all weights, with nothing in it yet.
/// Errors: resource_exhausted, unavailable.
[[nodiscard]] Result<DeviceModel> allocate_device_model(const ModelConfig& config, bool is_fp8);

/// How many scales a matrix in fp8 has.
[[nodiscard]] std::int64_t num_scales(const DeviceMatrix& matrix) noexcept;

}  // namespace sluice::inference::cuda
