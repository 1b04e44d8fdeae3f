#pragma once

#include "inference/backend.h"
#include "inference/result.h"
#include "inference/sampler.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::inference {

enum class StepCall : std::uint8_t { begin, choose, collect };

/// What a test hears of a runner's calls, and says to them.
struct StepHooks {
  std::function<Result<void>(StepCall call, std::int64_t step)> on_call;  ///< Before it; may fail.
  std::vector<std::string> events;  ///< "begin 0" and so on; of the engine's thread.
  int num_runners = 0;
};

/// What a runner keeps of a step: copies, since nothing that it was given lives on.
struct FakePart {
  StepPart part;
  std::vector<TokenId> tokens;
  std::vector<KvBlock> blocks;
};
struct FakeChoice {
  std::optional<SamplingParams> params;  ///< Absent: void.
  TokenCounts counts;
  std::vector<std::uint64_t> allowed;
  std::uint64_t position = 0;
};
struct FakeStep {
  std::int64_t number = 0;
  std::vector<FakePart> parts;
  std::vector<std::int64_t> ends;  ///< Behind each part that wants logits.
  std::vector<FakeChoice> choices;
  bool is_chosen = false;
};

}  // namespace sluice::inference
