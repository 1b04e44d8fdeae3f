#pragma once

#include "base/result.h"
#include "event/event.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A condition on one attribute that an index can look up.
struct Pin {
  enum class Kind : std::uint8_t { exact, prefix, suffix };
  Kind kind = Kind::exact;
  std::string attribute;
  std::string value;  ///< Not empty.
};

/// Alternatives of which every matching event meets at least one, so that an index may skip the
/// filter for all other events.
using PinSet = std::vector<Pin>;

/// Why one clause of a filter passes an event, or does not. What a clause is made of stands in
/// `parts`, in the order of the manifest; all of them, those too that matches() need not ask.
struct Explanation {
  std::string clause;  ///< "all", "exact"; a leaf as people write it: "type = com.example.a".
  bool passes = false;
  std::string attribute;            ///< What a leaf looks at: an attribute, a place in the data.
  std::optional<std::string> seen;  ///< What the event has there, cut; nullopt: it is absent.
  std::string problem;  ///< Why it could not be decided, e.g. a CESQL error; else empty.
  std::string hint;     ///< The nearest miss: "differs in one character"; may be empty.
  std::vector<Explanation> parts;
};

/// A trigger's predicate over one event, compiled once and asked for every event.
///
/// Immutable after construction, so one instance serves all cores. matches() is pure: it does not
/// allocate, log, block or throw, and it looks at context attributes only.
class Filter {
 public:
  virtual ~Filter() = default;
  [[nodiscard]] virtual bool matches(const Event& event) const noexcept = 0;

  /// Each of these sets is true by itself; the index takes the one that is worth most to it. None:
  /// nothing is known, the filter is always asked. The same answer each time.
  [[nodiscard]] virtual std::vector<PinSet> pins() const { return {}; }

  /// What matches() finds, clause by clause, for people: it may allocate and take its time.
  [[nodiscard]] virtual Explanation explain(const Event& event) const = 0;

  /// Whether matches() looks at no attribute but these, and not at the data: two events that agree
  /// in these `names` get the same answer.
  [[nodiscard]] virtual bool looks_only_at(std::span<const std::string_view> names) const = 0;
};

using FilterPtr = std::shared_ptr<const Filter>;

/// Compiles one dialect object, e.g. {"prefix": {"type": "com.example."}}. The dialects are the
/// lines of filter/dialects.def. Every scalar is a string, as written.
/// Errors: invalid_argument when the dialect is unknown or its argument malformed; the detail
/// starts with the path of the clause ("all[1].exact.type: ..."). A filter that does not compile is
/// an error of the trigger, never a filter that matches all.
[[nodiscard]] Result<FilterPtr> compile_filter(const nlohmann::json& spec);

/// Compiles a Trigger's `filters` array: an implicit `all`. An empty one matches every event;
/// whoever reads the Trigger has looked at `filter` then. Paths start with "filters[0]".
[[nodiscard]] Result<FilterPtr> compile_filters(const nlohmann::json& filters);

/// Compiles a Trigger's `filter.attributes`: exact, where the value "" means present and not empty.
/// An empty object matches every event. Paths start with "filter.attributes".
[[nodiscard]] Result<FilterPtr> compile_attributes_filter(const nlohmann::json& attributes);

/// The dialects built in, in the order of filter/dialects.def.
[[nodiscard]] std::vector<std::string_view> filter_dialects();

}  // namespace sluice
