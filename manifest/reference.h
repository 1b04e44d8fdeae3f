#pragma once

#include <string>

namespace sluice {

/// docs/resources.md: every kind, field and annotation, from the tables that manifests are read by.
[[nodiscard]] std::string resource_reference();

}  // namespace sluice
