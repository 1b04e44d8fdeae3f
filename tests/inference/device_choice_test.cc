// What is checked: the rule by which a model gets its device, what is said where that is not the
// one that was wished for, and that a build without CUDA says so. Method: GPUs of the test's own,
// given to the rule as they would be found.

#include "inference/device_choice.h"

#include "inference/model_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::inference {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

/// The shape of Qwen3-0.6B.
ModelConfig small_model() {
  ModelConfig config;
  config.vocab_size = 151'936;
  config.hidden_size = 1024;
  config.intermediate_size = 3072;
  config.num_hidden_layers = 28;
  config.num_attention_heads = 16;
  config.num_key_value_heads = 8;
  config.head_dim = 128;
  config.max_position_embeddings = 40'960;
  config.tie_word_embeddings = true;
  return config;
}

FindCudaDevice gpu_with(std::int64_t free_bytes) {
  return [=] { return CudaDevice{"NVIDIA X100", 9, 0, free_bytes, 80 * kGiB}; };
}

FindCudaDevice no_gpu() {
  return [] { return fail(Errc::unavailable, "no NVIDIA driver is here"); };
}

DeviceChoice chosen(const DeviceRequest& request, const FindCudaDevice& find) {
  auto choice = choose_device(request, small_model(), find);
  EXPECT_TRUE(choice) << (choice ? "" : choice.error().detail);
  return choice ? std::move(choice).value() : DeviceChoice();
}

DeviceRequest request_for(Device device) {
  DeviceRequest request;
  request.device = device;
  return request;
}

TEST(DeviceChoice, TakesAGpuThatHoldsTheModel) {
  const DeviceChoice choice = chosen(DeviceRequest(), gpu_with(8 * kGiB));
  EXPECT_EQ(choice.device, Device::cuda);
  EXPECT_EQ(choice.format, WeightFormat::bf16);
  EXPECT_EQ(choice.kv_cache_bytes, 0) << "the backend takes what is left";
  EXPECT_EQ(choice.why_cpu, "");
  ASSERT_TRUE(choice.gpu);
  EXPECT_EQ(choice.gpu->name, "NVIDIA X100");
}

TEST(DeviceChoice, TakesTheCpuAndSaysWhyWhereThereIsNoGpu) {
  const DeviceChoice choice = chosen(DeviceRequest(), no_gpu());
  EXPECT_EQ(choice.device, Device::cpu);
  EXPECT_EQ(choice.why_cpu, "no NVIDIA driver is here");
  EXPECT_FALSE(choice.gpu);
  EXPECT_EQ(choice.kv_cache_bytes, default_kv_cache_bytes(small_model(), WeightFormat::bf16, 0));
}

TEST(DeviceChoice, WantsRoomForWeightsCacheAndWork) {
  const std::int64_t wanted = cuda_bytes_wanted(DeviceRequest(), small_model());
  EXPECT_GT(wanted, 2 * num_parameters(small_model()) + kGiB + kCudaWorkBytes);
  EXPECT_LT(wanted, 3 * kGiB) << "0.6 billion parameters of two bytes, 1 GiB and 0.5 GiB";
  EXPECT_EQ(chosen(DeviceRequest(), gpu_with(wanted)).device, Device::cuda);
  const DeviceChoice choice = chosen(DeviceRequest(), gpu_with(wanted - 1));
  EXPECT_EQ(choice.device, Device::cpu);
  EXPECT_THAT(choice.why_cpu, AllOf(HasSubstr("NVIDIA X100 has 26"), HasSubstr("free of 81920 MiB"),
                                    HasSubstr("the model wants 26")));
}

TEST(DeviceChoice, CountsTheCacheThatIsAskedFor) {
  DeviceRequest request;
  request.kv_cache_bytes = 4 * kGiB;
  EXPECT_EQ(chosen(request, gpu_with(4 * kGiB)).device, Device::cpu);
  const DeviceChoice choice = chosen(request, gpu_with(8 * kGiB));
  EXPECT_EQ(choice.device, Device::cuda);
  EXPECT_EQ(choice.kv_cache_bytes, 4 * kGiB);
  request.kv_cache_bytes = 0;
  request.max_context = 40'960;  // 4.4 GiB of keys and values.
  EXPECT_EQ(chosen(request, gpu_with(5 * kGiB)).device, Device::cpu);
  EXPECT_EQ(chosen(request, gpu_with(7 * kGiB)).device, Device::cuda);
}

