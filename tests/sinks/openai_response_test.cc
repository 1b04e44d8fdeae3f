// What is checked: the objects that OpenAI's clients read, whole and in pieces; that what a stream
// gives, put together, is what the whole object says; tool calls; errors.

#include "sinks/openai_response.h"

#include "sinks/tool_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace sluice {
namespace {

using inference::Completion;
using inference::FinishReason;
using inference::Vocabulary;
using nlohmann::json;

const OpenAiAnswer kChat{"chatcmpl-1", "qwen", 1700000000, true, true, nullptr};
const OpenAiAnswer kText{"cmpl-1", "qwen", 1700000000, false, true, nullptr};

Completion completion_of(const std::string& text, FinishReason reason = FinishReason::stop) {
  Completion completion;
  completion.text = text;
  completion.reason = reason;
  completion.tokens = {1, 2, 3};
  completion.prompt_tokens = 10;
  completion.cached_tokens = 4;
  return completion;
}

TEST(OpenAiResponse, IsAChatCompletion) {
  EXPECT_EQ(
      completion_object(kChat, completion_of("hi \"you\"")),
      R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"qwen",)"
      R"("choices":[{"index":0,"message":{"role":"assistant","content":"hi \"you\"",)"
      R"("refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":10,)"
      R"("completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":4}}})");
}

TEST(OpenAiResponse, IsATextCompletion) {
  EXPECT_EQ(completion_object(kText, completion_of("hi", FinishReason::length)),
            R"({"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"qwen",)"
            R"("choices":[{"index":0,"text":"hi","logprobs":null,"finish_reason":"length"}],)"
            R"("usage":{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,)"
            R"("prompt_tokens_details":{"cached_tokens":4}}})");
}

TEST(OpenAiResponse, KeepsReasoningApart) {
  Completion completion = completion_of("water");
  completion.reasoning = "thirst";
  const json turn = json::parse(completion_object(kChat, completion))["choices"][0]["message"];
  EXPECT_EQ(turn["content"], "water");
  EXPECT_EQ(turn["reasoning_content"], "thirst");
}

const std::string kCall =
    "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"z\": 1, \"a\": \"x\"}}\n</tool_call>";

TEST(OpenAiResponse, MakesToolCallsOfTheText) {
  const json object = json::parse(completion_object(kChat, completion_of(kCall + "\n" + kCall)));
  const json& only = object["choices"][0];
  EXPECT_EQ(only["finish_reason"], "tool_calls");
  EXPECT_TRUE(only["message"]["content"].is_null());
  ASSERT_EQ(only["message"]["tool_calls"].size(), 2U);
  const json& call = only["message"]["tool_calls"][0];
  EXPECT_EQ(call["type"], "function");
  EXPECT_EQ(call["function"]["name"], "f");
  EXPECT_EQ(call["function"]["arguments"], R"({"z":1,"a":"x"})") << "in the model's order";
  EXPECT_TRUE(call["id"].get<std::string>().starts_with("call_"));
  EXPECT_NE(call["id"], only["message"]["tool_calls"][1]["id"]);
}

TEST(OpenAiResponse, LooksForNoToolCallsWhereThereAreNoTools) {
  OpenAiAnswer answer = kChat;
  answer.has_tools = false;
  const json object = json::parse(completion_object(answer, completion_of(kCall)));
  EXPECT_EQ(object["choices"][0]["message"]["content"], kCall);
}

struct SplitRow {
  const char* name;
  std::string text;
  std::string content;
  std::size_t calls;
};

class ToolCallText : public testing::TestWithParam<SplitRow> {};

TEST_P(ToolCallText, IsSplitAsTheTableSays) {
  const TextWithCalls split = split_tool_calls(GetParam().text);
  EXPECT_EQ(split.content, GetParam().content);
  EXPECT_EQ(split.calls.size(), GetParam().calls);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, ToolCallText,
    testing::Values(
        SplitRow{"None", " a <b> ", " a <b> ", 0}, SplitRow{"Empty", "", "", 0},
        SplitRow{"Before", "I call:\n\n" + kCall, "I call:", 1},
        SplitRow{"AroundAndBetween", "a" + kCall + "b" + kCall + "c", "abc", 2},
        SplitRow{"NotEnded", "<tool_call>\n{\"name\": \"f\"", "<tool_call>\n{\"name\": \"f\"", 0},
        SplitRow{"NotJson", "<tool_call>f()</tool_call>", "<tool_call>f()</tool_call>", 0},
        SplitRow{"NoName", "<tool_call>{}</tool_call>", "<tool_call>{}</tool_call>", 0},
        SplitRow{"ListOfArguments", "<tool_call>{\"name\":\"f\",\"arguments\":[]}</tool_call>",
                 "<tool_call>{\"name\":\"f\",\"arguments\":[]}</tool_call>", 0},
        SplitRow{"NoArguments", "<tool_call>{\"name\":\"f\"}</tool_call>", "", 1},
        SplitRow{"ArgumentsAsText",
                 "<tool_call>{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}</tool_call>", "", 1},
        SplitRow{"OneBadOneGood", "<tool_call>x</tool_call>" + kCall, "<tool_call>x</tool_call>",
                 1}),
    [](const auto& row) { return std::string(row.param.name); });

