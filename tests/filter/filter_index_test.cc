// What is checked: the index gives the same answer as asking every filter, for arbitrary filters
// and events and any order of adding and removing; and that it asks few: filters that count how
// often they are asked.

#include "filter/filter_index.h"

#include "tests/filter/draw_filter.h"
#include "tests/filter/draw_text.h"
#include "tests/filter/filter_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Ids = std::vector<FilterIndex::Id>;

Ids matches_of(const FilterIndex& index, const Event& event) {
  Ids ids = {99};  // Must be cleared.
  index.match(event, ids);
  return ids;
}

/// Passes nothing and counts how often it was asked.
class CountingFilter final : public Filter {
 public:
  explicit CountingFilter(std::vector<PinSet> pins) : pins_(std::move(pins)) {}
  [[nodiscard]] bool matches(const Event&) const noexcept override {
    ++asked;
    return false;
  }
  [[nodiscard]] std::vector<PinSet> pins() const override { return pins_; }
  [[nodiscard]] Explanation explain(const Event&) const override { return {}; }
  [[nodiscard]] bool looks_only_at(std::span<const std::string_view>) const override {
    return false;
  }

  mutable int asked = 0;

 private:
  std::vector<PinSet> pins_;
};

TEST(FilterIndex, FindsEachKindOfFilter) {
  FilterIndex index;
  index.add(1, nullptr);
  index.add(2, compiled(R"({"exact":{"type":"order.created"}})"));
  index.add(3, compiled(R"({"exact":{"type":"order.deleted"}})"));
  index.add(4, compiled(R"({"prefix":{"type":"order."}})"));
  index.add(5, compiled(R"({"suffix":{"type":".created"}})"));
  index.add(6, compiled(R"({"not":{"exact":{"type":"order.created"}}})"));
  index.add(7, compiled(R"({"any":[{"prefix":{"type":"order"}},{"exact":{"ext":"v"}}]})"));
  index.add(8, compiled_attributes(R"({"ext":""})"));
  index.add(9, compiled(R"({"prefix":{"type":"order.created.and.more"}})"));
  EXPECT_THAT(matches_of(index, *event_with({{"type", "order.created"}})),
              UnorderedElementsAre(1, 2, 4, 5, 7));
  EXPECT_THAT(matches_of(index, *event_with({{"type", "order.created"}, {"ext", "v"}})),
              UnorderedElementsAre(1, 2, 4, 5, 7, 8))
      << "7 by both of its alternatives, and once";
  EXPECT_THAT(matches_of(index, *event_with({})), UnorderedElementsAre(1, 6));
}

TEST(FilterIndex, ForgetsWhatIsRemoved) {
  FilterIndex index;
  for (int round = 0; round < 2; ++round) {
    index.add(1, nullptr);
    index.add(2, compiled(R"({"exact":{"type":"t"}})"));
    index.add(3, compiled(R"({"prefix":{"type":"t"}})"));
    index.add(4, compiled(R"({"any":[{"suffix":{"type":"t"}},{"exact":{"id":"1"}}]})"));
    EXPECT_THAT(matches_of(index, *event_with({})), UnorderedElementsAre(1, 2, 3, 4));
    index.remove(2);
    index.remove(4);
    EXPECT_THAT(matches_of(index, *event_with({})), UnorderedElementsAre(1, 3));
    index.remove(3);
    index.remove(1);
    EXPECT_THAT(matches_of(index, *event_with({})), IsEmpty());
  }
}

TEST(FilterIndex, AsksOnlyCandidates) {
  FilterIndex index;
  std::vector<std::shared_ptr<CountingFilter>> filters;
  for (FilterIndex::Id i = 0; i < 1000; ++i) {
    const std::string type = "t" + std::to_string(i);
    const Pin::Kind kind = i % 3 == 0   ? Pin::Kind::exact
                           : i % 3 == 1 ? Pin::Kind::prefix
                                        : Pin::Kind::suffix;
    filters.push_back(
        std::make_shared<CountingFilter>(std::vector<PinSet>{{Pin{kind, "type", type + "."}}}));
    index.add(i, filters.back());
  }
  index.add(1000, compiled(R"({"exact":{"type":"t501."}})"));
  EXPECT_THAT(matches_of(index, *event_with({{"type", "t501."}})), ElementsAre(1000));
  int asked = 0;
  for (const auto& filter : filters) asked += filter->asked;
  EXPECT_EQ(asked, 1);
}

TEST(FilterIndex, FilesUnderThePinThatTellsFiltersApart) {
  // All want the same type, each another subject.
  FilterIndex index;
  std::vector<std::shared_ptr<CountingFilter>> filters;
  for (FilterIndex::Id i = 0; i < 1000; ++i) {
    filters.push_back(std::make_shared<CountingFilter>(
        std::vector<PinSet>{{Pin{Pin::Kind::exact, "type", "t"}},
                            {Pin{Pin::Kind::exact, "subject", std::to_string(i)}}}));
    index.add(i, filters.back());
  }
  matches_of(index, *event_with({{"type", "t"}, {"subject", "501"}}));
  int asked = 0;
  for (const auto& filter : filters) asked += filter->asked;
  EXPECT_LE(asked, 2) << "the first one may be filed under the type";
}

