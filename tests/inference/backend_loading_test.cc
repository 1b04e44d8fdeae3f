// What is checked: that a model is put on the device that was chosen, with what was asked for, and
// on the CPU where a GPU lets `auto` down. Method: the demo model, and a GPU of the test's own.

#include "inference/backend_loading.h"

#include "tests/inference/demo_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace sluice::inference {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A backend that has a cache and a name, and computes nothing.
class IdleBackend final : public Backend {
 public:
  IdleBackend(const ModelConfig& config, std::int64_t num_blocks)
      : config_(config), num_blocks_(num_blocks) {}

  [[nodiscard]] const ModelConfig& config() const noexcept override { return config_; }
  [[nodiscard]] std::string_view description() const noexcept override { return "cuda X100"; }
  [[nodiscard]] std::int64_t num_kv_blocks() const noexcept override { return num_blocks_; }
  Result<void> forward(std::span<const StepPart> /*parts*/, std::span<float> /*logits*/) override {
    return fail(Errc::internal, "computes nothing");
  }

 private:
  ModelConfig config_;
  std::int64_t num_blocks_;
};

class BackendLoadingTest : public testing::Test {
 protected:
  BackendLoadingTest() {
    cuda_.find = [](int index) {
      EXPECT_EQ(index, 0);
      return CudaDevice{"X100", 9, 0, std::int64_t{8} << 30, std::int64_t{16} << 30};
    };
    cuda_.make = [this](const ModelConfig& config, const Weights& weights,
                        const CudaOptions& options) -> Result<std::unique_ptr<Backend>> {
      EXPECT_EQ(std::ssize(weights.layers), config.num_hidden_layers);
      asked_ = options;
      if (trouble_) return *trouble_;
      return std::unique_ptr<Backend>(std::make_unique<IdleBackend>(config, 64));
    };
    request_.threads = 1;
  }

  Result<LoadedBackend> load() { return load_backend(demo_dir(), config_, request_, cuda_); }

  ModelConfig config_ = load_model_config(demo_dir()).value();
  BackendRequest request_;
  Cuda cuda_;
  std::optional<CudaOptions> asked_;
  std::optional<Error> trouble_;
};

TEST_F(BackendLoadingTest, HandsTheGpuWhatWasAskedFor) {
  request_.kv_cache_bytes = 16 << 20;
  request_.max_step_tokens = 1024;
  request_.max_running = 1000;
  request_.determinism = Determinism::fast;
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded.value().backend->description(), "cuda X100");
  EXPECT_EQ(loaded.value().device, Device::cuda);
  EXPECT_EQ(loaded.value().format, WeightFormat::bf16);
  EXPECT_EQ(loaded.value().stored, DType::bf16);
  EXPECT_EQ(loaded.value().why_cpu, "");
  ASSERT_TRUE(asked_);
  EXPECT_EQ(asked_->device, 0);
  EXPECT_EQ(asked_->kv_cache_bytes, 16 << 20);
  EXPECT_EQ(asked_->max_rows, 1024);
  EXPECT_EQ(asked_->max_parts, 1000);
  EXPECT_FALSE(asked_->is_strict);
}

TEST_F(BackendLoadingTest, IsStrictUnlessToldOtherwise) {
  ASSERT_TRUE(load());
  EXPECT_TRUE(asked_->is_strict);
  EXPECT_EQ(asked_->kv_cache_bytes, 0);
}

TEST_F(BackendLoadingTest, TakesTheCpuWhereAGpuLetsItDown) {
  for (const Errc code : {Errc::unavailable, Errc::resource_exhausted}) {
    trouble_ = fail(code, "X100: out of luck");
    const auto loaded = load();
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_THAT(std::string(loaded.value().backend->description()), StartsWith("cpu "));
    EXPECT_EQ(loaded.value().device, Device::cpu);
    EXPECT_EQ(loaded.value().why_cpu, "X100: out of luck");
    EXPECT_EQ(loaded.value().backend->num_kv_blocks(), 1024) << "64 MiB, the CPU's default";
  }
}

TEST_F(BackendLoadingTest, DoesNotHideThatTheModelIsWrong) {
  trouble_ = fail(Errc::invalid_argument, "head_dim 96");
  const auto loaded = load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().detail, "head_dim 96");
}

TEST_F(BackendLoadingTest, FailsWithTheGpuThatWasInsistedOn) {
  request_.device = Device::cuda;
  trouble_ = fail(Errc::resource_exhausted, "X100: out of luck");
  const auto loaded = load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Errc::resource_exhausted);
  EXPECT_THAT(loaded.error().detail, HasSubstr("out of luck"));
}

TEST_F(BackendLoadingTest, WantsRoomForTheContext) {
  config_.max_position_embeddings = 4096;
  request_.device = Device::cuda;
  request_.max_context = 1024;
  ASSERT_TRUE(load()) << "64 blocks of 16";
  request_.max_context = 1025;
  const auto loaded = load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().detail, HasSubstr("room for 1024 tokens, max_model_len is 1025"));
}

TEST_F(BackendLoadingTest, KeepsNothingInFp8ThatIsNot) {
  config_.has_fp8_weights = true;  // The configuration says so, and the tensors are bf16.
  auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded.value().format, WeightFormat::bf16);
  EXPECT_FALSE(asked_->keeps_fp8);
  request_.format = WeightFormat::fp8;
  loaded = load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().detail, HasSubstr("not all matrices of the checkpoint are fp8"));
}

TEST_F(BackendLoadingTest, RunsOnTheCpuWithItsThreads) {
  request_.device = Device::cpu;
  request_.format = WeightFormat::int8;
  request_.determinism = Determinism::fast;
  const auto loaded = load();
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_FALSE(asked_);
  EXPECT_EQ(loaded.value().format, WeightFormat::int8);
  EXPECT_THAT(std::string(loaded.value().backend->description()), HasSubstr("int8, 1 thread"));
}

}  // namespace
}  // namespace sluice::inference
