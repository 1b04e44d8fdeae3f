// What is checked: which requests `sluice send` makes, what it prints, and its exit status. Method:
// the command in this process against a `sluice display` on a free port, which prints what came, or
// against a server that keeps what came.

#include "tests/cli/run_sluice.h"
#include "tests/support/scripted_server.h"

#include <nlohmann/json.hpp>

#include <sstream>

namespace sluice {

void add_send(CLI::App& app, int& status);

namespace {

using nlohmann::json;

// `sluice send` of a small event.
ChildOutcome send(const std::string& url, std::vector<std::string> args) {
  args.insert(args.begin(), {"send", "--to", url, "--type", "com.example.order", "--source", "/s"});
  return run_command(&add_send, args);
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

TEST(SendCommand, SendsTheEventInEveryMode) {
  Display display({"-o", "json"});
  for (const char* mode : {"binary", "structured", "batch"}) {
    const auto ran =
        send(display.url(), {"--mode", mode, "--id", "7", "--subject", "größe", "--ext",
                             "region=eu", "--ext", "note=a=b c%", "--data", R"({"n":1.50})"});
    EXPECT_EQ(ran.status, kExitOk) << ran.err;
    EXPECT_EQ(ran.out, "202 Accepted\n");
    EXPECT_EQ(ran.err, "");
  }
  const auto events = lines_of(display.stop().out);
  ASSERT_EQ(events.size(), 3U);
  for (const json& event : events) {
    EXPECT_EQ(event["specversion"], "1.0");
    EXPECT_EQ(event["type"], "com.example.order");
    EXPECT_EQ(event["source"], "/s");
    EXPECT_EQ(event["id"], "7");
    EXPECT_EQ(event["subject"], "größe");
    EXPECT_EQ(event["region"], "eu");
    EXPECT_EQ(event["note"], "a=b c%");
    EXPECT_EQ(event["datacontenttype"], "application/json");
    EXPECT_EQ(event["data"], json::parse(R"({"n":1.50})"));
  }
}

TEST(SendCommand, GuessesTheContentType) {
  struct {
    std::vector<std::string> args;
    json content_type;
    json data;
  } const table[] = {
      {{"--data", "[1]"}, "application/json", json::array({1})},
      {{"--data", "5"}, "application/json", 5},
      {{"--data", "hello"}, "text/plain", "hello"},
      {{"--data", ""}, "text/plain", ""},
      {{"--data", "<a/>", "--content-type", "application/xml"}, "application/xml", "<a/>"},
      {{"--data", "@" + write_file("data.txt", "from a file\n")}, "text/plain", "from a file\n"},
      {{"--content-type", "text/plain"}, "text/plain", nullptr},
      {{}, nullptr, nullptr},
  };
  for (const char* mode : {"binary", "structured"}) {
    Display display({"-o", "json"});
    for (const auto& row : table) {
      auto args = row.args;
      args.insert(args.end(), {"--mode", mode});
      EXPECT_EQ(send(display.url(), args).status, kExitOk);
    }
    const auto events = lines_of(display.stop().out);
    ASSERT_EQ(events.size(), std::size(table));
    for (std::size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i].value("datacontenttype", json()), table[i].content_type) << events[i];
      // Empty data and none are one in binary mode.
      if (table[i].data != "") {
        EXPECT_EQ(events[i].value("data", json()), table[i].data) << events[i];
      }
    }
  }
}

TEST(SendCommand, SendsTheHopCountThatWasAskedFor) {
  Display display({"-o", "json"});
  send(display.url(), {"--ext", "knativebrokerttl=3"});
  send(display.url(), {"--ext", "knativebrokerttl=3", "--mode", "structured"});
  for (const json& event : lines_of(display.stop().out)) EXPECT_EQ(event["knativebrokerttl"], "3");
}

TEST(SendCommand, GivesEveryEventItsOwnId) {
  Display display({"-o", "json"});
  const auto ran = send(display.url(), {"--count", "3", "--id", "k"});
  EXPECT_EQ(ran.out, "3 events sent: 202 Accepted 3\n");
  send(display.url(), {"--count", "2", "--rate", "1000"});
  const auto events = lines_of(display.stop().out);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[0]["id"], "k-1");
  EXPECT_EQ(events[2]["id"], "k-3");
  EXPECT_NE(events[3]["id"], events[4]["id"]);
}

// The ids in the batch that a request carries.
std::vector<std::string> ids_in(const std::string& request) {
  std::vector<std::string> ids;
  const json batch = json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
  EXPECT_TRUE(batch.is_array()) << request.substr(0, 500);
  for (const json& event : batch) ids.push_back(event.at("id"));
  return ids;
}