TEST(DeviceChoice, LeavesOtherFormatsToTheCpu) {
  DeviceRequest request;
  request.format = WeightFormat::int8;
  const DeviceChoice choice = chosen(request, gpu_with(8 * kGiB));
  EXPECT_EQ(choice.device, Device::cpu);
  EXPECT_EQ(choice.format, WeightFormat::int8);
  EXPECT_EQ(choice.why_cpu, "a GPU computes in bfloat16 and fp8 only");
  request.format = WeightFormat::bf16;
  EXPECT_EQ(chosen(request, gpu_with(8 * kGiB)).device, Device::cuda);
}

TEST(DeviceChoice, KeepsACheckpointInFp8OnAGpu) {
  ModelConfig config = small_model();
  config.has_fp8_weights = true;
  DeviceRequest request;
  const std::int64_t wanted = cuda_bytes_wanted(request, config);
  EXPECT_LT(wanted, cuda_bytes_wanted(request, small_model()) - 400'000'000);
  DeviceChoice choice = choose_device(request, config, gpu_with(wanted)).value();
  EXPECT_EQ(choice.device, Device::cuda);
  EXPECT_EQ(choice.format, WeightFormat::fp8);
  EXPECT_EQ(choose_device(request, config, gpu_with(wanted - 1)).value().format, WeightFormat::bf16)
      << "on the CPU";
  request.format = WeightFormat::bf16;
  EXPECT_EQ(cuda_bytes_wanted(request, config), cuda_bytes_wanted(DeviceRequest(), small_model()));
  choice = choose_device(request, config, gpu_with(8 * kGiB)).value();
  EXPECT_EQ(choice.device, Device::cuda);
  EXPECT_EQ(choice.format, WeightFormat::bf16);
}

TEST(DeviceChoice, RefusesFp8WhereItCannotBeHad) {
  DeviceRequest request;
  request.format = WeightFormat::fp8;
  const auto other = choose_device(request, small_model(), gpu_with(8 * kGiB));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().detail, "dtype fp8: the checkpoint is not in fp8");
  ModelConfig config = small_model();
  config.has_fp8_weights = true;
  EXPECT_EQ(choose_device(request, config, gpu_with(8 * kGiB)).value().format, WeightFormat::fp8);
  const auto without = choose_device(request, config, no_gpu());
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().detail,
            "dtype fp8: a GPU computes in it, a CPU in bfloat16, float32 and int8; no NVIDIA "
            "driver is here");
  request.device = Device::cpu;
  EXPECT_FALSE(choose_device(request, config, gpu_with(8 * kGiB)));
}

TEST(DeviceChoice, LooksForNoGpuWhereTheCpuIsAskedFor) {
  const DeviceChoice choice = chosen(request_for(Device::cpu), [] {
    ADD_FAILURE() << "looked for";
    return fail(Errc::internal, "");
  });
  EXPECT_EQ(choice.device, Device::cpu);
  EXPECT_EQ(choice.why_cpu, "");
}

TEST(DeviceChoice, RefusesAGpuThatCannotBeHad) {
  DeviceRequest eight_bits = request_for(Device::cuda);
  eight_bits.format = WeightFormat::int8;
  DeviceRequest cache = request_for(Device::cuda);
  cache.kv_cache_bytes = 4 * kGiB;
  const struct {
    DeviceRequest request;
    FindCudaDevice find;
    Errc code;
    std::string_view detail;
  } table[] = {
      {request_for(Device::cuda), no_gpu(), Errc::unavailable,
       "device cuda: no NVIDIA driver is here; want cpu or auto"},
      {eight_bits, gpu_with(8 * kGiB), Errc::invalid_argument, "bfloat16 and fp8 only"},
      {request_for(Device::cuda), gpu_with(kGiB), Errc::resource_exhausted, "1024 MiB free"},
      {cache, gpu_with(4 * kGiB), Errc::resource_exhausted, "4096 MiB free"},
  };
  for (const auto& row : table) {
    const auto refused = choose_device(row.request, small_model(), row.find);
    ASSERT_FALSE(refused) << row.detail;
    EXPECT_EQ(refused.error().code, row.code) << row.detail;
    EXPECT_THAT(refused.error().detail, HasSubstr(row.detail));
  }
}

