// What is checked: what `sluice display` prints for a request, what it answers, and how it ends.
// Method: the program itself on a free port; requests over a plain socket, so that also what is no
// event can be sent.

#include "cli/display_server.h"
#include "tests/cli/run_sluice.h"
#include "tests/support/run_task.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace sluice {
namespace {

using boost::asio::ip::tcp;

// A connection to a display.
class Client {
 public:
  explicit Client(const std::string& url) : socket_(io_) {
    const auto colon = url.rfind(':');
    const int port = std::stoi(url.substr(colon + 1));
    socket_.connect({boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)});
  }

  void send(const std::string& bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }

  // The next response: head and, by its content-length, body.
  std::string receive() {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) text += next_byte();
    const auto at = text.find("content-length: ");
    const std::size_t size = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
    for (std::size_t i = 0; i < size; ++i) text += next_byte();
    return text;
  }

  bool is_closed() {
    char byte = 0;
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::buffer(&byte, 1), error);
    return error == boost::asio::error::eof;
  }

 private:
  char next_byte() {
    char byte = 0;
    boost::asio::read(socket_, boost::asio::buffer(&byte, 1));
    return byte;
  }

  boost::asio::io_context io_;
  tcp::socket socket_;
};

std::string post(const std::string& headers, const std::string& body) {
  return "POST /some/path HTTP/1.1\r\nHost: test\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr const char* kBinary =
    "ce-specversion: 1.0\r\nce-id: 7\r\nce-source: /s\r\nce-type: t\r\nce-zone: caf%C3%A9\r\n"
    "Content-Type: application/json\r\n";

TEST(DisplayCommand, PrintsBinaryAndStructuredEventsAlike) {
  Display display;
  Client client(display.url());
  client.send(post(kBinary, R"({"n":1.50})"));
  EXPECT_EQ(client.receive(), "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
  client.send(post("Content-Type: application/cloudevents+json\r\n",
                   R"({"specversion":"1.0","id":"7","source":"/s","type":"t","zone":"café",)"
                   R"("datacontenttype":"application/json","data":{"n":1.50}})"));
  EXPECT_EQ(client.receive(), "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
  const auto ran = display.stop();
  const std::string shown =
      "\xe2\x98\x81\xef\xb8\x8f  cloudevents.Event\nContext Attributes,\n  specversion: 1.0\n"
      "  type: t\n  source: /s\n  id: 7\n  datacontenttype: application/json\nExtensions,\n"
      "  zone: café\nData,\n  {\n    \"n\": 1.50\n  }\n";
  EXPECT_EQ(ran.out, shown + shown);
  EXPECT_EQ(ran.status, kExitOk);
}

TEST(DisplayCommand, PrintsOneLineAnEventAsJson) {
  Display display({"-o", "json"});
  Client client(display.url());
  client.send(post(kBinary, R"({"n":1.50})"));
  client.receive();
  EXPECT_EQ(display.stop(SIGINT).out,
            R"({"specversion":"1.0","id":"7","source":"/s","type":"t","zone":"café",)"
            R"("datacontenttype":"application/json","data":{"n":1.50}})"
            "\n");
}

TEST(DisplayCommand, ShowsWhatIsNoEventAndAnswersTheSame) {
  Display display({"--status", "207"});
  Client client(display.url());
  client.send(post("X-Some: header\r\n", "plain body"));
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 207 "));
  client.send(post("ce-specversion: 1.0\r\nce-id: 1\r\n", ""));
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 207 "));
  const std::string out = display.stop().out;
  EXPECT_TRUE(out.starts_with("Not a CloudEvent")) << out;
  EXPECT_NE(out.find("POST /some/path\n"), std::string::npos) << out;
  EXPECT_NE(out.find("X-Some: header\n"), std::string::npos) << out;
  EXPECT_NE(out.find("\n\nplain body\n"), std::string::npos) << out;
  EXPECT_NE(out.find("'source'"), std::string::npos) << out;
}

TEST(DisplayCommand, AnswersTheStatusThatWasAskedFor) {
  for (const char* status : {"200", "204", "301", "404", "503"}) {
    Display display({"--status", status});
    Client client(display.url());
    client.send(post(kBinary, "{}"));
    EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 " + std::string(status) + " ")) << status;
  }
}

TEST(DisplayCommand, RepliesWithTheEventOfTheFile) {
  const auto file = write_file(
      "reply.json", R"({"specversion":"1.0","type":"reply","source":"/r","data":{"n":1.50}})");
  Display display({"--reply", file});
  Client client(display.url());
  std::string ids[2];
  for (std::string& id : ids) {
    client.send(post(kBinary, "{}"));
    const std::string answer = client.receive();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n{\"n\":1.50}")) << answer;
    EXPECT_NE(answer.find("ce-type: reply\r\n"), std::string::npos) << answer;
    const auto at = answer.find("ce-id: ");
    ASSERT_NE(at, std::string::npos) << answer;
    id = answer.substr(at + 7, 36);
  }
  EXPECT_NE(ids[0], ids[1]);
}

TEST(DisplayCommand, ServesConnectionsBesideEachOther) {
  Display display({"--delay", "PT0.05S"});
  Client silent(display.url());
  silent.send("POST / HTTP/1.1\r\n");
  Client first(display.url());
  Client second(display.url());
  first.send(post(kBinary, "{}"));
  second.send(post(kBinary, "{}"));
  EXPECT_TRUE(second.receive().starts_with("HTTP/1.1 202"));
  EXPECT_TRUE(first.receive().starts_with("HTTP/1.1 202"));
}

TEST(DisplayCommand, ClosesTheConnectionWhenAsked) {
  Display display;
  Client client(display.url());
  client.send(post(std::string("Connection: close\r\n") + kBinary, "{}"));
  EXPECT_NE(client.receive().find("connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client.is_closed());
}

TEST(DisplayCommand, TakesChunkedBodiesAndExpect) {
  Display display({"-o", "json"});
  Client client(display.url());
  client.send("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n" + std::string(kBinary) +
              "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(client.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n");
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 202"));
  EXPECT_NE(display.stop().out.find(R"("data":[1,2]})"), std::string::npos);
}

TEST(DisplayCommand, EndsWithZeroWhileAnswersAreDelayed) {
  Display display({"--delay", "PT1H"});
  Client client(display.url());
  client.send(post(kBinary, "{}"));
  // A second connection is accepted after the first one's request was read, or before; either way
  // the signal must end all of it.
  Client idle(display.url());
  EXPECT_EQ(display.stop(SIGINT).status, kExitOk);
}

TEST(DisplayCommand, ServesOthersAndEndsWhileNobodyReadsItsOutput) {
  Display display({"-o", "json"});
  Client stuck(display.url());
  stuck.send(post(kBinary, '"' + std::string(256U * 1024, 'x') + '"'));
  display.wait_for_output();  // Of which a pipe holds only a part.
  Client other(display.url());
  other.send("POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(other.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
  display.signal(SIGTERM);
  EXPECT_TRUE(stuck.is_closed());
  EXPECT_TRUE(other.is_closed());
  EXPECT_EQ(display.stop().status, kExitOk);
}

TEST(DisplayCommand, RefusesBadFlagsAndAddresses) {
  Display taken;
  const auto taken_address = taken.url().substr(7, taken.url().size() - 8);
  const auto no_event = write_file("no_event.json", R"({"type": "x"})");
  struct {
    std::vector<std::string> args;
    int status;
    const char* message_part;
  } const table[] = {
      {{"display", "--listen", taken_address}, kExitUnreachable, "Address already in use"},
      {{"display", "--listen", "nonsense"}, kExitUsage, "--listen: "},
      {{"display", "--delay", "5s"}, kExitUsage, "--delay: "},
      {{"display", "--status", "99"}, kExitUsage, "--status"},
      {{"display", "-o", "xml"}, kExitUsage, "--output"},
      {{"display", "--reply", "/no/such/file"}, kExitUsage, "'/no/such/file'"},
      {{"display", "--reply", no_event}, kExitBad, "no_event.json: "},
      {{"display", "--replay", no_event}, kExitUsage, "did you mean '--reply'?"},
  };
  for (const auto& row : table) {
    const auto ran = run_sluice(row.args);
    EXPECT_EQ(ran.status, row.status) << ran.err;
    EXPECT_NE(ran.err.find(row.message_part), std::string::npos) << ran.err;
  }
}

TEST(MakeReply, KeepsTheIdOfTheFileAndMakesOneWhereThereIsNone) {
  const TestCore core;
  const auto with_id = make_reply(R"({"specversion":"1.0","id":"a","type":"t","source":"/s"})");
  ASSERT_TRUE(with_id) << with_id.error().detail;
  EXPECT_EQ(with_id.value()->id(), "a");
  const auto without =
      make_reply(R"( { "specversion":"1.0","type":"t","source":"/s","data":{"id":1.50}})");
  ASSERT_TRUE(without) << without.error().detail;
  EXPECT_EQ(without.value()->id().size(), 36U);
  EXPECT_EQ(without.value()->data(), R"({"id":1.50})");
  for (const char* bad : {"", "[]", "{}", "5", "{", R"({"specversion":"1.0","type":"t"})"}) {
    EXPECT_FALSE(make_reply(bad)) << bad;
  }
}

TEST(DisplayCommand, PrintsEveryEventOfABatch) {
  Display display({"-o", "json"});
  Client client(display.url());
  const std::string first = R"({"specversion":"1.0","id":"1","source":"/s","type":"t"})";
  const std::string second = R"({"specversion":"1.0","id":"2","source":"/s","type":"t"})";
  const std::string type = "content-type: application/cloudevents-batch+json\r\n";
  client.send(post(type, "[" + first + "," + second + "]"));
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 202 "));
  client.send(post(type, "[" + first + ",{}]"));
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 202 "));
  const std::string out = display.stop().out;
  EXPECT_TRUE(out.starts_with(first + "\n" + second + "\n")) << out;
  EXPECT_NE(out.find("event 1: 'specversion' is required and missing"), std::string::npos) << out;
}

}  // namespace
}  // namespace sluice
