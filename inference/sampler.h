#pragma once

#include "inference/generation.h"
#include "inference/philox.h"
#include "inference/result.h"
#include "inference/vocabulary.h"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice::inference {

inline constexpr int kMaxTopLogprobs = 20;

/// Errors: invalid_argument, naming the parameter and its range.
[[nodiscard]] Result<void> check_sampling(const SamplingParams& params);

/// Whether one of the penalties changes anything.
[[nodiscard]] bool has_penalties(const SamplingParams& params) noexcept;

/// What the penalties of one generation look at: which tokens came, and how often.
class TokenCounts {
 public:
  /// A prompt's tokens: the repetition penalty counts them, presence and frequency do not.
  void add_prompt(std::span<const TokenId> tokens);
  void add(TokenId token);

  /// Applies the penalties: repetition divides a positive logit and multiplies a negative one, then
  /// frequency takes off its share for each time, then presence its share once.
  void penalise(const SamplingParams& params, std::span<float> logits) const;

  /// How often each token was generated; 0: in the prompt only. For who penalises elsewhere.
  [[nodiscard]] const std::unordered_map<TokenId, std::int64_t>& generated() const noexcept {
    return generated_;
  }

 private:
  std::unordered_map<TokenId, std::int64_t> generated_;
};

/// What the next token is chosen from.
struct NextToken {
  std::span<float> logits;                 ///< One for each row; penalties change them.
  std::span<const std::uint64_t> allowed;  ///< Bit (id % 64) of word (id / 64); empty: all.
  std::uint64_t position = 0;              ///< Of the token in its generation, prompt included.
};

/// Chooses tokens. The order: penalties, mask, temperature, top-k, top-p of what top-k left, min-p
/// relative to the likeliest, draw. Nothing of it depends on other generations.
///
/// Ties: of equal logits the lower id comes first, in greedy choice, at the edges of top-k and
/// top-p, and in top_logprobs. Top-p keeps the token that reaches the sum.
///
/// Logprobs are the model's own: of the logits before penalties, temperature and mask, over all
/// used rows. Rows that the vocabulary does not use are never chosen and never listed.
class Sampler {
 public:
  /// `vocab_size` is the number of logits, padding rows included.
  Sampler(const Vocabulary& vocabulary, std::int64_t vocab_size);

  /// `params` has passed check_sampling(). The logprob is 0 where none was asked for.
  /// Errors: internal, when a logit is not a number or infinitely large, or no token is left.
  [[nodiscard]] Result<TokenLogprob> choose(const SamplingParams& params, const TokenCounts& counts,
                                            const NextToken& next);

 private:
  struct Scored {
    float logit;
    TokenId id;
    double weight = 0;  ///< Proportional to the probability.
  };
  [[nodiscard]] static bool precedes(const Scored& a, const Scored& b) noexcept {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
  }
  template <typename Visit>
  void visit(const NextToken& next, Visit&& visit) const;
  [[nodiscard]] Result<Scored> best_of(const NextToken& next) const;
  void keep_best(const NextToken& next, std::size_t count);
  void keep_nucleus(double top_p);
  void weigh(double temperature, float largest);
  [[nodiscard]] double list_likeliest(int count, const NextToken& next, TokenLogprob& result);
  [[nodiscard]] TokenId draw(const SamplingParams& params, const NextToken& next, float largest);

  std::vector<std::uint64_t> used_;  ///< Rows that stand for something.
  std::vector<Scored> scored_;       ///< Kept between calls for its memory.
  std::vector<float> own_;           ///< The model's logits, while penalties change them.
};

}  // namespace sluice::inference
