#pragma once

#include "inference/vocabulary.h"
#include "sinks/inference_model.h"

#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

/// How a model is at the moment.
struct TextModelStatus {
  bool is_ready = false;
  std::string reason;                                 ///< Why it is not ready, in one line.
  std::int64_t max_context = 0;                       ///< Tokens of prompt and completion.
  const inference::Vocabulary* vocabulary = nullptr;  ///< Lives as long as the model.
};

/// What the model APIs ask of a model: the seam between HTTP and the engine. Used from every core.
class TextModel {
 public:
  virtual ~TextModel() = default;

  /// What clients call it.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  [[nodiscard]] virtual TextModelStatus status() const = 0;
  /// As InferenceModel::stream(). Asked of a model that was ready.
  [[nodiscard]] virtual std::unique_ptr<CompletionStream> stream(
      inference::CompletionRequest request, Deadline deadline) = 0;
};

using TextModelPtr = std::shared_ptr<TextModel>;

/// An InferenceService's model.
[[nodiscard]] TextModelPtr text_model_of(InferenceModelPtr model);

}  // namespace sluice
