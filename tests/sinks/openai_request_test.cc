// What is checked: what a chat-completions or completions body asks of the model, field by field;
// what is ignored; and that what is wrong or cannot be done is refused with the field's name.

#include "sinks/openai_request.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using inference::ChatRole;

std::string chat(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" +
         (more.empty() ? "" : "," + more) + "}";
}

std::string with_messages(const std::string& list) { return R"({"messages":)" + list + "}"; }

OpenAiRequest chat_of(const std::string& body) {
  auto request = chat_request_from(body);
  EXPECT_TRUE(request) << (request ? "" : request.error().detail);
  return request ? std::move(request).value() : OpenAiRequest();
}

TEST(OpenAiRequest, ReadsEveryParameter) {
  const OpenAiRequest request = chat_of(chat(
      R"("temperature":0.5,"top_p":0.9,"top_k":20,"min_p":0.1,"presence_penalty":-1,
         "frequency_penalty":1.5,"repetition_penalty":1.1,"max_tokens":7,"seed":-1,"stop":"END",
         "max_thinking_tokens":0,"priority":3,"logprobs":true,"top_logprobs":2,"stream":true,
         "stream_options":{"include_usage":true},
         "chat_template_kwargs":{"enable_thinking":false})"));
  const inference::CompletionRequest& asked = request.completion;
  EXPECT_EQ(request.model, "m");
  EXPECT_TRUE(request.stream && request.include_usage && request.wants_logprobs);
  EXPECT_EQ(asked.temperature, 0.5);
  EXPECT_EQ(asked.top_p, 0.9);
  EXPECT_EQ(asked.top_k, 20);
  EXPECT_EQ(asked.min_p, 0.1);
  EXPECT_EQ(asked.presence_penalty, -1);
  EXPECT_EQ(asked.frequency_penalty, 1.5);
  EXPECT_EQ(asked.repetition_penalty, 1.1);
  EXPECT_EQ(asked.max_tokens, 7);
  EXPECT_EQ(asked.seed, ~std::uint64_t{0});
  EXPECT_EQ(asked.stop, std::vector<std::string>{"END"});
  EXPECT_EQ(asked.max_thinking_tokens, 0);
  EXPECT_EQ(asked.priority, -3) << "vLLM's lower is sooner";
  EXPECT_EQ(asked.top_logprobs, 2);
  EXPECT_EQ(asked.enable_thinking, false);
}

TEST(OpenAiRequest, LeavesWhatIsAbsentOrNullToTheModel) {
  for (const char* more : {"", R"("temperature":null,"stop":null,"seed":null,"tools":null,
      "stream":null,"response_format":null,"max_tokens":null,"logprobs":null,"n":null)"}) {
    const OpenAiRequest request = chat_of(chat(more));
    EXPECT_FALSE(request.stream || request.wants_logprobs);
    EXPECT_FALSE(request.completion.temperature || request.completion.seed);
    EXPECT_FALSE(request.completion.max_tokens || request.completion.enable_thinking);
    EXPECT_TRUE(request.completion.stop.empty() && request.completion.tools.empty());
    EXPECT_FALSE(request.completion.output.is_set());
    EXPECT_EQ(request.completion.top_logprobs, -1);
  }
}

TEST(OpenAiRequest, IgnoresWhatChangesNothing) {
  chat_of(chat(R"("user":"u","metadata":{"a":"b"},"store":true,"service_tier":"auto",
      "parallel_tool_calls":true,"n":1,"logit_bias":{},"echo":false,"modalities":["text"],
      "safety_identifier":"s","a_field_of_next_year":[1],"stop":[],"tool_choice":"auto",
      "response_format":{"type":"text"},"min_tokens":0,"ignore_eos":false,"top_logprobs":0)"));
}

TEST(OpenAiRequest, TheNewerNameOfMaxTokensWins) {
  EXPECT_EQ(chat_of(chat(R"("max_completion_tokens":9,"max_tokens":3)")).completion.max_tokens, 9);
}

TEST(OpenAiRequest, OfAKeyThatStandsTwiceTheLastCounts) {
  EXPECT_EQ(chat_of(chat(R"("temperature":2,"temperature":1)")).completion.temperature, 1);
}

TEST(OpenAiRequest, ReadsTurnsOfEveryRole) {
  const OpenAiRequest request = chat_of(with_messages(R"([
      {"role":"developer","content":"be brief"},
      {"role":"user","name":"x","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
      {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
        {"id":"1","type":"function","function":{"name":"f","arguments":"{\"z\":1,\"a\":2}"}},
        {"id":"2","type":"function","function":{"name":"g","arguments":{"z":1,"a":[2]}}}]},
      {"role":"tool","tool_call_id":"1","content":"ok"}])"));
  const auto& turns = request.completion.messages;
  ASSERT_EQ(turns.size(), 4U);
  EXPECT_EQ(turns[0].role, ChatRole::system);
  EXPECT_EQ(turns[1].content, "ab");
  EXPECT_EQ(turns[2].content, "");
  EXPECT_EQ(turns[2].reasoning_content, "hm");
  ASSERT_EQ(turns[2].tool_calls.size(), 2U);
  EXPECT_EQ(turns[2].tool_calls[0].arguments, R"({"z":1,"a":2})") << "a text stays as it is";
  EXPECT_EQ(turns[2].tool_calls[1].arguments, R"({"z": 1, "a": [2]})") << "as Python writes it";
  EXPECT_EQ(turns[3].role, ChatRole::tool);
}

const std::string kTools =
    R"("tools":[{"type":"function","function":{"name":"f","parameters":{"z":1,"a":2}}}])";

TEST(OpenAiRequest, KeepsTheOrderOfKeysInTools) {
  const auto tools = chat_of(chat(kTools)).completion.tools;
  ASSERT_EQ(tools.size(), 1U);
  EXPECT_EQ(tools[0], R"({"type":"function","function":{"name":"f","parameters":{"z":1,"a":2}}})");
  EXPECT_TRUE(chat_of(chat(kTools + R"(,"tool_choice":"none")")).completion.tools.empty());
}

TEST(OpenAiRequest, ReadsEveryWayToConstrainTheOutput) {
  const auto output = [](const char* more) { return chat_of(chat(more)).completion.output; };
  const char* const schema = R"({"type":"object","properties":{"z":{},"a":{}}})";
  EXPECT_EQ(output(R"("response_format":{"type":"json_object"})").schema, R"({"type":"object"})");
  for (const char* way :
       {R"("response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,
           "schema":{"type":"object","properties":{"z":{},"a":{}}}}})",
        R"("structured_outputs":{"json":{"type":"object","properties":{"z":{},"a":{}}}})",
        R"("guided_json":{"type":"object","properties":{"z":{},"a":{}}})",
        R"("guided_json":"{\"type\":\"object\",\"properties\":{\"z\":{},\"a\":{}}}")"}) {
    EXPECT_EQ(output(way).schema, schema) << way;
  }
  const std::vector<std::string> choices = {"b", "a"};
  EXPECT_EQ(output(R"("structured_outputs":{"choice":["b","a"]})").choices, choices);
  EXPECT_EQ(output(R"("guided_choice":["b","a"])").choices, choices);
}

