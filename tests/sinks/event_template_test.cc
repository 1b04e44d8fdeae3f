// What is checked: what a template makes of an event and of a model's output, and which places it
// refuses. Method: parse() and render() on tables of texts.

#include "sinks/event_template.h"

#include "event/event_builder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

EventBuilder order_created() {
  EventBuilder builder;
  builder.set("id", "7").set("source", "/shop").set("type", "com.example.order");
  return builder;
}

EventPtr json_event(std::string_view data) {
  EventBuilder builder = order_created();
  builder.set("datacontenttype", "application/json").data(data, DataKind::json);
  return builder.build();
}

TEST(EventTemplate, FillsPlacesFromTheEvent) {
  struct {
    const char* text;
    const char* want;
  } const table[] = {
      {"", ""},
      {"plain", "plain"},
      {"{{ type }}", "com.example.order"},
      {"{{type}}{{id}}", "com.example.order7"},
      {"a {{ specversion }} b", "a 1.0 b"},
      {"{{ absent }}", ""},
      {"{{ data.n }}", "1.50"},
      {"{{ data.big }}", "12345678901234567890123"},
      {"{{ data.text }}", "a \"b\""},
      {"{{ data.yes }} {{ data.nil }}", "true null"},
      {"{{ data.list.1 }}", "2"},
      {"{{ data.list }}", "[1, 2]"},
      {"{{ data.object }}", R"({"k~/": "v"})"},
      {"{{ data.object.k~/ }}", "v"},
      {"{{ data.list.9 }}", ""},
      {"{{ data.text.x }}", ""},
      {"{{ data.none.x }}", ""},
      {"{{\n data.n\r\n}}", "1.50"},
      {"}} {", "}} {"},
      {"100%} {%", "100%} {%"},
  };
  const auto event = json_event(
      R"({"n": 1.50, "big": 12345678901234567890123, "text": "a \"b\"", "yes": true , "nil":null,)"
      R"("list": [1, 2], "object": {"k~/": "v"}})");
  for (const auto& row : table) {
    const auto parsed = EventTemplate::parse(row.text);
    ASSERT_TRUE(parsed) << row.text << ": " << parsed.error().detail;
    EXPECT_EQ(parsed.value().render(*event), row.want) << row.text;
  }
}

TEST(EventTemplate, IsEmptyWhereDataIsNoJson) {
  EventBuilder builder = order_created();
  builder.set("datacontenttype", "text/plain").data("hello", DataKind::text);
  const auto event = builder.build();
  EXPECT_EQ(EventTemplate::parse("[{{ data.a }}]").value().render(*event), "[]");
  EXPECT_EQ(EventTemplate::parse("[{{ data }}]").value().render(*event), "[hello]");
  EXPECT_EQ(EventTemplate::parse("[{{ data.a }}]").value().render(*order_created().build()), "[]");
}

std::string rendered(const char* text, const Event& event, std::string_view output) {
  const auto parsed = EventTemplate::parse(text, EventTemplate::Places::with_output);
  return parsed ? parsed.value().render(event, output) : parsed.error().detail;
}

TEST(EventTemplate, FillsPlacesFromTheOutput) {
  struct {
    const char* text;
    const char* want;
  } const table[] = {
      {"{{ output }}", R"({"action": "drink", "who": [{"name": "A\u00e9 \"b\""}], "n": 1.50})"},
      {"com.example.{{ output.action }}", "com.example.drink"},
      {"{{output.who.0.name}}", "A\xC3\xA9 \"b\""},
      {"{{ output.who }}", R"([{"name": "A\u00e9 \"b\""}])"},
      {"{{ output.n }} {{ output.n }}", "1.50 1.50"},
      {"[{{ output.none }}]", "[]"},
      {"{{ type }} {{ data.action }} {{ output.action }} {{ data.action }}",
       "com.example.order eat drink eat"},
  };
  const auto event = json_event(R"({"action": "eat"})");
  const std::string output =
      R"({"action": "drink", "who": [{"name": "A\u00e9 \"b\""}], "n": 1.50})";
  for (const auto& row : table) {
    EXPECT_EQ(rendered(row.text, *event, output), row.want) << row.text;
  }
}

