// The dialects `all`, `any` and `not` of the CloudEvents Subscriptions API: they combine filters.
//
//   {"all": [{"prefix": {"type": "com.example."}}, {"not": {"exact": {"tenant": "test"}}}]}

#include "filter/dialect.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {
namespace {

class AllFilter final : public Filter {
 public:
  explicit AllFilter(std::vector<FilterPtr> filters) : filters_(std::move(filters)) {}

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

 private:
  std::vector<FilterPtr> filters_;
};

class AnyFilter final : public Filter {
 public:
  explicit AnyFilter(std::vector<FilterPtr> filters) : filters_(std::move(filters)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return std::ranges::any_of(filters_,
                               [&](const FilterPtr& filter) { return filter->matches(event); });
  }

  /// One set of each alternative, put together; none where one of them may match anything.
  [[nodiscard]] std::vector<PinSet> pins() const override {
    PinSet together;
    for (const FilterPtr& filter : filters_) {
      std::vector<PinSet> sets = filter->pins();
      if (sets.empty()) return {};
      // The fewest lookups; of these, equality rather than a prefix or a suffix.
      const auto best = std::ranges::min_element(sets, {}, [](const PinSet& set) {
        return std::pair(set.size(), std::ranges::count_if(set, [](const Pin& pin) {
                           return pin.kind != Pin::Kind::exact;
                         }));
      });
      std::ranges::move(*best, std::back_inserter(together));
    }
    return {std::move(together)};
  }

 private:
  std::vector<FilterPtr> filters_;
};

class NotFilter final : public Filter {
 public:
  explicit NotFilter(FilterPtr filter) : filter_(std::move(filter)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return !filter_->matches(event);
  }

 private:
  FilterPtr filter_;
};

Result<std::vector<FilterPtr>> compile_list(const Clause& clause) {
  if (!clause.argument.is_array()) return bad_clause(clause.path, "want a list of filters");
  if (clause.argument.empty()) return bad_clause(clause.path, "want at least one filter");
  std::vector<FilterPtr> filters;
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
