// The dialects `all`, `any` and `not` of the CloudEvents Subscriptions API: they combine filters.
//
//   {"all": [{"prefix": {"type": "com.example."}}, {"not": {"exact": {"tenant": "test"}}}]}

#include "filter/dialect.h"
#include "filter/pins.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {
namespace {

using Filters = std::vector<FilterPtr>;

std::vector<Explanation> explain_each(const Filters& filters, const Event& event) {
  std::vector<Explanation> parts;
  for (const FilterPtr& filter : filters) parts.push_back(filter->explain(event));
  return parts;
}

bool look_only_at(const Filters& filters, std::span<const std::string_view> names) {
  return std::ranges::all_of(filters,
                             [&](const FilterPtr& filter) { return filter->looks_only_at(names); });
}

class AllFilter final : public Filter {
 public:
  explicit AllFilter(Filters filters) : filters_(std::move(filters)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return std::ranges::all_of(filters_,
                               [&](const FilterPtr& filter) { return filter->matches(event); });
  }

  /// What must hold for one of them must hold for all.
  [[nodiscard]] std::vector<PinSet> pins() const override {
    std::vector<PinSet> sets;
    for (const FilterPtr& filter : filters_) {
      std::ranges::move(filter->pins(), std::back_inserter(sets));
    }
    return sets;
  }

  [[nodiscard]] Explanation explain(const Event& event) const override {
    return explained_all("all", explain_each(filters_, event));
  }

  [[nodiscard]] bool looks_only_at(std::span<const std::string_view> names) const override {
    return look_only_at(filters_, names);
  }

 private:
  Filters filters_;
};

class AnyFilter final : public Filter {
 public:
  explicit AnyFilter(Filters filters) : filters_(std::move(filters)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return std::ranges::any_of(filters_,
                               [&](const FilterPtr& filter) { return filter->matches(event); });
  }

  /// One set of each alternative, put together; none where one of them may match anything.
  [[nodiscard]] std::vector<PinSet> pins() const override {
    std::vector<std::vector<PinSet>> alternatives;
    for (const FilterPtr& filter : filters_) alternatives.push_back(filter->pins());
    return pins_of_any(std::move(alternatives));
  }

  [[nodiscard]] Explanation explain(const Event& event) const override {
    Explanation any;
    any.clause = "any";
    any.parts = explain_each(filters_, event);
    any.passes = std::ranges::any_of(any.parts, &Explanation::passes);
    return any;
  }

  [[nodiscard]] bool looks_only_at(std::span<const std::string_view> names) const override {
    return look_only_at(filters_, names);
  }

 private:
  Filters filters_;
};

class NotFilter final : public Filter {
 public:
  explicit NotFilter(FilterPtr filter) : filter_(std::move(filter)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return !filter_->matches(event);
  }

  [[nodiscard]] Explanation explain(const Event& event) const override {
    Explanation inverted;
    inverted.clause = "not";
    inverted.parts.push_back(filter_->explain(event));
    inverted.passes = !inverted.parts.front().passes;
    return inverted;
  }

  [[nodiscard]] bool looks_only_at(std::span<const std::string_view> names) const override {
    return filter_->looks_only_at(names);
  }

 private:
  FilterPtr filter_;
};

Result<Filters> compile_list(const Clause& clause) {
  if (!clause.argument.is_array()) return bad_clause(clause.path, "want a list of filters");
  if (clause.argument.empty()) return bad_clause(clause.path, "want at least one filter");
  Filters filters;
  for (std::size_t i = 0; i < clause.argument.size(); ++i) {
    const std::string path = clause.path + "[" + std::to_string(i) + "]";
    SLUICE_TRY(auto filter, compile_at(clause.argument[i], path));
    filters.push_back(std::move(filter));
  }
  return filters;
}

}  // namespace

FilterPtr all_of(std::vector<FilterPtr> filters) {
  if (filters.size() == 1) return std::move(filters.front());
  return std::make_shared<const AllFilter>(std::move(filters));
}

Result<FilterPtr> make_all_filter(const Clause& clause) {
  SLUICE_TRY(auto filters, compile_list(clause));
  return all_of(std::move(filters));
}

Result<FilterPtr> make_any_filter(const Clause& clause) {
  SLUICE_TRY(auto filters, compile_list(clause));
  if (filters.size() == 1) return std::move(filters.front());
  return std::make_shared<const AnyFilter>(std::move(filters));
}

Result<FilterPtr> make_not_filter(const Clause& clause) {
  SLUICE_TRY(auto filter, compile_at(clause.argument, clause.path));
  return std::make_shared<const NotFilter>(std::move(filter));
}

}  // namespace sluice
