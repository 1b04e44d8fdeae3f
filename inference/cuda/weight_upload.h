#pragma once

#include "inference/cuda/device_model.h"
#include "inference/cuda/launch.cuh"
#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/weights.h"

namespace sluice::inference::cuda {

/// Copies all weights into `model`, in the kernels' order, as bf16 or, where its matrices are fp8,
/// as they are: from where they are mapped through pinned memory, so that reading files, copying to
/// the device and reordering there go on at the same time. All is there once what is in `stream` is
/// through; `weights` is not needed then. Errors: invalid_argument (shapes, element types);
/// resource_exhausted; unavailable.
[[nodiscard]] Result<void> upload_weights(const ModelConfig& config, const Weights& weights,
                                          const DeviceModel& model, const Stream& stream);

}  // namespace sluice::inference::cuda
