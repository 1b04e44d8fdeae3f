// What is checked: the technology compatibility kit of CESQL, from the CloudEvents specification's
// repository (cesql/cesql_tck/*.yaml), where it is here: in the folder that SLUICE_CESQL_TCK names,
// else in ../shared/data/cesql_tck. It is not shipped; tests/filter/cesql_cases.txt is.

#include "cli/event_file.h"
#include "filter/cesql/expression.h"
#include "manifest/findings.h"
#include "manifest/typed_json.h"
#include "manifest/yaml.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

/// As written: `TRUE` without quotes is a boolean to YAML.
std::string text_of(const Json& scalar) {
  return scalar.is_string() ? scalar.get<std::string>() : scalar.dump();
}

std::filesystem::path kit_folder() {
  const char* const named = std::getenv("SLUICE_CESQL_TCK");
  if (named != nullptr) return named;
  return std::filesystem::path(SLUICE_SOURCE_DIR) / "../shared/data/cesql_tck";
}

Json read_suite(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  YamlStore store;
  Findings findings;
  store.sources.emplace_back(path.filename().string(), text, 0);
  const YamlFile read = read_yaml(store.sources.back(), store, findings);
  EXPECT_EQ(findings.errors(), 0U) << path;
  if (read.documents.empty()) return {};
  return typed_json(*read.documents[0], findings).value_or(Json());
}

EventPtr event_of(const Json& test) {
  Json event = {{"specversion", "1.0"}, {"id", "1"}, {"source", "/tck"}, {"type", "t"}};
  if (test.contains("event")) event = test["event"];
  if (test.contains("eventOverrides")) event.update(test["eventOverrides"]);
  const auto read = read_event_text(event.dump(), text_of(test["name"]));
  EXPECT_TRUE(read) << read.error().detail;
  return read ? read.value() : nullptr;
}

void run_case(const Json& test) {
  const std::string text = text_of(test["expression"]);
  const std::string error = test.value("error", "");
  const auto parsed = CesqlExpression::parse(text);
  if (!parsed) {
    EXPECT_EQ(error, "parse") << text << ": " << parsed.error().detail;
    return;
  }
  const EventPtr event = event_of(test);
  ASSERT_NE(event, nullptr);
  const CesqlOutcome outcome = parsed.value().evaluate(*event);
  EXPECT_EQ(outcome.error ? to_string(outcome.error->kind) : "", error) << text;
  if (!test.contains("result")) return;
  Json value;
  std::visit([&](const auto& v) { value = v; }, outcome.value);
  EXPECT_EQ(value, test["result"]) << text;
}

TEST(CesqlTck, PassesWhole) {
  const auto folder = kit_folder();
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "no CESQL TCK in " << folder << "; SLUICE_CESQL_TCK names its folder";
  }
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    const Json suite = read_suite(entry.path());
    ASSERT_TRUE(suite.contains("tests")) << entry.path();
    for (const Json& test : suite["tests"]) {
      SCOPED_TRACE(entry.path().filename().string() + ": " + text_of(test["name"]));
      run_case(test);
      ++cases;
    }
  }
  EXPECT_GE(cases, 200U);
  RecordProperty("cases", static_cast<int>(cases));
}

}  // namespace
}  // namespace sluice