TEST(EventTemplate, IsEmptyWhereTheOutputHasNoSuchPath) {
  const auto event = order_created().build();
  EXPECT_EQ(rendered("{{ output }}", *event, "just drink"), "just drink");
  EXPECT_EQ(rendered("[{{ output.a }}]", *event, "just drink"), "[]");
  EXPECT_EQ(rendered("[{{ output.a }}]", *event, "\"a\""), "[]");
  EXPECT_EQ(rendered("[{{ output.a }}]", *event, R"({"b": )"), "[]");
  EXPECT_EQ(rendered("[{{ output }}{{ output.a }}]", *event, ""), "[]");
}

TEST(EventTemplate, TakesOutputForAnAttributeWhereThereIsNoModel) {
  EventBuilder builder = order_created();
  builder.set("output", "theirs");
  const auto event = builder.build();
  EXPECT_EQ(EventTemplate::parse("{{ output }}").value().render(*event, "ours"), "theirs");
  EXPECT_EQ(rendered("{{ output }}", *event, "ours"), "ours");
}

TEST(EventTemplate, ListsItsPathsIntoTheOutput) {
  using Paths = std::vector<std::vector<std::string>>;
  const std::string text =
      "{{ output.a.0 }} {{ data.x }} {{ output }} {{ type }}{{ output.k~/~1 }}";
  EXPECT_EQ(EventTemplate::parse(text, EventTemplate::Places::with_output).value().output_paths(),
            (Paths{{"a", "0"}, {"k~/~1"}}));
  EXPECT_EQ(EventTemplate::parse("{{ output }} {{ data.x }}").value().output_paths(), Paths());
}

TEST(EventTemplate, RefusesWhatIsNoPlace) {
  using Places = EventTemplate::Places;
  struct {
    const char* text;
    Places places;
    const char* detail;
  } const table[] = {
      {"a {{ type", Places::event, "'{{ type' has no closing '}}'"},
      {"{{}}", Places::event, "'{{}}' is neither an attribute nor data nor a path"},
      {"{{ Type }}", Places::event, "'{{ Type }}' is neither"},
      {"{{ data..a }}", Places::event, "is neither"},
      {"{{ output.a }}", Places::event, "'{{ output.a }}' is neither an attribute nor data nor a"},
      {"{{ output. }}", Places::with_output, "nor data nor output nor a path such as data.a.b or"},
      {"{{ output..a }}", Places::with_output, "or output.a.b"},
      {"{{ outputs.a }}", Places::with_output, "is neither"},
      {"{{ data.text | upper }}", Places::event,
       "'{{ data.text | upper }}' is no place: a place is an attribute, data or a path such as "
       "data.a.0.b; there are no filters"},
      {"{{ output.a|upper }}", Places::with_output,
       "a place is an attribute, data, output or a path such as output.a.0.b; there are no"},
      {"{{ type | upper }}", Places::event, "there are no filters"},
      {"{{ data.a b }}", Places::event, "is no place"},
      {"{{ data.a\tb }}", Places::event, "'{{ data.a?b }}' is no place"},
      {"{{ data.a\nb }}", Places::event, "is no place"},
      {"{{ data.get('a') }}", Places::event, "is no place"},
      {"{{ data.a[0] }}", Places::event, "is no place"},
      {"{{ data.a(0 }}", Places::event, "is no place"},
      {"{{ data.a) }}", Places::event, "is no place"},
      {"{{ data.a] }}", Places::event, "is no place"},
      {"{{ data.'a' }}", Places::event, "is no place"},
      {"{{ data.\"a\" }}", Places::event, "is no place"},
      {"a {% if data.a %}b{% endif %}", Places::event,
       "'{% if data.a %}' is no place: a place is an attribute, data or a path such as data.a.0.b; "
       "there are no statements"},
      {"{{ type }}{%- endif -%}", Places::with_output, "'{%- endif -%}' is no place"},
  };
  for (const auto& row : table) {
    const auto parsed = EventTemplate::parse(row.text, row.places);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    EXPECT_NE(parsed.error().detail.find(row.detail), std::string::npos) << parsed.error().detail;
  }
}

}  // namespace
}  // namespace sluice
