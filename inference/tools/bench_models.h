#pragma once

#include "inference/model_config.h"
#include "inference/weights.h"

#include <string>

namespace sluice::inference {

/// The shape of a released Qwen3: "0.6B", "1.7B", "4B" or "8B", and with "-FP8" behind it that of
/// its FP8 release. Others end the program.
[[nodiscard]] ModelConfig bench_config(const std::string& model);

/// Random weights of that shape in bf16, or those of layers in fp8, in memory. Tensors may share
/// bytes: a pattern repeated, because making billions takes its time.
[[nodiscard]] Weights bench_weights(const ModelConfig& config);

}  // namespace sluice::inference
