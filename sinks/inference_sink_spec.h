#pragma once

#include "sinks/inference_spec.h"

#include <string>
#include <vector>

namespace sluice {

/// One thing that is wrong with a spec, and where.
struct SpecProblem {
  std::vector<std::string> place;  ///< Keys and indexes from the spec down: output, choice, 1.
  std::string text;
  std::string hint;
  bool at_key = false;  ///< The last key itself is meant, not its value.
};

/// Checks what only the kind itself knows: templates, sampling parameters, whether decoding can be
/// held to the JSON Schema or the choices, and whether the output can have what the reply's
/// templates take of it. Empty when all is well. Compiles the constraint, which takes some
/// milliseconds.
[[nodiscard]] std::vector<SpecProblem> validate_inference_sink_spec(const InferenceSinkSpec& spec);

}  // namespace sluice
