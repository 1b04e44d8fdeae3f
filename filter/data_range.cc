// The pattern `numeric` of the `data` dialect: {"numeric": [">", "100", "<=", "500"]}. Numbers are
// compared exactly; a string with digits in it is no number.

#include "base/utf8.h"
#include "event/json_text.h"
#include "filter/data_pattern.h"
#include "filter/json_number.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

/// How far numbers may go in one direction.
struct Bound {
  explicit Bound(std::string written, bool with_it)
      : text(std::move(written)), number(text), is_inside(with_it) {}
  Bound(const Bound&) = delete;  // `number` looks at `text`.
  Bound& operator=(const Bound&) = delete;

  const std::string text;
  const JsonNumber number;
  const bool is_inside;  ///< The bound itself passes.
};
using BoundPtr = std::shared_ptr<const Bound>;

class Numeric final : public DataPattern {
 public:
  Numeric(BoundPtr low, BoundPtr high) : low_(std::move(low)), high_(std::move(high)) {}

  [[nodiscard]] bool holds(const DataScalar& value) const noexcept override {
    if (value.kind != DataScalar::Kind::number) return false;
    const JsonNumber number(value.text);
    if (low_) {
      const auto order = number <=> low_->number;
      if (order < 0 || (order == 0 && !low_->is_inside)) return false;
    }
    if (high_) {
      const auto order = number <=> high_->number;
      if (order > 0 || (order == 0 && !high_->is_inside)) return false;
    }
    return true;
  }

  [[nodiscard]] std::string text() const override {
    if (low_ == high_) return "is the number " + low_->text;
    std::string out;
    if (low_) out = (low_->is_inside ? ">= " : "> ") + low_->text;
    if (low_ && high_) out += " and ";
    if (high_) out += (high_->is_inside ? "<= " : "< ") + high_->text;
    return out;
  }

 private:
  BoundPtr low_;  // Null: there is none. The same as high_: that number.
  BoundPtr high_;
};

struct Comparison {
  std::string_view sign;
  bool from_below;  ///< Sets the low bound.
  bool from_above;
  bool is_inside;
};
constexpr auto kComparisons = std::to_array<Comparison>({
    {"=", true, true, true},
    {">", true, false, false},
    {">=", true, false, true},
    {"<", false, true, false},
    {"<=", false, true, true},
});

Result<BoundPtr> bound_in(const Clause& clause, bool is_inside) {
  SLUICE_TRY(std::string text, scalar_in(clause));
  if (!is_json_number(text)) {
    return bad_clause(clause.path, in_quotes(text) + " is no number as JSON writes it");
  }
  auto bound = std::make_shared<const Bound>(std::move(text), is_inside);
  if (!bound->number.is_of_usual_size()) {
    return bad_clause(clause.path, in_quotes(bound->text) + " has an exponent beyond 10^9");
  }
  return bound;
}

bool is_empty(const Bound& low, const Bound& high) noexcept {
  return low.number > high.number ||
         (low.number == high.number && !(low.is_inside && high.is_inside));
}

}  // namespace

Result<DataPatternPtr> make_numeric(const Clause& clause) {
  const nlohmann::json& list = clause.argument;
  if (!list.is_array() || list.empty() || list.size() % 2 != 0) {
    return bad_clause(clause.path,
                      R"(want pairs of a comparison and a number, e.g. [">", 100, "<=", 500])");
  }
  BoundPtr low;
  BoundPtr high;
  for (std::size_t i = 0; i < list.size(); i += 2) {
    const std::string path = clause.path + "[" + std::to_string(i) + "]";
    SLUICE_TRY(const std::string sign, scalar_in({list[i], path}));
    const auto known = std::ranges::find(kComparisons, sign, &Comparison::sign);
    if (known == kComparisons.end()) {
      return bad_clause(path, "want =, >, >=, < or <=, not " + in_quotes(sign));
    }
    if ((known->from_below && low) || (known->from_above && high)) {
      return bad_clause(path, in_quotes(sign) + " bounds what is bounded already");
    }
    const std::string number_path = clause.path + "[" + std::to_string(i + 1) + "]";
    SLUICE_TRY(const BoundPtr bound, bound_in({list[i + 1], number_path}, known->is_inside));
    if (known->from_below) low = bound;
    if (known->from_above) high = bound;
  }
  if (low && high && is_empty(*low, *high)) {
    return bad_clause(clause.path, "no number is between " + low->text + " and " + high->text);
  }
  return std::make_unique<Numeric>(std::move(low), std::move(high));
}

}  // namespace sluice
