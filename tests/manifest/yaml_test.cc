// What is checked: the tree that YAML becomes: positions, aliases, the limits against bombs, going
// on after a syntax error; and the variables in it. Method: read_yaml() and expand_variables() on
// text; variables are set in this process under names of this test's own.

#include "manifest/findings.h"
#include "manifest/yaml.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sluice {
namespace {

class YamlTest : public testing::Test {
 protected:
  YamlFile read(std::string text) {
    const auto& source = store_.sources.emplace_back("y.yaml", std::move(text), 0);
    return read_yaml(source, store_, findings_);
  }

  // The root of the only document.
  YamlNode& root(std::string text) {
    const YamlFile file = read(std::move(text));
    EXPECT_EQ(file.documents.size(), 1U);
    EXPECT_EQ(findings_.errors(), 0U) << to_text(findings_.report());
    return *file.documents.at(0);
  }

  std::string expanded(const std::string& value) {
    YamlNode& node = root("key: '" + value + "'");
    expand_variables(node, findings_);
    return node.find("key")->value->text;
  }

  std::string only_error() {
    const Report report = findings_.report();
    EXPECT_EQ(report.findings.size(), 1U) << to_text(report);
    return report.findings.empty() ? "" : report.findings[0].message;
  }

  YamlStore store_;
  Findings findings_;
};

std::string at(const YamlNode& node) {
  const Place place = node.source->place(node.offset);
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

TEST_F(YamlTest, KnowsWhereEveryValueStands) {
  const YamlNode& node = root(
      "plain: 1\n"
      "quoted: \"two\"\n"
      "\xC3\xA9t\xC3\xA9: 'three'\n"
      "list:\n"
      "- a\n"
      "-   b\n"
      "flow: {x: [1, 'y']}\n"
      "block: |  # with a > in the comment\n"
      "  text\n"
      "folded: >-\n"
      "  text\n"
      "empty:\n"
      "alias: &here there\n"
      "again: *here\n");
  const auto value = [&](std::string_view key) -> const YamlNode& {
    return *node.find(key)->value;
  };
  EXPECT_EQ(at(value("plain")), "1:8");
  EXPECT_EQ(at(value("quoted")), "2:9");
  EXPECT_EQ(at(value("\xC3\xA9t\xC3\xA9")), "3:6");  // Columns count characters, not bytes.
  EXPECT_EQ(at(value("list")), "5:1");
  EXPECT_EQ(at(*value("list").items[1]), "6:5");
  EXPECT_EQ(at(value("flow")), "7:7");
  EXPECT_EQ(at(*value("flow").entries[0].value->items[1]), "7:15");
  EXPECT_EQ(at(value("block")), "8:8");
  EXPECT_EQ(value("block").text, "text\n");
  EXPECT_EQ(at(value("folded")), "10:9");
  EXPECT_EQ(at(value("empty")), "12:1");  // It is nowhere, so at its key.
  EXPECT_EQ(at(value("alias")), "13:14");
  EXPECT_EQ(value("again").text, "there");
}

TEST_F(YamlTest, ReadsTheCoreSchema) {
  const YamlNode& node = root("a: ~\nb: null\nc:\nd: 'null'\ne: !!str null\nf: no\ng: \"\"\n");
  EXPECT_TRUE(node.find("a")->value->is_null());
  EXPECT_TRUE(node.find("b")->value->is_null());
  EXPECT_TRUE(node.find("c")->value->is_null());
  EXPECT_FALSE(node.find("d")->value->is_null());
  EXPECT_FALSE(node.find("e")->value->is_null());
  EXPECT_EQ(node.find("f")->value->text, "no");
  EXPECT_FALSE(node.find("g")->value->is_null());
}

TEST_F(YamlTest, ReadsManyDocumentsAndLeavesEmptyOnesOut) {
  const YamlFile file =
      read("%YAML 1.2\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n---\r\nc: 3\r\n");
  EXPECT_EQ(findings_.errors(), 0U) << to_text(findings_.report());
  ASSERT_EQ(file.documents.size(), 3U);
  EXPECT_EQ(at(*file.documents[2]->find("c")->value), "10:4");
}

TEST_F(YamlTest, ReadsJson) {
  const YamlNode& node = root("{\"a\": [1, true, \"x\\u00e9\"], \"b\": {}}");
  EXPECT_EQ(node.find("a")->value->items[2]->text, "x\xC3\xA9");
}

TEST_F(YamlTest, GoesOnWithTheNextDocumentAfterASyntaxError) {
  const YamlFile file = read("a: 1\n---\nb: [\n---\nc: }\nd: 1\n---\ne: 2\n");
  ASSERT_EQ(file.documents.size(), 2U) << to_text(findings_.report());
  EXPECT_NE(file.documents[0]->find("a"), nullptr);
  EXPECT_NE(file.documents[1]->find("e"), nullptr);
  EXPECT_EQ(findings_.report().findings.size(), 2U) << to_text(findings_.report());
  ASSERT_EQ(file.unread.size(), 2U);
  EXPECT_NE(file.unread[0].find("b: ["), std::string_view::npos);
}

TEST_F(YamlTest, TakesMergeKeyInQuotesAsAWord) { EXPECT_NE(root("'<<': 1\n").find("<<"), nullptr); }

TEST_F(YamlTest, RefusesABombOfAliases) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 8; ++j) text += ", " + before;
    text += "]\n";
  }
  EXPECT_TRUE(read(text).documents.empty());
  EXPECT_NE(only_error().find("more than 10000 values"), std::string::npos);
}

