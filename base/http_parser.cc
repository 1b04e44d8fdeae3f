// HTTP/1.1 heads and chunked bodies (RFC 9112) with Beast's parser, driven without its message
// containers: fields stay views into the bytes that were read. The guards stand for what Boost 1.81
// accepts and a broker must not.

#include "base/http_parser.h"

#include "base/http_collector.h"

namespace sluice {
namespace {

/// The guards on framing that need the whole head. Empty when it may pass.
template <bool isRequest>
std::string framing_fault(const Collector<isRequest>& collected) {
  if (collected.transfer_encodings > 0) {
    if (collected.transfer_encodings > 1 || !collected.only_chunked) {
      return "Transfer-Encoding must be exactly 'chunked'";
    }
    if (collected.version != 11) return "Transfer-Encoding needs HTTP/1.1";
    if (collected.content_lengths > 0) return "both Content-Length and Transfer-Encoding";
  }
  if (collected.content_lengths > 1) return "more than one Content-Length";
  if constexpr (isRequest) {
    if (collected.hosts > 1) return "more than one Host";
    if (collected.hosts == 0 && collected.version == 11) return "no Host";
  }
  return {};
}

bool target_too_long(std::string_view bytes) noexcept {
  return bytes.size() > HttpLimits::kMaxTargetBytes + 64 &&
         bytes.substr(0, HttpLimits::kMaxTargetBytes + 64).find('\n') == std::string_view::npos;
}

HttpFault target_fault() { return {414, "the request target is longer than 8 KiB"}; }

template <bool isRequest>
HttpFault parse_fault(const Collector<isRequest>& collected, const beast::error_code& ec,
                      std::string_view bytes) {
  if (isRequest && target_too_long(bytes)) return target_fault();
  if (ec == http::error::header_limit) {
    return {431, "the header block is larger than 32 KiB"};
  }
  if (collected.too_many_fields) return {431, collected.fault};
  if (!collected.fault.empty()) return {400, collected.fault};
  return {400, "malformed HTTP: " + ec.message()};
}

/// Runs the parser over `bytes`; on `done` the collector holds the head.
template <bool isRequest>
HeadState collect(std::string_view bytes, Collector<isRequest>& collected, std::size_t& size,
                  HttpFault& fault) {
  collected.input = bytes;
  beast::error_code ec;
  size = collected.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  if (ec == http::error::need_more) {
    if (isRequest && target_too_long(bytes)) {
      fault = target_fault();
      return HeadState::refused;
    }
    return HeadState::need_more;
  }
  if (ec) {
    fault = parse_fault(collected, ec, bytes);
    return HeadState::refused;
  }
  if (auto detail = framing_fault(collected); !detail.empty()) {
    fault = {400, std::move(detail)};
    return HeadState::refused;
  }
  return HeadState::done;
}

template <bool isRequest, typename Head>
void take_framing(const Collector<isRequest>& collected, std::size_t size, Head& head) {
  head.chunked = collected.chunked();
  head.keep_alive = collected.keep_alive();
  head.content_length.reset();
  if (const auto length = collected.content_length()) head.content_length = *length;
  head.size = size;
}

}  // namespace

HeadState parse_request_head(std::string_view bytes, RequestHead& head, HttpFault& fault) {
  // RFC 9112 2.2: a server ignores empty lines before a request line.
  std::size_t skipped = 0;
  while (skipped < 8 && bytes.substr(skipped).starts_with("\r\n")) skipped += 2;
  if (skipped == bytes.size()) return HeadState::need_more;
  Collector<true> collected(head.fields);
  std::size_t size = 0;
  const HeadState state = collect(bytes.substr(skipped), collected, size, fault);
  if (state != HeadState::done) return state;
  if (collected.target.size() > HttpLimits::kMaxTargetBytes) {
    fault = target_fault();
    return HeadState::refused;
  }
  head.method = collected.method;
  head.target = collected.target;
  head.http_1_0 = collected.version == 10;
  head.expects_continue = collected.expects_continue && collected.version == 11;
  take_framing(collected, size + skipped, head);
  return state;
}

HeadState parse_response_head(std::string_view bytes, ResponseHead& head, HttpFault& fault) {
  Collector<false> collected(head.fields);
  std::size_t size = 0;
  const HeadState state = collect(bytes, collected, size, fault);
  if (state != HeadState::done) return state;
  head.status = collected.status;
  take_framing(collected, size, head);
  return state;
}

}  // namespace sluice