TEST(DeviceChoice, LeavesToTheBackendWhetherWhatIsTightFits) {
  const std::int64_t tight = cuda_bytes_wanted(DeviceRequest(), small_model()) - 1;
  EXPECT_EQ(chosen(request_for(Device::cuda), gpu_with(tight)).device, Device::cuda);
}

TEST(DeviceChoice, RefusesAContextThatIsNotThereWhateverTheDevice) {
  for (const Device device : {Device::automatic, Device::cpu, Device::cuda}) {
    DeviceRequest request = request_for(device);
    request.max_context = 50'000;
    const auto positions = choose_device(request, small_model(), gpu_with(80 * kGiB));
    ASSERT_FALSE(positions);
    EXPECT_THAT(positions.error().detail, HasSubstr("40960 positions"));
    request.max_context = 1024;
    request.kv_cache_bytes = 65'536;
    const auto cache = choose_device(request, small_model(), gpu_with(80 * kGiB));
    ASSERT_FALSE(cache);
    EXPECT_EQ(cache.error().code, Errc::invalid_argument);
    EXPECT_THAT(cache.error().detail, HasSubstr("kv_cache_bytes 65536: max_model_len 1024 needs"));
  }
}

TEST(DeviceChoice, RefusesACacheThatHoldsNoBlock) {
  const std::int64_t block = kv_block_bytes(small_model(), WeightFormat::bf16);
  for (const Device device : {Device::automatic, Device::cpu, Device::cuda}) {
    DeviceRequest request = request_for(device);
    request.kv_cache_bytes = block;
    EXPECT_TRUE(choose_device(request, small_model(), gpu_with(80 * kGiB)));
    request.kv_cache_bytes = block - 1;
    const auto refused = choose_device(request, small_model(), gpu_with(80 * kGiB));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_THAT(refused.error().detail, HasSubstr("a KV cache of " + std::to_string(block - 1) +
                                                  " bytes: one block of 16"));
  }
}

TEST(DeviceWords, AreThoseOfTheFlags) {
  EXPECT_EQ(dtype_from("bfloat16").value(), WeightFormat::bf16);
  EXPECT_EQ(dtype_from("auto").value(), std::nullopt);
  EXPECT_EQ(device_from("cpu").value(), Device::cpu);
  EXPECT_EQ(device_from("auto").value(), Device::automatic);
  EXPECT_EQ(determinism_from("strict").value(), Determinism::strict);
  EXPECT_EQ(determinism_from("fast").value(), Determinism::fast);
  EXPECT_EQ(dtype_from("fp8").value(), WeightFormat::fp8);
  EXPECT_THAT(dtype_from("fp4").error().detail, HasSubstr("float32, f32, fp8, int8, not 'fp4'"));
  EXPECT_THAT(device_from("gpu").error().detail, HasSubstr("auto, cpu, cuda"));
  EXPECT_THAT(determinism_from("loose").error().detail, HasSubstr("strict, fast, not 'loose'"));
}

TEST(NoCuda, SaysSo) {
  if (has_cuda()) GTEST_SKIP() << "this build has CUDA";
  const auto device = find_cuda_device(0);
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, Errc::unavailable);
  EXPECT_EQ(device.error().detail, "this build has no CUDA backend");
  const auto backend = make_cuda_backend(small_model(), {}, {});
  ASSERT_FALSE(backend);
  EXPECT_EQ(backend.error().code, Errc::unavailable);
}

TEST(CudaDevice, IsThereOrItIsSaidWhyNot) {
  const auto device = find_cuda_device(0);
  if (device) {
    EXPECT_TRUE(has_cuda());
    EXPECT_GE(device.value().major, kCudaMajorMin);
    EXPECT_GT(device.value().free_bytes, 0);
    EXPECT_LE(device.value().free_bytes, device.value().total_bytes);
  } else {
    EXPECT_EQ(device.error().code, Errc::unavailable);
    EXPECT_NE(device.error().detail, "");
  }
  const auto absent = find_cuda_device(4096);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace sluice::inference