struct BadRequest {
  const char* name;
  std::string body;
  const char* detail;  ///< What the error begins with.
};

std::vector<BadRequest> bad_bodies() {
  const std::string parts = R"([{"role":"user","content":[{"type":"image_url","image_url":{}}]}])";
  return {
      {"NotJson", "{", "the body is not JSON: parse error at line 1"},
      {"NotAnObject", "[]", "the body is not a JSON object"},
      {"TooDeep", chat("\"metadata\":" + std::string(200, '[') + std::string(200, ']')),
       "the body is nested deeper than 128 levels"},
      {"NoMessages", R"({"model":"m"})", "messages: is missing"},
      {"EmptyMessages", with_messages("[]"), "messages: want a list of at least one, not []"},
      {"TurnIsText", with_messages(R"(["hi"])"), "messages[0]: want an object"},
      {"NoRole", with_messages(R"([{"content":"hi"}])"), "messages[0].role: is missing"},
      {"OddRole", with_messages(R"([{"role":"robot","content":"hi"}])"),
       "messages[0].role: want system, developer, user, assistant or tool, not \"robot\""},
      {"NumberContent",
       with_messages(R"([{"role":"system","content":"s"},{"role":"user","content":5}])"),
       "messages[1].content: want a text or a list of text parts, not 5"},
      {"NullContent", with_messages(R"([{"role":"user","content":null}])"),
       "messages[0].content: want a text"},
      {"Image", with_messages(parts), "messages[0].content[0].type: want text"},
      {"CallWithoutName", with_messages(R"([{"role":"assistant","tool_calls":[{"function":{}}]}])"),
       "messages[0].tool_calls[0].function.name: want a text"},
      {"ModelIsNumber", R"({"model":5,"messages":[]})", "model: want a text, not 5"},
      {"ToolWithoutFunction", chat(R"("tools":[{"type":"function"}])"), "tools[0].function: want"},
      {"ToolOfAnotherType", chat(R"("tools":[{"type":"web_search"}])"), "tools[0].type: want"},
      {"ForcedTool", chat(R"("tool_choice":"required")"), "tool_choice: want auto or none"},
      {"NamedTool", chat(R"("tool_choice":{"type":"function","function":{"name":"f"}})"),
       "tool_choice: want auto or none"},
      {"LongValueIsCut", chat("\"temperature\":\"" + std::string(500, 'x') + "\""),
       "temperature: want 0 to 2, not \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."},
  };
}

