#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string_view>

namespace sluice::oracle {

/// What the `data` dialect means, said again as simply as can be and at any cost: a tree of the
/// whole data, paths that collect all they lead to, numbers as integers without bound.
///
/// Whether the argument of a `data` clause that compiles passes `data`. Nullopt where
/// nlohmann::json refuses it, which does so for some JSON as well, and where an exponent is long.
[[nodiscard]] std::optional<bool> passes(const nlohmann::json& argument, std::string_view data);

}  // namespace sluice::oracle
