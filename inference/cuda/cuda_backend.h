#pragma once

#include "inference/backend.h"
#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/weights.h"

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::inference {

// Builds without CUDA have this as well: what it promises then is that it says so. Nothing of CUDA
// is in here, and nothing of it is linked that a machine without a driver would lack.

struct CudaOptions {
  int device = 0;                   ///< As CUDA counts what CUDA_VISIBLE_DEVICES leaves.
  std::int64_t kv_cache_bytes = 0;  ///< 0: kCudaFreeShare of what is free behind the weights.
  bool keeps_fp8 = false;           ///< The layers' weights are fp8 and stay it; else all is bf16.
  bool is_strict = true;            ///< The promise of Backend, to the bit; else what is fastest.
  std::int64_t max_rows = 512;      ///< Tokens of one step.
  std::int64_t max_parts = 64;      ///< Generations of one step.
};

/// Of the memory that is free once weights and working memory are there; the rest stays for who
/// else uses the device. No more than max_parts generations of the longest context can fill.
inline constexpr double kCudaFreeShare = 0.5;

/// The oldest compute capability that the kernels run on: it has bf16 in its tensor cores.
inline constexpr int kCudaMajorMin = 8;

/// A GPU as it is now. Memory changes with whoever uses it.
struct CudaDevice {
  std::string name;  ///< E.g. "NVIDIA H100 80GB HBM3".
  int major = 0;     ///< Of its compute capability, with `minor`.
  int minor = 0;
  std::int64_t free_bytes = 0;
  std::int64_t total_bytes = 0;
};

/// Whether this build has the CUDA backend. It may still find no device.
[[nodiscard]] bool has_cuda() noexcept;

/// Looks at a device, and makes it that of the calling thread. Takes a part of a second and some
/// of the device's memory: its context is made. One that is lost is waited for, until all models
/// have let go of it, half a minute at most.
/// Errors: unavailable, saying why: no CUDA in this build; no driver, or one too old; no such
/// device, or one of a compute capability below kCudaMajorMin or that this build has no code for;
/// a device that fails.
[[nodiscard]] Result<CudaDevice> find_cuda_device(int index);

/// A model on a GPU: a copy of the weights in bf16, or in fp8, which gives the same bits as the
/// bf16 nearest to what its weights times their scales are; activations and a KV cache in bf16,
/// whose blocks take kv_block_bytes(config, WeightFormat::bf16). Sums are fp32 throughout. Blocks
/// never written hold zeros. Errors: invalid_argument (options, or weights that do not fit the
/// configuration); resource_exhausted (the device's memory); those of find_cuda_device().
[[nodiscard]] Result<std::unique_ptr<Backend>> make_cuda_backend(const ModelConfig& config,
                                                                 Weights weights,
                                                                 const CudaOptions& options);

}  // namespace sluice::inference
