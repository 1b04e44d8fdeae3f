#include "inference/sampler.h"

#include "inference/assert.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace sluice::inference {

namespace {

bool within(double value, double low, double high) { return value >= low && value <= high; }

}  // namespace

Result<void> check_sampling(const SamplingParams& params) {
  constexpr double kMost = 1e4;  // Of what has no natural bound: keeps logits finite.
  const auto refuse = [](const char* what) { return fail(Errc::invalid_argument, what); };
  if (!within(params.temperature, 0, kMost)) return refuse("temperature is not in 0..10000");
  if (params.top_k < 0) return refuse("top_k is negative");
  if (!within(params.top_p, 0, 1) || params.top_p == 0) return refuse("top_p is not in (0, 1]");
  if (!within(params.min_p, 0, 1)) return refuse("min_p is not in 0..1");
  if (!within(params.presence_penalty, -kMost, kMost)) {
    return refuse("presence_penalty is not in -10000..10000");
  }
  if (!within(params.frequency_penalty, -kMost, kMost)) {
    return refuse("frequency_penalty is not in -10000..10000");
  }
  if (!within(params.repetition_penalty, 1 / kMost, kMost)) {
    return refuse("repetition_penalty is not in 0.0001..10000");
  }
  if (params.top_logprobs < -1 || params.top_logprobs > kMaxTopLogprobs) {
    return refuse("top_logprobs is not in 0..20 (-1: none)");
  }
  return {};
}

bool has_penalties(const SamplingParams& params) noexcept {
  return params.repetition_penalty != 1 || params.presence_penalty != 0 ||
         params.frequency_penalty != 0;
}

void TokenCounts::add_prompt(std::span<const TokenId> tokens) {
  for (const TokenId token : tokens) generated_.try_emplace(token, 0);
}

void TokenCounts::add(TokenId token) { ++generated_[token]; }

void TokenCounts::penalise(const SamplingParams& params, std::span<float> logits) const {
  for (const auto& [token, count] : generated_) {
    const auto row = static_cast<std::size_t>(token);
    if (row >= logits.size()) continue;
    double logit = logits[row];
    logit = logit > 0 ? logit / params.repetition_penalty : logit * params.repetition_penalty;
    if (count > 0) {
      logit -= params.frequency_penalty * static_cast<double>(count) + params.presence_penalty;
    }
    logits[row] = static_cast<float>(logit);
  }
}

Sampler::Sampler(const Vocabulary& vocabulary, std::int64_t vocab_size) {
  used_.resize((static_cast<std::size_t>(vocab_size) + 63) / 64);
  for (std::int64_t id = 0; id < vocab_size; ++id) {
    if (vocabulary.at(static_cast<TokenId>(id)).kind == Vocabulary::Kind::unused) continue;
    used_[static_cast<std::size_t>(id) / 64] |= std::uint64_t{1} << (id % 64);
  }
}

template <typename Visit>
void Sampler::visit(const NextToken& next, Visit&& visit) const {
  for (std::size_t word = 0; word < used_.size(); ++word) {
    std::uint64_t bits = used_[word];
    if (!next.allowed.empty()) bits &= word < next.allowed.size() ? next.allowed[word] : 0;
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t id = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      visit(Scored{next.logits[id], static_cast<TokenId>(id)});
    }
  }
}

Result<Sampler::Scored> Sampler::best_of(const NextToken& next) const {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Scored best{-kInfinity, -1};
  bool broken = false;
  visit(next, [&](const Scored& scored) {
    broken |= !(scored.logit < kInfinity);
    if (scored.logit > best.logit) best = scored;  // Ids ascend: the first of equals stays.
  });
  if (broken) return fail(Errc::internal, "the model's logits are not finite");
  if (best.id < 0) return fail(Errc::internal, "no token may follow");
  return best;
}

/// The `count` likeliest into scored_, the likeliest first.
void Sampler::keep_best(const NextToken& next, std::size_t count) {
  scored_.clear();
  if (count == 0) return;
  visit(next, [&](const Scored& scored) {  // A heap with the last of those kept on top.
    if (scored_.size() == count) {
      if (!precedes(scored, scored_.front())) return;
      std::ranges::pop_heap(scored_, precedes);
      scored_.pop_back();
    }
    scored_.push_back(scored);
    std::ranges::push_heap(scored_, precedes);
  });
  std::ranges::sort_heap(scored_, precedes);
}

