#pragma once

#include "sinks/sink_spec.h"

#include <nlohmann/json.hpp>

#include <map>
#include <string>

namespace sluice {

/// One source as the manifests describe it.
struct SourceSpec {
  std::string kind;  ///< A line of sources/sources.def, e.g. "PingSource".
  std::string ns = "default";
  std::string name;
  Destination sink;
  std::map<std::string, std::string> ce_overrides;  ///< spec.ceOverrides.extensions
  nlohmann::json spec = nlohmann::json::object();   ///< The kind's own fields, checked.
};

}  // namespace sluice
