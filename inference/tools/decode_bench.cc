// How close decoding comes to what the memory allows, for a model of Qwen3-0.6B's shape with random
// weights made in memory:
//   decode_bench [THREADS]
// Bandwidth is the best reading of the weights' bytes; "GEMV" multiplies every matrix of a step
// with one row and does nothing else; a floor is the bytes of a step through the bandwidth. Each
// number is the best of several rounds, which alternate: other work on the machine comes and goes.

#include "inference/bandwidth.h"
#include "inference/cpu_backend.h"
#include "inference/cpu_model.h"
#include "inference/model_size.h"
#include "inference/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <string>

namespace sluice::inference {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRounds = 6;

ModelConfig config_06b() {
  ModelConfig config;
  config.vocab_size = 151936;
  config.hidden_size = 1024;
  config.intermediate_size = 3072;
  config.num_hidden_layers = 28;
  config.num_attention_heads = 16;
  config.num_key_value_heads = 8;
  config.head_dim = 128;
  config.max_position_embeddings = 40960;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 1e6;
  config.tie_word_embeddings = true;
  return config;
}

/// bf16 weights in one buffer; a pattern repeated, because making 600 million takes its time.
class PatternWeights {
 public:
  explicit PatternWeights(std::int64_t bytes)
      : buffer_(std::make_shared<Buffer>(Buffer::make(bytes, "weights").value())) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 0.03F);
    std::vector<std::uint16_t> pattern((1 << 20) + 7);
    for (auto& value : pattern) {
      const float number = normal(random);
      std::memcpy(&value, reinterpret_cast<const char*>(&number) + 2, sizeof value);
    }
    const auto step = static_cast<std::int64_t>(pattern.size() * sizeof pattern[0]);
    for (std::int64_t at = 0; at < bytes; at += step) {
      std::memcpy(buffer_->data() + at, pattern.data(),
                  static_cast<std::size_t>(std::min(step, bytes - at)));
    }
  }

  TensorView take(std::vector<std::int64_t> shape) {
    TensorView view = {DType::bf16, std::move(shape), buffer_->data() + used_};
    used_ += view.num_elements() * 2;
    return view;
  }

  [[nodiscard]] const std::shared_ptr<Buffer>& buffer() const { return buffer_; }

 private:
  std::shared_ptr<Buffer> buffer_;
  std::int64_t used_ = 0;
};

