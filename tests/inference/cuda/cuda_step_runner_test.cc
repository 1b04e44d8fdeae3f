// Steps with token choice on the CUDA backend, on the processor: an engine on it comes to what the
// host's sampler makes of the same backend's logits, whatever overlaps.

#include "inference/engine.h"
#include "inference/host_step_runner.h"
#include "inference/step_runner.h"
#include "inference/token_mask.h"
#include "tests/inference/cuda/cuda_models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <random>

namespace sluice::inference {
namespace {

/// The CUDA backend, its tokens chosen by the host from its logits: nothing overlaps.
class WithHostSampler final : public Backend {
 public:
  explicit WithHostSampler(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}
  [[nodiscard]] const ModelConfig& config() const noexcept override { return backend_->config(); }
  [[nodiscard]] std::string_view description() const noexcept override { return "cuda, host"; }
  [[nodiscard]] std::int64_t num_kv_blocks() const noexcept override {
    return backend_->num_kv_blocks();
  }
  Result<void> forward(std::span<const StepPart> parts, std::span<float> logits) override {
    return backend_->forward(parts, logits);
  }

 private:
  std::unique_ptr<Backend> backend_;
};

/// Allows tokens of one remainder, which changes with each token.
class TurningMask final : public TokenMask {
 public:
  void allowed(std::span<std::uint64_t> bits) override {
    std::ranges::fill(bits, 0);
    for (std::size_t id = static_cast<std::size_t>(turn_ % 7); id < bits.size() * 64; id += 7) {
      bits[id / 64] |= std::uint64_t{1} << (id % 64);
    }
  }
  void accept(TokenId id) override { turn_ += 1 + id % 3; }
  [[nodiscard]] bool is_complete() const override { return false; }

 private:
  int turn_ = 0;
};

/// Of every kind of choice: greedy, drawn on the device, drawn on the host, masked.
GenerationRequest random_request(std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  GenerationRequest request;
  request.prompt = random_tokens(random, static_cast<std::size_t>(1 + below(20)), 203);
  request.max_tokens = 1 + below(8);
  request.sampling.seed = random();
  if (below(3) > 0) request.sampling.temperature = 0.2 + 0.1 * below(15);
  if (below(3) > 0) request.sampling.top_k = 1 + below(80);
  if (below(2) > 0) request.sampling.top_p = 0.3 + 0.07 * below(10);
  if (below(4) == 0) request.sampling.min_p = 0.05;
  if (below(5) == 0) request.sampling.frequency_penalty = 0.5;
  if (below(5) == 0) request.sampling.top_logprobs = below(4);
  if (below(3) == 0) request.mask = std::make_shared<TurningMask>();
  for (int i = below(60); i > 0; --i) request.stop_token_ids.push_back(below(203));
  return request;
}

struct Ended {
  std::vector<TokenId> tokens;
  FinishReason reason = FinishReason::error;
  std::vector<float> logprobs;
  bool operator==(const Ended&) const = default;
};

/// What `requests` come to, all of them at once.
std::vector<Ended> run_all(std::unique_ptr<Backend> backend, const Vocabulary& vocabulary,
                           unsigned seed) {
  EngineOptions options;
  options.scheduler.max_running = 8;
  options.scheduler.max_step_tokens = 64;
  Engine engine(options, std::move(backend), vocabulary);
  std::mt19937 random(seed);
  std::vector<std::future<Completion>> completions;
  for (int i = 0; i < 14; ++i) {
    auto promise = std::make_shared<std::promise<Completion>>();
    completions.push_back(promise->get_future());
    const auto submitted = engine.submit(
        random_request(random),
        {nullptr, [promise](Completion completion) { promise->set_value(std::move(completion)); }});
    EXPECT_TRUE(submitted) << submitted.error().detail;
  }
  std::vector<Ended> ended;
  for (auto& completion : completions) {
    const Completion done = completion.get();
    EXPECT_NE(done.reason, FinishReason::error) << done.error;
    Ended& end = ended.emplace_back(Ended{done.tokens, done.reason, {}});
    for (const TokenLogprob& token : done.logprobs) end.logprobs.push_back(token.logprob);
  }
  return ended;
}

TEST(CudaStepRunner, ComesToWhatTheHostsSamplerComesTo) {
  for (const std::size_t num_used : {203U, 190U}) {  // 190: padding rows that are never chosen.
    const Vocabulary vocabulary = cuda_vocabulary(num_used);
    const auto on_device = run_all(cuda_backend(), vocabulary, 3);
    const auto on_host = run_all(std::make_unique<WithHostSampler>(cuda_backend()), vocabulary, 3);
    EXPECT_EQ(on_device, on_host);
    EXPECT_GT(std::ranges::count(on_device, FinishReason::length, &Ended::reason), 2);
    EXPECT_GT(std::ranges::count(on_device, FinishReason::stop, &Ended::reason), 0);
  }
}

TEST(CudaStepRunner, NeverChoosesATokenInAHoleOfTheVocabulary) {
  std::vector<Vocabulary::Entry> entries(203, {"x", Vocabulary::Kind::text});
  for (std::size_t id = 0; id < 200; id += 2) entries[id].kind = Vocabulary::Kind::unused;
  for (const Ended& end : run_all(cuda_backend(), Vocabulary(std::move(entries)), 4)) {
    for (const TokenId id : end.tokens) EXPECT_TRUE(id % 2 == 1 || id >= 200) << id;
  }
}

}  // namespace
}  // namespace sluice::inference
