#include "broker/request_reader.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>

namespace sluice {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kPadding = Core::kScratchPadding;
// A larger body is kept by its event as it was read; a smaller one is copied into it.
constexpr std::size_t kAdoptBytes = 4096;
// How long a closing connection waits for the peer to stop sending, so that no reset overtakes the
// answer.
constexpr std::chrono::seconds kLinger{2};

bool only_line_ends(std::string_view text) noexcept {
  return text.find_first_not_of("\r\n") == std::string_view::npos;
}

}  // namespace

RequestReader::RequestReader(Core& core, TcpSocket socket, const IngressLimits& limits,
                             RequestHead& head)
    : core_(core),
      socket_(std::move(socket)),
      deadline_(core, socket_),
      limits_(limits),
      head_(head) {}

RequestReader::State RequestReader::refuse(int status, std::string detail) {
  fault_ = {status, std::move(detail)};
  keep_alive_ = false;
  return State::refused;
}

void RequestReader::take_facts(std::string_view request) {
  request_ = request;
  head_size_ = head_.size;
  used_ = head_size_;
  content_length_ = head_.content_length.value_or(0);
  chunked_ = head_.chunked;
  expects_continue_ = head_.expects_continue;
  is_head_method_ = head_.method == "HEAD";
  http_1_0_ = head_.http_1_0;
  keep_alive_ = head_.keep_alive;
  body_read_ = false;
  body_ = HttpBody();
}

Awaitable<RequestReader::State> RequestReader::read_head() {
  const std::span<char> scratch = core_.scratch();
  own_.reset();
  is_head_method_ = false;
  std::string_view bytes = pending_;
  bool begun = !bytes.empty();
  deadline_.set(steady_clock::now() + (begun ? limits_.header_timeout : limits_.idle_timeout));
  for (;;) {
    if (!bytes.empty()) {
      const HeadState state = parse_request_head(bytes, head_, fault_);
      if (state == HeadState::done) break;
      if (state == HeadState::refused) co_return refuse(fault_.status, std::move(fault_.detail));
      if (only_line_ends(bytes)) {
        pending_.clear();
      } else if (pending_.empty()) {
        pending_ = bytes;
      }
      if (!begun && !pending_.empty()) {
        begun = true;
        deadline_.set(steady_clock::now() + limits_.header_timeout);
      }
    }
    if (begun) acknowledge_now(socket_);
    const auto ready = co_await wait_ready(socket_, Readiness::read, deadline_);
    if (!ready && begun && ready.error().code == Errc::deadline_exceeded) {
      co_return refuse(408, "the request's header did not arrive in time");
    }
    if (!ready) co_return State::ended;
    const ReadNow got = read_now(socket_, scratch.data(), scratch.size());
    if (got.ended) co_return State::ended;
    bytes = {scratch.data(), got.size};
    if (!pending_.empty()) bytes = pending_.append(bytes);
  }
  take_facts(bytes);
  co_return State::ready;
}

Awaitable<RequestReader::State> RequestReader::read_body() {
  if (chunked_) co_return co_await read_chunked_body();
  if (content_length_ > limits_.max_event_bytes) {
    co_return refuse(413, "the body of " + std::to_string(content_length_) +
                              " bytes is over the limit of " +
                              std::to_string(limits_.max_event_bytes) + " (--max-event-bytes)");
  }
  const auto length = static_cast<std::size_t>(content_length_);
  if (request_.size() - head_size_ < length) co_return co_await read_sized_body();
  if (!pending_.empty()) {
    pending_.reserve(pending_.size() + kPadding);
    request_ = pending_;
    reparse(request_.substr(0, head_size_));
  }
  used_ = head_size_ + length;
  body_.bytes = request_.substr(head_size_, length);
  body_read_ = true;
  co_return State::ready;
}

void RequestReader::reparse(std::string_view head_bytes) {
  const HeadState state = parse_request_head(head_bytes, head_, fault_);
  SLUICE_ASSERT(state == HeadState::done);
}

/// "100 Continue", where the client waits for it before it sends the body.
Awaitable<bool> RequestReader::send_continue() {
  if (!expects_continue_) co_return true;
  Unwritten interim{"HTTP/1.1 100 Continue\r\n\r\n", ""};
  const auto sent = co_await write_all(socket_, interim, deadline_);
  co_return sent.has_value();
}

