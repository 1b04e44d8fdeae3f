#include "sinks/http_exchange.h"

#include "base/assert.h"

#include <cstring>

namespace sluice {

namespace {

// What a view must have behind it for simdjson, and enough that a std::string is never "small",
// so that moving it keeps its views.
constexpr std::size_t kPadding = Core::kScratchPadding;

bool has_no_body(const ResponseHead& head) noexcept {
  return head.status == 204 || head.status == 304 ||
         (!head.chunked && head.content_length == std::uint64_t{0});
}

}  // namespace

Error HttpExchange::too_large() const {
  return fail(Errc::unavailable,
              "the answer is larger than " + std::to_string(max_answer_bytes_) + " bytes");
}

/// Waits for bytes; 0 is the end of the stream.
Task<std::size_t> HttpExchange::read_some(char* into, std::size_t room) {
  for (;;) {
    if (answered_) acknowledge_now(socket_);
    SLUICE_CO_TRY(co_await wait_ready(socket_, Readiness::read, deadline_));
    const ReadNow got = read_now(socket_, into, room);
    if (got.size > 0) answered_ = true;
    if (got.size > 0 || got.ended) co_return got.size;
  }
}

void HttpExchange::reparse(std::string_view bytes) {
  HttpFault fault;
  const HeadState state = parse_response_head(bytes, head_, fault);
  SLUICE_ASSERT(state == HeadState::done);
}

/// Whether what has come before the request was sent whole is the answer to it: the end of the
/// stream, or a head that is no interim one ("HTTP/1.1 1xx").
bool HttpExchange::answers_early() {
  char start[10];
  const std::string_view seen = peek_now(socket_, start);
  return seen.size() < sizeof start || seen.back() != '1';
}

/// Sends the request. Fails when the server answers meanwhile: it will not read the rest.
Task<void> HttpExchange::send(Unwritten& bytes) {
  for (;;) {
    SLUICE_CO_TRY(const bool all, write_now(socket_, bytes));
    if (all) co_return boost::outcome_v2::success();
    SLUICE_CO_TRY(const Readiness ready, co_await wait_either(socket_, deadline_));
    if (ready == Readiness::write) continue;
    if (answers_early()) co_return fail(Errc::unavailable, "the request was not read to its end");
    SLUICE_CO_TRY(co_await wait_ready(socket_, Readiness::write, deadline_));
  }
}

Task<HttpAnswer> HttpExchange::run(HttpPost request, Deadline deadline) {
  deadline_.set(deadline);
  Unwritten bytes{request.head, request.body};
  const std::size_t size = bytes.size();
  auto written = co_await send(bytes);
  unsent_ = bytes.size() == size;
  if (written) co_return co_await read_answer();
  if (unsent_ || deadline_.passed()) co_return std::move(written).error();
  // The server may have answered before it had read all, and closed: 413, say.
  auto early = co_await read_answer();
  reusable_ = false;
  if (!early) co_return std::move(written).error();
  co_return early;
}

Task<HttpAnswer> HttpExchange::read_answer() {
  const std::span<char> scratch = core_.scratch();
  std::string partial;  // A head that did not come whole.
  for (;;) {
    SLUICE_CO_TRY(const std::size_t size, co_await read_some(scratch.data(), scratch.size()));
    if (size == 0) {
      co_return fail(Errc::unavailable, "the connection closed before an answer came");
    }
    std::string_view bytes(scratch.data(), size);
    if (!partial.empty()) bytes = partial.append(bytes);
    HttpFault fault;
    HeadState state = parse_response_head(bytes, head_, fault);
    while (state == HeadState::done && head_.status < 200) {  // An interim answer.
      bytes.remove_prefix(head_.size);
      state = bytes.empty() ? HeadState::need_more : parse_response_head(bytes, head_, fault);
    }
    if (state == HeadState::refused) co_return fail(Errc::unavailable, fault.detail);
    if (state == HeadState::done) co_return co_await finish_answer(bytes, partial.empty());
    partial = std::string(bytes);
  }
}

/// An answer that came in pieces is in a string that is about to go.
Result<HttpAnswer> HttpExchange::keep_whole(std::string_view whole, HttpAnswer answer) {
  answer.kept.reserve(whole.size() + kPadding);
  answer.kept = whole;
  reparse(answer.kept);
  answer.body.bytes = std::string_view(answer.kept).substr(head_.size);
  return answer;
}

/// `received` starts with the head that was just parsed.
Task<HttpAnswer> HttpExchange::finish_answer(std::string_view received, bool in_scratch) {
  const ResponseHead& head = head_;
  const std::string_view behind = received.substr(head.size);
  HttpAnswer answer;
  answer.head = &head_;
  const bool sized = head.content_length.has_value() && !head.chunked;
  const std::size_t length = sized ? static_cast<std::size_t>(*head.content_length) : 0;
  if (has_no_body(head) || (sized && length <= behind.size())) {
    const std::string_view body = behind.substr(0, head.status == 204 ? 0 : length);
    reusable_ = head.keep_alive && behind.size() == body.size();
    if (in_scratch) {
      answer.body.bytes = body;
      co_return answer;
    }
    co_return keep_whole(received.substr(0, head.size + body.size()), std::move(answer));
  }
  if (head.chunked || !head.content_length) {
    std::string rest(behind);
    answer.kept = std::string(received.substr(0, head.size));
    reparse(answer.kept);
    if (head_.chunked) co_return co_await read_chunked(std::move(answer), std::move(rest));
    co_return co_await read_to_end(std::move(answer), std::move(rest));
  }
  if (length > max_answer_bytes_) co_return too_large();
  co_return co_await read_sized(received);
}

/// A body with a Content-Length that has not come whole, read into one buffer behind its head.
Task<HttpAnswer> HttpExchange::read_sized(std::string_view received) {
  const std::size_t whole = head_.size + static_cast<std::size_t>(*head_.content_length);
  HttpAnswer answer;
  answer.head = &head_;
  answer.body.owned_size = whole + kPadding;
  answer.body.owned = std::make_unique<char[]>(answer.body.owned_size);
  char* const buffer = answer.body.owned.get();
  std::size_t have = received.size();
  std::memcpy(buffer, received.data(), have);
  while (have < whole) {
    SLUICE_CO_TRY(const std::size_t more, co_await read_some(buffer + have, whole - have));
    if (more == 0) co_return fail(Errc::unavailable, "the connection closed inside the answer");
    have += more;
  }
  reparse({buffer, whole});
  answer.body.bytes = {buffer + head_.size, whole - head_.size};
  reusable_ = head_.keep_alive;
  co_return answer;
}

Task<HttpAnswer> HttpExchange::read_chunked(HttpAnswer answer, std::string rest) {
  const std::span<char> scratch = core_.scratch();
  ChunkedBody chunks(ChunkedBody::For::response, answer.kept, max_answer_bytes_);
  for (;;) {
    rest.erase(0, chunks.put(rest));
    if (chunks.fault()) {
      if (chunks.fault()->status == 413) co_return too_large();
      co_return fail(Errc::unavailable, chunks.fault()->detail);
    }
    if (chunks.done()) break;
    SLUICE_CO_TRY(const std::size_t size, co_await read_some(scratch.data(), scratch.size()));
    if (size == 0) co_return fail(Errc::unavailable, "the connection closed inside the answer");
    rest.append(scratch.data(), size);
  }
  reparse(answer.kept);
  reusable_ = head_.keep_alive && rest.empty();
  answer.decoded = std::move(chunks.body());
  answer.decoded.reserve(answer.decoded.size() + kPadding);
  answer.body.bytes = answer.decoded;
  co_return answer;
}

Task<HttpAnswer> HttpExchange::read_to_end(HttpAnswer answer, std::string rest) {
  const std::span<char> scratch = core_.scratch();
  for (;;) {
    if (rest.size() > max_answer_bytes_) co_return too_large();
    SLUICE_CO_TRY(const std::size_t size, co_await read_some(scratch.data(), scratch.size()));
    if (size == 0) break;
    rest.append(scratch.data(), size);
  }
  reparse(answer.kept);
  answer.decoded = std::move(rest);
  answer.decoded.reserve(answer.decoded.size() + kPadding);
  answer.body.bytes = answer.decoded;
  co_return answer;
}

}  // namespace sluice
