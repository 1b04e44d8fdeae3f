#pragma once

#include "inference/language_model.h"

#include <condition_variable>
#include <mutex>
#include <optional>

namespace sluice {

/// A completion on its way from the engine's thread to the one that waits here.
class ModelAnswer {
 public:
  ModelAnswer() = default;
  ModelAnswer(const ModelAnswer&) = delete;
  ModelAnswer& operator=(const ModelAnswer&) = delete;

  /// What submit() takes. This must live until wait() has answered.
  [[nodiscard]] inference::CompletionCallbacks callbacks();

  /// Prints what comes, as it comes: the text to standard output, the reasoning, dim where that is
  /// a terminal, to standard error. Returns when all of it is there.
  [[nodiscard]] inference::Completion print();

  /// Returns when all of it is there.
  [[nodiscard]] inference::Completion wait();

  /// When it was there.
  [[nodiscard]] std::chrono::steady_clock::time_point ended() const noexcept { return ended_; }

 private:
  /// What has come since the last time; waits for something.
  [[nodiscard]] inference::CompletionChunk next();

  std::mutex mutex_;
  std::condition_variable changed_;
  inference::CompletionChunk pending_;
  std::optional<inference::Completion> done_;
  std::chrono::steady_clock::time_point ended_;
};

}  // namespace sluice