Weights make_weights(const ModelConfig& config) {
  PatternWeights pattern(std::int64_t{1'200'000'000});
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t wide = config.intermediate_size;
  Weights weights;
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    weights.layers.push_back({.input_norm = pattern.take({hidden}),
                              .q_proj = pattern.take({config.q_size(), hidden}),
                              .k_proj = pattern.take({config.kv_size(), hidden}),
                              .v_proj = pattern.take({config.kv_size(), hidden}),
                              .o_proj = pattern.take({hidden, config.q_size()}),
                              .q_norm = pattern.take({config.head_dim}),
                              .k_norm = pattern.take({config.head_dim}),
                              .post_attention_norm = pattern.take({hidden}),
                              .gate_proj = pattern.take({wide, hidden}),
                              .up_proj = pattern.take({wide, hidden}),
                              .down_proj = pattern.take({hidden, wide})});
  }
  weights.norm = pattern.take({hidden});
  weights.embedding = pattern.take({config.vocab_size, hidden});
  weights.lm_head = weights.embedding;
  weights.owners.push_back(pattern.buffer());
  return weights;
}

template <class F>
double seconds(F&& function) {
  const auto start = Clock::now();
  function();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<const CpuMatrix*> matrices_of(const CpuModel& model) {
  std::vector<const CpuMatrix*> all;
  for (const CpuLayer& layer : model.layers) {
    for (const CpuMatrix* matrix :
         {&layer.q, &layer.k, &layer.v, &layer.o, &layer.gate, &layer.up, &layer.down}) {
      all.push_back(matrix);
    }
  }
  all.push_back(&model.lm_head);
  return all;
}

/// Every matrix of a step with one row.
double gemv_seconds(ThreadPool& pool, const std::vector<const CpuMatrix*>& matrices,
                    std::byte* packed, float* out) {
  return seconds([&] {
    pool.run([&](int thread) {
      for (const CpuMatrix* matrix : matrices) {
        const Share share = share_of(matrix->view.rows, 16, thread, pool.size());
        matrix->kernels->multiply(matrix->view, share.first, share.last, packed, 1, {out, 0});
      }
    });
  });
}

/// Runs `num` parts of `tokens` tokens at `position`, each in blocks of its own.
double step_seconds(Backend& backend, int num, int tokens, std::int64_t position) {
  const std::vector<TokenId> ids(static_cast<std::size_t>(tokens), 1234);
  std::vector<std::vector<KvBlock>> blocks(static_cast<std::size_t>(num));
  std::vector<StepPart> parts;
  for (int i = 0; i < num; ++i) {
    auto& own = blocks[static_cast<std::size_t>(i)];
    own.resize(static_cast<std::size_t>((position + tokens + 15) / 16));
    std::iota(own.begin(), own.end(), i * static_cast<KvBlock>(own.size()));
    parts.push_back({ids, position, own, true});
  }
  std::vector<float> logits(static_cast<std::size_t>(num) * 151936);
  return seconds([&] { backend.forward(parts, logits).value(); });
}

struct Best {
  double read = 1e9, gemv = 1e9, one = 1e9, long_context = 1e9, eight = 1e9, prefill = 1e9;
};

void measure(WeightFormat format, const char* name, const Weights& weights, int threads) {
  const ModelConfig config = config_06b();
  ThreadPool pool(threads);
  const Kernels& kernels = *kernels_for(std::nullopt).value();
  const CpuModel model = make_cpu_model(config, weights, format, kernels, pool).value();
  const auto backend =
      make_cpu_backend(config, weights, {.format = format, .threads = threads}).value();
  const auto matrices = matrices_of(model);
  const std::int64_t bytes = step_bytes(config, format);
  const Buffer packed = Buffer::make(1 << 20, "packed").value();
  const Buffer out = Buffer::make(1 << 20, "out").value();
  Best best;
  const auto keep = [](double& least, double value) { least = std::min(least, value); };
  for (int round = 0; round < kRounds; ++round) {
    keep(best.read, read_seconds(pool, weights.layers[0].input_norm.data, bytes));
    keep(best.gemv, gemv_seconds(pool, matrices, packed.data(), out.floats()));
    for (int i = 0; i < 4; ++i) keep(best.one, step_seconds(*backend, 1, 1, 64 + i));
    keep(best.long_context, step_seconds(*backend, 1, 1, 2000));
    for (int i = 0; i < 2; ++i) keep(best.eight, step_seconds(*backend, 8, 1, 64));
    keep(best.prefill, step_seconds(*backend, 1, 128, 0));
  }
  const auto gigabytes = static_cast<double>(bytes) / 1e9;
  std::printf("%s: %s, %.3f GB a step\n", name, std::string(backend->description()).c_str(),
              gigabytes);
  std::printf("  bandwidth        %7.1f GB/s\n", gigabytes / best.read);
  std::printf("  GEMV             %7.1f tok/s  %.2f of the floor\n", 1 / best.gemv,
              best.read / best.gemv);
  std::printf("  decode           %7.1f tok/s  %.2f of the floor, %.2f of GEMV\n", 1 / best.one,
              best.read / best.one, best.gemv / best.one);
  std::printf("  decode at 2000   %7.1f tok/s\n", 1 / best.long_context);
  std::printf("  batch 8          %7.1f tok/s  a step takes %.2f of batch 1\n", 8 / best.eight,
              best.eight / best.one);
  std::printf("  prefill 128      %7.1f tok/s  %.1f times decode\n", 128 / best.prefill,
              128 * best.one / best.prefill);
}

}  // namespace
}  // namespace sluice::inference

int main(int argc, char** argv) {
  using namespace sluice::inference;
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  const Weights weights = make_weights(config_06b());
  measure(WeightFormat::bf16, "bf16", weights, threads);
  measure(WeightFormat::int8, "int8", weights, threads);
}
