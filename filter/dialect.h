#pragma once

#include "filter/explain.h"
#include "filter/filter.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a dialect is compiled from. `path` names the clause for errors, its own key included.
struct Clause {
  const nlohmann::json& argument;
  const std::string& path;
};

/// An invalid_argument that names `path`.
[[nodiscard]] Error bad_clause(const std::string& path, std::string_view why);

/// Compiles the dialect object at `path`: what `all`, `any` and `not` do with their arguments.
[[nodiscard]] Result<FilterPtr> compile_at(const nlohmann::json& spec, const std::string& path);

/// All of `filters`; matches every event where there are none.
[[nodiscard]] FilterPtr all_of(std::vector<FilterPtr> filters);

}  // namespace sluice