void Sampler::weigh(double temperature, float largest) {
  for (Scored& scored : scored_) {
    scored.weight = std::exp((static_cast<double>(scored.logit) - largest) / temperature);
  }
}

/// Leaves the fewest of the likeliest whose weights reach `top_p` of the sum.
void Sampler::keep_nucleus(double top_p) {
  double sum = 0;
  for (const Scored& scored : scored_) sum += scored.weight;
  // Those that weigh less than this weigh less than 1 - top_p together: none of them is needed.
  // Sorting what is left is cheap; a vocabulary is not.
  const double least = 0.5 * (1 - top_p) * sum / static_cast<double>(scored_.size());
  std::erase_if(scored_, [least](const Scored& scored) { return scored.weight < least; });
  std::ranges::sort(scored_, precedes);
  double reached = 0;
  const auto end = std::ranges::find_if(scored_, [&](const Scored& scored) {
    reached += scored.weight;
    return reached >= top_p * sum;
  });
  if (end != scored_.end()) scored_.erase(end + 1, scored_.end());
}

TokenId Sampler::draw(const SamplingParams& params, const NextToken& next, float largest) {
  if (params.top_k > 0) {
    keep_best(next, static_cast<std::size_t>(params.top_k));
  } else {
    scored_.clear();
    visit(next, [this](const Scored& scored) { scored_.push_back(scored); });
  }
  weigh(params.temperature, largest);
  if (params.top_p < 1) keep_nucleus(params.top_p);
  if (params.min_p > 0) {  // The likeliest weighs 1.
    std::erase_if(scored_, [&](const Scored& scored) { return scored.weight < params.min_p; });
  }
  double sum = 0;
  for (const Scored& scored : scored_) sum += scored.weight;
  double rest = uniform_at(params.seed, next.position) * sum;
  TokenId chosen = scored_.front().id;
  for (const Scored& scored : scored_) {
    if (scored.weight == 0) continue;
    chosen = scored.id;  // The last that weighs anything, should rounding take us past the end.
    rest -= scored.weight;
    if (rest < 0) break;
  }
  return chosen;
}

/// Fills in `result.top`; returns the logarithm of the sum over all used rows.
double Sampler::list_likeliest(int count, const NextToken& next, TokenLogprob& result) {
  const NextToken unmasked{next.logits, {}, next.position};
  keep_best(unmasked, static_cast<std::size_t>(std::max(count, 1)));
  const double largest = scored_.front().logit;
  double sum = 0;
  visit(unmasked, [&](const Scored& scored) { sum += std::exp(scored.logit - largest); });
  const double log_sum = largest + std::log(sum);
  scored_.resize(std::min(scored_.size(), static_cast<std::size_t>(count)), Scored{0, 0});
  for (const Scored& scored : scored_) {
    result.top.emplace_back(scored.id, static_cast<float>(scored.logit - log_sum));
  }
  return log_sum;
}

Result<TokenLogprob> Sampler::choose(const SamplingParams& params, const TokenCounts& counts,
                                     const NextToken& next) {
  INFERENCE_ASSERT((next.logits.size() + 63) / 64 == used_.size());
  TokenLogprob result;
  const bool wants_logprobs = params.top_logprobs >= 0;
  double log_sum = 0;
  if (wants_logprobs) {
    if (auto best = best_of({next.logits, {}, 0}); !best) return std::move(best).error();
    log_sum = list_likeliest(params.top_logprobs, next, result);
    own_.assign(next.logits.begin(), next.logits.end());
  }
  if (has_penalties(params)) counts.penalise(params, next.logits);
  INFERENCE_TRY(const Scored best, best_of(next));
  result.id = params.temperature == 0 ? best.id : draw(params, next, best.logit);
  if (wants_logprobs) {
    result.logprob = static_cast<float>(own_[static_cast<std::size_t>(result.id)] - log_sum);
  }
  return result;
}

}  // namespace sluice::inference