TEST_F(YamlTest, CountsAliasesOverTheWholeFile) {
  std::string text;
  for (int i = 0; i < 101; ++i) {
    text += "---\na: &a [1";
    for (int j = 0; j < 97; ++j) text += ", 1";
    text += "]\nb: *a\n";  // 99 values.
  }
  EXPECT_EQ(read(text).documents.size(), 101U);
  EXPECT_EQ(findings_.errors(), 0U);
  const YamlFile more = read(text + "---\na: &a [1, 2]\nb: *a\n");
  EXPECT_EQ(more.documents.size(), 101U);
  EXPECT_NE(only_error().find("more than 10000 values"), std::string::npos);
}

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']') + "\n";
}

TEST_F(YamlTest, Takes64LevelsAndRefuses65) {
  EXPECT_EQ(read(nested(64)).documents.size(), 1U);
  EXPECT_EQ(findings_.errors(), 0U);
  EXPECT_TRUE(read(nested(65)).documents.empty());
  EXPECT_NE(only_error().find("deeper than 64 levels"), std::string::npos);
}

TEST_F(YamlTest, CountsTheDepthOfAliases) {
  const std::string deep = "a: &a " + nested(40) + "b: ";
  EXPECT_EQ(read(deep + std::string(23, '[') + "*a" + std::string(23, ']')).documents.size(), 1U);
  EXPECT_EQ(findings_.errors(), 0U);
  EXPECT_TRUE(read(deep + std::string(24, '[') + "*a" + std::string(24, ']')).documents.empty());
  EXPECT_NE(only_error().find("deeper than 64 levels"), std::string::npos);
}

TEST_F(YamlTest, SurvivesAHundredThousandOpenBrackets) {
  EXPECT_TRUE(read(std::string(100'000, '[')).documents.empty());
  EXPECT_NE(only_error().find("deeper than 64 levels"), std::string::npos);
}

TEST_F(YamlTest, ExpandsVariables) {
  ::setenv("SLUICE_TEST_HOST", "example", 1);
  ::setenv("SLUICE_TEST_EMPTY", "", 1);
  ::setenv("SLUICE_TEST_NESTED", "${SLUICE_TEST_HOST}", 1);
  EXPECT_EQ(expanded("http://${SLUICE_TEST_HOST}:80/"), "http://example:80/");
  EXPECT_EQ(expanded("${SLUICE_TEST_HOST}${SLUICE_TEST_HOST}"), "exampleexample");
  EXPECT_EQ(expanded("${SLUICE_TEST_NONE:-default}"), "default");
  EXPECT_EQ(expanded("${SLUICE_TEST_NONE:-}"), "");
  EXPECT_EQ(expanded("${SLUICE_TEST_NONE:-a:b-c}"), "a:b-c");
  EXPECT_EQ(expanded("${SLUICE_TEST_EMPTY}"), "");
  EXPECT_EQ(expanded("${SLUICE_TEST_EMPTY:-x}"), "x");
  EXPECT_EQ(expanded("${SLUICE_TEST_HOST:?needed}"), "example");
  EXPECT_EQ(expanded("$${SLUICE_TEST_HOST}"), "${SLUICE_TEST_HOST}");
  EXPECT_EQ(expanded("a $ b $$ $HOME $(x) {}"), "a $ b $$ $HOME $(x) {}");
  EXPECT_EQ(expanded("${SLUICE_TEST_NESTED}"), "${SLUICE_TEST_HOST}");  // Once only.
  EXPECT_EQ(findings_.errors(), 0U) << to_text(findings_.report());
}

TEST_F(YamlTest, ExpandsAnAliasedValueOnceAndNoKeys) {
  ::setenv("SLUICE_TEST_ONCE", "$${x}", 1);
  YamlNode& node = root("a: &a ['${SLUICE_TEST_ONCE}']\nb: *a\n${SLUICE_TEST_NONE}: c\n");
  expand_variables(node, findings_);
  EXPECT_EQ(node.find("b")->value->items[0]->text, "$${x}");
  EXPECT_NE(node.find("${SLUICE_TEST_NONE}"), nullptr);
  EXPECT_EQ(findings_.errors(), 0U);
}

TEST_F(YamlTest, RefusesAVariableInsideAnother) {
  (void)expanded("${A:-${B}}");
  EXPECT_NE(only_error().find("inside another"), std::string::npos);
}

}  // namespace
}  // namespace sluice
