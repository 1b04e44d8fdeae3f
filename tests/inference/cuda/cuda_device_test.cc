// Memory and failures of the CUDA backend, which only a device that obeys can show.

#include "inference/step_runner.h"
#include "tests/inference/cuda/cuda_models.h"
#include "tests/inference/cuda/device_array.h"

#include <gmock/gmock.h>
#include <runtime.h>

#include <limits>
#include <random>

namespace sluice::inference {
namespace {

using testing::HasSubstr;

/// Runs `tokens` from position 0 on.
Result<void> run(Backend& backend, std::span<const TokenId> tokens) {
  std::vector<float> logits(static_cast<std::size_t>(backend.config().vocab_size));
  const auto blocks = some_blocks(0, 2);
  const StepPart part = {tokens, 0, blocks, true};
  return backend.forward({&part, 1}, logits);
}

TEST(CudaDevice, AllocatesNothingOnceItHasSeenASize) {
  const auto backend = cuda_backend();
  std::mt19937 random(8);
  const auto tokens = random_tokens(random, 20, 203);
  need(run(*backend, tokens));
  const int before = cuda_on_host::num_allocations();
  need(run(*backend, std::span(tokens).first(10)));
  step_by_step(*backend, std::span(tokens).first(4), some_blocks(0, 1));
  EXPECT_EQ(cuda_on_host::num_allocations(), before);
}

TEST(CudaDevice, GivesAllItsMemoryBack) {
  const std::size_t before = cuda_on_host::allocated_bytes();
  cuda_backend();
  EXPECT_EQ(cuda_on_host::allocated_bytes(), before);
}

TEST(CudaDevice, SaysWhatDoesNotFitIntoTheDevice) {
  cuda_on_host::set_device_memory(1 << 20);
  const auto made =
      make_cuda_backend(cuda_config(), RandomWeights(1).make(cuda_config()), cuda_options());
  cuda_on_host::set_device_memory(std::size_t{1} << 30);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::resource_exhausted);
  EXPECT_THAT(made.error().detail, HasSubstr("bytes are free; weights and activations take"));
}

TEST(CudaDevice, ThatLosesItsDeviceSaysSo) {
  auto backend = cuda_backend();
  std::mt19937 random(9);
  const auto tokens = random_tokens(random, 5, 203);
  cuda_on_host::fail_next_work(cudaErrorIllegalAddress);
  const auto failed = run(*backend, tokens);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::unavailable);
  EXPECT_TRUE(backend->is_lost());
  backend.reset();
  EXPECT_FALSE(cuda_backend()->is_lost());
}

TEST(CudaDevice, ThatIsLostFailsEachCallOfAStep) {
  const auto tokens = std::vector<TokenId>{1, 2, 3};
  const auto blocks = some_blocks(0, 1);
  const SamplingParams greedy;
  const TokenCounts counts;
  for (int call = 0; call < 3; ++call) {
    const auto backend = cuda_backend();
    const auto runner = backend->step_runner(cuda_vocabulary());
    const StepPart part = {tokens, 0, blocks, true};
    const TokenChoice choice = {&greedy, &counts, {}, 3};
    std::vector<Result<TokenLogprob>> chosen;
    Result<void> result;
    for (int i = 0; i <= call; ++i) {
      EXPECT_TRUE(result);
      if (i == call) cuda_on_host::fail_next_call(cudaErrorIllegalAddress);
      result = i == 0   ? runner->begin({&part, 1})
               : i == 1 ? runner->choose({&choice, 1})
                        : runner->collect(chosen);
    }
    ASSERT_FALSE(result) << call;
    EXPECT_EQ(result.error().code, Errc::unavailable);
    EXPECT_THAT(result.error().detail, HasSubstr("cudaErrorIllegalAddress"));
    EXPECT_TRUE(backend->is_lost());
  }
}

TEST(CudaDevice, ThatTheBuildHasNoCodeForIsNamed) {
  for (const cudaError_t error :
       {cudaErrorNoKernelImageForDevice, cudaErrorInvalidDeviceFunction}) {
    cuda_on_host::set_code(error);
    const auto found = find_cuda_device(0);
    cuda_on_host::set_code(cudaSuccess);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::unavailable);
    EXPECT_EQ(found.error().detail,
              "a processor has compute capability 9.0, this build has code for sm_90 compute_90 "
              "only");
  }
  EXPECT_TRUE(find_cuda_device(0)) << "nothing stays behind";
}

TEST(DeviceArray, FailsTheTestWithTheNameOfTheError) {
  const auto fails_with = [](const char* name) {
    return testing::ThrowsMessage<std::runtime_error>(HasSubstr(name));
  };
  cuda_on_host::fail_next_call(cudaErrorMemoryAllocation);
  EXPECT_THAT([] { const cuda::DeviceArray<float> array(4); },
              fails_with("cudaMalloc: cudaErrorMemoryAllocation"));
  const cuda::DeviceArray<float> array(4);
  cuda_on_host::fail_next_work(cudaErrorIllegalAddress);
  const auto work = [&](cudaStream_t stream) {
    EXPECT_EQ(cudaMemsetAsync(array.data(), 0, 16, stream), cudaSuccess);
  };
  EXPECT_THAT([&] { cuda::on_stream(work); }, fails_with("cudaErrorIllegalAddress"));
  EXPECT_THAT([&] { static_cast<void>(array.get()); }, fails_with("cudaErrorIllegalAddress"));
  EXPECT_EQ(cudaDeviceReset(), cudaSuccess);
}

TEST(CudaModels, FailTheTestWithTheWordsOfTheError) {
  cuda_on_host::set_device_memory(1 << 20);
  EXPECT_THAT([] { cuda_backend(); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("bytes are free; weights")));
  cuda_on_host::set_device_memory(std::size_t{1} << 30);
}

TEST(CudaDevice, ThatComputesNoNumbersSaysSo) {
  const ModelConfig config = cuda_config();
  Weights weights = RandomWeights(11).make(config);
  std::vector<float> lm_head(static_cast<std::size_t>(weights.lm_head.num_elements()), 0.5F);
  lm_head[100 * 96 + 7] = std::numeric_limits<float>::quiet_NaN();
  weights.lm_head.data = reinterpret_cast<const std::byte*>(lm_head.data());
  const auto backend = need(make_cuda_backend(config, weights, cuda_options()));
  const auto runner = backend->step_runner(cuda_vocabulary());
  const std::vector<TokenId> tokens = {1, 2, 3};
  const auto blocks = some_blocks(0, 1);
  const StepPart part = {tokens, 0, blocks, true};
  const SamplingParams greedy;
  const TokenCounts counts;
  const TokenChoice choice = {&greedy, &counts, {}, 3};
  std::vector<Result<TokenLogprob>> chosen;
  need(runner->begin({&part, 1}));
  need(runner->choose({&choice, 1}));
  need(runner->collect(chosen));
  ASSERT_EQ(chosen.size(), 1);
  ASSERT_FALSE(chosen[0]);
  EXPECT_THAT(chosen[0].error().detail, HasSubstr("not finite"));
}

}  // namespace
}  // namespace sluice::inference
