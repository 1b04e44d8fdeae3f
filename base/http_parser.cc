// HTTP/1.1 heads and chunked bodies (RFC 9112) with Beast's parser, driven without its message
// containers: fields stay views into the bytes that were read. The guards stand for what Boost 1.81
// accepts and a broker must not.

#include "base/http_parser.h"

#include "base/assert.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <limits>

namespace sluice {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view to_std(beast::string_view text) noexcept { return {text.data(), text.size()}; }

bool within(std::string_view part, std::string_view whole) noexcept {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// Collects the head of one message, and the body where it is chunked.
template <bool isRequest>
class Collector final : public http::basic_parser<isRequest> {
 public:
  explicit Collector(HttpFields& fields) : fields_(fields) {
    fields_.clear();
    this->header_limit(HttpLimits::kMaxHeaderBytes);
    this->body_limit(boost::none);
  }

  std::string_view input;  // What put() is given, to tell views into it from copies.
  std::string_view method;
  std::string_view target;
  std::string body;
  std::string fault;  // The guard that refused; empty: Beast did.
  int status = 0;
  int version = 11;
  int content_lengths = 0;  // Beast takes the list "2, 2" for 2: that counts as two.
  int hosts = 0;
  int transfer_encodings = 0;
  bool only_chunked = true;
  bool expects_continue = false;
  bool too_many_fields = false;
  bool extension_too_long = false;

 private:
  using error_code = beast::error_code;
  using string_view = beast::string_view;

  void on_request_impl(http::verb, string_view method_text, string_view target_text, int http_version,
                       error_code&) override {
    method = to_std(method_text);
    target = to_std(target_text);
    version = http_version;
  }

  void on_response_impl(int code, string_view, int http_version, error_code&) override {
    status = code;
    version = http_version;
  }

  void on_field_impl(http::field name, string_view name_text, string_view value_text,
                     error_code& ec) override {
    if (in_body_) return;  // A trailer: dropped.
    const HttpField field{to_std(name_text), to_std(value_text)};
    if (!field.value.empty() && !within(field.value, input)) {
      refuse("a header line is folded (obs-fold)", ec);  // Beast unfolds into a copy.
      return;
    }
    if (!fields_.add(field)) {
      too_many_fields = true;
      refuse("more than 128 header lines", ec);
      return;
    }
    const bool list = field.value.find(',') != std::string_view::npos;
    if (name == http::field::content_length) content_lengths += list ? 2 : 1;
    if (name == http::field::host) ++hosts;
    if (name == http::field::expect) expects_continue |= iequals(field.value, "100-continue");
    if (name == http::field::transfer_encoding) {
      ++transfer_encodings;
      only_chunked = only_chunked && iequals(field.value, "chunked");
    }
  }

  void refuse(const char* why, error_code& ec) {
    fault = why;
    ec = http::error::bad_field;
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {
    in_body_ = true;
  }
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }

  void on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& ec) override {
    if (extensions.size() <= HttpLimits::kMaxChunkExtensionBytes) return;
    refuse("a chunk extension is longer than 1 KiB", ec);
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view part, error_code&) override {
    body.append(part.data(), part.size());
    return part.size();
  }

  void on_finish_impl(error_code&) override {}

  HttpFields& fields_;
  bool in_body_ = false;
};

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

class ChunkedBody::Decoder {
 public:
  virtual ~Decoder() = default;
  virtual std::size_t put(std::string_view bytes) = 0;
  bool done = false;
  std::optional<HttpFault> fault;
  std::string body;
};

namespace {

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
    while (used < bytes.size() && !collected_.is_done() && !this->fault) {
      beast::error_code ec;
      const std::size_t step =
          collected_.put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), ec);
      used += step;
      if (ec == http::error::need_more) {
        if (bytes.size() - used > kMaxPendingBytes) {
          this->fault = HttpFault{400, "a chunk header or the trailers are too long"};
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
