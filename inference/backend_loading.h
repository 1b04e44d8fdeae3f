#pragma once

#include "inference/backend.h"
#include "inference/device_choice.h"
#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/safetensors.h"
#include "inference/weights.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace sluice::inference {

/// Half of the processors, from 1 to 8: more only wait for the memory.
[[nodiscard]] int default_threads() noexcept;

/// A device, and how it is to compute.
struct BackendRequest : DeviceRequest {
  int threads = 0;  ///< Of the CPU; 0: default_threads().
  Determinism determinism = Determinism::strict;
  std::int64_t max_step_tokens = 512;  ///< Of all parts of a step.
  std::int64_t max_running = 64;       ///< Parts of a step.
};

/// The GPUs as this build has them; a test puts its own in their place.
struct Cuda {
  std::function<Result<CudaDevice>(int index)> find = find_cuda_device;
  std::function<Result<std::unique_ptr<Backend>>(const ModelConfig&, Weights, const CudaOptions&)>
      make = make_cuda_backend;
};

struct LoadedBackend {
  std::unique_ptr<Backend> backend;
  Device device = Device::cpu;               ///< cpu or cuda.
  WeightFormat format = WeightFormat::bf16;  ///< That it computes in.
  DType stored = DType::bf16;                ///< That the checkpoint is in.
  std::string why_cpu;                       ///< DeviceChoice's.
};

/// Chooses a device by choose_device() and puts the model of `dir` on it. Where Device::automatic
/// finds a GPU whose backend is unavailable or resource_exhausted after all, the CPU is taken.
/// Errors: those of choose_device(), load_weights() and the backend; resource_exhausted, where a
/// GPU's cache does not hold max_context.
[[nodiscard]] Result<LoadedBackend> load_backend(const std::filesystem::path& dir,
                                                 const ModelConfig& config,
                                                 const BackendRequest& request,
                                                 const Cuda& cuda = {});

}  // namespace sluice::inference