std::vector<BadRequest> bad_parameters() {
  return {
      {"Temperature", chat(R"("temperature":7)"), "temperature: want 0 to 2, not 7"},
      {"TemperatureText", chat(R"("temperature":"1")"), "temperature: want 0 to 2, not \"1\""},
      {"TopPZero", chat(R"("top_p":0)"), "top_p: want more than 0, at most 1, not 0"},
      {"TopK", chat(R"("top_k":-2)"), "top_k: want a whole number from -1"},
      {"TopKHalf", chat(R"("top_k":1.5)"), "top_k: want a whole number"},
      {"Presence", chat(R"("presence_penalty":2.1)"), "presence_penalty: want -2 to 2, not 2.1"},
      {"Repetition", chat(R"("repetition_penalty":0)"), "repetition_penalty: want more than 0"},
      {"MaxTokensZero", chat(R"("max_tokens":0)"), "max_tokens: want a whole number from 1"},
      {"MaxTokensHuge", chat(R"("max_tokens":18446744073709551615)"), "max_tokens: want"},
      {"SeedHalf", chat(R"("seed":0.5)"), "seed: want a whole number"},
      {"StopNumber", chat(R"("stop":5)"), "stop: want a list of texts, not 5"},
      {"StopEmpty", chat(R"("stop":["a",""])"), "stop[1]: want a text that is not empty"},
      {"Stops17", chat(R"("stop":["1","2","3","4","5","6","7","8","9","10","11","12","13","14",
                          "15","16","17"])"),
       "stop: at most 16 texts, not 17"},
      {"TwoAnswers", chat(R"("n":2)"), "n: want 1"},
      {"BestOf", chat(R"("best_of":2)"), "best_of: want 1"},
      {"LogitBias", chat(R"("logit_bias":{"1":5})"), "logit_bias: is not supported"},
      {"Audio", chat(R"("modalities":["text","audio"])"), "modalities: want [\"text\"]"},
      {"Functions", chat(R"("functions":[{"name":"f"}])"), "functions: is not supported; tools"},
      {"Regex", chat(R"("guided_regex":"a+")"), "guided_regex: is not supported"},
      {"StructuredRegex", chat(R"("structured_outputs":{"regex":"a+"})"),
       "structured_outputs.regex: is not supported"},
      {"Format", chat(R"("response_format":{"type":"xml"})"), "response_format.type: want text"},
      {"NoSchema", chat(R"("response_format":{"type":"json_schema"})"),
       "response_format.json_schema.schema: is missing"},
      {"SchemaIsList", chat(R"("guided_json":[1])"), "guided_json: want a JSON Schema"},
      {"NoChoice", chat(R"("guided_choice":[])"), "guided_choice: want a list of texts"},
      {"TwoConstraints", chat(R"("guided_choice":["a"],"response_format":{"type":"json_object"})"),
       "guided_choice: give one of it and response_format"},
      {"StreamText", chat(R"("stream":"yes")"), "stream: want true or false"},
      {"UsageWithoutStream", chat(R"("stream_options":{"include_usage":true})"),
       "stream_options: goes with"},
      {"Logprobs", chat(R"("logprobs":5)"), "logprobs: want true or false"},
      {"TopLogprobs", chat(R"("logprobs":true,"top_logprobs":21)"), "top_logprobs: want"},
      {"TopLogprobsAlone", chat(R"("top_logprobs":2)"), "top_logprobs: goes with"},
      {"Thinking", chat(R"("chat_template_kwargs":{"enable_thinking":1})"),
       "chat_template_kwargs.enable_thinking: want true or false, not 1"},
      {"Priority", chat(R"("priority":1e10)"), "priority: want a whole number of 32 bits"},
  };
}

