// What is checked: what of an event is the prompt, that the reply has the contract's attributes and
// a chat completion for data, and that bad prompts are refused by name and not retried. Method: the
// demo model, on a core run by hand.

#include "sinks/inference_service.h"

#include "sinks/inference_reply.h"
#include "tests/support/inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class InferenceServiceTest : public testing::Test {
 protected:
  InferenceServiceTest() { start_model(*model_); }

  Attempt send(const EventPtr& event, Deadline deadline = kNever) {
    return run_task(test_core_.core, sink_->send(event, deadline));
  }

  TestCore test_core_;
  InferenceModelPtr model_ = std::make_shared<InferenceModel>(demo_spec());
  SinkPtr sink_ = make_inference_service(model_, "http://127.0.0.1/default/inferenceservices/demo");
};

TEST_F(InferenceServiceTest, TheCompletionIsAnEvent) {
  const Attempt attempt = send(asking("I am thirsty", "text/plain"));
  ASSERT_EQ(attempt.status, 200) << attempt.detail;
  const Event& reply = *attempt.reply;
  EXPECT_EQ(reply.type(), "dev.sluice.inference.completion");
  EXPECT_EQ(reply.source(), "/default/inferenceservices/demo");
  const std::pair<const char*, const char*> attributes[] = {
      {"subject", "7"},
      {"causeid", "7"},
      {"causesource", "/ping"},
      {"inferencemodel", "ce-tiny-demo"},
      {"finishreason", "stop"},
      {"partitionkey", "anna"},
      {"datacontenttype", "application/json"},
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
  };
  for (const auto& [name, value] : attributes) {
    EXPECT_EQ(reply.attribute(name).value_or("absent"), value) << name;
  }
  const json data = json::parse(reply.data());
  EXPECT_EQ(data["object"], "chat.completion");
  EXPECT_EQ(data["choices"][0]["message"]["content"], "Drink some water.");
  EXPECT_EQ(data["usage"]["prompt_tokens"], std::stoi(std::string(*reply.attribute("tokensin"))));
  EXPECT_EQ(data["usage"]["completion_tokens"],
            std::stoi(std::string(*reply.attribute("tokensout"))));
}

TEST_F(InferenceServiceTest, TheSameEventGetsTheSameId) {
  const EventPtr event = asking("I am thirsty", "text/plain");
  const Attempt first = send(event);
  EXPECT_EQ(first.reply->id(), send(event).reply->id());
  EventBuilder other = EventBuilder::copy_of(*event);
  other.set("id", "8");
  EXPECT_NE(first.reply->id(), send(other.build()).reply->id());
}

TEST_F(InferenceServiceTest, TakesAPromptInEachOfItsForms) {
  const std::pair<const char*, const char*> forms[] = {
      {R"({"model":"ce-tiny-demo","messages":[{"role":"user","content":"渴了"}],"max_tokens":50,
           "temperature":0,"top_p":0.9,"seed":42})",
       "application/json"},
      {R"({"prompt":"渴了","max_tokens":50})", "application/json"},
      {R"("渴了")", "application/json"},
      {"渴了", "text/plain; charset=utf-8"},
  };
  for (const auto& [data, type] : forms) {
    const Attempt attempt = send(asking(data, type));
    ASSERT_EQ(attempt.status, 200) << data << attempt.detail;
    EXPECT_EQ(json::parse(attempt.reply->data())["choices"][0]["message"]["content"], "喝点水。");
  }
}

TEST_F(InferenceServiceTest, ABadPromptIsRefusedByNameAndNotRetried) {
  const std::tuple<std::string, const char*, const char*> cases[] = {
      {R"({"message":"Hello"})", "application/json", "want a chat-completions request"},
      {R"({"messages":[]})", "application/json", "messages"},
      {R"({"prompt":7})", "application/json", "prompt: want a text"},
      {R"({"prompt":"x","temperature":9})", "application/json", "temperature"},
      {R"({"model":"gpt-9","prompt":"x"})", "application/json", "'ce-tiny-demo' is served here"},
      {"[1]", "application/json", "want an object or a text"},
      {"{", "application/json", "not JSON"},
      {R"({"messages":)" + std::string(200'000, '[') + std::string(200'000, ']') + "}",
       "application/json", "nested deeper than 128 levels"},
      {"", "text/plain", "no data"},
      {"\xff\xfe", "text/plain", "UTF-8"},
      {std::string(20'000, 'x'), "text/plain", "the context"},
  };
  for (const auto& [data, type, part] : cases) {
    const Attempt attempt = send(asking(data, type));
    EXPECT_FALSE(attempt.succeeded()) << data;
    EXPECT_FALSE(is_retryable(attempt.status)) << attempt.status;
    EXPECT_THAT(attempt.detail, HasSubstr(part));
    EXPECT_EQ(attempt.reply, nullptr);
  }
  const auto refused = static_cast<std::size_t>(InferenceOutcome::refused);
  EXPECT_EQ(model_->counters().requests[refused].load(), std::size(cases));
}

TEST_F(InferenceServiceTest, AnObjectOfTooManyKeysIsRefusedBeforeItIsRead) {
  std::string data = R"({"prompt":"x")";
  for (int i = 0; i < 100'000; ++i) data += ",\"" + std::to_string(i) + "\":0";
  const Attempt attempt = send(asking(data + "}", "application/json"));
  EXPECT_EQ(attempt.status, 400);
  EXPECT_THAT(attempt.detail, HasSubstr("more than 1000 members"));
}

TEST_F(InferenceServiceTest, ALateAnswerIsRetried) {
  const Attempt attempt =
      send(asking("x", "text/plain"), std::chrono::steady_clock::now() - std::chrono::seconds(1));
  EXPECT_EQ(attempt.status, 504);
  EXPECT_TRUE(is_retryable(attempt.status));
}

TEST(ReplyId, IsAUuidOfItsOwnForEachSourceAndCause) {
  const EventPtr cause = asking("x", "text/plain");
  const std::string id = reply_id("/default/inferenceservices/a", *cause);
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '5') << "version";
  EXPECT_EQ(id, reply_id("/default/inferenceservices/a", *cause));
  EXPECT_NE(id, reply_id("/default/inferenceservices/b", *cause));
}

}  // namespace
}  // namespace sluice
