#pragma once

#include "base/result.h"
#include "inference/language_model.h"
#include "sinks/inference_spec.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice {

/// The engine's error as one of ours: the same words in the same order.
[[nodiscard]] Error from_engine(const inference::Error& error);

/// Loads what `spec` names, as it says, and compiles the constraints that will be asked for. Takes
/// as long as the files are large. `on_stage` hears what comes next: the stages of
/// LanguageModel::load(), then "constraints".
/// Errors: those of LanguageModel::load() and GrammarCache::compile().
[[nodiscard]] Result<std::unique_ptr<inference::LanguageModel>> load_model(
    const InferenceServiceSpec& spec, const std::vector<inference::OutputConstraint>& warm,
    const std::function<void(std::string_view stage)>& on_stage);

}  // namespace sluice
