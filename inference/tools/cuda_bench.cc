// How close the GPU backend comes to what the device allows, for models of Qwen3's shapes with
// random weights made in memory:
//   cuda_bench [--device N] [--models 0.6B,8B,8B-FP8] [--batches 1,8,64,256] [--contexts 512,4096]
//              [--prefills 128,512,2048,4096] [--seconds S]
// One JSON object a line: the device and the bandwidth of reading its memory; of each model how
// long it took to load; of each batch and context the time of a step, the host's share of it, and
// the ratio to the floor: the bytes of a step through that bandwidth; of each prompt the time to
// its first token, and its floating point operations. "no_room" has what the device's memory does
// not hold, "error" a model that failed: the others are measured, and the exit status is 1.

#include "inference/cuda/cuda_backend.h"
#include "inference/cuda/read_bandwidth.h"
#include "inference/device_choice.h"
#include "inference/model_size.h"
#include "inference/step_runner.h"
#include "inference/tools/bench_models.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

namespace sluice::inference {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kModels = "0.6B,0.6B-FP8,1.7B,1.7B-FP8,4B,4B-FP8,8B,8B-FP8";

struct Flags {
  std::map<std::string, std::string> values = {{"--device", "0"},
                                               {"--models", kModels},
                                               {"--batches", "1,8,64,256"},
                                               {"--contexts", "512,4096"},
                                               {"--prefills", "128,512,2048,4096"},
                                               {"--seconds", "1"}};

  [[nodiscard]] std::vector<std::string> words(const std::string& name) const {
    std::vector<std::string> list;
    std::istringstream stream(values.at(name));
    for (std::string word; std::getline(stream, word, ',');) list.push_back(word);
    return list;
  }
  [[nodiscard]] std::vector<int> numbers(const std::string& name) const {
    std::vector<int> list;
    for (const std::string& word : words(name)) list.push_back(std::stoi(word));
    return list;
  }
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void print(const nlohmann::ordered_json& line) {
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
}

/// A model on the device, its runner, and generations that are all the same.
class Bench {
 public:
  Bench(std::string model, double bandwidth, double seconds)
      : model_(std::move(model)),
        config_(bench_config(model_)),
        bandwidth_(bandwidth),
        seconds_(seconds) {}

  Result<void> run(const Flags& flags) {
    INFERENCE_CHECK(load(std::stoi(flags.values.at("--device"))));
    for (const int context : flags.numbers("--contexts")) {
      for (const int batch : flags.numbers("--batches")) INFERENCE_CHECK(decode(batch, context));
    }
    for (const int tokens : flags.numbers("--prefills")) INFERENCE_CHECK(prefill(tokens));
    return {};
  }

 private:
  Result<void> load(int device) {
    const std::int64_t bytes = weight_bytes(config_, format(), DType::bf16);
    INFERENCE_TRY(const CudaDevice now, find_cuda_device(device));
    const std::int64_t left = now.free_bytes - bytes - kCudaWorkBytes;
    const Weights weights = bench_weights(config_);
    const auto start = Clock::now();
    CudaOptions options;
    options.device = device;
    options.kv_cache_bytes = std::max<std::int64_t>(0, left / 10 * 9);
    options.max_rows = 4096;
    options.max_parts = 256;
    options.keeps_fp8 = config_.has_fp8_weights;
    INFERENCE_TRY(backend_, make_cuda_backend(config_, weights, options));
    print({{"model", model_},
           {"load_seconds", seconds_since(start)},
           {"weight_bytes", bytes},
           {"kv_blocks", backend_->num_kv_blocks()}});
    std::vector<Vocabulary::Entry> entries(static_cast<std::size_t>(config_.vocab_size),
                                           {"x", Vocabulary::Kind::text});
    vocabulary_ = Vocabulary(std::move(entries));
    runner_ = backend_->step_runner(vocabulary_);
    return {};
  }

  /// Steps of one token for each of `batch` generations that see `context` positions.
  Result<void> decode(int batch, int context) {
    const nlohmann::ordered_json shape = {{"batch", batch}, {"context", context}};
    if (!has_room(batch, context)) {
      print({{"model", model_}, {"decode", shape}, {"no_room", true}});
      return {};
    }
    INFERENCE_CHECK(begin({1, batch, context - 1, false}));
    INFERENCE_CHECK(choose(batch));
    double host = 0;
    std::int64_t steps = 0;
    const auto warm_up = Clock::now();
    while (seconds_since(warm_up) < 0.2) INFERENCE_CHECK(step(batch, context, host));
    host = 0;
    const auto start = Clock::now();
    for (; seconds_since(start) < seconds_; ++steps) INFERENCE_CHECK(step(batch, context, host));
    const double per_step = seconds_since(start) / static_cast<double>(steps);
    INFERENCE_CHECK(collect());
    const double bytes = static_cast<double>(step_bytes(config_, format())) +
                         static_cast<double>(batch) * context *
                             static_cast<double>(kv_token_bytes(config_, WeightFormat::bf16));
    print({{"model", model_},
           {"decode", shape},
           {"step_us", per_step * 1e6},
           {"host_us", host / static_cast<double>(steps) * 1e6},
           {"tokens_per_second", batch / per_step},
           {"floor_us", bytes / bandwidth_ * 1e6},
           {"ratio", bytes / bandwidth_ / per_step}});
    return {};
  }

