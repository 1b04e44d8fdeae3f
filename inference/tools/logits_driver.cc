// Prints what a model computes, for tools/inference/parity.py:
//   logits_driver MODEL_DIR OUT [--device cpu|cuda] [--format bf16|f32|int8]
//                 [--isa scalar|avx2|avx512] [--threads N] [--generate N]
// Standard input has one prompt a line, as token ids. OUT gets, of each prompt in order, the logits
// of every position: fp32, (positions, vocab_size). With --generate the prompt is first continued
// by the N likeliest tokens, which are printed. Every prompt is also run in one piece; exit 1 where
// that gives other bits, which standard error then tells of; 2 where nothing can be computed.

#include "inference/cpu_backend.h"
#include "inference/cuda/cuda_backend.h"
#include "inference/device_choice.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace sluice::inference {
namespace {

struct Arguments {
  std::string model_dir;
  std::string out;
  CpuOptions options;
  bool is_cuda = false;
  int generate = 0;
};

[[noreturn]] void die(const std::string& why) {
  std::cerr << "logits_driver: " << why << '\n';
  std::exit(2);
}

Arguments parse(int argc, char** argv) {
  if (argc < 3) die("usage: logits_driver MODEL_DIR OUT [--format F] [--isa I] [--threads N]");
  Arguments arguments{.model_dir = argv[1], .out = argv[2], .options = {}};
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    const std::string value = argv[i + 1];
    if (key == "--threads") {
      arguments.options.threads = std::stoi(value);
    } else if (key == "--device") {
      if (value != "cpu" && value != "cuda") die("--device is cpu or cuda, not " + value);
      arguments.is_cuda = value == "cuda";
    } else if (key == "--generate") {
      arguments.generate = std::stoi(value);
    } else if (key == "--isa") {
      arguments.options.isa = value == "scalar" ? Isa::scalar
                              : value == "avx2" ? Isa::avx2
                                                : Isa::avx512;
    } else if (key == "--format") {
      const auto format = dtype_from(value);
      if (!format) die(format.error().detail);
      arguments.options.format = format.value().value_or(WeightFormat::bf16);
    } else {
      die("unknown option " + key);
    }
  }
  return arguments;
}

/// One prompt in blocks of its own, always the same ones.
class Runner {
 public:
  explicit Runner(Backend& backend) : backend_(backend) {
    blocks_.resize(static_cast<std::size_t>(backend.num_kv_blocks()));
    for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i] = static_cast<KvBlock>(i);
  }

  /// Logits of the last of `tokens`, run at `position`.
  std::vector<float> run(std::span<const TokenId> tokens, std::size_t position) {
    std::vector<float> logits(static_cast<std::size_t>(backend_.config().vocab_size));
    const StepPart part = {tokens, static_cast<std::int64_t>(position), blocks_, true};
    if (auto done = backend_.forward({&part, 1}, logits); !done) die(done.error().detail);
    return logits;
  }

 private:
  Backend& backend_;
  std::vector<KvBlock> blocks_;
};

TokenId likeliest(const std::vector<float>& logits) {
  return static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin());
}

/// Whether both have the same bits; says on standard error where they have not.
bool are_same(const std::vector<float>& whole, const std::vector<float>& one_by_one,
              std::size_t num_tokens) {
  std::size_t differ = 0;
  std::size_t first = 0;
  for (std::size_t i = whole.size(); i-- > 0;) {
    if (std::memcmp(&whole[i], &one_by_one[i], sizeof(float)) == 0) continue;
    ++differ;
    first = i;
  }
  if (differ == 0) return true;
  std::cerr << "a prompt of " << num_tokens << " tokens in one piece: " << differ << " of "
            << whole.size() << " logits differ from those one by one, the first is " << first
            << ": " << whole[first] << ", not " << one_by_one[first] << '\n';
  return false;
}

/// Says whether the prompt in one piece gave the same bits.
bool run_prompt(Runner& runner, std::vector<TokenId> tokens, int generate, std::ofstream& out) {
  std::vector<float> logits;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    logits = runner.run({&tokens[i], 1}, i);
    out.write(reinterpret_cast<const char*>(logits.data()),
              static_cast<std::streamsize>(logits.size() * sizeof(float)));
    if (i + 1 == tokens.size() && generate-- > 0) tokens.push_back(likeliest(logits));
  }
  for (const TokenId token : tokens) std::cout << token << ' ';
  std::cout << '\n';
  return are_same(runner.run(tokens, 0), logits, tokens.size());
}

Result<std::unique_ptr<Backend>> load(const Arguments& arguments) {
  if (!arguments.is_cuda) return load_cpu_backend(arguments.model_dir, arguments.options);
  INFERENCE_TRY(const ModelConfig config, load_model_config(arguments.model_dir));
  INFERENCE_TRY(Weights weights, load_weights(arguments.model_dir, config));
  CudaOptions options;
  options.kv_cache_bytes = arguments.options.kv_cache_bytes;
  options.keeps_fp8 = arguments.options.format == WeightFormat::fp8;
  return make_cuda_backend(config, std::move(weights), options);
}

int run(const Arguments& arguments) {
  auto backend = load(arguments);
  if (!backend) die(backend.error().detail);
  Runner runner(*backend.value());
  std::cerr << backend.value()->description() << '\n';
  std::ofstream out(arguments.out, std::ios::binary);
  bool is_same = true;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream stream(line);
    std::vector<TokenId> tokens;
    for (TokenId id = 0; stream >> id;) tokens.push_back(id);
    if (!tokens.empty()) {
      is_same = run_prompt(runner, std::move(tokens), arguments.generate, out) && is_same;
    }
  }
  return is_same ? 0 : 1;
}

}  // namespace
}  // namespace sluice::inference

int main(int argc, char** argv) {
  return sluice::inference::run(sluice::inference::parse(argc, argv));
}
