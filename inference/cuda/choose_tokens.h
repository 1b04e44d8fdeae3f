#pragma once

#include "inference/cuda/launch.cuh"

#include <cstdint>

// The next token of each generation, by the rule of inference/sampler.h, from what the product with
// lm_head leaves behind: logits, and the best of each group of them.

namespace sluice::inference::cuda {

inline constexpr int kMaxTopK = 64;  ///< More is chosen on the host.

/// How one token is chosen.
struct DeviceChoice {
  double temperature = 0;  ///< 0: the best one.
  double top_p = 1;
  double min_p = 0;
  std::uint64_t seed = 0;
  std::uint64_t position = 0;
  int top_k = 1;  ///< 1 .. kMaxTopK, where the temperature is not 0.
};

/// What becomes of a choice that finds no token: those that are not allowed have a logit of -inf,
/// and nothing else may be infinite or no number.
enum DeviceChoiceError : int { kNoTokenMayFollow = -1, kLogitsAreNotFinite = -2 };

/// Of each choice the logits, and of each group of `group_size` neighbours among them the best.
struct ScoredGroups {
  const float* logits;       ///< (choices, num_groups * group_size)
  const float* best_logits;  ///< (choices, num_groups)
  const int* best_tokens;    ///< (choices, num_groups)
  int num_groups;
  int group_size;
};

/// `tokens` (num) gets the ids of the choices, or a DeviceChoiceError.
/// Errors: those of the launch.
cudaError_t enqueue_choose_tokens(const Stream& stream, const DeviceChoice* choices, int num,
                                  const ScoredGroups& groups, int* tokens);

}  // namespace sluice::inference::cuda
