#pragma once

#include "inference/engine.h"
#include "inference/utf8.h"
#include "tests/inference/fake_backend.h"
#include "tests/inference/overlapping_backend.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace sluice::inference {

/// What became of one request; waits for it, and counts.
class Outcome {
 public:
  [[nodiscard]] static std::pair<std::shared_ptr<Outcome>, CompletionCallbacks> make() {
    auto outcome = std::make_shared<Outcome>();
    return {outcome,
            {[outcome](CompletionChunk chunk) { outcome->add(std::move(chunk)); },
             [outcome](Completion completion) { outcome->end(std::move(completion)); }}};
  }

  const Completion& wait() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return times_ > 0; }));
    EXPECT_EQ(times_, 1);
    EXPECT_EQ(chunks_.text, completion_.text);
    EXPECT_EQ(chunks_.reasoning, completion_.reasoning);
    EXPECT_TRUE(is_valid_utf8(completion_.text));
    EXPECT_TRUE(is_valid_utf8(completion_.reasoning));
    return completion_;
  }

  [[nodiscard]] int times() {
    const std::scoped_lock lock(mutex_);
    return times_;
  }

 private:
  void add(CompletionChunk chunk) {
    const std::scoped_lock lock(mutex_);
    EXPECT_EQ(times_, 0);
    EXPECT_FALSE(chunk.text.empty() && chunk.reasoning.empty());
    EXPECT_TRUE(is_valid_utf8(chunk.text));
    chunks_.text += chunk.text;
    chunks_.reasoning += chunk.reasoning;
  }
  void end(Completion completion) {
    const std::scoped_lock lock(mutex_);
    ++times_;
    completion_ = std::move(completion);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int times_ = 0;
  CompletionChunk chunks_;
  Completion completion_;
};

/// An engine on a FakeBackend, which is set up before the first request.
struct House {
  explicit House(EngineOptions options = {}, std::int64_t num_blocks = 256,
                 bool steps_overlap = overlaps) {
    if (!options.rules.think_close) options.rules = think_rules();
    std::unique_ptr<FakeBackend> owned;
    if (steps_overlap) {
      auto overlapping_owned = std::make_unique<OverlappingBackend>(num_blocks);
      overlapping = overlapping_owned.get();
      owned = std::move(overlapping_owned);
    } else {
      owned = std::make_unique<FakeBackend>(num_blocks);
    }
    backend = owned.get();
    engine = std::make_unique<Engine>(std::move(options), std::move(owned), make_vocabulary());
  }

  std::shared_ptr<Outcome> submit(GenerationRequest request) {
    auto [outcome, callbacks] = Outcome::make();
    const auto id = engine->submit(std::move(request), std::move(callbacks));
    EXPECT_TRUE(id) << (id ? "" : id.error().detail);
    last_id = id ? id.value() : 0;
    return outcome;
  }

  Completion run(GenerationRequest request) { return submit(std::move(request))->wait(); }

  /// From here on the model answers `prompt` with `answer`, and then with eos.
  void answer(std::string_view prompt, const std::string& answer) {
    backend->script = [start = prompt.size(),
                       tokens = ids(answer)](std::span<const TokenId> history) {
      const std::size_t at = history.size() - start;
      return at < tokens.size() ? tokens[at] : kEos;
    };
  }

  inline static bool overlaps = false;  ///< Of houses from here on; changed while there is none.

  FakeBackend* backend = nullptr;
  OverlappingBackend* overlapping = nullptr;  ///< The same, where steps overlap.
  std::atomic<GenerationId> last_id = 0;
  std::unique_ptr<Engine> engine;
};

/// Tests that hold whether steps overlap or not: GetParam() says which.
class OnBothRunners : public testing::TestWithParam<bool> {
 protected:
  OnBothRunners() { House::overlaps = GetParam(); }
  ~OnBothRunners() override { House::overlaps = false; }
};

inline std::string runner_name(const testing::TestParamInfo<bool>& info) {
  return info.param ? "Overlapping" : "Host";
}

}  // namespace sluice::inference
