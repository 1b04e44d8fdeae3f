#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

namespace sluice {

/// Why no event can ever pass `filter`, for people: "no event has both type = 'a' and type = 'b'".
/// It takes what filter_text() takes, of which every part compiles. nullopt: some event may pass,
/// or that none does is not plain; a filter that passes any event is never called such.
///
/// Seen are conditions on one attribute that exclude one another (as far as Filter::pins() tells
/// them), values that the attribute never has, and a filter beside its own `not`. Of filters with
/// very many conditions only a part is compared, so that it takes bounded time.
[[nodiscard]] std::optional<std::string> why_never(const nlohmann::json& filter);

}  // namespace sluice
