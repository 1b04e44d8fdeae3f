#include "broker/text_model.h"

#include <utility>

namespace sluice {
namespace {

class ServedModel final : public TextModel {
 public:
  explicit ServedModel(InferenceModelPtr model) : model_(std::move(model)) {}

  const std::string& name() const noexcept override { return model_->name(); }

  TextModelStatus status() const override {
    TextModelStatus status;
    status.reason = model_->reason();  // Asked once: it changes.
    status.is_ready = status.reason.empty();
    status.max_context = model_->max_context();
    status.vocabulary = model_->vocabulary();
    return status;
  }

  std::unique_ptr<CompletionStream> stream(inference::CompletionRequest request,
                                           Deadline deadline) override {
    return model_->stream(std::move(request), deadline);
  }

 private:
  const InferenceModelPtr model_;
};

}  // namespace

TextModelPtr text_model_of(InferenceModelPtr model) {
  return std::make_shared<ServedModel>(std::move(model));
}

}  // namespace sluice