class BadChatRequest : public testing::TestWithParam<BadRequest> {};

TEST_P(BadChatRequest, IsRefusedNamingTheField) {
  const auto request = chat_request_from(GetParam().body);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, Errc::invalid_argument);
  EXPECT_TRUE(request.error().detail.starts_with(GetParam().detail)) << request.error().detail;
}

INSTANTIATE_TEST_SUITE_P(Bodies, BadChatRequest, testing::ValuesIn(bad_bodies()),
                         [](const auto& row) { return std::string(row.param.name); });
INSTANTIATE_TEST_SUITE_P(Parameters, BadChatRequest, testing::ValuesIn(bad_parameters()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(OpenAiRequest, ReadsACompletion) {
  const auto request =
      completion_request_from(R"({"model":"m","prompt":"once","logprobs":3,"best_of":1})");
  ASSERT_TRUE(request) << request.error().detail;
  EXPECT_EQ(request.value().completion.prompt, "once");
  EXPECT_EQ(request.value().completion.top_logprobs, 3);
  EXPECT_TRUE(request.value().wants_logprobs);
  EXPECT_TRUE(completion_request_from(R"({"prompt":["once"]})"));
}

TEST(OpenAiRequest, RefusesACompletionThatCannotBeDone) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({})", "prompt: is missing"},
      {R"({"prompt":""})", "prompt: is empty"},
      {R"({"prompt":["a","b"]})", "prompt: want one text, not [\"a\",\"b\"]"},
      {R"({"prompt":[1,2]})", "prompt: want one text, not [1,2]"},
      {R"({"prompt":"a","echo":true})", "echo: is not supported"},
      {R"({"prompt":"a","suffix":"b"})", "suffix: is not supported"},
      {R"({"prompt":"a","logprobs":true})", "logprobs: want a whole number from 0 to 20"}};
  for (const auto& [body, detail] : rows) {
    const auto request = completion_request_from(body);
    ASSERT_FALSE(request) << body;
    EXPECT_TRUE(request.error().detail.starts_with(detail)) << request.error().detail;
  }
}

TEST(Parameters, KeepWhatIsNotNamedAndRefuseUnknownNames) {
  inference::CompletionRequest request;
  request.temperature = 0.3;
  request.max_tokens = 5;
  const auto read = [&request](const char* text) {
    return read_parameters(nlohmann::json::parse(text), request);
  };
  ASSERT_TRUE(read(R"({"max_tokens":64,"enable_thinking":true,"stop":["a","b"]})"));
  EXPECT_EQ(request.temperature, 0.3);
  EXPECT_EQ(request.max_tokens, 64);
  EXPECT_EQ(request.enable_thinking, true);
  EXPECT_EQ(request.stop.size(), 2U);
  const auto unknown = read(R"({"temprature":1})");
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().detail.starts_with("temprature: is no parameter here"));
  EXPECT_NE(unknown.error().detail.find("temperature"), std::string::npos);
  const auto bad = read(R"({"temperature":3})");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().detail, "temperature: want 0 to 2, not 3");
}

}  // namespace
}  // namespace sluice
