#pragma once

#include <string>

namespace sluice {

/// "0.1.0"
[[nodiscard]] std::string version_text();

/// {"version", "compiler", "features"} on one line.
[[nodiscard]] std::string version_json();

}  // namespace sluice
