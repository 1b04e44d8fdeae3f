#include "inference/device_choice.h"

#include "inference/model_size.h"

#include <array>
#include <span>
#include <utility>

namespace sluice::inference {
namespace {

template <typename T>
Result<T> word_from(std::string_view name, std::string_view what,
                    std::span<const std::pair<std::string_view, T>> words) {
  std::string known;
  for (const auto& [word, value] : words) {
    if (word == name) return value;
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  return fail(Errc::invalid_argument,
              std::string(what) + ": want one of " + known + ", not '" + std::string(name) + "'");
}

WeightFormat format_on_gpu(const DeviceRequest& request, const ModelConfig& config) noexcept {
  return request.format.value_or(config.has_fp8_weights ? WeightFormat::fp8 : WeightFormat::bf16);
}

std::int64_t weight_bytes_on_gpu(const DeviceRequest& request, const ModelConfig& config) noexcept {
  return weight_bytes(config, format_on_gpu(request, config), DType::bf16);
}

std::string mebibytes(std::int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

/// Whether the model and the cache that was asked for have max_context, and the cache a block.
Result<void> check_context(const DeviceRequest& request, const ModelConfig& config,
                           WeightFormat format) {
  if (request.max_context > config.max_position_embeddings) {
    return fail(Errc::invalid_argument,
                "max_model_len " + std::to_string(request.max_context) + ": the model has " +
                    std::to_string(config.max_position_embeddings) + " positions");
  }
  const std::int64_t needed = context_bytes(config, format, request.max_context);
  if (request.kv_cache_bytes > 0 && request.kv_cache_bytes < needed) {
    return fail(Errc::invalid_argument,
                "kv_cache_bytes " + std::to_string(request.kv_cache_bytes) + ": max_model_len " +
                    std::to_string(request.max_context) + " needs " + std::to_string(needed));
  }
  const std::int64_t block = kv_block_bytes(config, format);
  if (request.kv_cache_bytes > 0 && request.kv_cache_bytes < block) {
    return fail(Errc::invalid_argument, "a KV cache of " + std::to_string(request.kv_cache_bytes) +
                                            " bytes: one block of 16 tokens takes " +
                                            std::to_string(block));
  }
  return {};
}

/// The GPU, if it can be had; where not, why.
Result<CudaDevice> find_gpu(const DeviceRequest& request, const ModelConfig& config,
                            const FindCudaDevice& find) {
  const WeightFormat format = format_on_gpu(request, config);
  if (format != WeightFormat::bf16 && format != WeightFormat::fp8) {
    return fail(Errc::invalid_argument, "a GPU computes in bfloat16 and fp8 only");
  }
  INFERENCE_TRY(CudaDevice gpu, find());
  const std::int64_t asked = request.kv_cache_bytes > 0
                                 ? request.kv_cache_bytes
                                 : context_bytes(config, WeightFormat::bf16, request.max_context);
  const std::int64_t needed = request.device == Device::cuda
                                  ? weight_bytes_on_gpu(request, config) + asked
                                  : cuda_bytes_wanted(request, config);
  if (needed > gpu.free_bytes) {
    return fail(Errc::resource_exhausted, gpu.name + " has " + mebibytes(gpu.free_bytes) +
                                              " free of " + mebibytes(gpu.total_bytes) +
                                              ", the model wants " + mebibytes(needed));
  }
  return gpu;
}

}  // namespace

Result<Device> device_from(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Device>, 3> kWords = {
      {{"auto", Device::automatic}, {"cpu", Device::cpu}, {"cuda", Device::cuda}}};
  return word_from<Device>(name, "device", kWords);
}

Result<std::optional<WeightFormat>> dtype_from(std::string_view name) {
  using Format = std::optional<WeightFormat>;
  static constexpr std::array<std::pair<std::string_view, Format>, 7> kWords = {
      {{"auto", std::nullopt},
       {"bfloat16", WeightFormat::bf16},
       {"bf16", WeightFormat::bf16},
       {"float32", WeightFormat::f32},
       {"f32", WeightFormat::f32},
       {"fp8", WeightFormat::fp8},
       {"int8", WeightFormat::int8}}};
  return word_from<Format>(name, "dtype", kWords);
}

Result<Determinism> determinism_from(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Determinism>, 2> kWords = {
      {{"strict", Determinism::strict}, {"fast", Determinism::fast}}};
  return word_from<Determinism>(name, "determinism", kWords);
}

std::int64_t cuda_bytes_wanted(const DeviceRequest& request, const ModelConfig& config) noexcept {
  const std::int64_t cache =
      request.kv_cache_bytes > 0
          ? request.kv_cache_bytes
          : default_kv_cache_bytes(config, WeightFormat::bf16, request.max_context);
  return weight_bytes_on_gpu(request, config) + cache + kCudaWorkBytes;
}

Result<DeviceChoice> choose_device(const DeviceRequest& request, const ModelConfig& config,
                                   const FindCudaDevice& find) {
  const bool wants_fp8 = request.format == WeightFormat::fp8;
  if (wants_fp8 && !config.has_fp8_weights) {
    return fail(Errc::invalid_argument, "dtype fp8: the checkpoint is not in fp8");
  }
  DeviceChoice choice;
  choice.format = request.format.value_or(WeightFormat::bf16);
  choice.kv_cache_bytes = request.kv_cache_bytes;
  INFERENCE_CHECK(check_context(request, config, choice.format));
  if (request.device != Device::cpu) {
    auto gpu = find_gpu(request, config, find);
    if (gpu) {
      choice.device = Device::cuda;
      choice.format = format_on_gpu(request, config);
      choice.gpu = std::move(gpu).value();
      return choice;
    }
    if (request.device == Device::cuda) {
      return fail(gpu.error().code, "device cuda: " + gpu.error().detail + "; want cpu or auto");
    }
    choice.why_cpu = gpu.error().detail;
  }
  if (wants_fp8) {
    return fail(Errc::invalid_argument,
                "dtype fp8: a GPU computes in it, a CPU in bfloat16, float32 and int8" +
                    (choice.why_cpu.empty() ? "" : "; " + choice.why_cpu));
  }
  if (choice.kv_cache_bytes == 0) {
    choice.kv_cache_bytes = default_kv_cache_bytes(config, choice.format, request.max_context);
  }
  return choice;
}

}  // namespace sluice::inference
