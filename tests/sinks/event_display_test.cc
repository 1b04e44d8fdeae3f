// What is checked: what an EventDisplay prints for an event in either format, its ACTION line, what
// it answers when standard output is not read, and that bad specs are refused by field. Method:
// standard output is captured around one send(), or is a pipe.

#include "base/task_group.h"
#include "event/event_builder.h"
#include "sinks/event_display_spec.h"
#include "sinks/event_text.h"
#include "sinks/sink.h"
#include "tests/support/pipe.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <stdexcept>
#include <string>

#include <unistd.h>

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

std::string shown(const nlohmann::json& spec, const EventPtr& event) {
  TestCore core;
  SinkSpec sink_spec;
  sink_spec.kind = "EventDisplay";
  sink_spec.spec = spec;
  auto made = make_sink(sink_spec, "http://127.0.0.1/default/sinks/display");
  if (!made) throw std::runtime_error(made.error().detail);
  testing::internal::CaptureStdout();
  const Attempt attempt = run_task(core.core, made.value()->send(event, kNever));
  std::string text = testing::internal::GetCapturedStdout();
  EXPECT_EQ(attempt.status, 202);
  EXPECT_EQ(attempt.reply, nullptr);
  EXPECT_EQ(made.value()->url(), "http://127.0.0.1/default/sinks/display");
  return text;
}

TEST(EventDisplay, PrintsAsKnativesEventDisplayDoes) {
  EventBuilder builder = order_created();
  builder.set("zone", "b").set("time", "2026-11-20T10:00:00Z").set("subject", "order/7");
  builder.set("datacontenttype", "application/json").set("alpha", "1");
  builder.data(R"({"n":1.50,"list":[1, {"a":[]}],"text":"a,{\"b"})", DataKind::json);
  const EventPtr event = stamped(builder.build(), "2026-11-20T10:00:01Z", 254);
  EXPECT_EQ(shown(nlohmann::json::object(), event),
            "\xe2\x98\x81\xef\xb8\x8f  cloudevents.Event\n"
            "Context Attributes,\n"
            "  specversion: 1.0\n"
            "  type: com.example.order\n"
            "  source: /shop\n"
            "  subject: order/7\n"
            "  id: 7\n"
            "  time: 2026-11-20T10:00:00Z\n"
            "  datacontenttype: application/json\n"
            "Extensions,\n"
            "  alpha: 1\n"
            "  knativearrivaltime: 2026-11-20T10:00:01Z\n"
            "  zone: b\n"
            "Data,\n"
            "  {\n"
            "    \"n\": 1.50,\n"
            "    \"list\": [\n"
            "      1,\n"
            "      {\n"
            "        \"a\": []\n"
            "      }\n"
            "    ],\n"
            "    \"text\": \"a,{\\\"b\"\n"
            "  }\n");
}

TEST(EventDisplay, PrintsNoDataAndNoExtensionsWhereThereAreNone) {
  EXPECT_EQ(shown(nlohmann::json::object(), order_created().build()),
            "\xe2\x98\x81\xef\xb8\x8f  cloudevents.Event\nContext Attributes,\n"
            "  specversion: 1.0\n  type: com.example.order\n  source: /shop\n  id: 7\n");
}

std::string data_part(const EventPtr& event) {
  const std::string text = show_event(*event, EventFormat::text, HopCount::omit);
  return text.substr(std::min(text.find("Data"), text.size()));
}

TEST(EventText, ShowsDataByWhatItIs) {
  struct {
    const char* content_type;
    std::string data;
    const char* want;
  } const table[] = {
      {"text/plain", "hello", "Data,\n  hello\n"},
      {"text/plain", "two\nlines", "Data,\n  two\nlines\n"},
      {"application/json", R"({"a":1})", "Data,\n  {\n    \"a\": 1\n  }\n"},
      {"application/vnd.x+json; v=1", "[]", "Data,\n  []\n"},
      {"application/json", "{ }", "Data,\n  {}\n"},
      {"application/json", R"("x")", "Data,\n  \"x\"\n"},
      {"application/json", "{broken", "Data,\n  {broken\n"},
      {"image/png", std::string("\x89PNG\0", 5), "Data (base64),\n  iVBORwA=\n"},
      {"text/plain", "\x1b[31mred", "Data (base64),\n  G1szMW1yZWQ=\n"},
      {"text/plain", "\xff", "Data (base64),\n  /w==\n"},
      {"text/plain", "", ""},
  };
  for (const auto& row : table) {
    EventBuilder builder = order_created();
    builder.set("datacontenttype", row.content_type).data(row.data, DataKind::bytes);
    EXPECT_EQ(data_part(builder.build()), row.want) << row.content_type << " " << row.data;
  }
}

TEST(EventText, ShowsAnEventAsOneLineOfJson) {
  EventBuilder binary = order_created();
  binary.set("datacontenttype", "application/json").data(R"({"n":1.50})", DataKind::bytes);
  const EventPtr event = stamped(binary.build(), "2026-11-20T10:00:01Z", 254);
  const std::string line = show_event(*event, EventFormat::json, HopCount::omit);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find(R"("data":{"n":1.50})"), std::string::npos) << line;
  EXPECT_EQ(line.find("knativebrokerttl"), std::string::npos) << line;
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["id"], "7");
  EXPECT_EQ(json["specversion"], "1.0");
  EXPECT_EQ(json["knativearrivaltime"], "2026-11-20T10:00:01Z");

  EventBuilder text = order_created();
  text.set("datacontenttype", "text/plain").data("hello", DataKind::bytes);
  EXPECT_EQ(
      nlohmann::json::parse(show_event(*text.build(), EventFormat::json, HopCount::omit))["data"],
      "hello");

  EventBuilder bytes = order_created();
  bytes.data(std::string_view("\0\1", 2), DataKind::bytes);
  EXPECT_EQ(nlohmann::json::parse(
                show_event(*bytes.build(), EventFormat::json, HopCount::omit))["data_base64"],
            "AAE=");
}