/// Tokens 0 to 2: "a", the first byte of "é", its second.
Vocabulary small_vocabulary() {
  return Vocabulary({{"a", Vocabulary::Kind::text},
                     {"\xC3", Vocabulary::Kind::text},
                     {"\xA9", Vocabulary::Kind::text}});
}

Completion with_logprobs() {
  Completion completion = completion_of("aé");
  completion.logprobs = {{0, -0.5F, {{0, -0.5F}, {1, -std::numeric_limits<float>::infinity()}}},
                         {1, 0, {}},
                         {2, 0, {}}};
  return completion;
}

TEST(OpenAiResponse, GivesLogprobsOfEachTokenWithItsBytes) {
  const Vocabulary vocabulary = small_vocabulary();
  OpenAiAnswer answer = kChat;
  answer.vocabulary = &vocabulary;
  const json object = json::parse(completion_object(answer, with_logprobs()));
  const json& content = object["choices"][0]["logprobs"]["content"];
  ASSERT_EQ(content.size(), 3U);
  EXPECT_EQ(content[0]["token"], "a");
  EXPECT_EQ(content[0]["logprob"], -0.5);
  EXPECT_EQ(content[0]["top_logprobs"][1]["logprob"], -9999.0) << "JSON has no infinity";
  EXPECT_EQ(content[1]["token"], "\uFFFD");
  EXPECT_EQ(content[1]["bytes"], json::array({0xC3}));
  EXPECT_EQ(content[2]["top_logprobs"], json::array());
}

TEST(OpenAiResponse, GivesLogprobsOfATextCompletionInItsOlderForm) {
  const Vocabulary vocabulary = small_vocabulary();
  OpenAiAnswer answer = kText;
  answer.vocabulary = &vocabulary;
  const json object = json::parse(completion_object(answer, with_logprobs()));
  const json& logprobs = object["choices"][0]["logprobs"];
  EXPECT_EQ(logprobs["tokens"].size(), 3U);
  EXPECT_EQ(logprobs["token_logprobs"][0], -0.5);
  EXPECT_EQ(logprobs["top_logprobs"][0]["a"], -0.5);
  EXPECT_EQ(logprobs["text_offset"], json::array({0, 1, 2}));
}

/// The events of a stream, without the last, which is [DONE].
std::vector<json> events_of(const std::string& text) {
  std::vector<json> events;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find("\n\n", at);
    const std::string line = text.substr(at, end - at);
    EXPECT_TRUE(line.starts_with("data: ")) << line;
    at = end + 2;
    if (line == "data: [DONE]") {
      EXPECT_EQ(at, text.size()) << "nothing comes behind it";
      return events;
    }
    events.push_back(json::parse(line.substr(6)));
  }
  ADD_FAILURE() << "no [DONE]";
  return events;
}

/// The deltas put together, as a client does it.
json joined(const std::vector<json>& events) {
  json turn = {{"content", ""}, {"reasoning_content", ""}, {"tool_calls", json::array()}};
  for (const json& event : events) {
    if (event["choices"].empty()) continue;
    const json& delta = event["choices"][0]["delta"];
    for (const char* key : {"content", "reasoning_content"}) {
      if (delta.contains(key)) {
        turn[key] = turn[key].get<std::string>() + delta[key].get<std::string>();
      }
    }
    if (delta.contains("tool_calls")) turn["tool_calls"] = delta["tool_calls"];
  }
  return turn;
}

