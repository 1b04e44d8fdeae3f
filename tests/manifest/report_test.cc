// What is checked: how findings look, as text with the caret under the place and as JSON, and that
// a report is in the order of the files. Method: hand-made findings, compared letter by letter.

#include "manifest/report.h"

#include "tests/manifest/manifest_support.h"

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

TEST(Report, ShowsTheLineACaretAndTheHint) {
  const Finding finding{"orders.yaml",
                        12,
                        7,
                        Severity::error,
                        "unknown field 'subscribers' in Trigger spec",
                        "did you mean 'subscriber'?",
                        "      subscribers:"};
  EXPECT_EQ(to_text(finding),
            "orders.yaml:12:7: error: unknown field 'subscribers' in Trigger spec\n"
            "  12 |       subscribers:\n"
            "     |       ^\n"
            "  hint: did you mean 'subscriber'?\n");
}

TEST(Report, KeepsTabsAndCountsCharactersBeforeTheCaret) {
  const Finding finding{"m.yaml", 3, 5, Severity::warning, "odd", "", "\t\xC3\xA9: x"};
  EXPECT_EQ(to_text(finding),
            "m.yaml:3:5: warning: odd\n"
            "  3 | \t\xC3\xA9: x\n"
            "    | \t   ^\n");
}

TEST(Report, CutsALongLineAroundTheCaret) {
  const Finding finding{"m.yaml", 1, 501, Severity::error, "odd", "", std::string(1000, 'x')};
  const std::string text = to_text(finding);
  EXPECT_LT(text.size(), 400U);
  const std::size_t line = text.find("  1 | ...");
  ASSERT_NE(line, std::string::npos) << text;
  const std::size_t caret = text.find('^');
  const std::size_t start = text.rfind('\n', caret) + 1;
  EXPECT_EQ(caret - start, std::string("  1 | ...").size() + 60) << text;
}

TEST(Report, ShowsNoControlCharacters) {
  const Finding finding{"m.yaml", 1, 3, Severity::error, "odd", "", "a\x1b[31m\xFF"};
  const std::string text = to_text(finding);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\xFF'), std::string::npos);
  EXPECT_NE(text.find("a?[31m?"), std::string::npos) << text;
}

TEST(Report, IsAnArrayInJson) {
  Report report;
  report.findings.push_back({"m.yaml", 2, 3, Severity::warning, "odd \"thing\"", "a hint", "xx"});
  const auto json = nlohmann::json::parse(to_json(report));
  const auto expected = nlohmann::json::parse(
      R"([{"file": "m.yaml", "line": 2, "column": 3, "severity": "warning",
           "message": "odd \"thing\"", "hint": "a hint"}])");
  EXPECT_EQ(json, expected);
  EXPECT_EQ(nlohmann::json::parse(to_json(Report())), nlohmann::json::array());
}

TEST(Report, HasErrorsOnlyWhereThereAreErrors) {
  Report report;
  EXPECT_FALSE(report.has_errors());
  report.findings.push_back({"m.yaml", 1, 1, Severity::warning, "", "", ""});
  EXPECT_FALSE(report.has_errors());
  report.findings.push_back({"m.yaml", 1, 1, Severity::error, "", "", ""});
  EXPECT_TRUE(report.has_errors());
}

TEST(Report, HasEveryProblemOfAFileInItsOrder) {
  const auto loaded = load(
      "apiVersion: eventing.knative.dev/v1\n"
      "kind: Trigger\n"
      "metadata: {name: Bad}\n"
      "spec:\n"
      "  broker: nowhere\n"
      "  filters: [{cesql: x =}, {exact: {A: b}}]\n"
      "  subscriber: {uri: /x}\n"
      "  delivery: {retry: x, timeout: PT0S, colour: red}\n"
      "---\n"
      "kind: [\n"
      "---\n"
      "apiVersion: v1\n"
      "kind: Pod\n"
      "metadata: {name: a}\n");
  std::vector<int> lines;
  for (const Finding& finding : loaded.report.findings) lines.push_back(finding.line);
  EXPECT_EQ(lines, (std::vector<int>{3, 5, 6, 6, 7, 8, 8, 8, 11, 13})) << describe(loaded.report);
}

}  // namespace
}  // namespace sluice
