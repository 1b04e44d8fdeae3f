// What is checked: which request heads are taken and which are refused, with which status and words
// (performance.md 4 lists what Boost 1.81 lets through), and chunked bodies fed in pieces of every
// size. Pure: bytes in, verdict out.

#include "base/http_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

const std::string kPost = "POST /default/b HTTP/1.1\r\nHost: a\r\n";

struct Verdict {
  HeadState state;
  HttpFault fault;
  RequestHead head;
};

Verdict parse(const std::string& bytes) {
  Verdict verdict{};
  verdict.state = parse_request_head(bytes, verdict.head, verdict.fault);
  return verdict;
}

struct RefusedRow {
  const char* name;
  std::string bytes;
  int status;
  const char* detail;
};

std::vector<RefusedRow> refused_rows() {
  std::string many = kPost;
  for (int i = 0; i < 200; ++i) many += "a: b\r\n";
  return {
      {"TeGzip", kPost + "Transfer-Encoding: gzip\r\n\r\n", 400, "exactly 'chunked'"},
      {"TeGzipThenLength", kPost + "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 400,
       ""},
      {"LengthThenTeGzip", kPost + "Content-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\nabc", 400,
       ""},
      {"TeIdentity", kPost + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 400,
       ""},
      {"TeXchunked", kPost + "Transfer-Encoding: xchunked\r\n\r\n", 400, "exactly 'chunked'"},
      {"TeChunkedTwice", kPost + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400, ""},
      {"TeGzipChunked", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, ""},
      {"TeTwoLines", kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       400, ""},
      {"TeEmpty", kPost + "Transfer-Encoding: \r\n\r\n", 400, ""},
      {"TeOnHttp10", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       "HTTP/1.1"},
      {"LengthAndChunked", kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       ""},
      {"ChunkedAndLength", kPost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400,
       ""},
      {"TwoLengthsDiffer", kPost + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, ""},
      {"TwoLengthsEqual", kPost + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400,
       "more than one Content-Length"},
      {"LengthList", kPost + "Content-Length: 3, 3\r\n\r\nabc", 400, ""},
      {"LengthPlus", kPost + "Content-Length: +3\r\n\r\nabc", 400, ""},
      {"LengthNegative", kPost + "Content-Length: -1\r\n\r\n", 400, ""},
      {"LengthHex", kPost + "Content-Length: 0x3\r\n\r\nabc", 400, ""},
      {"LengthOverflow", kPost + "Content-Length: 18446744073709551619\r\n\r\nabc", 400, ""},
      {"LengthEmpty", kPost + "Content-Length: \r\n\r\n", 400, ""},
      {"SpaceBeforeColon", kPost + "Content-Length : 3\r\n\r\nabc", 400, ""},
      {"ObsFold", kPost + "X: a\r\n b\r\nContent-Length: 3\r\n\r\nabc", 400, "folded"},
      {"ObsFoldTab", kPost + "X: a\r\n\tb\r\n\r\n", 400, "folded"},
      {"BareLf", "POST / HTTP/1.1\nHost: a\n\n", 400, ""},
      {"BareCrInValue", kPost + "X: a\rb\r\n\r\n", 400, ""},
      {"NulInValue", kPost + std::string("X: a\0b\r\n\r\n", 10), 400, ""},
      {"NoHost", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400, "no Host"},
      {"TwoHosts", kPost + "Host: b\r\n\r\n", 400, "more than one Host"},
      {"EmptyName", kPost + ": x\r\n\r\n", 400, ""},
      {"BadVersion", "POST / HTTP/2.0\r\nHost: a\r\n\r\n", 400, ""},
      {"NoVersion", "POST /\r\nHost: a\r\n\r\n", 400, ""},
      {"Garbage", "\x16\x03\x01\x02", 400, ""},
      {"SpaceInMethod", "po st / HTTP/1.1\r\nHost: a\r\n\r\n", 400, ""},
      {"TooManyLines", many + "\r\n", 431, "128"},
      {"HeaderTooLarge", kPost + "X: " + std::string(33'000, 'a') + "\r\n\r\n", 431, "32 KiB"},
      {"HeaderTooLargeUnfinished", kPost + "X: " + std::string(33'000, 'a'), 431, "32 KiB"},
      {"TargetTooLong", "POST /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414,
       "8 KiB"},
      {"TargetFarTooLong", "POST /" + std::string(40'000, 'a') + " HTTP/1.1\r\n", 414, "8 KiB"},
      {"TargetUnfinished", "POST /" + std::string(9'000, 'a'), 414, "8 KiB"},
  };
}

class RefusedHead : public testing::TestWithParam<RefusedRow> {};

TEST_P(RefusedHead, HasItsStatusAndWords) {
  const Verdict verdict = parse(GetParam().bytes);
  ASSERT_EQ(verdict.state, HeadState::refused);
  EXPECT_EQ(verdict.fault.status, GetParam().status) << verdict.fault.detail;
  EXPECT_NE(verdict.fault.detail.find(GetParam().detail), std::string::npos)
      << verdict.fault.detail;
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedHead, testing::ValuesIn(refused_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(RequestHead, KeepsFieldsAsViews) {
  const std::string bytes = kPost + "ce-id:  42 \r\nContent-Length: 3\r\n\r\nabc";
  const Verdict verdict = parse(bytes);
  ASSERT_EQ(verdict.state, HeadState::done) << verdict.fault.detail;
  EXPECT_EQ(verdict.head.method, "POST");
  EXPECT_EQ(verdict.head.target, "/default/b");
  EXPECT_EQ(verdict.head.fields.find("ce-id"), "42");
  EXPECT_EQ(verdict.head.content_length, 3U);
  EXPECT_EQ(verdict.head.size, bytes.size() - 3);
  EXPECT_TRUE(verdict.head.keep_alive);
}

TEST(RequestHead, TakesChunkedInAnyCase) {
  const Verdict verdict = parse(kPost + "transfer-encoding: CHUNKED\r\n\r\n");
  ASSERT_EQ(verdict.state, HeadState::done) << verdict.fault.detail;
  EXPECT_TRUE(verdict.head.chunked);
}

TEST(RequestHead, Http10ClosesUnlessKeepAliveWasAsked) {
  EXPECT_FALSE(parse("POST / HTTP/1.0\r\n\r\n").head.keep_alive);
  EXPECT_TRUE(parse("POST / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").head.keep_alive);
  EXPECT_FALSE(parse(kPost + "Connection: close\r\n\r\n").head.keep_alive);
}

TEST(RequestHead, NeedsMoreUntilTheEmptyLine) {
  const std::string whole = kPost + "Content-Length: 0\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(parse(whole.substr(0, size)).state, HeadState::need_more) << size;
  }
  EXPECT_EQ(parse(whole).state, HeadState::done);
}

TEST(RequestHead, StepsOverEmptyLinesBeforeIt) {
  const Verdict verdict = parse("\r\n\r\n" + kPost + "\r\n");
  ASSERT_EQ(verdict.state, HeadState::done);
  EXPECT_EQ(verdict.head.size, 4 + kPost.size() + 2);
}

constexpr std::string_view kChunkedHead =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(ChunkedBody, ComesTogetherFromPiecesOfEverySize) {
  const std::string wire = "3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: evil\r\n\r\nNEXT";
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    ChunkedBody body(ChunkedBody::For::request, kChunkedHead, 1000);
    std::string pending;
    for (std::size_t at = 0; at < wire.size() && !body.done(); at += step) {
      pending += wire.substr(at, step);
      pending.erase(0, body.put(pending));
      ASSERT_FALSE(body.fault()) << body.fault()->detail << " step " << step;
    }
    ASSERT_TRUE(body.done()) << step;
    EXPECT_EQ(body.body(), "abc0123456789");
    EXPECT_TRUE(std::string("NEXT").starts_with(pending)) << pending;
  }
}

struct BadChunks {
  const char* name;
  std::string wire;
  int status;
};

class RefusedChunks : public testing::TestWithParam<BadChunks> {};

TEST_P(RefusedChunks, HasItsStatus) {
  ChunkedBody body(ChunkedBody::For::request, kChunkedHead, 100);
  (void)body.put(GetParam().wire);
  ASSERT_TRUE(body.fault());
  EXPECT_EQ(body.fault()->status, GetParam().status) << body.fault()->detail;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedChunks,
    testing::Values(
        BadChunks{"SizeOverflow", "10000000000000003\r\nabc\r\n0\r\n\r\n", 400},
        BadChunks{"SizeHexPrefix", "0x3\r\nabc\r\n0\r\n\r\n", 400},
        BadChunks{"SizeEmpty", "\r\nabc\r\n", 400}, BadChunks{"BareLf", "3\nabc\n0\n\n", 400},
        BadChunks{"NoCrLfBehindChunk", "3\r\nabcd\r\n0\r\n\r\n", 400},
        BadChunks{"OverTheLimit", "65\r\n" + std::string(101, 'a') + "\r\n0\r\n\r\n", 413},
        BadChunks{"LongExtension", "3;" + std::string(2000, 'e') + "\r\nabc\r\n0\r\n\r\n", 400},
        BadChunks{"EndlessExtension", "3;" + std::string(20'000, 'e'), 400}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ResponseHead, KnowsHowItsBodyEnds) {
  ResponseHead head;
  HttpFault fault;
  ASSERT_EQ(parse_response_head("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", head, fault),
            HeadState::done);
  EXPECT_EQ(head.status, 202);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_TRUE(head.keep_alive);
  ASSERT_EQ(parse_response_head("HTTP/1.1 200 OK\r\n\r\n", head, fault), HeadState::done);
  EXPECT_FALSE(head.content_length);
  EXPECT_FALSE(head.keep_alive);
}

}  // namespace
}  // namespace sluice