TEST(EventDisplay, PrintsTheActionBehindTheEvent) {
  const auto event = json_event(R"({"action": "drink", "who": {"name": "Ada"}})");
  const std::string text =
      shown({{"action", "{{ data.action }} for {{data.who.name}} ({{ type }})"}}, event);
  EXPECT_TRUE(text.ends_with("}\nACTION: drink for Ada (com.example.order)\n")) << text;

  const std::string json = shown({{"format", "json"}, {"action", "{{ data.action }}"}}, event);
  EXPECT_TRUE(json.starts_with("{")) << json;
  EXPECT_TRUE(json.ends_with("}\nACTION: drink\n")) << json;
}

TEST(EventDisplay, KeepsTheActionOnOneLine) {
  const std::string text =
      shown({{"action", "{{ data.a }}"}}, json_event(R"({"a": "x\ny\u001b"})"));
  EXPECT_TRUE(text.ends_with("\nACTION: x y \n")) << text;
}

TEST(EventDisplay, RefusesBadSpecsByField) {
  struct {
    const char* kind;
    nlohmann::json spec;
    const char* message_part;
  } const table[] = {
      {"EventDisplay", {{"format", "xml"}}, "format: want text or json, not \"xml\""},
      {"EventDisplay", {{"format", 5}}, "format: want text or json"},
      {"EventDisplay", {{"action", 5}}, "action: want a string"},
      {"EventDisplay", {{"action", "{{ type"}}, "action: '{{ type' has no closing '}}'"},
      {"EventDisplay", {{"action", "{{ Type }}"}}, "'{{ Type }}' is neither an attribute"},
      {"EventDisplay", {{"action", "{{}}"}}, "'{{}}' is neither"},
      {"EventDisplay", {{"action", "{{ data.a | upper }}"}}, "there are no filters"},
      {"EventDisplay", {{"action", "{% if data.a %}"}}, "there are no statements"},
      {"EventDisplay", {{"action", "{{ data. }}"}}, "is neither"},
      {"EventDisplay", {{"action", "{{ data..a }}"}}, "is neither"},
      {"EventDisplays", nlohmann::json::object(), "no sink of kind 'EventDisplays'"},
  };
  for (const auto& row : table) {
    SinkSpec spec;
    spec.kind = row.kind;
    spec.spec = row.spec;
    const auto made = make_sink(spec, "http://127.0.0.1/x");
    ASSERT_FALSE(made) << row.message_part;
    EXPECT_EQ(made.error().code, Errc::invalid_argument);
    EXPECT_NE(made.error().detail.find(row.message_part), std::string::npos) << made.error().detail;
    if (spec.kind != "EventDisplay") continue;
    const auto valid = validate_event_display_spec(row.spec);
    ASSERT_FALSE(valid) << row.message_part;
    EXPECT_EQ(valid.error().detail, made.error().detail);
  }
}

/// Standard output is a pipe's writing end for as long as this lives.
class OutputIntoPipe {
 public:
  explicit OutputIntoPipe(const Pipe& pipe) : saved_(::dup(STDOUT_FILENO)) {
    ::dup2(pipe.writing_end(), STDOUT_FILENO);
  }
  ~OutputIntoPipe() {
    ::dup2(saved_, STDOUT_FILENO);
    ::close(saved_);
  }
  OutputIntoPipe(const OutputIntoPipe&) = delete;
  OutputIntoPipe& operator=(const OutputIntoPipe&) = delete;

 private:
  int saved_;
};

SinkPtr json_display() {
  SinkSpec spec;
  spec.kind = "EventDisplay";
  spec.spec = {{"format", "json"}};
  return make_sink(spec, "http://127.0.0.1/x").value();
}

TEST(EventDisplay, HasNoStatusWhenNobodyReadsStandardOutputInTime) {
  TestCore core;
  TaskGroup group(core.core);
  const SinkPtr display = json_display();
  const auto large = json_event('"' + std::string(256U * 1024, 'x') + '"');
  const auto small = json_event("{}");
  const Pipe pipe;
  const OutputIntoPipe into_pipe(pipe);
  std::optional<Attempt> of_large;
  std::optional<Attempt> of_small;
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  group.spawn(test_support::keep(display->send(large, soon), of_large));
  drain(core.core);
  const std::string first = pipe.read_exactly(1);  // It is being written.
  group.spawn(test_support::keep(display->send(small, kNever), of_small));
  run_until(core.core, [&] { return of_large.has_value(); });
  EXPECT_EQ(of_large->status, 0);
  EXPECT_EQ(of_large->detail, "standard output: nobody read what was written before");
  EXPECT_FALSE(of_small) << "a 202 means that it was written";

  const std::string line = show_event(*large, EventFormat::json, HopCount::omit);
  EXPECT_EQ(first + pipe.read_exactly(line.size() - 1), line);
  run_until(core.core, [&] { return of_small.has_value(); });
  EXPECT_EQ(of_small->status, 202);
  EXPECT_EQ(pipe.read_now(), show_event(*small, EventFormat::json, HopCount::omit));
}

TEST(EventDisplay, FailsWhenTheReaderOfStandardOutputHasGone) {
  TestCore core;
  Pipe pipe;
  pipe.close_reading_end();
  const OutputIntoPipe into_pipe(pipe);
  const Attempt attempt = run_task(core.core, json_display()->send(json_event("{}"), kNever));
  EXPECT_EQ(attempt.status, 503);
  EXPECT_EQ(attempt.detail, "standard output: Broken pipe");
}

}  // namespace
}  // namespace sluice