TEST(OpenAiStream, BeginsWithTheRoleAndEndsWithTheReason) {
  OpenAiStream stream(kChat, false);
  std::string text = stream.put({"", "hm"});
  text += stream.put({"hi", ""});
  text += stream.put({" you", ""});
  Completion completion = completion_of("hi you");
  completion.reasoning = "hm";
  text += stream.finish(completion);
  const auto events = events_of(text);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[0]["object"], "chat.completion.chunk");
  EXPECT_EQ(events[0]["choices"][0]["delta"], json({{"role", "assistant"}, {"content", ""}}));
  EXPECT_EQ(events[1]["choices"][0]["delta"], json({{"reasoning_content", "hm"}}));
  EXPECT_EQ(events[2]["choices"][0]["delta"], json({{"content", "hi"}}));
  EXPECT_TRUE(events[2]["choices"][0]["finish_reason"].is_null());
  EXPECT_EQ(events[4]["choices"][0]["delta"], json::object());
  EXPECT_EQ(events[4]["choices"][0]["finish_reason"], "stop");
  EXPECT_FALSE(events[4].contains("usage"));
}

TEST(OpenAiStream, GivesUsageInAChunkWithoutChoices) {
  OpenAiStream stream(kChat, true);
  std::string text = stream.put({"hi", ""});
  text += stream.finish(completion_of("hi"));
  const auto events = events_of(text);
  EXPECT_TRUE(events.front()["usage"].is_null());
  EXPECT_EQ(events.back()["choices"], json::array());
  EXPECT_EQ(events.back()["usage"]["total_tokens"], 13);
}

TEST(OpenAiStream, GivesTheSameAsTheWholeObjectHoweverItIsCut) {
  const std::string texts[] = {"plain < text <to",
                               "I call:\n\n" + kCall + "\n" + kCall,
                               kCall,
                               "<tool_call>not one</tool_call> and on",
                               "cut off <tool_call>\n{\"name\"",
                               "a\n" + kCall + "b" + kCall + " c ",
                               "ends in space \n"};
  for (const std::string& text : texts) {
    Completion completion = completion_of(text);
    completion.reasoning = "because";
    const json whole = json::parse(completion_object(kChat, completion))["choices"][0];
    for (std::size_t step = 1; step <= text.size() + 1; ++step) {
      OpenAiStream stream(kChat, false);
      std::string given = stream.put({"", "bec"});
      for (std::size_t at = 0; at + step <= text.size(); at += step) {
        given += stream.put({text.substr(at, step), ""});
      }
      const auto events = events_of(given + stream.finish(completion));
      const json turn = joined(events);
      const json& content = whole["message"]["content"];
      EXPECT_EQ(turn["content"], content.is_null() ? json("") : content) << step;
      EXPECT_EQ(turn["reasoning_content"], "because");
      EXPECT_EQ(turn["tool_calls"].size(), whole["message"].value("tool_calls", json()).size());
      EXPECT_EQ(events.back()["choices"][0]["finish_reason"], whole["finish_reason"]);
    }
  }
}

TEST(OpenAiStream, OfATextCompletionHasTextsInsteadOfDeltas) {
  OpenAiStream stream(kText, false);
  std::string text = stream.put({"hi", ""});
  text += stream.finish(completion_of("hi you"));
  const auto events = events_of(text);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["object"], "text_completion");
  EXPECT_EQ(events[0]["choices"][0]["text"], "hi");
  EXPECT_EQ(events[1]["choices"][0]["text"], " you");
  EXPECT_EQ(events[2]["choices"][0]["text"], "");
  EXPECT_EQ(events[2]["choices"][0]["finish_reason"], "stop");
}

TEST(OpenAiError, NamesTheFieldThatTheDetailBeginsWith) {
  EXPECT_EQ(openai_error(400, "messages[2].content: want a text"),
            R"({"error":{"message":"messages[2].content: want a text",)"
            R"("type":"invalid_request_error","param":"messages[2].content","code":null}})");
  EXPECT_EQ(openai_error(400, "the body is not JSON: x"),
            R"({"error":{"message":"the body is not JSON: x","type":"invalid_request_error",)"
            R"("param":null,"code":null}})");
  EXPECT_EQ(openai_error(404, "no such model", "model_not_found"),
            R"({"error":{"message":"no such model","type":"invalid_request_error","param":null,)"
            R"("code":"model_not_found"}})");
  EXPECT_EQ(json::parse(openai_error(429, "full"))["error"]["code"], "rate_limit_exceeded");
  EXPECT_EQ(json::parse(openai_error(503, "loading"))["error"]["type"], "server_error");
  EXPECT_EQ(OpenAiStream::error(503, "gone"), "data: " + openai_error(503, "gone") + "\n\n");
}

}  // namespace
}  // namespace sluice
