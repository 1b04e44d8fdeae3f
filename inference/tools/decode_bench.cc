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
#include "inference/tools/bench_models.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>

namespace sluice::inference {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRounds = 6;

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
  const ModelConfig config = bench_config("0.6B");
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
  const Weights weights = bench_weights(bench_config("0.6B"));
  measure(WeightFormat::bf16, "bf16", weights, threads);
  measure(WeightFormat::int8, "int8", weights, threads);
}