TEST(SendCommand, SendsABatchInOneRequestAndLargeOnesInSeveral) {
  struct {
    std::vector<std::string> args;
    std::vector<std::size_t> requests;  // How many events each has.
  } const table[] = {
      {{"--count", "3"}, {3}},
      {{"--count", "1000"}, {1000}},
      {{"--count", "1001"}, {1000, 1}},
      {{"--count", "25", "--data", std::string(100'000, 'x')}, {10, 10, 5}},
      {{"--count", "3", "--data", std::string(100'000, '"')}, {3}},
      {{"--count", "7", "--rate", "3000"}, {7}},
      {{"--count", "4", "--rate", "2.5"}, {3, 1}},  // A request a second.
  };
  for (const auto& row : table) {
    const ScriptedServer server({ScriptedServer::Answer()});
    auto args = row.args;
    args.insert(args.end(), {"--mode", "batch", "--id", "k"});
    const auto ran = send(server.url(), args);
    EXPECT_EQ(ran.status, kExitOk) << ran.err;
    EXPECT_EQ(ran.out, row.args[1] + " events sent: 202 Accepted " + row.args[1] + "\n");
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), row.requests.size()) << row.args[1];
    std::size_t sent = 0;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      EXPECT_NE(requests[i].find("content-type: application/cloudevents-batch+json"),
                std::string::npos);
      EXPECT_LE(requests[i].size(), 1024U * 1024 + 500);
      const auto ids = ids_in(requests[i]);
      ASSERT_EQ(ids.size(), row.requests[i]) << row.args[1];
      for (const std::string& id : ids) EXPECT_EQ(id, "k-" + std::to_string(++sent));
    }
  }
}

TEST(SendCommand, PrintsTheRepliesToABatch) {
  const std::string body = R"([{"specversion":"1.0","id":"r1","type":"reply","source":"/r"},)"
                           R"({"specversion":"1.0","id":"r2","type":"reply","source":"/r"}])";
  ScriptedServer::Answer answer;
  answer.bytes = "HTTP/1.1 200 OK\r\ncontent-type: application/cloudevents-batch+json\r\n" +
                 ("content-length: " + std::to_string(body.size())) + "\r\n\r\n" + body;
  const ScriptedServer server({answer});
  const auto ran = send(server.url(), {"--mode", "batch", "--count", "2"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_NE(ran.out.find("  id: r1\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("  id: r2\n"), std::string::npos) << ran.out;
  EXPECT_TRUE(ran.out.ends_with("2 events sent: 200 OK 2\n")) << ran.out;
}

TEST(SendCommand, TellsOnceWhyBatchesAreRefused) {
  ScriptedServer::Answer refusal;
  refusal.bytes = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 7\r\n\r\nno room";
  const ScriptedServer server({refusal});
  const auto ran = send(server.url(), {"--count", "2500", "--mode", "batch"});
  EXPECT_EQ(ran.status, kExitBad);
  EXPECT_EQ(ran.out, "2500 events sent: 429 Too Many Requests 2500\n");
  EXPECT_EQ(ran.err, "error: 429 Too Many Requests: no room\n");
}

TEST(SendCommand, KeepsToTheRate) {
  Display display;
  const auto start = std::chrono::steady_clock::now();
  send(display.url(), {"--count", "6", "--rate", "50"});
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
}

TEST(SendCommand, PrintsTheReply) {
  const auto file = write_file(
      "reply.json", R"({"specversion":"1.0","id":"r","type":"reply","source":"/r","data":[1]})");
  Display display({"--reply", file});
  const auto ran = send(display.url(), {});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_TRUE(ran.out.starts_with("200 OK\n")) << ran.out;
  EXPECT_NE(ran.out.find("  type: reply\n  source: /r\n  id: r\n"), std::string::npos) << ran.out;
}

TEST(SendCommand, EndsWithOneWhenAnEventIsRefused) {
  for (const char* status : {"301", "400", "429", "503"}) {
    Display display({"--status", status});
    const auto ran = send(display.url(), {});
    EXPECT_EQ(ran.status, kExitBad);
    EXPECT_TRUE(ran.out.starts_with(status)) << ran.out;
    EXPECT_TRUE(ran.err.starts_with(std::string("error: ") + status)) << ran.err;
    EXPECT_EQ(send(display.url(), {"--count", "2"}).status, kExitBad);
  }
}

TEST(SendCommand, EndsWithThreeWhenNobodyListens) {
  Display display;
  const std::string url = display.url();
  display.stop();
  const auto ran = send(url, {});
  EXPECT_EQ(ran.status, kExitUnreachable);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("error: cannot reach " + url), std::string::npos) << ran.err;
}

TEST(SendCommand, RefusesBadFlags) {
  struct {
    std::vector<std::string> args;
    const char* message_part;
  } const table[] = {
      {{"--to", "127.0.0.1:8080"}, "127.0.0.1:8080"},
      {{"--to", "ftp://127.0.0.1/"}, "'ftp://127.0.0.1/'"},
      {{"--type", ""}, "'type'"},
      {{"--source", " "}, "'source'"},
      {{"--ext", "region"}, "--ext: 'region' is not K=V"},
      {{"--ext", "Region=eu"}, "Region"},
      {{"--ext", "id=5"}, "--ext: 'id' has a flag of its own"},
      {{"--ext", "time=now"}, "time"},
      {{"--id", " "}, "'id'"},
      {{"--content-type", "nonsense"}, "nonsense"},
      {{"--data", "@/no/such/file"}, "cannot read '/no/such/file'"},
      {{"--mode", "bulk"}, ""},
      {{"--count", "0"}, ""},
      {{"--rate", "0"}, ""},
      {{"--rate", "-1"}, ""},
  };
  for (const auto& row : table) {
    std::vector<std::string> args = {"send"};
    const auto has = [&](const char* flag) { return row.args[0] == flag; };
    if (!has("--to")) args.insert(args.end(), {"--to", "http://127.0.0.1:1/"});
    if (!has("--type")) args.insert(args.end(), {"--type", "t"});
    if (!has("--source")) args.insert(args.end(), {"--source", "/s"});
    args.insert(args.end(), row.args.begin(), row.args.end());
    const auto ran = run_command(&add_send, args);
    EXPECT_EQ(ran.status, kExitUsage) << row.args[0] << row.args[1];
    EXPECT_NE(ran.err.find(row.message_part), std::string::npos) << ran.err;
  }
  EXPECT_EQ(run_command(&add_send, {"send", "--type", "t"}).status, kExitUsage);
}

}  // namespace
}  // namespace sluice
