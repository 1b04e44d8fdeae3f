#pragma once

#include "base/result.h"
#include "filter/json_data.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Where in an event's data to look: a JSON Pointer (RFC 6901), "/order/items/0/sku", or names with
/// points between them, "order.items.sku".
///
/// A pointer leads to one value at most. With points, a name goes through arrays: it is looked up
/// in every element; a whole number is an element's index, and in an object a name like any other.
class DataPath {
 public:
  struct Step {
    std::string name;
    std::optional<std::uint32_t> index;  ///< Where the name can be one: 0, or no 0 in front.
  };

  /// Errors: invalid_argument that says what to write instead.
  [[nodiscard]] static Result<DataPath> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::vector<Step>& steps() const noexcept { return steps_; }
  [[nodiscard]] bool is_pointer() const noexcept { return is_pointer_; }

  /// What people read: `prefix` in front of the path, "data.order.total" or "data/order/total".
  [[nodiscard]] std::string below(std::string_view prefix) const;

  /// Whether `visit(Value)` says true of a value at the path; it is not asked again then.
  template <typename Visit>
  bool any_value(const JsonData& data, Visit&& visit) const {
    return walk(data, JsonData::kRoot, 0, visit);
  }

 private:
  template <typename Visit>
  bool walk(const JsonData& data, JsonData::Value value, std::size_t done, Visit& visit) const {
    if (done == steps_.size()) return visit(value);
    const Step& step = steps_[done];
    const char first = data.first_char(value);
    std::optional<JsonData::Value> next;
    if (first == '{') next = data.member(value, step.name);
    if (first == '[' && step.index) next = data.element(value, *step.index);
    if (next) return walk(data, *next, done + 1, visit);
    if (first != '[' || step.index || is_pointer_) return false;
    return data.any_element(
        value, [&](JsonData::Value element) { return walk(data, element, done, visit); });
  }

  std::string text_;
  std::vector<Step> steps_;
  bool is_pointer_ = false;
};

}  // namespace sluice
