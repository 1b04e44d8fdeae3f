#include "inference/backend_loading.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace sluice::inference {
namespace {

/// The GPU that choose_device() looks at first, and the only one that is used.
constexpr int kGpu = 0;

Result<std::unique_ptr<Backend>> make_on_gpu(const ModelConfig& config, Weights weights,
                                             const BackendRequest& request, WeightFormat format,
                                             const Cuda& cuda) {
  CudaOptions options;
  options.keeps_fp8 = format == WeightFormat::fp8;
  options.device = kGpu;
  options.kv_cache_bytes = request.kv_cache_bytes;
  options.is_strict = request.determinism == Determinism::strict;
  options.max_rows = request.max_step_tokens;
  options.max_parts = request.max_running;
  INFERENCE_TRY(auto backend, cuda.make(config, std::move(weights), options));
  const std::int64_t room = backend->num_kv_blocks() * kKvBlockTokens;
  if (room < request.max_context) {
    return fail(Errc::resource_exhausted, std::string(backend->description()) +
                                              ": the KV cache has room for " +
                                              std::to_string(room) + " tokens, max_model_len is " +
                                              std::to_string(request.max_context));
  }
  return backend;
}

Result<std::unique_ptr<Backend>> make_on_cpu(const ModelConfig& config, Weights weights,
                                             const BackendRequest& request,
                                             const DeviceChoice& choice) {
  CpuOptions options;
  options.format = choice.format;
  options.threads = request.threads > 0 ? request.threads : default_threads();
  options.kv_cache_bytes = choice.kv_cache_bytes;
  return make_cpu_backend(config, std::move(weights), options);
}

/// fp8, where that can be kept. A checkpoint of somebody's own may have left some matrices as they
/// were, or have scales of another type: then bf16, unless fp8 was asked for.
Result<WeightFormat> format_on_gpu(const BackendRequest& request, const DeviceChoice& choice,
                                   const Weights& weights) {
  if (choice.format != WeightFormat::fp8 || are_fp8(weights)) return choice.format;
  if (!request.format) return WeightFormat::bf16;
  return fail(Errc::invalid_argument,
              "dtype fp8: not all matrices of the checkpoint are fp8 with scales in bf16");
}

bool has_cpu(const BackendRequest& request) noexcept {
  return request.device == Device::automatic && request.format != WeightFormat::fp8;
}

bool is_of_the_device(const Error& error) noexcept {
  return error.code == Errc::unavailable || error.code == Errc::resource_exhausted;
}

}  // namespace

int default_threads() noexcept {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 2, 1, 8);
}

Result<LoadedBackend> load_backend(const std::filesystem::path& dir, const ModelConfig& config,
                                   const BackendRequest& request, const Cuda& cuda) {
  INFERENCE_TRY(DeviceChoice choice,
                choose_device(request, config, [&] { return cuda.find(kGpu); }));
  INFERENCE_TRY(Weights weights, load_weights(dir, config));
  LoadedBackend loaded;
  loaded.stored = weights.embedding.dtype;
  if (choice.device == Device::cuda) {
    INFERENCE_TRY(loaded.format, format_on_gpu(request, choice, weights));
    auto backend = make_on_gpu(config, weights, request, loaded.format, cuda);
    if (backend) {
      loaded.backend = std::move(backend).value();
      loaded.device = Device::cuda;
      return loaded;
    }
    if (!has_cpu(request) || !is_of_the_device(backend.error())) {
      return std::move(backend).error();
    }
    BackendRequest on_cpu = request;
    on_cpu.device = Device::cpu;
    INFERENCE_TRY(choice, choose_device(on_cpu, config, {}));
    choice.why_cpu = backend.error().detail;
  }
  loaded.format = choice.format;
  loaded.why_cpu = std::move(choice.why_cpu);
  INFERENCE_TRY(loaded.backend, make_on_cpu(config, std::move(weights), request, choice));
  return loaded;
}

}  // namespace sluice::inference
