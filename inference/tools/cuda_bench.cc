// How close the GPU backend comes to what the device allows, for models of Qwen3's shapes with
// random weights made in memory:
//   cuda_bench [--device N] [--models 0.6B,8B,8B-FP8] [--batches 1,8,64,256] [--contexts 512,4096]
//              [--prefills 128,512,2048,4096] [--seconds S]
// One JSON object a line: the device and the bandwidth of reading its memory; of each model how
// long it took to load; of each batch and context the time of a step, the host's share of it, and
// the ratio to the floor: the bytes of a step through that bandwidth; of each prompt the time to
// its first token, and its floating point operations.

#include "inference/cuda/cuda_backend.h"
#include "inference/cuda/read_bandwidth.h"
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

struct Flags {
  std::map<std::string, std::string> values = {{"--device", "0"},
                                               {"--models", "0.6B,1.7B,4B,8B,8B-FP8"},
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

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "cuda_bench: %s\n", why.c_str());
  std::exit(2);
}

template <class T>
T need(Result<T> result) {
  if (!result) die(result.error().detail);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

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
  Bench(const Flags& flags, const std::string& model, double bandwidth)
      : model_(model), config_(bench_config(model)), bandwidth_(bandwidth) {
    seconds_ = std::stod(flags.values.at("--seconds"));
    const Weights weights = bench_weights(config_);
    const auto start = Clock::now();
    CudaOptions options;
    options.device = std::stoi(flags.values.at("--device"));
    options.max_rows = 4096;
    options.max_parts = 256;
    options.keeps_fp8 = config_.has_fp8_weights;
    backend_ = need(make_cuda_backend(config_, weights, options));
    print({{"model", model},
           {"load_seconds", seconds_since(start)},
           {"weight_bytes", weight_bytes(config_, format(), DType::bf16)},
           {"kv_blocks", backend_->num_kv_blocks()}});
    std::vector<Vocabulary::Entry> entries(static_cast<std::size_t>(config_.vocab_size),
                                           {"x", Vocabulary::Kind::text});
    vocabulary_ = Vocabulary(std::move(entries));
    runner_ = backend_->step_runner(vocabulary_);
  }

  /// Steps of one token for each of `batch` generations that see `context` positions.
  void decode(int batch, int context) {
    if (!has_room(batch, context + 1)) return;
    begin({1, batch, context - 1, false});
    choose(batch);
    double host = 0;
    std::int64_t steps = 0;
    const auto warm_up = Clock::now();
    while (seconds_since(warm_up) < 0.2) host += step(batch, context);
    host = 0;
    const auto start = Clock::now();
    for (; seconds_since(start) < seconds_; ++steps) host += step(batch, context);
    const double per_step = seconds_since(start) / static_cast<double>(steps);
    collect();
    const double bytes = static_cast<double>(step_bytes(config_, format())) +
                         static_cast<double>(batch) * context *
                             static_cast<double>(kv_token_bytes(config_, WeightFormat::bf16));
    print({{"model", model_},
           {"decode", {{"batch", batch}, {"context", context}}},
           {"step_us", per_step * 1e6},
           {"host_us", host / static_cast<double>(steps) * 1e6},
           {"tokens_per_second", batch / per_step},
           {"floor_us", bytes / bandwidth_ * 1e6},
           {"ratio", bytes / bandwidth_ / per_step}});
  }

  /// A prompt of `tokens` up to its first token.
  void prefill(int tokens) {
    if (!has_room(1, tokens)) return;
    double best = 1e9;
    const auto start = Clock::now();
    for (int round = 0; round < 3 || seconds_since(start) < seconds_; ++round) {
      const auto begun = Clock::now();
      begin({tokens, 1, 0, false});
      choose(1);
      collect();
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
  }

 private:
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

  void begin(const Parts& what) {
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
    need(runner_->begin(parts_));
  }

  void choose(int num) {
    choices_.assign(static_cast<std::size_t>(num), {&greedy_, &counts_, {}, 0});
    need(runner_->choose(choices_));
  }

  void collect() { need(runner_->collect(collected_)); }

  /// Returns the host's time, the wait for the device not counted.
  double step(int batch, int context) {
    const auto start = Clock::now();
    begin({1, batch, context - 1, true});
    double host = seconds_since(start);
    collect();
    const auto chosen = Clock::now();
    choose(batch);
    host += seconds_since(chosen);
    return host;
  }

  std::string model_;
  ModelConfig config_;
  double bandwidth_;
  double seconds_ = 1;
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

int run(const Flags& flags) {
  const int device = std::stoi(flags.values.at("--device"));
  const CudaDevice facts = need(find_cuda_device(device));
  const double bandwidth = need(read_bandwidth(device));
  print({{"device", facts.name},
         {"memory_bytes", facts.total_bytes},
         {"read_bytes_per_second", bandwidth}});
  for (const std::string& model : flags.words("--models")) {
    Bench bench(flags, model, bandwidth);
    for (const int context : flags.numbers("--contexts")) {
      for (const int batch : flags.numbers("--batches")) bench.decode(batch, context);
    }
    for (const int tokens : flags.numbers("--prefills")) bench.prefill(tokens);
  }
  return 0;
}

}  // namespace
}  // namespace sluice::inference

int main(int argc, char** argv) {
  sluice::inference::Flags flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!flags.values.contains(argv[i])) {
      std::fprintf(stderr, "cuda_bench: unknown option %s\n", argv[i]);
      return 2;
    }
    flags.values[argv[i]] = argv[i + 1];
  }
  return sluice::inference::run(flags);
}
