#pragma once

#include "inference/cpu_backend.h"
#include "inference/cuda/cuda_backend.h"
#include "inference/model_config.h"
#include "inference/result.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::inference {

enum class Device : std::uint8_t { automatic, cpu, cuda };

/// Strict: the same request gives the same tokens, whatever else runs (Backend's promise). Fast:
/// what a device gains by giving that up. A CPU gains nothing and is always strict.
enum class Determinism : std::uint8_t { strict, fast };

/// "auto", "cpu", "cuda". Errors: invalid_argument, with the words there are.
[[nodiscard]] Result<Device> device_from(std::string_view name);

/// "auto" (nothing: the device's best), "bfloat16" or "bf16", "float32" or "f32", "fp8", "int8".
/// Errors: invalid_argument, with the words there are.
[[nodiscard]] Result<std::optional<WeightFormat>> dtype_from(std::string_view name);

/// "strict", "fast". Errors: invalid_argument, with the words there are.
[[nodiscard]] Result<Determinism> determinism_from(std::string_view name);

/// What is asked for, where a model is to run.
struct DeviceRequest {
  Device device = Device::automatic;
  std::optional<WeightFormat> format;  ///< Absent: the device's best.
  std::int64_t kv_cache_bytes = 0;     ///< 0: the device's default.
  std::int64_t max_context = 0;        ///< Tokens that the cache must hold; 0: as many as it does.
};

/// Where it will run.
struct DeviceChoice {
  Device device = Device::cpu;  ///< cpu or cuda.
  WeightFormat format = WeightFormat::bf16;
  std::int64_t kv_cache_bytes = 0;  ///< Of a GPU, 0: CudaOptions' own.
  std::optional<CudaDevice> gpu;    ///< What was found, where the device is cuda.
  std::string why_cpu;              ///< What was in the way of a GPU, where one was looked for.
};

/// What the backend of a GPU takes besides weights and KV cache: activations of a step, logits of
/// its generations, workspace of the matrix products. An upper bound by estimate for Qwen3-32B.
inline constexpr std::int64_t kCudaWorkBytes = std::int64_t{512} << 20;

/// What of a GPU's free memory `automatic` asks for: the weights as they will lie there, the cache
/// that was asked for or default_kv_cache_bytes(), and kCudaWorkBytes.
[[nodiscard]] std::int64_t cuda_bytes_wanted(const DeviceRequest& request,
                                             const ModelConfig& config) noexcept;

using FindCudaDevice = std::function<Result<CudaDevice>()>;

/// The rule. `find` is called at most once, and not for Device::cpu.
///  - automatic: the GPU, when one is found, its free memory holds cuda_bytes_wanted(), and the
///    format is one of a GPU or nobody said; otherwise the CPU, and why. fp8 has no CPU: an error.
///  - cuda: the GPU, or an error. How much memory it takes is the backend's to find out; refused
///    here is only what cannot fit: weights, and the cache that was asked for.
///  - cpu: the CPU.
/// Where nobody said, a GPU computes in fp8 if the checkpoint has it, else in bf16; a CPU in bf16.
/// Errors: invalid_argument (a max_context that the model or the cache does not have, a cache that
/// holds no block, a format that a GPU does not compute in); resource_exhausted (the GPU's memory);
/// those of `find`, for cuda.
[[nodiscard]] Result<DeviceChoice> choose_device(const DeviceRequest& request,
                                                 const ModelConfig& config,
                                                 const FindCudaDevice& find);

}  // namespace sluice::inference
