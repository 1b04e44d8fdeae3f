#pragma once

#include "manifest/findings.h"
#include "manifest/yaml.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace sluice {

/// A YAML value as JSON, keys in the order written, typed by YAML's core schema: without quotes,
/// `5` and `0x1F` are integers, `1.5` and `1e3` numbers, `true`, `True` and `TRUE` booleans, `~`
/// and `null` null. What is in quotes is a string, but for one in which a variable was expanded:
/// that is typed by what came out, since inside `{ }` a variable has to stand in quotes.
/// Nullopt, with a finding, for infinity and for what is not a number, which JSON has not; without
/// one, where the value could not be expanded, which was said.
[[nodiscard]] std::optional<nlohmann::ordered_json> typed_json(const YamlNode& node,
                                                               Findings& findings);

}  // namespace sluice
