// What is checked: the admin port over a real socket: pages that are read and one that is posted
// to, the statuses that refuse, what reaches the page, keep-alive. Method: an Admin on a free
// loopback port; a blocking client sends bytes as they stand in the tables.

#include "broker/admin.h"

#include "base/on_core.h"
#include "tests/support/raw_client.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::size_t kMaxBody = 100;

class AdminTest : public testing::Test {
 protected:
  AdminTest() {
    admin_.add("/page", [] { return AdminPage{200, "text/plain", "read\n"}; });
    admin_.add("/broken", [] { return problem_page(503, "it is"); });
    admin_.add_post("/echo", [this](const AdminRequest& request) {
      ++posts_;
      std::string text = "query=" + std::string(request.query) + " tag=";
      for (const HttpField& field : request.fields) {
        if (field.name == "x-tag") text += field.value;
      }
      return AdminPage{200, "text/plain", text + " body=" + std::string(request.body.bytes)};
    });
    port_ = run_on_core(pool_.core(0), open());
  }

  ~AdminTest() override {
    run_on_core(pool_.core(0), stop());
    pool_.stop();
  }

  Awaitable<std::uint16_t> open() {
    const auto port = admin_.listen("127.0.0.1", 0);
    co_return port.value();
  }

  Awaitable<void> stop() {
    pool_.core(0).deadlines().hurry();
    co_await admin_.stop();
  }

  std::string answer_to(std::string_view bytes) {
    RawClient client(port_);
    client.send(bytes);
    return client.read_answer();
  }

  static IngressLimits small_limits() {
    IngressLimits limits;
    limits.max_event_bytes = kMaxBody;
    return limits;
  }

  CorePool pool_{1};
  Admin admin_{pool_.core(0), small_limits()};
  std::uint16_t port_ = 0;
  int posts_ = 0;
};

std::string request(const std::string& line, const std::string& headers = "",
                    const std::string& body = "") {
  return line + " HTTP/1.1\r\nhost: a\r\n" + headers + "\r\n" + body;
}

std::string post(const std::string& path, const std::string& body,
                 const std::string& headers = "") {
  return request("POST " + path,
                 headers + "content-length: " + std::to_string(body.size()) + "\r\n", body);
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST_F(AdminTest, AnswersReads) {
  const std::string answer = answer_to(request("GET /page"));
  EXPECT_EQ(answer.find("HTTP/1.1 200 OK\r\n"), 0U) << answer;
  EXPECT_NE(answer.find("content-type: text/plain\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "read\n");
  EXPECT_EQ(body_of(answer_to(request("GET /page/?x=1"))), "read\n");
  EXPECT_EQ(answer_to(request("GET /broken")).find("HTTP/1.1 503 "), 0U);
}

TEST_F(AdminTest, AnswersHeadWithoutTheBody) {
  RawClient client(port_);
  client.send(request("HEAD /page", "connection: close\r\n"));
  const std::string answer = client.read_to_end();
  EXPECT_NE(answer.find("content-length: 5\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(AdminTest, HandsAPostToItsPage) {
  EXPECT_EQ(body_of(answer_to(post("/echo?a=1&b", "hello", "x-tag: t\r\n"))),
            "query=a=1&b tag=t body=hello");
  EXPECT_EQ(body_of(answer_to(post("/echo", ""))), "query= tag= body=");
  EXPECT_EQ(body_of(answer_to(request("POST /echo", "transfer-encoding: chunked\r\n",
                                      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))),
            "query= tag= body=abcde");
}

TEST_F(AdminTest, TakesAPostInPieces) {
  RawClient client(port_);
  const std::string bytes = post("/echo?q", std::string(kMaxBody, 'x'), "x-tag: t\r\n");
  for (const char byte : bytes) client.send(std::string_view(&byte, 1));
  EXPECT_EQ(body_of(client.read_answer()), "query=q tag=t body=" + std::string(kMaxBody, 'x'));
}

TEST_F(AdminTest, AsksForABodyThatWaitsForIt) {
  RawClient client(port_);
  client.send(request("POST /echo", "content-length: 2\r\nexpect: 100-continue\r\n"));
  EXPECT_EQ(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_EQ(body_of(client.read_answer()), "query= tag= body=ok");
}

TEST_F(AdminTest, KeepsTheConnection) {
  RawClient client(port_);
  client.send(request("GET /page") + post("/echo", "1") + request("GET /nowhere") +
              post("/page", "2") + request("GET /echo") + post("/echo", "3"));
  EXPECT_EQ(body_of(client.read_answer()), "read\n");
  EXPECT_EQ(body_of(client.read_answer()), "query= tag= body=1");
  EXPECT_EQ(client.read_answer().find("HTTP/1.1 404 "), 0U);
  EXPECT_EQ(client.read_answer().find("HTTP/1.1 405 "), 0U);
  EXPECT_EQ(client.read_answer().find("HTTP/1.1 405 "), 0U);
  EXPECT_EQ(body_of(client.read_answer()), "query= tag= body=3");
}

struct Refused {
  const char* name;
  std::string bytes;
  int status;
  std::vector<std::string> texts;  // All somewhere in the answer.
};

TEST_F(AdminTest, RefusesWithAProblem) {
  const std::string large(kMaxBody + 1, 'x');
  const Refused table[] = {
      {"Unknown", request("GET /nowhere"), 404, {R"("detail":"there is no page at this path")"}},
      {"UnknownPost", post("/nowhere", "x"), 404, {R"("title":"Not Found")"}},
      {"Root", request("GET /"), 404, {}},
      {"PostToAPage", post("/page", "x"), 405, {"allow: GET, HEAD\r\n", "answers GET, HEAD only"}},
      {"ReadOfAPost", request("GET /echo"), 405, {"allow: POST\r\n", "answers POST only"}},
      {"Delete", request("DELETE /echo"), 405, {"allow: POST\r\n"}},
      {"Options", request("OPTIONS /page"), 405, {"allow: GET, HEAD\r\n"}},
      {"TooLarge", post("/echo", large), 413, {"over the limit of 100", "connection: close"}},
      {"TooLargeInChunks",
       request("POST /echo", "transfer-encoding: chunked\r\n", "65\r\n" + large + "\r\n0\r\n\r\n"),
       413,
       {"over the limit of 100"}},
      {"TooLargeToNobody", post("/nowhere", large), 404, {}},
      {"NoHost", "GET /page HTTP/1.1\r\n\r\n", 400, {"no Host"}},
      {"TwoLengths", post("/echo", "x", "content-length: 1\r\n"), 400, {"Content-Length"}},
  };
  for (const Refused& row : table) {
    SCOPED_TRACE(row.name);
    const std::string answer = answer_to(row.bytes);
    EXPECT_EQ(answer.find("HTTP/1.1 " + std::to_string(row.status) + " "), 0U) << answer;
    EXPECT_NE(answer.find("content-type: application/problem+json\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\"status\":" + std::to_string(row.status)), std::string::npos) << answer;
    for (const std::string& text : row.texts) {
      EXPECT_NE(answer.find(text), std::string::npos) << text << " in " << answer;
    }
  }
  EXPECT_EQ(posts_, 0);
}

}  // namespace
}  // namespace sluice
