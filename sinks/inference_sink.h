#pragma once

#include "sinks/inference_model.h"
#include "sinks/sink.h"

#include <string>

namespace sluice {

/// The sink that `spec` describes, asking `model`, which compiles the output's constraint ahead
/// where it has not been started yet. `url` is its ingress URL.
/// Errors: invalid_argument, naming the field.
[[nodiscard]] Result<SinkPtr> make_inference_sink(const InferenceSinkSpec& spec,
                                                  InferenceModelPtr model, std::string url);

}  // namespace sluice
