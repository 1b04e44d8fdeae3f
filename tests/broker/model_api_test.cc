// What is checked: the model APIs over a real socket: every path and method, each status for its
// request, OpenAI's and KServe's objects, streams, clients that leave. Method: an Ingress on a free
// loopback port with two cores, and models that say what the test tells them to.

#include "broker/model_api.h"

#include "base/on_core.h"
#include "broker/ingress.h"
#include "tests/support/fake_text_model.h"
#include "tests/support/raw_client.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using inference::Completion;
using inference::CompletionChunk;
using nlohmann::json;

class ModelApiTest : public testing::Test {
 protected:
  void start(bool with_model = true) {
    if (with_model) {
      ASSERT_TRUE(models_.add(model_));
    }
    IngressLimits limits;
    limits.max_event_bytes = 2000;
    ingress_ = std::make_unique<Ingress>(pool_, routes_, models_, limits);
    port_ = run_on_core(pool_.core(0), open());
  }

  ~ModelApiTest() override {
    stop();
    pool_.stop();
  }

  void stop() {
    if (!ingress_) return;
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      run_on_core(pool_.core(i), hurry(pool_.core(i)));
    }
    run_on_core(pool_.core(0), ingress_->stop());
    ingress_.reset();
  }

  Awaitable<std::uint16_t> open() {
    const auto port = ingress_->bind("127.0.0.1", 0);
    ingress_->start();
    co_return port.value();
  }

  static Awaitable<void> hurry(Core& core) {
    core.deadlines().hurry();
    co_return;
  }

  std::string answer_to(std::string_view bytes) {
    RawClient client(port_);
    client.send(bytes);
    return client.read_answer();
  }

  std::uint64_t events_counted() {
    std::uint64_t sum = 0;
    routes_.for_each([&sum](const Route& route) {
      for (std::size_t i = 0; i < IngressCounters::kCodes.size(); ++i) sum += route.counters.at(i);
    });
    return sum;
  }

  CorePool pool_{2};
  RoutingTable routes_;
  ModelApi models_{"1.2.3"};
  std::shared_ptr<FakeTextModel> model_ = std::make_shared<FakeTextModel>("Qwen/tiny");
  std::unique_ptr<Ingress> ingress_;
  std::uint16_t port_ = 0;
};

const std::string kJson = "Content-Type: application/json\r\n";
const std::string kHi = R"({"model":"Qwen/tiny","messages":[{"role":"user","content":"hi"}]})";
const std::string kStreamed =
    R"({"model":"Qwen/tiny","stream":true,"messages":[{"role":"user","content":"hi"}]})";

