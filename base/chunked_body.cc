// Chunked bodies (RFC 9112 7.1) with Beast's parser, fed as the bytes arrive.

#include "base/assert.h"
#include "base/http_collector.h"
#include "base/http_parser.h"

namespace sluice {

class ChunkedBody::Decoder {
 public:
  virtual ~Decoder() = default;
  virtual std::size_t put(std::string_view bytes) = 0;
  bool done = false;
  std::optional<HttpFault> fault;
  std::string body;
};

namespace {

/// Beast would wait for a CRLF for ever.
bool has_bare_line_feed(std::string_view text) noexcept {
  for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') return true;
  }
  return false;
}

constexpr std::size_t kSmallestHeader = 5;
// A chunk header with its extension, or the trailers, that is longer than this is refused.
constexpr std::size_t kMaxPendingBytes = 8 * 1024;

template <bool isRequest, typename Base>
class BeastDecoder final : public Base {
 public:
  BeastDecoder(std::string_view head, std::uint64_t max_bytes) : collected_(fields_) {
    collected_.body_limit(max_bytes);
    collected_.input = head;
    beast::error_code ec;
    (void)collected_.put(boost::asio::buffer(head.data(), head.size()), ec);
    SLUICE_ASSERT(!ec && collected_.chunked());
  }

  std::size_t put(std::string_view bytes) override {
    std::size_t used = 0;
    // Beast asserts that a chunk header has five bytes, as "0\r\n\r\n" has.
    while (bytes.size() - used >= kSmallestHeader && !collected_.is_done() && !this->fault) {
      beast::error_code ec;
      const std::size_t step =
          collected_.put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), ec);
      used += step;
      if (ec == http::error::need_more) {
        const std::string_view pending = bytes.substr(used);  // A chunk header, or trailers.
        if (pending.size() > kMaxPendingBytes) {
          this->fault = HttpFault{400, "a chunk header or the trailers are too long"};
        } else if (has_bare_line_feed(pending)) {
          this->fault = HttpFault{400, "malformed chunked body: a line ends without CR"};
        }
        break;
      }
      if (ec) this->fault = fault_of(ec);
    }
    if (collected_.is_done()) {
      this->done = true;
      this->body = std::move(collected_.body);
    }
    return used;
  }

 private:
  [[nodiscard]] HttpFault fault_of(const beast::error_code& ec) const {
    if (ec == http::error::body_limit) return {413, "the body is too large"};
    if (!collected_.fault.empty()) return {400, collected_.fault};
    return {400, "malformed chunked body: " + ec.message()};
  }

  HttpFields fields_;
  Collector<isRequest> collected_;
};

}  // namespace

ChunkedBody::ChunkedBody(For which, std::string_view head, std::uint64_t max_bytes) {
  while (head.starts_with("\r\n")) head.remove_prefix(2);
  if (which == For::request) {
    decoder_ = std::make_unique<BeastDecoder<true, Decoder>>(head, max_bytes);
  } else {
    decoder_ = std::make_unique<BeastDecoder<false, Decoder>>(head, max_bytes);
  }
}

ChunkedBody::~ChunkedBody() = default;

std::size_t ChunkedBody::put(std::string_view bytes) { return decoder_->put(bytes); }

bool ChunkedBody::done() const noexcept { return decoder_->done; }

const std::optional<HttpFault>& ChunkedBody::fault() const noexcept { return decoder_->fault; }

std::string& ChunkedBody::body() noexcept { return decoder_->body; }

}  // namespace sluice
