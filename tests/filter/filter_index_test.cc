// What is checked: the index gives the same answer as asking every filter, for arbitrary filters
// and events and any order of adding and removing; and that it asks few: filters that count how
// often they are asked.

#include "filter/filter_index.h"

#include "tests/filter/draw_filter.h"
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

void expect_same_answers(const FilterIndex& index,
                         const std::map<FilterIndex::Id, FilterPtr>& filters) {
  const int events = *rc::gen::inRange(1, 5);
  for (int i = 0; i < events; ++i) {
    const EventPtr event = draw_small_event();
    Ids want;
    for (const auto& [id, filter] : filters) {
      if (filter->matches(*event)) want.push_back(id);
    }
    Ids found = matches_of(index, *event);
    std::ranges::sort(found);
    RC_ASSERT(found == want);
  }
}

RC_GTEST_PROP(FilterIndex, AgreesWithAskingEveryFilter, ()) {
  FilterIndex index;
  std::map<FilterIndex::Id, FilterPtr> filters;
  const int steps = *rc::gen::inRange(1, 30);
  for (int step = 0; step < steps; ++step) {
    const auto id = *rc::gen::inRange<FilterIndex::Id>(0, 20);
    if (filters.erase(id) > 0) {
      index.remove(id);
    } else {
      const FilterPtr filter = compile_filter(draw_filter(3)).value();
      filters.emplace(id, filter);
      index.add(id, filter);
    }
    if (step % 8 == 0) expect_same_answers(index, filters);
  }
  expect_same_answers(index, filters);
}

RC_GTEST_PROP(Filter, MeetsOneOfEachSetOfItsPinsWhenItMatches, ()) {
  const FilterPtr filter = compile_filter(draw_filter(3)).value();
  const EventPtr event = draw_small_event();
  if (!filter->matches(*event)) return;
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
