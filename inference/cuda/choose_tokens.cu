#include "inference/cuda/choose_tokens.h"

#include "inference/cuda/ptx.cuh"
#include "inference/philox.h"

#include <cmath>

namespace sluice::inference::cuda {
namespace {

constexpr int kChooseThreads = 256;

struct ScoredToken {
  float logit = -INFINITY;
  int token = 0x7fffffff;
};

/// Of equal logits the lower id comes first.
__device__ __forceinline__ bool precedes(const ScoredToken& a, const ScoredToken& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

/// The logits of this block's choice.
struct OwnGroups : ScoredGroups {
  /// The best of group `g` behind `last` in the order of precedes().
  __device__ ScoredToken best_behind(const ScoredToken& last, int g) const {
    ScoredToken best{best_logits[g], best_tokens[g]};
    if (precedes(last, best)) return best;
    best = {};
    for (int i = g * group_size; i < (g + 1) * group_size; ++i) {
      const ScoredToken token{logits[i], i};
      if (precedes(last, token) && precedes(token, best)) best = token;
    }
    return best;
  }

  /// The same of all groups that this thread looks after.
  __device__ ScoredToken own_best_behind(const ScoredToken& last) const {
    ScoredToken best;
    for (int g = static_cast<int>(threadIdx.x); g < num_groups; g += kChooseThreads) {
      const ScoredToken candidate = best_behind(last, g);
      if (precedes(candidate, best)) best = candidate;
    }
    return best;
  }
};

/// The best of what all threads of the block have; `shared` has a place for each warp.
__device__ inline ScoredToken best_of_block(ScoredToken best, ScoredToken* shared) {
  for (int mask = 16; mask > 0; mask /= 2) {
    const ScoredToken other{__shfl_xor_sync(kWholeWarp, best.logit, mask),
                            __shfl_xor_sync(kWholeWarp, best.token, mask)};
    if (precedes(other, best)) best = other;
  }
  __syncthreads();  // Who still reads the places of the last time?
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = best;
  __syncthreads();
  best = shared[0];
  for (int warp = 1; warp < kChooseThreads / 32; ++warp) {
    if (precedes(shared[warp], best)) best = shared[warp];
  }
  return best;
}

/// Draws one of `num` tokens, the likeliest first; `weights` has room for them. One thread.
__device__ inline int draw_token(const DeviceChoice& choice, const ScoredToken* tokens, int num,
                                 double* weights) {
  double sum = 0;
  for (int i = 0; i < num; ++i) {
    weights[i] = exp((static_cast<double>(tokens[i].logit) - tokens[0].logit) / choice.temperature);
    sum += weights[i];
  }
  if (choice.top_p < 1) {
    double reached = 0;
    int kept = 0;
    while (kept < num && reached < choice.top_p * sum) reached += weights[kept++];
    num = kept;
  }
  while (num > 1 && weights[num - 1] < choice.min_p) --num;  // The likeliest weighs 1.
  sum = 0;
  for (int i = 0; i < num; ++i) sum += weights[i];
  double rest = uniform_at(choice.seed, choice.position) * sum;
  int chosen = tokens[0].token;
  for (int i = 0; i < num && weights[i] > 0; ++i) {
    chosen = tokens[i].token;
    rest -= weights[i];
    if (rest < 0) break;
  }
  return chosen;
}

/// A block for each choice.
__global__ void __launch_bounds__(kChooseThreads)
    choose_tokens(const DeviceChoice* choices, ScoredGroups all, int* tokens) {
  __shared__ ScoredToken best[kMaxTopK];
  __shared__ ScoredToken of_warps[kChooseThreads / 32];
  __shared__ double weights[kMaxTopK];
  wait_for_previous_kernel();
  const DeviceChoice choice = choices[blockIdx.x];
  const std::int64_t row = blockIdx.x;
  OwnGroups groups{all};
  groups.logits += row * groups.num_groups * groups.group_size;
  groups.best_logits += row * groups.num_groups;
  groups.best_tokens += row * groups.num_groups;

  const int wanted = choice.temperature == 0 ? 1 : choice.top_k;
  const ScoredToken before_all{INFINITY, -1};
  ScoredToken own = groups.own_best_behind(before_all);
  int found = 0;
  while (found < wanted) {
    const ScoredToken next = best_of_block(own, of_warps);
    if (next.logit == -INFINITY) break;
    if (threadIdx.x == 0) best[found] = next;
    ++found;
    const bool is_own =
        next.token / groups.group_size % kChooseThreads == static_cast<int>(threadIdx.x);
    if (is_own && found < wanted) own = groups.own_best_behind(next);
  }
  if (threadIdx.x != 0) return;
  if (found == 0) {
    tokens[row] = kNoTokenMayFollow;
  } else if (best[0].logit == INFINITY) {
    tokens[row] = kLogitsAreNotFinite;
  } else {
    tokens[row] =
        choice.temperature == 0 ? best[0].token : draw_token(choice, best, found, weights);
  }
}

}  // namespace

cudaError_t enqueue_choose_tokens(const Stream& stream, const DeviceChoice* choices, int num,
                                  const ScoredGroups& groups, int* tokens) {
  return launch(stream, {static_cast<unsigned>(num), kChooseThreads}, choose_tokens, choices,
                groups, tokens);
}

}  // namespace sluice::inference::cuda