Awaitable<RequestReader::State> RequestReader::read_sized_body() {
  const std::size_t whole = head_size_ + static_cast<std::size_t>(content_length_);
  own_ = std::make_unique<char[]>(whole + kPadding);
  std::size_t have = request_.size();
  std::memcpy(own_.get(), request_.data(), have);
  std::string().swap(pending_);
  deadline_.set(steady_clock::now() + limits_.body_timeout);
  if (have == head_size_) {
    const bool waits_no_more = co_await send_continue();
    if (!waits_no_more) co_return State::ended;
  }
  while (have < whole) {
    acknowledge_now(socket_);
    const auto ready = co_await wait_ready(socket_, Readiness::read, deadline_);
    if (!ready && ready.error().code == Errc::deadline_exceeded) {
      co_return refuse(408, "the request's body did not arrive in time");
    }
    if (!ready) co_return State::ended;
    const ReadNow got = read_now(socket_, own_.get() + have, whole - have);
    if (got.ended) co_return State::ended;
    if (got.size > 0) deadline_.set(steady_clock::now() + limits_.body_timeout);
    have += got.size;
  }
  request_ = {own_.get(), whole};
  reparse(request_.substr(0, head_size_));
  used_ = whole;
  body_.bytes = request_.substr(head_size_);
  if (body_.bytes.size() > kAdoptBytes) {
    body_.owned_size = whole + kPadding;
    body_.owned = std::move(own_);
  }
  body_read_ = true;
  co_return State::ready;
}

Awaitable<RequestReader::State> RequestReader::read_chunked_body() {
  const std::span<char> scratch = core_.scratch();
  const std::string head_bytes(request_.substr(0, head_size_));
  std::string rest(request_.substr(head_size_));
  std::string().swap(pending_);
  ChunkedBody chunks(ChunkedBody::For::request, head_bytes, limits_.max_event_bytes);
  deadline_.set(steady_clock::now() + limits_.body_timeout);
  if (rest.empty()) {
    const bool waits_no_more = co_await send_continue();
    if (!waits_no_more) co_return State::ended;
  }
  for (;;) {
    rest.erase(0, chunks.put(rest));
    if (chunks.fault()) {
      const HttpFault& fault = *chunks.fault();
      if (fault.status != 413) co_return refuse(fault.status, fault.detail);
      co_return refuse(413, "the body is over the limit of " +
                                std::to_string(limits_.max_event_bytes) +
                                " bytes (--max-event-bytes)");
    }
    if (chunks.done()) break;
    acknowledge_now(socket_);
    const auto ready = co_await wait_ready(socket_, Readiness::read, deadline_);
    if (!ready && ready.error().code == Errc::deadline_exceeded) {
      co_return refuse(408, "the request's body did not arrive in time");
    }
    if (!ready) co_return State::ended;
    const ReadNow got = read_now(socket_, scratch.data(), scratch.size());
    if (got.ended) co_return State::ended;
    if (got.size > 0) deadline_.set(steady_clock::now() + limits_.body_timeout);
    rest.append(scratch.data(), got.size);
  }
  own_ = std::make_unique<char[]>(head_bytes.size());
  std::memcpy(own_.get(), head_bytes.data(), head_bytes.size());
  reparse({own_.get(), head_bytes.size()});
  decoded_ = std::move(chunks.body());
  decoded_.reserve(decoded_.size() + kPadding);
  body_.bytes = decoded_;
  pending_ = std::move(rest);
  request_ = pending_;
  used_ = 0;
  body_read_ = true;
  co_return State::ready;
}

AfterReply RequestReader::after_reply() {
  if (keep_alive_ && !body_read_ && head_size_ > 0) {
    const bool here = !chunked_ && request_.size() - head_size_ >= content_length_;
    if (here) {
      used_ = head_size_ + static_cast<std::size_t>(content_length_);
    } else {
      keep_alive_ = false;  // Its body would be read as the next request.
    }
  }
  std::string rest;
  if (keep_alive_) rest = request_.substr(std::min(used_, request_.size()));
  pending_.swap(rest);  // Assigned, it would keep its capacity while the connection is idle.
  std::string().swap(decoded_);
  body_ = HttpBody();
  own_.reset();
  request_ = {};
  used_ = 0;
  body_read_ = true;
  if (!keep_alive_) return AfterReply::close;
  return http_1_0_ ? AfterReply::keep_http_1_0 : AfterReply::keep;
}

Awaitable<bool> RequestReader::write(std::string_view text) {
  deadline_.set(steady_clock::now() + limits_.body_timeout);
  Unwritten unwritten{text, ""};
  const auto sent = co_await write_all(socket_, unwritten, deadline_);
  co_return sent.has_value();
}

Awaitable<bool> RequestReader::reply(std::string_view text, AfterReply after) {
  deadline_.set(steady_clock::now() + limits_.body_timeout);
  Unwritten unwritten{text, ""};
  const auto sent = co_await write_all(socket_, unwritten, deadline_);
  if (after == AfterReply::close) {
    boost::system::error_code ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
  }
  co_return sent.has_value();
}

Awaitable<void> RequestReader::finish() {
  const std::span<char> scratch = core_.scratch();
  deadline_.set(steady_clock::now() + kLinger);
  while (!keep_alive_) {
    const auto ready = co_await wait_ready(socket_, Readiness::read, deadline_);
    if (!ready || read_now(socket_, scratch.data(), scratch.size()).ended) break;
  }
  DeadlineWheel::cancel(deadline_);
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace sluice