  /// A prompt of `tokens` up to its first token.
  Result<void> prefill(int tokens) {
    if (!has_room(1, tokens)) {
      print({{"model", model_}, {"prefill", tokens}, {"no_room", true}});
      return {};
    }
    double best = 1e9;
    const auto start = Clock::now();
    for (int round = 0; round < 3 || seconds_since(start) < seconds_; ++round) {
      const auto begun = Clock::now();
      INFERENCE_CHECK(begin({tokens, 1, 0, false}));
      INFERENCE_CHECK(choose(1));
      INFERENCE_CHECK(collect());
      best = std::min(best, seconds_since(begun));
    }
    const double layers = static_cast<double>(config_.num_hidden_layers);
    const double body = static_cast<double>(step_bytes(config_, WeightFormat::bf16)) / 2 -
                        static_cast<double>(config_.vocab_size * config_.hidden_size);
    const double operations =
        2 * body * tokens +
        2 * layers * static_cast<double>(config_.q_size()) * tokens * static_cast<double>(tokens) +
        2 * static_cast<double>(config_.vocab_size * config_.hidden_size);
    print({{"model", model_},
           {"prefill", tokens},
           {"first_token_us", best * 1e6},
           {"tflops", operations / best / 1e12}});
    return {};
  }

  [[nodiscard]] WeightFormat format() const {
    return config_.has_fp8_weights ? WeightFormat::fp8 : WeightFormat::bf16;
  }

  struct Parts {
    int tokens;
    int num;
    int position;
    bool follow;
  };

  bool has_room(int batch, int context) const {
    return (context + kKvBlockTokens - 1) / kKvBlockTokens * batch <= backend_->num_kv_blocks();
  }

  Result<void> begin(const Parts& what) {
    const auto blocks_each = static_cast<std::size_t>(
        (what.position + what.tokens + kKvBlockTokens - 1) / kKvBlockTokens);
    tokens_.assign(static_cast<std::size_t>(what.tokens), 1234);
    blocks_.resize(blocks_each * static_cast<std::size_t>(what.num));
    std::iota(blocks_.begin(), blocks_.end(), 0);
    parts_.clear();
    for (int i = 0; i < what.num; ++i) {
      StepPart part;
      if (what.follow) {
        part.follows = i;
      } else {
        part.tokens = tokens_;
      }
      part.position = what.position;
      part.blocks =
          std::span(blocks_).subspan(static_cast<std::size_t>(i) * blocks_each, blocks_each);
      part.wants_logits = true;
      parts_.push_back(part);
    }
    return runner_->begin(parts_);
  }

  Result<void> choose(int num) {
    choices_.assign(static_cast<std::size_t>(num), {&greedy_, &counts_, {}, 0});
    return runner_->choose(choices_);
  }

  Result<void> collect() { return runner_->collect(collected_); }

  /// Adds the host's time to `host`, the wait for the device not counted.
  Result<void> step(int batch, int context, double& host) {
    const auto start = Clock::now();
    INFERENCE_CHECK(begin({1, batch, context - 1, true}));
    host += seconds_since(start);
    INFERENCE_CHECK(collect());
    const auto chosen = Clock::now();
    INFERENCE_CHECK(choose(batch));
    host += seconds_since(chosen);
    return {};
  }

  std::string model_;
  ModelConfig config_;
  double bandwidth_;
  double seconds_;
  Vocabulary vocabulary_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<StepRunner> runner_;
  SamplingParams greedy_;
  TokenCounts counts_;
  std::vector<TokenId> tokens_;
  std::vector<KvBlock> blocks_;
  std::vector<StepPart> parts_;
  std::vector<TokenChoice> choices_;
  std::vector<Result<TokenLogprob>> collected_;
};

Result<double> measure_device(int device) {
  INFERENCE_TRY(const CudaDevice facts, find_cuda_device(device));
  INFERENCE_TRY(const double bandwidth, read_bandwidth(device));
  print({{"device", facts.name},
         {"memory_bytes", facts.total_bytes},
         {"read_bytes_per_second", bandwidth}});
  return bandwidth;
}

int run(const Flags& flags) {
  const std::vector<std::string> models = flags.words("--models");
  for (const std::string& model : models) static_cast<void>(bench_config(model));  // A wrong name.
  const auto bandwidth = measure_device(std::stoi(flags.values.at("--device")));
  if (!bandwidth) {
    std::fprintf(stderr, "cuda_bench: %s\n", bandwidth.error().detail.c_str());
    return 1;
  }
  int failures = 0;
  for (const std::string& model : models) {
    Bench bench(model, bandwidth.value(), std::stod(flags.values.at("--seconds")));
    if (const auto done = bench.run(flags); !done) {
      print({{"model", model}, {"error", done.error().detail}});
      ++failures;
    }
  }
  if (failures > 0) std::fprintf(stderr, "cuda_bench: %d models failed\n", failures);
  return failures > 0 ? 1 : 0;
}

}  // namespace
}  // namespace sluice::inference

int main(int argc, char** argv) {
  sluice::inference::Flags flags;
  for (int i = 1; i < argc; i += 2) {
    const bool is_known = flags.values.contains(argv[i]);
    if (!is_known || i + 1 == argc) {
      std::fprintf(stderr, "cuda_bench: %s %s; it takes, with a value each:\n",
                   is_known ? "no value for" : "unknown option", argv[i]);
      for (const auto& [name, value] : flags.values) {
        std::fprintf(stderr, "  %s %s\n", name.c_str(), value.c_str());
      }
      return 2;
    }
    flags.values[argv[i]] = argv[i + 1];
  }
  return sluice::inference::run(flags);
}
