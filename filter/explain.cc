#include "filter/explain.h"

#include "base/edit_distance.h"
#include "base/http_head.h"
#include "base/utf8.h"
#include "event/json_scanner.h"
#include "event/media_type.h"
#include "filter/value_miss.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice {
namespace {

// Larger data is not searched: many filters may ask about one event.
constexpr std::size_t kSearchedDataBytes = 16 * 1024;

std::optional<Place> place_of(std::string_view verb) noexcept {
  if (verb == "=") return Place::whole;
  if (verb == "starts with") return Place::start;
  if (verb == "ends with") return Place::end;
  return std::nullopt;
}

// ": " and what the attribute has, where there is one of another name that would do.
std::string value_elsewhere(const Event& event, const Wanted& wanted, Place place) {
  std::string hint;
  if (!is_telling(wanted.value)) return hint;
  event.for_each_attribute([&](const Attribute& attribute) {
    if (!hint.empty() || attribute.name == wanted.attribute) return;
    if (!holds(place, attribute.value, wanted.value)) return;
    constexpr std::string_view kHas[] = {" has this value", " starts with it", " ends with it"};
    hint = in_quotes(attribute.name);
    hint += kHas[static_cast<std::size_t>(place)];
  });
  return hint;
}

std::string near_name(const Event& event, std::string_view name) {
  std::vector<std::string_view> names;
  event.for_each_attribute([&](const Attribute& attribute) { names.push_back(attribute.name); });
  const auto near = nearest(name, names);
  if (!near) return {};
  return "the event has " + in_quotes(*near) + ", which is " +
         in_quotes(event.attribute(*near).value_or(""));
}

// People look for what is in the data among the attributes.
std::string in_the_data(const Event& event, std::string_view name) {
  const bool is_json = event.data_kind() == DataKind::json ||
                       is_json_media_type(event.attribute("datacontenttype").value_or(""));
  if (!is_json || event.data().size() > kSearchedDataBytes) return {};
  JsonScanner scanner;
  if (!scanner.open_object(event.data())) return {};
  JsonMember member;
  while (true) {
    const auto more = scanner.next(member);
    if (!more || !more.value()) return {};
    if (iequals(member.name, name)) break;
  }
  return in_quotes(member.name) + " is in the data, and this filter looks at attributes only";
}

std::string absent_miss(const Event& event, const Wanted& wanted) {
  std::string hint = near_name(event, wanted.attribute);
  const auto place = place_of(wanted.verb);
  if (hint.empty() && place) hint = value_elsewhere(event, wanted, *place);
  return hint.empty() ? in_the_data(event, wanted.attribute) : hint;
}

}  // namespace

Explanation explained(const Event& event, const Wanted& wanted) {
  Explanation leaf;
  leaf.clause = std::string(wanted.attribute);
  leaf.clause += wanted.value.empty()
                     ? " is present"
                     : " " + std::string(wanted.verb) + " " + std::string(wanted.value);
  leaf.passes = wanted.is_met;
  leaf.attribute = wanted.attribute;
  if (const auto seen = event.attribute(wanted.attribute)) leaf.seen = seen_text(*seen);
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

std::string seen_text(std::string_view value) {
  if (value.size() <= kMaxSeenBytes) return std::string(value);
  std::size_t size = kMaxSeenBytes;
  while (size > 0 && is_continuation_byte(value[size])) --size;
  return std::string(value.substr(0, size)) + "...";
}

std::string nearest_miss(const Event& event, const Wanted& wanted) {
  const auto seen = event.attribute(wanted.attribute);
  if (!seen) return absent_miss(event, wanted);
  if (wanted.value.empty()) return seen->empty() ? "it is there, but empty" : "";
  const auto place = place_of(wanted.verb);
  if (!place) return {};
  std::string hint = value_miss(*place, wanted.value, *seen);
  return hint.empty() ? value_elsewhere(event, wanted, *place) : hint;
}

}  // namespace sluice
