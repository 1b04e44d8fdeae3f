#pragma once

#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/token.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::inference {

class StepRunner;  // inference/step_runner.h
class Vocabulary;  // inference/vocabulary.h

/// One page of the KV cache: keys and values of kKvBlockTokens consecutive positions, in all
/// layers.
using KvBlock = std::int32_t;
inline constexpr std::int64_t kKvBlockTokens = 16;

/// What one generation does in one step: `tokens` are run at `position`, `position` + 1, ... and
/// see all positions before them. Their keys and values go where `blocks` says.
struct StepPart {
  std::span<const TokenId> tokens;  ///< At least one; none where the part follows a choice.
  std::int64_t position = 0;        ///< Of the first; the positions before it are in the cache.
  std::span<const KvBlock> blocks;  ///< Block i holds the positions from i * kKvBlockTokens.
  bool wants_logits = false;        ///< Of the last token.
  /// The part is one token: that which this choice of the step before comes to, counted from 0.
  /// Of a choice that is void, or fails, it is any token of the vocabulary. -1: none. For
  /// StepRunner::begin() only.
  std::int64_t follows = -1;

  [[nodiscard]] std::int64_t num_tokens() const noexcept {
    return follows < 0 ? std::ssize(tokens) : 1;
  }
};

/// A model on a device: weights and KV cache. Runs steps; knows nothing of requests or text. Used
/// by one thread at a time.
///
/// The logits of a part depend on its tokens and those before them only: not on the other parts,
/// on how a prompt is cut into steps, or on the number of threads, to the bit.
class Backend {
 public:
  virtual ~Backend() = default;

  [[nodiscard]] virtual const ModelConfig& config() const noexcept = 0;

  /// For logs and metrics, e.g. "cpu avx512_bf16 bf16, 2 threads".
  [[nodiscard]] virtual std::string_view description() const noexcept = 0;

  /// How many blocks the cache has, numbered from 0.
  [[nodiscard]] virtual std::int64_t num_kv_blocks() const noexcept = 0;

  /// Runs one step. `logits` has vocab_size floats for each part that wants them, in their order.
  /// Blocks of different parts may be the same only where they are read, not written.
  /// Errors: internal, unavailable (the device failed); the cache's content is undefined then.
  virtual Result<void> forward(std::span<const StepPart> parts, std::span<float> logits) = 0;

  /// Steps with token choice, as the engine drives them; forward() is not called while one of them
  /// is in flight. `vocabulary` is the model's, and needed until this returns. By default a
  /// HostStepRunner. What it cannot get here, begin() reports.
  [[nodiscard]] virtual std::unique_ptr<StepRunner> step_runner(const Vocabulary& vocabulary);

  /// The device failed so that no step can run any more: only another backend can go on.
  [[nodiscard]] virtual bool is_lost() const noexcept { return false; }

  /// `on_lost` is called once the device is lost, also by the doing of another backend that shares
  /// it: on any thread, at once where it is lost by now, and not after this one is destroyed. It
  /// calls nothing of the backend. By default never.
  virtual void listen(std::function<void()> on_lost) { static_cast<void>(on_lost); }
};

}  // namespace sluice::inference
