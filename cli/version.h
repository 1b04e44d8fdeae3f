#pragma once

#include <string>

namespace sluice {

/// "0.1.0"
[[nodiscard]] std::string version_text();

/// {"version", "compiler", "features", "cuda"} on one line; "cuda" has the GPUs that machine code
/// is there for ("sm_90") and what is compiled for newer ones ("compute_90"), or nothing.
[[nodiscard]] std::string version_json();

}  // namespace sluice