std::string get(const std::string& path, const std::string& method = "GET") {
  return method + " " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string post(const std::string& path, const std::string& body,
                 const std::string& headers = kJson) {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chat(const std::string& body) { return post("/v1/chat/completions", body); }

int status_of(const std::string& answer) {
  return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0;
}

json body_of(const std::string& answer) {
  const auto at = answer.find("\r\n\r\n");
  return json::parse(answer.substr(at == std::string::npos ? answer.size() : at + 4), nullptr,
                     false);
}

std::string infer(const std::string& tensor, const std::string& more = "") {
  return post("/v2/models/Qwen%2Ftiny/infer", R"({"inputs":[)" + tensor + "]" + more + "}");
}

struct RequestRow {
  const char* name;
  std::string bytes;
  int status;
  const char* text;  // Somewhere in the answer.
};

class ModelApiRequest : public ModelApiTest, public testing::WithParamInterface<RequestRow> {};

TEST_P(ModelApiRequest, IsAnsweredAsTheTableSays) {
  start();
  const std::string answer = answer_to(GetParam().bytes);
  EXPECT_EQ(status_of(answer), GetParam().status) << answer;
  EXPECT_NE(answer.find(GetParam().text), std::string::npos) << answer;
  EXPECT_EQ(answer.find("problem+json"), std::string::npos) << answer;
  EXPECT_EQ(events_counted(), 0U) << "a request to a model is no event";
}

std::vector<RequestRow> path_rows() {
  return {
      {"Models", get("/v1/models"), 200, R"({"object":"list","data":[{"id":"Qwen/tiny")"},
      {"ModelsOfOpenai", get("/openai/v1/models/?x=1"), 200, R"("id":"Qwen/tiny")"},
      {"Model", get("/v1/models/Qwen/tiny"), 200, R"("object":"model")"},
      {"ModelEncoded", get("/v1/models/Qwen%2Ftiny"), 200, R"("owned_by":"sluice")"},
      {"UnknownModel", get("/v1/models/gpt"), 404, R"("code":"model_not_found")"},
      {"Server", get("/v2"), 200, R"({"name":"sluice","version":"1.2.3")"},
      {"Live", get("/v2/health/live"), 200, R"({"live":true})"},
      {"Ready", get("/v2/health/ready/"), 200, R"({"ready":true})"},
      {"Metadata", get("/v2/models/Qwen/tiny"), 200,
       R"("inputs":[{"name":"text_input","datatype":"BYTES","shape":[-1]}])"},
      {"ModelReady", get("/v2/models/Qwen/tiny/ready"), 200,
       R"({"name":"Qwen/tiny","ready":true})"},
      {"UnknownV2", get("/v2/models/gpt/ready"), 404, R"({"error":"the model 'gpt')"},
      {"UnknownInfer", post("/v2/models/gpt/infer", "{}"), 404, R"({"error":"the model 'gpt')"},
      {"NoSuchPath", get("/v1/embeddings"), 404, "/v1/embeddings"},
      {"NoSuchPathPost", post("/v1/embeddings", "{}"), 404, R"({"error":{"message":)"},
      {"NoSuchV2", get("/v2/repository"), 404, R"({"error":")"},
      {"OpenaiAlone", get("/openai"), 404, "/openai"},
      {"EventsGoElsewhere", post("/v1/default", "{}", "ce-id: 1\r\n"), 404, R"("error")"},
      {"GetChat", get("/v1/chat/completions"), 405, "allow: POST, OPTIONS"},
      {"PostModels", post("/v1/models", "{}"), 405, "allow: GET, HEAD, OPTIONS"},
      {"DeleteModel", get("/v1/models/Qwen/tiny", "DELETE"), 405, "allow: GET, HEAD"},
      {"GetInfer", get("/v2/models/Qwen/tiny/infer"), 405, R"({"error":"the methods here)"},
      {"Options", get("/v1/chat/completions", "OPTIONS"), 200, "allow: POST, OPTIONS"},
      {"OptionsUnknown", get("/v1/x", "OPTIONS"), 404, ""},
  };
}

std::vector<RequestRow> body_rows() {
  const std::string one = R"({"name":"text_input","datatype":"BYTES","shape":[1],"data":["hi"]})";
  return {
      {"Chat", chat(kHi), 200, R"("content":"HI")"},
      {"ChatOfOpenai", post("/openai/v1/chat/completions", kHi), 200, R"("content":"HI")"},
      {"OnlyModel", chat(R"({"messages":[{"role":"user","content":"hi"}]})"), 200, R"("HI")"},
      {"NoContentType", post("/v1/chat/completions", kHi, ""), 200, R"("content":"HI")"},
      {"Charset", post("/v1/chat/completions", kHi, "Content-Type: application/json; a=b\r\n"), 200,
       R"("content":"HI")"},
      {"Form", post("/v1/chat/completions", kHi, "Content-Type: application/x-www-form\r\n"), 415,
       "send application/json"},
      {"TooLarge", chat(std::string(3000, ' ')), 413, "--max-event-bytes"},
      {"ChunkedBody",
       "POST /v1/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
       "chunked\r\n\r\n8\r\n{\"prompt"
       "\r\n8\r\n\":\"once\"\r\n1\r\n}\r\n0\r\n\r\n",
       200, R"("text":"ONCE")"},
      {"OtherModel", chat(R"({"model":"gpt-4","messages":[{"role":"user","content":"hi"}]})"), 404,
       "the model 'gpt-4' is not served here; there are Qwen/tiny"},
      {"NotJson", chat("{"), 400, "the body is not JSON"},
      {"BadField", chat(R"({"messages":[{"role":"user","content":5}]})"), 400,
       R"("param":"messages[0].content")"},
      {"Completion", post("/v1/completions", R"({"prompt":"once"})"), 200, R"("text":"ONCE")"},
      {"Generate", post("/v2/models/Qwen/tiny/generate", R"({"id":"7","text_input":"hi"})"), 200,
       R"({"model_name":"Qwen/tiny","model_version":"1","id":"7","text_output":"HI"})"},
      {"GenerateNothing", post("/v2/models/Qwen/tiny/generate", "{}"), 400,
       R"({"error":"text_input: is missing"})"},
      {"GenerateStream",
       post("/v2/models/Qwen/tiny/generate", R"({"text_input":"a","parameters":{"stream":true}})"),
       400, "stream: goes with /v1/chat/completions only"},
      {"Infer", infer(one), 200,
       R"("outputs":[{"name":"text_output","datatype":"BYTES","shape":[1],"data":["HI"]}])"},
      {"InferTwo", infer(R"({"name":"p","datatype":"BYTES","shape":[2,1],"data":["a","b"]})"), 200,
       R"("shape":[2],"data":["A","B"])"},
      {"InferShape", infer(R"({"name":"p","datatype":"BYTES","shape":[2],"data":["a"]})"), 400,
       "inputs[0].shape: want [1]"},
      {"InferType", infer(R"({"name":"p","datatype":"FP32","shape":[1],"data":[1]})"), 400,
       "inputs[0].datatype: want BYTES"},
      {"InferData", infer(R"({"name":"p","datatype":"BYTES","shape":[1],"data":[1]})"), 400,
       "inputs[0].data[0]: want a text"},
      {"InferTwoTensors", infer(one + "," + one), 400, "inputs: want a list of one tensor"},
      {"InferParameter", infer(one, R"(,"parameters":{"temprature":1})"), 400,
       "temprature: is no parameter here"},
  };
}

INSTANTIATE_TEST_SUITE_P(Paths, ModelApiRequest, testing::ValuesIn(path_rows()),
                         [](const auto& row) { return std::string(row.param.name); });
INSTANTIATE_TEST_SUITE_P(Bodies, ModelApiRequest, testing::ValuesIn(body_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(ModelApiTest, WithoutModelsTheListIsEmpty) {
  start(false);
  EXPECT_EQ(body_of(answer_to(get("/v1/models"))), json::parse(R"({"object":"list","data":[]})"));
  EXPECT_EQ(status_of(answer_to(get("/v2/health/ready"))), 200);
  const std::string answer = answer_to(chat(kHi));
  EXPECT_EQ(status_of(answer), 404);
  EXPECT_NE(answer.find("no model is served here"), std::string::npos) << answer;
}

TEST_F(ModelApiTest, OfSeveralModelsOneIsNamed) {
  ASSERT_TRUE(models_.add(std::make_shared<FakeTextModel>("other")));
  EXPECT_FALSE(models_.add(std::make_shared<FakeTextModel>("other"))) << "the name is taken";
  start();
  const std::string answer = answer_to(chat(R"({"messages":[{"role":"user","content":"hi"}]})"));
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_EQ(body_of(answer)["error"]["param"], "model");
  EXPECT_EQ(body_of(answer_to(chat(kHi)))["model"], "Qwen/tiny");
}

TEST_F(ModelApiTest, PassesOnWhatTheClientAsksFor) {
  start();
  answer_to(post("/v2/models/Qwen/tiny/generate",
                 R"({"text_input":"a","parameters":{"max_tokens":4,"raw":true}})"));
  answer_to(post("/v2/models/Qwen/tiny/generate", R"({"text_input":"b"})"));
  const auto requests = model_->requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].prompt, "a");
  EXPECT_EQ(requests[0].max_tokens, 4);
  EXPECT_TRUE(requests[0].messages.empty());
  ASSERT_EQ(requests[1].messages.size(), 1U);
  EXPECT_EQ(requests[1].messages[0].content, "b");
}

TEST_F(ModelApiTest, AModelThatIsNotReadyIsAnswered503) {
  model_->status_now.is_ready = false;
  model_->status_now.reason = "is loading";
  start();
  for (const std::string& request :
       {chat(kHi), get("/v2/health/ready"), get("/v2/models/Qwen/tiny/ready"),
        post("/v2/models/Qwen/tiny/generate", R"({"text_input":"a"})")}) {
    const std::string answer = answer_to(request);
    EXPECT_EQ(status_of(answer), 503) << request;
    EXPECT_NE(answer.find("is loading"), std::string::npos) << answer;
    EXPECT_NE(answer.find("retry-after: "), std::string::npos) << answer;
  }
  EXPECT_EQ(status_of(answer_to(get("/v2/health/live"))), 200);
  EXPECT_EQ(status_of(answer_to(get("/v1/models"))), 200);
}

TEST_F(ModelApiTest, SaysTheModelsErrorsAsAStatus) {
  start();
  const std::pair<Errc, int> rows[] = {{Errc::invalid_argument, 400},
                                       {Errc::resource_exhausted, 429},
                                       {Errc::unavailable, 503},
                                       {Errc::cancelled, 503},
                                       {Errc::internal, 500}};
  for (const auto& [code, status] : rows) {
    model_->script = [code = code](const auto&) {
      std::deque<FakeTextModel::Item> items;
      items.emplace_back(fail(code, "max_tokens: too many"));
      return items;
    };
    for (const std::string& request :
         {chat(kHi), chat(kStreamed),
          post("/v2/models/Qwen/tiny/generate", R"({"text_input":"a"})")}) {
      const std::string answer = answer_to(request);
      EXPECT_EQ(status_of(answer), status) << answer;
      EXPECT_NE(answer.find("max_tokens: too many"), std::string::npos);
      EXPECT_EQ(answer.find("retry-after: ") != std::string::npos, status == 429 || status == 503);
    }
  }
}

TEST_F(ModelApiTest, DrainingRefusesNewWorkAndIsNotReady) {
  start();
  ingress_->drain();
  EXPECT_EQ(status_of(answer_to(chat(kHi))), 503);
  EXPECT_EQ(status_of(answer_to(get("/v2/health/ready"))), 503);
  EXPECT_EQ(status_of(answer_to(get("/v2/health/live"))), 200);
  EXPECT_EQ(status_of(answer_to(get("/v1/models"))), 200);
}

TEST_F(ModelApiTest, HeadIsGetWithoutTheBody) {
  start();
  RawClient client(port_);
  client.send("HEAD /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_EQ(answer.find("content-length: 0"), std::string::npos);
}

TEST_F(ModelApiTest, StreamsInChunksAndKeepsTheConnection) {
  start();
  RawClient client(port_);
  client.send(chat(kStreamed));
  const std::string head = client.read_head();
  EXPECT_EQ(status_of(head), 200);
  EXPECT_NE(head.find("content-type: text/event-stream"), std::string::npos);
  EXPECT_NE(head.find("cache-control: no-cache"), std::string::npos);
  std::vector<std::string> events;
  std::string chunk;
  while (!(chunk = client.read_chunk()).empty()) {
    for (std::size_t at = 0; at < chunk.size();) {
      const std::size_t end = chunk.find("\n\n", at);
      ASSERT_NE(end, std::string::npos) << "an event is never cut";
      events.push_back(chunk.substr(at, end - at));
      at = end + 2;
    }
  }
  ASSERT_EQ(events.size(), 5U);  // Role, H, I, the reason, [DONE].
  EXPECT_NE(events[0].find(R"("delta":{"role":"assistant","content":""})"), std::string::npos);
  EXPECT_NE(events[1].find(R"("delta":{"content":"H"})"), std::string::npos);
  EXPECT_NE(events[3].find(R"("finish_reason":"stop")"), std::string::npos);
  EXPECT_EQ(events[4], "data: [DONE]");
  client.send(chat(kHi));
  EXPECT_EQ(status_of(client.read_answer()), 200);
}

TEST_F(ModelApiTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(port_);
  client.send(get("/v1/models") + chat(kHi) + get("/v2/health/live") + get("/default/b"));
  for (const int status : {200, 200, 200, 405}) EXPECT_EQ(status_of(client.read_answer()), status);
}

TEST_F(ModelApiTest, StreamsToAnHttp10ClientUntilTheConnectionEnds) {
  start();
  RawClient client(port_);
  client.send("POST /v1/chat/completions HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: " +
              std::to_string(kStreamed.size()) + "\r\n\r\n" + kStreamed);
  const std::string answer = client.read_to_end();
  EXPECT_EQ(answer.find("transfer-encoding"), std::string::npos) << answer;
  EXPECT_NE(answer.find("connection: close"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\r\n\r\ndata: {"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("data: [DONE]\n\n")) << answer;
}

std::deque<FakeTextModel::Item> first_word_only() {
  std::deque<FakeTextModel::Item> items;
  items.emplace_back(CompletionChunk{"once", ""});
  return items;
}

TEST_F(ModelApiTest, AnErrorWithinAStreamIsItsLastEvent) {
  model_->script = [](const auto&) {
    auto items = first_word_only();
    items.emplace_back(fail(Errc::unavailable, "the device failed"));
    return items;
  };
  start();
  RawClient client(port_);
  client.send(chat(kStreamed));
  EXPECT_EQ(status_of(client.read_head()), 200);
  std::string events;
  std::string chunk;
  while (!(chunk = client.read_chunk()).empty()) events += chunk;
  EXPECT_NE(events.find(R"("content":"once")"), std::string::npos);
  EXPECT_TRUE(
      events.ends_with("data: {\"error\":{\"message\":\"the device failed\",\"type\":"
                       "\"server_error\",\"param\":null,\"code\":null}}\n\n"))
      << events;
}

TEST_F(ModelApiTest, AClientThatLeavesEndsItsGeneration) {
  start();
  int dropped = 0;
  for (const std::string& body : {kHi, kStreamed}) {
    for (const bool has_begun : {false, true}) {
      model_->script = [has_begun](const auto&) {
        return has_begun ? first_word_only() : std::deque<FakeTextModel::Item>();
      };
      {
        RawClient client(port_);
        client.send(chat(body));
        if (has_begun && body == kStreamed) {
          EXPECT_NE(client.read_head(), "");
        }
      }
      EXPECT_TRUE(model_->wait_for_dropped(++dropped));
    }
  }
}

TEST_F(ModelApiTest, AClientThatLeavesBehindAPipelinedRequestIsNoticedToo) {
  model_->script = [](const auto&) { return std::deque<FakeTextModel::Item>(); };
  start();
  {
    RawClient client(port_);
    client.send(chat(kHi) + get("/v1/models"));
  }
  EXPECT_TRUE(model_->wait_for_dropped(1));
}

TEST_F(ModelApiTest, OneClientThatLeavesEndsAllThatItAskedFor) {
  model_->script = [](const auto&) { return std::deque<FakeTextModel::Item>(); };
  start();
  {
    RawClient client(port_);
    client.send(infer(R"({"name":"p","datatype":"BYTES","shape":[3],"data":["a","b","c"]})"));
  }
  EXPECT_TRUE(model_->wait_for_dropped(3));
}

TEST_F(ModelApiTest, StoppingAnswersWhoStillWaits) {
  model_->script = [](const auto&) { return std::deque<FakeTextModel::Item>(); };
  start();
  RawClient client(port_);
  client.send(chat(kHi));
  ASSERT_TRUE(model_->wait_for_requests(1));
  stop();
  const std::string answer = client.read_to_end();
  EXPECT_EQ(status_of(answer), 503) << answer;
  EXPECT_NE(answer.find("shutting down"), std::string::npos);
}

}  // namespace
}  // namespace sluice
