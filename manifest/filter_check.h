#pragma once

#include "filter/filter.h"
#include "manifest/findings.h"
#include "manifest/yaml.h"

#include <nlohmann/json.hpp>

namespace sluice {

/// A YAML value as JSON in which every scalar is a string, taken as written: what filters compare.
[[nodiscard]] nlohmann::json strings_json(const YamlNode& node);

/// Compiles a Trigger's `filters`; every clause that is refused goes to `findings` where it stands.
/// Null then, and for an empty list.
[[nodiscard]] FilterPtr check_filters(const YamlNode& filters, Findings& findings);

/// The same for `filter.attributes`.
[[nodiscard]] FilterPtr check_attributes_filter(const YamlNode& attributes, Findings& findings);

}  // namespace sluice