TEST(FilterIndex, WorksWithManyPinnedAttributes) {
  FilterIndex index;
  for (FilterIndex::Id i = 0; i < 100; ++i) {
    index.add(i, compiled("{\"exact\":{\"ext" + std::to_string(i) + "\":\"v\"}}"));
  }
  index.add(100, compiled(R"({"exact":{"specversion":"1.0"}})"));
  EXPECT_THAT(matches_of(index, *event_with({{"ext42", "v"}, {"ext43", "w"}})),
              UnorderedElementsAre(42, 100));
}

TEST(FilterIndex, SeesStampsOfTheBroker) {
  FilterIndex index;
  index.add(1, compiled(R"({"prefix":{"knativearrivaltime":"2026-"}})"));
  EXPECT_THAT(matches_of(index, *event_with({})), IsEmpty());
  const EventPtr event = stamped(event_with({}), "2026-11-20T14:45:00Z", std::nullopt);
  EXPECT_THAT(matches_of(index, *event), ElementsAre(1));
}

/// The values that the filters and the events of one run are made of.
using Values = std::vector<std::string>;

nlohmann::json draw_requirements(const Values& values, bool allow_empty) {
  nlohmann::json wanted = nlohmann::json::object();
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    const auto name = *rc::gen::element<std::string>("type", "subject", "x", "y", "specversion");
    std::string value = name == "specversion" ? "1.0" : draw_relative_of(values);
    wanted[name] = value.empty() && !allow_empty ? "a" : value;
  }
  return wanted;
}

nlohmann::json draw_clause(const Values& values, int depth) {
  const int kind = *rc::gen::inRange(0, depth == 0 ? 3 : 6);
  if (kind == 0) return draw_cesql();
  if (kind < 3) {
    const auto dialect = *rc::gen::element<std::string>("exact", "prefix", "suffix");
    return {{dialect, draw_requirements(values, false)}};
  }
  if (kind == 3) return {{"not", draw_clause(values, depth - 1)}};
  nlohmann::json children = nlohmann::json::array();
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) children.push_back(draw_clause(values, depth - 1));
  return {{kind == 4 ? "all" : "any", children}};
}

/// A filter as a Trigger may have it: `filters`, `filter.attributes`, or none.
FilterPtr draw_filter(const Values& values) {
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
      return nullptr;
    case 1:
    case 2:
      return compile_attributes_filter(draw_requirements(values, true)).value();
    default:
      return compile_filter(draw_clause(values, *rc::gen::inRange(0, 4))).value();
  }
}

EventPtr draw_event(const Values& values) {
  Attributes attributes;
  for (const char* name : {"type", "subject", "x", "y"}) {
    if (*rc::gen::inRange(0, 5) > 0) attributes[name] = draw_relative_of(values);
  }
  return event_with(attributes);
}

using Filters = std::map<FilterIndex::Id, FilterPtr>;

void expect_same_answers(const FilterIndex& index, const Filters& filters, const Values& values) {
  const EventPtr event = draw_event(values);
  Ids want;
  for (const auto& [id, filter] : filters) {
    if (!filter || filter->matches(*event)) want.push_back(id);
  }
  Ids found = matches_of(index, *event);
  std::ranges::sort(found);
  RC_ASSERT(found == want);
}

RC_GTEST_PROP(FilterIndex, AgreesWithAskingEveryFilter, ()) {
  FilterIndex index;
  Filters filters;
  const Values values = draw_family(*rc::gen::inRange<std::size_t>(1, 12));
  const int steps = *rc::gen::inRange(1, 80);
  for (int step = 0; step < steps; ++step) {
    const auto id = *rc::gen::inRange<FilterIndex::Id>(0, 40);
    if (filters.erase(id) > 0) {
      index.remove(id);
    } else {
      index.add(id, filters[id] = draw_filter(values));
    }
    expect_same_answers(index, filters, values);
  }
  while (!filters.empty()) {
    index.remove(filters.begin()->first);
    filters.erase(filters.begin());
    expect_same_answers(index, filters, values);
  }
}

RC_GTEST_PROP(Filter, MeetsOneOfEachSetOfItsPinsWhenItMatches, ()) {
  const Values values = draw_family(5);
  const FilterPtr filter = draw_filter(values);
  const EventPtr event = draw_event(values);
  if (!filter || !filter->matches(*event)) return;
  for (const PinSet& set : filter->pins()) {
    RC_ASSERT(std::ranges::any_of(set, [&](const Pin& pin) {
      const auto value = event->attribute(pin.attribute);
      if (!value) return false;
      if (pin.kind == Pin::Kind::exact) return *value == pin.value;
      return pin.kind == Pin::Kind::prefix ? value->starts_with(pin.value)
                                           : value->ends_with(pin.value);
    }));
  }
}

}  // namespace
}  // namespace sluice
