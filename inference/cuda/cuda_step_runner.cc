#include "inference/cuda/cuda_step_runner.h"

#include "inference/cuda/choose_tokens.h"

#include <algorithm>
#include <utility>

namespace sluice::inference::cuda {
namespace {

/// A choice that the kernel makes as the sampler would.
bool is_for_device(const SamplingParams& params) {
  const bool has_top_k = params.top_k >= 1 && params.top_k <= kMaxTopK;
  return !has_penalties(params) && params.top_logprobs < 0 &&
         (params.temperature == 0 || has_top_k);
}

DeviceChoice device_choice(const TokenChoice& choice) {
  DeviceChoice to;
  if (choice.params == nullptr || !is_for_device(*choice.params)) return to;
  const SamplingParams& params = *choice.params;
  to.temperature = params.temperature;
  to.top_p = params.top_p;
  to.min_p = params.min_p;
  to.seed = params.seed;
  to.position = choice.position;
  to.top_k = static_cast<int>(params.top_k);
  return to;
}

bool is_for_host(const TokenChoice& choice) {
  return choice.params != nullptr && !is_for_device(*choice.params);
}

/// Word `index` of 32 bits of a mask; all ones where there is none.
std::uint32_t mask_word(std::span<const std::uint64_t> allowed, std::size_t index) {
  if (allowed.empty()) return ~std::uint32_t{0};
  if (index / 2 >= allowed.size()) return 0;
  return static_cast<std::uint32_t>(allowed[index / 2] >> (index % 2 * 32));
}

Result<TokenLogprob> result_of(int token) {
  if (token == kNoTokenMayFollow) return fail(Errc::internal, "no token may follow");
  if (token < 0) return fail(Errc::internal, "the model's logits are not finite");
  return TokenLogprob{token, 0, {}};
}

}  // namespace

CudaStepRunner::CudaStepRunner(CudaPass& pass, const Vocabulary& vocabulary)
    : pass_(pass),
      sampler_(vocabulary, pass.config().vocab_size),
      used_(static_cast<std::size_t>(pass.config().vocab_size + 31) / 32) {
  int num = 0;
  for (int id = 0; id < pass.config().vocab_size; ++id) {
    if (vocabulary.at(id).kind == Vocabulary::Kind::unused) continue;
    used_[static_cast<std::size_t>(id) / 32] |= std::uint32_t{1} << (id % 32);
    num_used_ = id + 1;
    ++num;
  }
  has_holes_ = num < num_used_;
}

Result<std::unique_ptr<CudaStepRunner>> CudaStepRunner::make(CudaPass& pass,
                                                             const Vocabulary& vocabulary) {
  std::unique_ptr<CudaStepRunner> runner(new CudaStepRunner(pass, vocabulary));
  INFERENCE_CHECK(pass.session().checked(runner->prepare()));
  return runner;
}

Result<void> CudaStepRunner::prepare() {
  const std::int64_t parts = pass_.limits().max_parts;
  const auto choices = parts * std::int64_t{sizeof(DeviceChoice)};
  const auto masks = parts * static_cast<std::int64_t>(mask_words() * sizeof(std::uint32_t));
  const auto logits = pass_.config().vocab_size * std::int64_t{sizeof(float)};
  by_host_.resize(static_cast<std::size_t>(parts));
  INFERENCE_CHECK(pass_.use_device());
  INFERENCE_TRY(host_choices_, PinnedMemory::make(choices, "choices"));
  INFERENCE_TRY(host_masks_, PinnedMemory::make(masks, "masks"));
  INFERENCE_TRY(host_logits_, PinnedMemory::make(logits, "logits"));
  INFERENCE_TRY(host_tokens_, PinnedMemory::make(parts * std::int64_t{sizeof(int)}, "tokens"));
  INFERENCE_TRY(choices_, DeviceMemory::make(choices, "choices"));
  INFERENCE_TRY(masks_, DeviceMemory::make(masks, "masks"));
  INFERENCE_TRY(chosen_, make_event());
  return {};
}

CudaStepRunner::~CudaStepRunner() {
  static_cast<void>(pass_.use_device());
  static_cast<void>(cudaStreamSynchronize(pass_.stream().handle));
}

/// After an error nothing is in flight: neither the caller's steps nor copies from our memory.
Result<void> CudaStepRunner::settled(Result<void> result) {
  if (result) return result;
  static_cast<void>(cudaStreamSynchronize(pass_.stream().handle));
  num_wanted_ = 0;
  num_chosen_ = 0;
  return result;
}

Result<void> CudaStepRunner::begin(std::span<const StepPart> parts) {
  return settled(start(parts));
}

Result<void> CudaStepRunner::start(std::span<const StepPart> parts) {
  INFERENCE_TRY(const StepShape shape, pass_.start_layers(parts));
  num_wanted_ = shape.num_wanted;
  return {};
}

Result<void> CudaStepRunner::choose(std::span<const TokenChoice> choices) {
  return settled(start_choosing(choices));
}

Result<void> CudaStepRunner::start_choosing(std::span<const TokenChoice> choices) {
  if (choices.size() != static_cast<std::size_t>(num_wanted_)) {
    return fail(Errc::internal, "a step's choices are not as many as its logits");
  }
  num_chosen_ = choices.size();
  if (choices.empty()) return {};
  const Stream& stream = pass_.stream();
  const DeviceSession& device = pass_.session();
  std::ranges::transform(choices, host_choices_.as<DeviceChoice>(), device_choice);
  INFERENCE_CHECK(device.check(
      cudaMemcpyAsync(choices_.as<void>(), host_choices_.as<void>(),
                      choices.size() * sizeof(DeviceChoice), cudaMemcpyHostToDevice, stream.handle),
      "choices"));
  const bool has_masks = write_masks(choices);
  if (has_masks) {
    INFERENCE_CHECK(
        device.check(cudaMemcpyAsync(masks_.as<void>(), host_masks_.as<void>(),
                                     choices.size() * mask_words() * sizeof(std::uint32_t),
                                     cudaMemcpyHostToDevice, stream.handle),
                     "masks"));
  }
  INFERENCE_CHECK(pass_.start_logits(num_wanted_, num_used_,
                                     has_masks ? masks_.as<const std::uint32_t>() : nullptr));
  const DeviceLogits& logits = pass_.logits();
  const ScoredGroups groups = {logits.logits, logits.best_logits, logits.best_tokens,
                               logits.num_groups, kLogitGroup};
  INFERENCE_CHECK(device.check(enqueue_choose_tokens(stream, choices_.as<const DeviceChoice>(),
                                                     num_wanted_, groups, pass_.chosen()),
                               "choosing tokens"));
  for (std::size_t i = 0; i < choices.size(); ++i) {
    by_host_[i].reset();
    if (is_for_host(choices[i])) INFERENCE_CHECK(choose_on_host(i, choices[i]));
  }
  INFERENCE_CHECK(device.check(
      cudaMemcpyAsync(host_tokens_.as<void>(), pass_.chosen(), choices.size() * sizeof(int),
                      cudaMemcpyDeviceToHost, stream.handle),
      "tokens"));
  return device.check(cudaEventRecord(chosen_.get(), stream.handle), "tokens");
}

/// Whether any are needed; the host's own choices are masked by the host.
bool CudaStepRunner::write_masks(std::span<const TokenChoice> choices) {
  const auto needs_mask = [](const TokenChoice& choice) {
    return choice.params != nullptr && !choice.allowed.empty() && !is_for_host(choice);
  };
  if (!has_holes_ && std::ranges::none_of(choices, needs_mask)) return false;
  auto* word = host_masks_.as<std::uint32_t>();
  for (const TokenChoice& choice : choices) {
    const auto allowed = needs_mask(choice) ? choice.allowed : std::span<const std::uint64_t>();
    for (std::size_t i = 0; i < mask_words(); ++i) *word++ = used_[i] & mask_word(allowed, i);
  }
  return true;
}

/// Waits for the logits, and puts the token where the kernel has put another.
Result<void> CudaStepRunner::choose_on_host(std::size_t index, const TokenChoice& choice) {
  const DeviceSession& device = pass_.session();
  const cudaStream_t stream = pass_.stream().handle;
  const DeviceLogits& logits = pass_.logits();
  const auto size = static_cast<std::size_t>(pass_.config().vocab_size);
  const float* row = logits.logits + index * static_cast<std::size_t>(logits.stride);
  INFERENCE_CHECK(device.check(cudaMemcpyAsync(host_logits_.as<void>(), row, size * sizeof(float),
                                               cudaMemcpyDeviceToHost, stream),
                               "logits"));
  INFERENCE_CHECK(device.check(cudaStreamSynchronize(stream), "logits"));
  by_host_[index] =
      sampler_.choose(*choice.params, *choice.counts,
                      {{host_logits_.as<float>(), size}, choice.allowed, choice.position});
  int& token = host_tokens_.as<int>()[index];
  token = *by_host_[index] ? by_host_[index]->value().id : 0;
  return device.check(
      cudaMemcpyAsync(pass_.chosen() + index, &token, sizeof token, cudaMemcpyHostToDevice, stream),
      "a token");
}

Result<void> CudaStepRunner::collect(std::vector<Result<TokenLogprob>>& tokens) {
  tokens.clear();
  const std::size_t num = std::exchange(num_chosen_, 0);
  if (num == 0) return {};
  INFERENCE_CHECK(pass_.use_device());
  INFERENCE_CHECK(settled(pass_.session().check(cudaEventSynchronize(chosen_.get()), "tokens")));
  for (std::size_t i = 0; i < num; ++i) {
    tokens.push_back(by_host_[i] ? *std::exchange(by_host_[i], std::nullopt)
                                 : result_of(host_tokens_.as<int>()[i]));
  }
  return {};
}

}  // namespace sluice::inference::cuda
