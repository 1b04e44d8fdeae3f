#pragma once

#include "base/result.h"
#include "event/event.h"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// A condition on one attribute that an index can look up.
struct Pin {
  enum class Kind { exact, prefix, suffix };
  Kind kind = Kind::exact;
  std::string attribute;
  std::string value;
};

/// A trigger's predicate over one event, compiled once and asked for every event.
///
/// Immutable after construction, so one instance serves all cores. matches() is pure: it does not
/// allocate, log, block or throw, and it looks at context attributes only.
class Filter {
 public:
  virtual ~Filter() = default;
  [[nodiscard]] virtual bool matches(const Event& event) const noexcept = 0;

  /// Alternatives of which every matching event meets at least one, so that an index may skip this
  /// filter for all other events. Empty: nothing is known, the filter is always asked.
  [[nodiscard]] virtual std::vector<Pin> pins() const { return {}; }
};

using FilterPtr = std::shared_ptr<const Filter>;

/// Compiles one dialect object, e.g. {"prefix": {"type": "com.example."}}. The dialects are the
/// lines of filter/dialects.def.
/// Errors: invalid_argument when the dialect is unknown or its argument malformed. A filter that
/// does not compile is an error of the trigger, never a filter that matches all.
[[nodiscard]] Result<FilterPtr> compile_filter(const nlohmann::json& spec);

/// Compiles a Trigger's `filters` array: an implicit `all`.
[[nodiscard]] Result<FilterPtr> compile_filters(const nlohmann::json& filters);

/// Compiles a Trigger's `filter.attributes`: exact, where the value "" means present and not empty.
[[nodiscard]] Result<FilterPtr> compile_attributes_filter(const nlohmann::json& attributes);

}  // namespace sluice
