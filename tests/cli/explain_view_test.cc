// What is checked: that any tree of clauses is shown, whatever dialect it is of: problems and hints
// at every level, any depth, text that would upset a terminal or a JSON reader. Method: a filter
// that answers with the tree at hand.

#include "cli/explain_view.h"

#include "event/event_builder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

/// Its explanation is what it was made with.
class FixedFilter final : public Filter {
 public:
  explicit FixedFilter(Explanation explanation) : explanation_(std::move(explanation)) {}
  [[nodiscard]] bool matches(const Event&) const noexcept override { return explanation_.passes; }
  [[nodiscard]] Explanation explain(const Event&) const override { return explanation_; }
  [[nodiscard]] bool looks_only_at(std::span<const std::string_view>) const override {
    return false;
  }

 private:
  Explanation explanation_;
};

std::vector<BrokerView> one_trigger(Explanation explanation) {
  TriggerView trigger{"ns", "t", "http://h/", nullptr};
  trigger.filter = std::make_shared<const FixedFilter>(std::move(explanation));
  return {BrokerView{"ns", "b", {std::move(trigger)}}};
}

EventPtr small_event() {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t");
  return builder.build();
}

Explanation clause(std::string text, bool passes, std::vector<Explanation> parts = {}) {
  Explanation out;
  out.clause = std::move(text);
  out.passes = passes;
  out.parts = std::move(parts);
  return out;
}

// The lines of the only trigger's clauses.
std::string clauses_of(Explanation explanation) {
  const std::string text = explain_text(*small_event(), one_trigger(std::move(explanation)));
  const std::size_t start = text.find("    ");
  return text.substr(start, text.rfind("\n\n") + 1 - start);
}

TEST(ExplainView, ShowsProblemsAndHintsAtEveryLevel) {
  Explanation leaf = clause("total / 0 > 1", false);
  leaf.attribute = "total";
  leaf.seen = "7";
  leaf.problem = "division by zero (column 7)";
  leaf.hint = "try another";
  Explanation both = clause("AND", false, {clause("TRUE", true), std::move(leaf)});
  both.hint = "a hint above";
  Explanation top = clause("cesql", false, {std::move(both)});
  EXPECT_EQ(clauses_of(std::move(top)),
            "    FAIL  AND              a hint above\n"
            "    pass    TRUE\n"
            "    FAIL    total / 0 > 1  total is '7'; cannot be decided: division by zero "
            "(column 7); try another\n");
}

TEST(ExplainView, LeavesOutGroupsThatSayNoMore) {
  EXPECT_EQ(clauses_of(clause("all", true, {clause("exact", true, {clause("a = 1", true)})})),
            "    pass  a = 1\n");
  EXPECT_EQ(clauses_of(clause("not", true, {clause("a = 1", false)})),
            "    pass  not\n    FAIL    a = 1\n");
  Explanation told = clause("all", false, {clause("a = 1", false)});
  told.problem = "p";
  EXPECT_EQ(clauses_of(std::move(told)),
            "    FAIL  all  cannot be decided: p\n    FAIL    a = 1\n");
  EXPECT_EQ(clauses_of(clause("NOT x", false, {clause("y", false)})),
            "    FAIL  NOT x\n    FAIL    y\n");
}

TEST(ExplainView, KeepsTheColumnsOfTheOthersBesideALongClause) {
  const auto leaf = [](std::string text) {
    Explanation out = clause(std::move(text), true);
    out.attribute = "x";
    out.seen = "1";
    return out;
  };
  const std::string long_clause(60, 'c');
  EXPECT_EQ(clauses_of(clause("all", true, {leaf("ää"), leaf("bbbb"), leaf(long_clause)})),
            "    pass  all\n"
            "    pass    ää    x is '1'\n"
            "    pass    bbbb  x is '1'\n"
            "    pass    " +
                long_clause + "  x is '1'\n");
}

TEST(ExplainView, ShowsAnyDepthWithinTheMargin) {
  Explanation tree = clause("deepest", true);
  for (int i = 0; i < 200; ++i) tree = clause("NOT", i % 2 != 0, {std::move(tree)});
  const std::string lines = clauses_of(std::move(tree));
  EXPECT_EQ(std::ranges::count(lines, '\n'), 201);
  EXPECT_NE(lines.find("    pass  " + std::string(40, ' ') + "deepest\n"), std::string::npos);
}

TEST(ExplainView, SaysWhereThereIsNoBroker) {
  EXPECT_EQ(explain_text(*small_event(), {}),
            "Event '1' of type 't' from '/s'\n\nno Triggers: the manifests have no Broker\n");
}

TEST(ExplainView, MakesOddTextSafe) {
  Explanation odd = clause("a\n\x1b[2J\xff" + std::string(1000, 'c'), false);
  odd.attribute = "x\r";
  odd.seen = "\t" + std::string(5000, 's');
  odd.problem = std::string("p\0q", 3);
  odd.hint = "h\n";
  const std::string text = clauses_of(odd);
  EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c < 127); }));
  EXPECT_LT(text.size(), 600U);
  const auto json = nlohmann::json::parse(explain_json(*small_event(), one_trigger(odd), -1));
  const auto& told = json["brokers"][0]["triggers"][0]["explanation"];
  EXPECT_EQ(told["attribute"], "x\r");
  EXPECT_EQ(told["seen"].get<std::string>().size(), 1027U) << "1 KiB and three points";
}

}  // namespace
}  // namespace sluice
