#include "filter/explain.h"

#include "base/edit_distance.h"
#include "base/utf8.h"

#include <algorithm>
#include <utility>

namespace sluice {

Explanation explained(const Event& event, const Wanted& wanted) {
  Explanation leaf;
  leaf.clause = std::string(wanted.attribute);
  leaf.clause += wanted.value.empty()
                     ? " is present"
                     : " " + std::string(wanted.verb) + " " + std::string(wanted.value);
  leaf.passes = wanted.is_met;
  leaf.attribute = wanted.attribute;
  if (const auto seen = event.attribute(wanted.attribute)) leaf.seen = std::string(*seen);
  if (!leaf.passes) leaf.hint = nearest_miss(event, wanted);
  return leaf;
}

Explanation explained_all(std::string_view clause, std::vector<Explanation> parts) {
  Explanation all;
  all.clause = clause;
  all.passes = std::ranges::all_of(parts, &Explanation::passes);
  all.parts = std::move(parts);
  return all;
}

std::string nearest_miss(const Event& event, const Wanted& wanted) {
  const auto seen = event.attribute(wanted.attribute);
  if (!seen) {
    std::vector<std::string_view> names;
    event.for_each_attribute([&](const Attribute& a) { names.push_back(a.name); });
    const auto near = nearest(wanted.attribute, names);
    return near ? "the event has " + in_quotes(*near) : std::string();
  }
  return {};
}

}  // namespace sluice
