#pragma once

#include "base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace sluice {

/// One of the parameters that an InferenceSink's `spec.parameters` may have.
struct InferenceParameter {
  enum class Type : std::uint8_t { integer, number, boolean, texts };
  std::string_view name;
  Type type;
  std::string_view wants;     ///< For errors and the reference, e.g. "a number from 0 to 2".
  std::string_view fallback;  ///< Where it is not given.
  std::string_view about;     ///< One sentence.
  double min = std::numeric_limits<double>::lowest();
  double max = std::numeric_limits<double>::max();
  bool above_min = false;  ///< `min` itself is out of range.
};

[[nodiscard]] const std::vector<InferenceParameter>& inference_parameters();

/// Errors: invalid_argument, where there is no such parameter, or it cannot have that value.
[[nodiscard]] Result<void> check_inference_parameter(std::string_view name,
                                                     const nlohmann::json& value);

}  // namespace sluice
