// What is checked: the prompt that an InferenceSink makes of an event, the reply that it makes of
// the output, and what is refused when it is made or when an event comes. Method: the demo model,
// on a core run by hand.

#include "sinks/inference_sink.h"

#include "tests/support/inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

class InferenceSinkTest : public testing::Test {
 protected:
  static InferenceSinkSpec spec() {
    InferenceSinkSpec spec;
    spec.name = "decide";
    spec.system_prompt = "Decide what to do. Answer with one action.";
    spec.user_prompt = "{{ data.text }}";
    spec.choices = {"drink_water", "open_window", "ask_person"};
    return spec;
  }

  Attempt send(const InferenceSinkSpec& spec, const EventPtr& event) {
    const auto model = std::make_shared<InferenceModel>(demo_spec());
    auto sink = make_inference_sink(spec, model, "http://127.0.0.1/default/inferencesinks/decide");
    EXPECT_TRUE(sink) << sink.error().detail;
    start_model(*model);
    return run_task(test_core_.core, sink.value()->send(event, kNever));
  }

  TestCore test_core_;
  EventPtr thirsty_ = asking(R"({"text":"渴了"})", "application/json");
};

TEST_F(InferenceSinkTest, TheDecisionCanBeTheTypeAndAnExtension) {
  InferenceSinkSpec spec = InferenceSinkTest::spec();
  spec.reply_type = "com.example.{{ output }}";
  spec.reply_extensions = {{"action", "{{ output }}"}, {"said", "{{ data.text }}"}, {"none", ""}};
  const Attempt attempt = send(spec, thirsty_);
  ASSERT_EQ(attempt.status, 200) << attempt.detail;
  EXPECT_EQ(attempt.reply->type(), "com.example.drink_water");
  EXPECT_EQ(attempt.reply->source(), "/default/inferencesinks/decide");
  EXPECT_EQ(attempt.reply->attribute("action"), "drink_water");
  EXPECT_EQ(attempt.reply->attribute("said"), "渴了");
  EXPECT_EQ(attempt.reply->attribute("none"), std::nullopt);
  EXPECT_EQ(attempt.reply->attribute("causeid"), "7");
  EXPECT_EQ(attempt.reply->data(), "drink_water");
  EXPECT_THAT(std::string(*attempt.reply->attribute("datacontenttype")), HasSubstr("text/plain"));
}

TEST_F(InferenceSinkTest, ASchemaMakesDataOfTheOutput) {
  InferenceSinkSpec spec = InferenceSinkTest::spec();
  spec.choices.clear();
  spec.system_prompt = "Decide what to do. Answer in JSON.";
  spec.schema = R"({"type":"object","properties":{"action":{"enum":["drink_water","open_window"]}},
                    "required":["action"],"additionalProperties":false})";
  spec.reply_type = "com.example.{{ output.action }}";
  spec.reply_source = "/triage/{{ source }}";
  spec.reply_subject = "{{ output.action }} for {{ id }}";
  const Attempt attempt = send(spec, thirsty_);
  ASSERT_EQ(attempt.status, 200) << attempt.detail;
  EXPECT_EQ(attempt.reply->type(), "com.example.drink_water");
  EXPECT_EQ(attempt.reply->source(), "/triage//ping");
  EXPECT_EQ(attempt.reply->attribute("subject"), "drink_water for 7");
  EXPECT_EQ(json::parse(attempt.reply->data()), (json{{"action", "drink_water"}}));
}

TEST_F(InferenceSinkTest, DataCanBeTheWholeCompletion) {
  InferenceSinkSpec spec = InferenceSinkTest::spec();
  spec.reply_data = ReplyData::completion;
  const Attempt attempt = send(spec, thirsty_);
  ASSERT_EQ(attempt.status, 200) << attempt.detail;
  const json data = json::parse(attempt.reply->data());
  EXPECT_EQ(data["choices"][0]["message"]["content"], "drink_water");
}

TEST_F(InferenceSinkTest, WithoutAUserPromptTheEventAsksItself) {
  InferenceSinkSpec spec = InferenceSinkTest::spec();
  spec.user_prompt.clear();
  const auto ask = [&](const char* data) { return send(spec, asking(data, "application/json")); };
  const Attempt attempt = ask(R"({"model":"ce-tiny-demo","max_tokens":50,"seed":42,
                                  "messages":[{"role":"user","content":"渴了"}]})");
  ASSERT_EQ(attempt.status, 200) << attempt.detail;
  EXPECT_EQ(attempt.reply->data(), "drink_water");
  EXPECT_EQ(ask(R"({"text":"渴了"})").status, 400) << "asks nothing";
  spec.parameters = {{"max_tokens", 1}};
  EXPECT_EQ(ask(R"({"prompt":"渴了","max_tokens":50})").status, 400) << "the sink's own wins";
}

TEST_F(InferenceSinkTest, WhatIsNotWholeIsNoDecision) {
  InferenceSinkSpec spec = InferenceSinkTest::spec();
  spec.user_prompt.clear();
  const Attempt cut = send(spec, asking(R"({"prompt":"渴了","stop":["i"]})", "application/json"));
  EXPECT_EQ(cut.status, 400) << cut.reply->data();
  EXPECT_THAT(cut.detail, HasSubstr("cut short"));
  spec.parameters = {{"enable_thinking", true}, {"max_tokens", 12}};
  const Attempt hurried = send(spec, asking(R"({"prompt":"渴了"})", "application/json"));
  ASSERT_EQ(hurried.status, 200) << hurried.detail;
  EXPECT_THAT(spec.choices, Contains(std::string(hurried.reply->data())))
      << "thoughts leave room for the answer";
}

TEST_F(InferenceSinkTest, AReplyThatIsNoEventIsAFailureThatIsNotRetried) {
  for (const char* type : {"{{ data.kind }}", "{{ output.action }}"}) {
    InferenceSinkSpec spec = InferenceSinkTest::spec();
    spec.reply_type = type;
    const Attempt attempt = send(spec, thirsty_);
    EXPECT_EQ(attempt.status, 400) << type;
    EXPECT_THAT(attempt.detail, HasSubstr("type is empty"));
  }
}

TEST_F(InferenceSinkTest, ParametersGoWithEachPrompt) {
  InferenceSinkSpec spec = InferenceSinkTest::spec();
  spec.parameters = {{"max_tokens", 1}};
  const Attempt attempt = send(spec, thirsty_);
  EXPECT_EQ(attempt.status, 400) << "no choice has one token";
  EXPECT_THAT(attempt.detail, HasSubstr("max_tokens 1"));
}

TEST(MakeInferenceSink, RefusesBadSpecsByField) {
  const auto with = [](auto set) {
    InferenceSinkSpec spec;
    spec.name = "x";
    set(spec);
    return spec;
  };
  const std::pair<InferenceSinkSpec, const char*> cases[] = {
      {with([](auto& s) { s.user_prompt = "{{ data."; }), "prompt.user: "},
      {with([](auto& s) { s.system_prompt = "{{ }}"; }), "prompt.system: "},
      {with([](auto& s) { s.reply_type = "{{ output."; }), "reply.type: "},
      {with([](auto& s) {
         s.parameters = {{"temprature", 1}};
       }),
       "temprature"},
  };
  for (const auto& [spec, part] : cases) {
    const auto sink =
        make_inference_sink(spec, std::make_shared<InferenceModel>(demo_spec()), "http://x/");
    ASSERT_FALSE(sink) << part;
    EXPECT_THAT(sink.error().detail, HasSubstr(part));
  }
}

}  // namespace
}  // namespace sluice
